"""Today at the chairs: the visits of the day, where each stands and what is due."""

from flask import render_template, request, url_for

from clinic.models.engine import reading
from clinic.queries.charts import DayVisit, course_visits, sites, visits_of_day
from clinic.queries.definitions import visit_kind
from clinic.rules.permissions import Permission
from clinic.web.clinician.blueprint import blueprint
from clinic.web.clinician.today import TodayList, today_list
from clinic.web.guard import needs, sites_here
from clinic.web.looks import note_look
from clinic.web.requests import current_clinic
from clinic.web.shell import in_menu
from clinic.web.words import lazy


@blueprint.get("/")
@in_menu(lazy("Chairs"), position=15, key="c")
@needs(Permission.SEE_CLINICAL)
def home() -> str:
    """Show today's visits at the sites one works at, or at the one chosen."""
    listed = _read(request.args.get("site", ""))
    note_look("view_today", subject="list")
    return render_template("clinician/home.html", today=listed)


def _read(chosen: str) -> TodayList:
    here = current_clinic()
    with reading(here.engine) as unit:
        places = sites(unit, sites_here())
        shown = [site for site in places if site.public_id == chosen] or places
        visits = visits_of_day(unit, days={site.id: site.today(here.now) for site in shown})
        course_ids = {visit.course_id for visit in visits if visit.course_id is not None}
        return today_list(
            visits,
            courses=course_visits(unit, sorted(course_ids)),
            labels={
                one: visit_kind(unit, one).staff_label
                for one in {visit.definition_id for visit in visits}
            },
            sites=places,
            chosen=chosen,
            now=here.now,
            address=_address,
        )


def _address(visit: DayVisit) -> str | None:
    """Return the page of a visit; nobody is led to their own chart."""
    if current_clinic().actor.is_patient(visit.patient_id):
        return None
    return url_for("clinician.show_visit", public_id=visit.public_id)
