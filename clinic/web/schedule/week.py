"""The week of one device, room, person or patient."""

from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from flask import Response, make_response, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from clinic.actions.audit import refuse_own_chart
from clinic.errors import NotFound
from clinic.models.engine import reading
from clinic.models.patients import Patient
from clinic.models.resources import Resource
from clinic.queries.days import SiteChoice, site_choices
from clinic.queries.patients import by_public_id
from clinic.queries.resources import columns_at
from clinic.queries.weeks import read_week
from clinic.rules.permissions import Permission
from clinic.web.guard import needs
from clinic.web.looks import note_look
from clinic.web.places import asked_day, chosen_site, local_day
from clinic.web.present import day, full_name
from clinic.web.requests import current_clinic, see_other
from clinic.web.schedule.blueprint import blueprint
from clinic.web.schedule.board_view import BoardView, legend
from clinic.web.schedule.week_view import week_view

PAGE = "schedule/week.html"
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class WeekPage:
    """All that the page of a week prints; `kept` are the fields of its address but the day."""

    site: SiteChoice
    sites: list[SiteChoice]
    choices: list[Resource]
    key: str
    name: str
    patient_address: str | None
    monday: date
    title: str
    before: str
    now: str
    after: str
    may_book: bool
    view: BoardView


@blueprint.get("/week")
@needs(Permission.SEE_SCHEDULE)
def week() -> Response:
    """Show a week of what `with` or `patient` names; a visit of it opens on the board."""
    here = current_clinic()
    opened = request.args.get("open")
    if opened:
        return see_other(url_for("schedule.board", open=opened))
    with reading(here.engine) as unit:
        sites = site_choices(unit, here.actor.sites_with(Permission.SEE_SCHEDULE))
        if not sites:
            return make_response(render_template("schedule/no_site.html"))
        page, patient = _read(unit, sites)
    note_look(
        "see_week",
        subject="site",
        subject_id=page.site.id,
        patient_id=None if patient is None else patient.id,
        values={"on": page.monday.isoformat(), "with": "patient" if patient else page.key},
    )
    return make_response(render_template(PAGE, page=page, legend=legend()))


def _read(unit: Session, sites: list[SiteChoice]) -> tuple[WeekPage, Patient | None]:
    here, site = current_clinic(), chosen_site(sites)
    patient = _patient(unit)
    choices = columns_at(unit, site.id)
    thing = _chosen(choices) if patient is None else unit.get_one(Resource, patient.resource_id)
    name = full_name(patient.family, patient.given, patient.preferred) if patient else thing.name
    on = asked_day(local_day(here.now, site.zone))
    monday = on - timedelta(days=on.weekday())
    days = [monday + timedelta(days=ahead) for ahead in range(7)]
    may_book = patient is None and here.actor.may_at(Permission.SCHEDULE, site.id)
    boards = read_week(unit, resource=thing, site=site, days=days)
    about = ("patient", patient.public_id) if patient else ("with", thing.key)
    page = WeekPage(
        site=site,
        sites=sites,
        choices=choices,
        key="" if patient else thing.key,
        name=name,
        patient_address=None
        if patient is None
        else url_for("desk.show_patient", public_id=patient.public_id),
        monday=monday,
        title=gettext("%(name)s, week of %(day)s", name=name, day=day(monday)),
        before=_address(site, about, monday - WEEK),
        now=_address(site, about, None),
        after=_address(site, about, monday + WEEK),
        may_book=may_book,
        view=week_view(boards, name=name, site_key=site.key, now=here.now, may_book=may_book),
    )
    return page, patient


def _address(site: SiteChoice, about: tuple[str, str], on: date | None) -> str:
    """Return the address of another week of the same thing; of the present one without a day."""
    fields = {"site": site.key, about[0]: about[1], **({} if on is None else {"on": str(on)})}
    return f"?{urlencode(fields)}"


def _patient(unit: Session) -> Patient | None:
    """Return the patient of the address, None without one; nobody sees the own chart here."""
    asked = request.args.get("patient")
    if not asked:
        return None
    found = by_public_id(unit, asked)
    refuse_own_chart(current_clinic().actor, found.id)
    return found


def _chosen(choices: list[Resource]) -> Resource:
    """Return the resource of the address, or the first of the site; NotFound where there is none.

    Who changes the site by the form still sends the key of a resource of the one before.
    """
    wanted = request.args.get("with")
    found = next((one for one in choices if one.key == wanted), choices[0] if choices else None)
    if found is None:
        raise NotFound("no_such_thing")
    return found
