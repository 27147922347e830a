"""Closed times: those that lie ahead, and the form that shuts a site, room, device or person."""

from dataclasses import dataclass
from datetime import datetime

from flask import Response, make_response, render_template, url_for
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms.fields import SelectChoice  # type: ignore[attr-defined] # newer than its types

from clinic.actions.blocks import add_block, instant_of_wall
from clinic.errors import ClinicError, NotFound
from clinic.models.engine import reading, writing
from clinic.models.resources import PATIENT, Resource
from clinic.queries import blocks as reads
from clinic.queries.blocks import BlockRow
from clinic.queries.days import SiteChoice, site_choices
from clinic.queries.resources import ids_at_site, zone_of
from clinic.rules.permissions import Permission
from clinic.web.block_words import kind_word
from clinic.web.errors import form_again
from clinic.web.fields import ClockField, DayField, time_of, wall_text
from clinic.web.guard import needs, sites_here
from clinic.web.looks import note_look
from clinic.web.places import asked_day, chosen_site, local_day
from clinic.web.present import moment_at
from clinic.web.requests import current_clinic, run_once, see_other
from clinic.web.schedule.blueprint import blueprint
from clinic.web.schedule.forms import BlockForm
from clinic.web.shell import say

LIST = "schedule/blocks.html"
NEW = "schedule/new_block.html"
OPENS, CLOSES = 480, 1080


@dataclass(frozen=True, slots=True)
class BlockLine:
    """A closed time as it is printed."""

    address: str
    of: str
    when: str
    reason: str


@blueprint.get("/blocks")
@needs(Permission.SCHEDULE)
def blocks() -> str:
    """Show the closed times that are not over."""
    here = current_clinic()
    with reading(here.engine) as unit:
        sites = site_choices(unit, sites_here())
        rows = reads.block_rows(unit, after=here.now, site_ids=sites_here())
    zone = sites[0].zone if sites else "UTC"
    note_look("see_blocks", subject="block", values={"found": len(rows)})
    return render_template(LIST, lines=[_line(row, zone) for row in rows])


def _line(row: BlockRow, otherwise: str) -> BlockLine:
    zone = row.zone or otherwise
    return BlockLine(
        address=url_for("schedule.show_block", public_id=row.public_id),
        of=row.of,
        when=f"{moment_at(row.start_at, zone)} – {moment_at(row.end_at, zone)}",
        reason=row.reason or kind_word(row.kind),
    )


@blueprint.route("/blocks/new", methods=["GET", "POST"])
@needs(Permission.SCHEDULE)
def new_block() -> Response:
    """Shut a time at once, then show the visits that lie inside."""
    here = current_clinic()
    form = BlockForm()
    _prefill(form)
    if not form.is_submitted():
        return make_response(render_template(NEW, form=form, problem=None))
    if not form.validate():
        return form_again(NEW, None, form=form)
    try:
        with writing(here.engine) as unit:
            target = run_once(unit, lambda: _add(unit, form))
    except ClinicError as problem:
        return form_again(NEW, problem, form=form)
    say(gettext("Closed from now on. Look at the visits that lie inside."))
    return see_other(target)


def _prefill(form: BlockForm) -> None:
    here = current_clinic()
    with reading(here.engine) as unit:
        sites = site_choices(unit, sites_here())
        site = chosen_site(sites)
        form.owner.choices = [
            SelectChoice("", gettext("Choose")),
            *(
                SelectChoice(f"site:{one.key}", gettext("All of %(site)s", site=one.name))
                for one in sites
            ),
            *_resources(unit, sites),
        ]
    if not form.is_submitted():
        on = asked_day(local_day(here.now, site.zone))
        form.from_on.data = form.to_on.data = on
        form.from_at.data, form.to_at.data = time_of(OPENS), time_of(CLOSES)


def _resources(unit: Session, sites: list[SiteChoice]) -> list[SelectChoice]:
    ids = {one for site in sites for one in ids_at_site(unit, site.id)}
    rows = unit.execute(
        select(Resource.key, Resource.name)
        .where(Resource.id.in_(ids), Resource.is_active, Resource.kind != PATIENT)
        .order_by(Resource.site_id.is_(None), Resource.kind, Resource.position, Resource.name)
    )
    return [SelectChoice(key, name) for key, name in rows]


def _add(unit: Session, form: BlockForm) -> str:
    here = current_clinic()
    site_id, resource_id, zone = _owner(unit, form.owner.data or "")
    block = add_block(
        unit,
        site_id=site_id,
        resource_id=resource_id,
        start_at=_instant(form.from_on, form.from_at, zone),
        end_at=_instant(form.to_on, form.to_at, zone),
        kind=form.kind.data or "closure",
        reason=form.reason.data or "",
        by=here.actor,
        now=here.now,
    )
    return url_for("schedule.show_block", public_id=block.public_id)


def _instant(on: DayField, at: ClockField, zone: str) -> datetime:
    return instant_of_wall(datetime.fromisoformat(wall_text(on.data, at.data)), zone)


def _owner(unit: Session, text: str) -> tuple[int | None, int | None, str]:
    kind, _, key = text.partition(":")
    if kind == "site":
        site = chosen_site(site_choices(unit, sites_here()), key)
        return site.id, None, site.zone
    resource = unit.scalar(select(Resource).where(Resource.key == text))
    if resource is None:
        raise NotFound("no_such_thing")
    return None, resource.id, zone_of(unit, resource)
