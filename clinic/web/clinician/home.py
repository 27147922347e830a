"""Today at the chairs: the visits of the day, where each stands and what is due."""

from collections.abc import Sequence

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from clinic.models.engine import reading
from clinic.queries.chairs import chairs_of, places_of, visits_of_staff
from clinic.queries.charts import DayVisit, course_visits, sites, visits_of_day
from clinic.queries.definitions import visit_kind
from clinic.rules.permissions import Permission
from clinic.web.clinician.blueprint import blueprint
from clinic.web.clinician.today import DayFacts, Look, TodayList, today_list
from clinic.web.guard import needs, sites_here
from clinic.web.looks import note_look
from clinic.web.requests import current_clinic, is_poll
from clinic.web.shell import in_menu
from clinic.web.words import lazy


@blueprint.get("/")
@in_menu(lazy("Chairs"), position=15, key="c")
@needs(Permission.SEE_CLINICAL)
def home() -> str:
    """Show today's visits at the sites one works at, or at the one chosen; all, or one's own.

    Our script asks for the list again now and then: what is due moves with the clock.
    """
    listed = _read(request.args.get("site", ""), is_mine=request.args.get("mine") == "1")
    if is_poll():
        return render_template("clinician/_list.html", today=listed)
    note_look("view_today", subject="list")
    return render_template("clinician/home.html", today=listed)


def _read(chosen: str, *, is_mine: bool) -> TodayList:
    here = current_clinic()
    staff_id = here.actor.staff_id
    with reading(here.engine) as unit:
        places = sites(unit, sites_here())
        shown = [site for site in places if site.public_id == chosen] or places
        every = visits_of_day(unit, days={site.id: site.today(here.now) for site in shown})
        own = visits_of_staff(unit, [one.appointment_id for one in every], staff_id)
        visits = [one for one in every if not is_mine or one.appointment_id in own]
        facts = _facts(unit, visits)
    look = Look(places, chosen, is_mine, bool(own) or is_mine, here.now)
    return today_list(visits, facts, look, address=_address)


def _facts(unit: Session, visits: Sequence[DayVisit]) -> DayFacts:
    course_ids = {visit.course_id for visit in visits if visit.course_id is not None}
    return DayFacts(
        courses=course_visits(unit, sorted(course_ids)),
        labels={
            one: visit_kind(unit, one).staff_label
            for one in {visit.definition_id for visit in visits}
        },
        chairs=chairs_of(unit, visits),
        places=places_of(unit, [visit.appointment_id for visit in visits]),
    )


def _address(visit: DayVisit) -> str | None:
    """Return the page of a visit; nobody is led to their own chart."""
    if current_clinic().actor.is_patient(visit.patient_id):
        return None
    return url_for("clinician.show_visit", public_id=visit.public_id)
