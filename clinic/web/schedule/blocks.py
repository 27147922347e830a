"""Closed times: those that lie ahead, and the form that shuts a site, room, device or person."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Response, make_response, render_template, request, url_for
from flask_babel import gettext, ngettext
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms.fields import SelectChoice  # type: ignore[attr-defined] # newer than its types

from clinic.actions.blocks import add_block, instant_of_wall
from clinic.errors import ClinicError, NotFound, RuleBroken
from clinic.models.engine import reading, writing
from clinic.models.resources import PATIENT, PERSON, Block, Resource
from clinic.queries import blocks as reads
from clinic.queries.blocks import BlockRow, HolidayRow
from clinic.queries.days import SiteChoice, site_choices
from clinic.queries.resources import ids_at_site, zone_of
from clinic.queries.unheld import unheld
from clinic.rules.permissions import Permission
from clinic.web.block_words import kind_word
from clinic.web.errors import form_again
from clinic.web.fields import ClockField, DayField, time_of, wall_text
from clinic.web.guard import needs, sites_here
from clinic.web.looks import note_look
from clinic.web.places import asked_day, chosen_site, local_day
from clinic.web.present import day, day_with_year, moment_at
from clinic.web.requests import current_clinic, run_once, see_other
from clinic.web.schedule.affected import AffectedLine, affected_lines
from clinic.web.schedule.blueprint import blueprint
from clinic.web.schedule.forms import BlockForm
from clinic.web.shell import say
from clinic.web.unheld import unheld_lines

LIST = "schedule/blocks.html"
NEW = "schedule/new_block.html"
OPENS, CLOSES, LAST = 480, 1080, 1425
QUARTER = 15


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
    """Show the closed times that are not over, and the visits that no longer fit the set-up."""
    here = current_clinic()
    with reading(here.engine) as unit:
        sites = site_choices(unit, sites_here())
        rows = reads.block_rows(unit, after=here.now, site_ids=sites_here())
        zone = sites[0].zone if sites else "UTC"
        holidays = reads.holiday_rows(
            unit, from_on=local_day(here.now, zone), site_ids=sites_here()
        )
        left = unheld_lines(unit, unheld(unit, now=here.now, site_ids=sites_here()))
    note_look("see_blocks", subject="block", values={"found": len(rows), "unheld": len(left)})
    return render_template(
        LIST,
        lines=[_line(row, zone) for row in rows],
        holidays=_holidays(holidays),
        left=left,
    )


def _holidays(rows: list[HolidayRow]) -> list[tuple[str, str, str]]:
    """Return day, sites and name of each holiday, sites that share one in one line."""
    sites: dict[tuple[date, str], list[str]] = {}
    for row in rows:
        sites.setdefault((row.on, row.name), []).append(row.site)
    return [(day_with_year(on), ", ".join(found), name) for (on, name), found in sites.items()]


def _line(row: BlockRow, otherwise: str) -> BlockLine:
    zone = row.zone or otherwise
    return BlockLine(
        address=url_for("schedule.show_block", public_id=row.public_id),
        of=row.of,
        when=f"{moment_at(row.start_at, zone)} – {moment_at(row.end_at, zone)}",
        reason=row.reason or kind_word(row.kind),
    )


@dataclass(frozen=True, slots=True)
class Preview:
    """What lies in a time that is about to be closed."""

    words: str
    lines: tuple[AffectedLine, ...]


@blueprint.route("/blocks/new", methods=["GET", "POST"])
@needs(Permission.SCHEDULE)
def new_block() -> Response:
    """Shut a time in two steps: first what lies in it is shown, then it is closed at once."""
    here = current_clinic()
    form = BlockForm()
    _prefill(form)
    if not form.is_submitted():
        return _answer(form)
    if not form.validate():
        return form_again(NEW, None, form=form, preview=None)
    try:
        if _is_to_be_checked(form):
            return _answer(form, _preview(form))
        with writing(here.engine) as unit:
            target = run_once(unit, lambda: _add(unit, form))
    except ClinicError as problem:
        return form_again(NEW, problem, form=form, preview=None)
    say(f"{_since_words(form)} {gettext('Look at the visits that lie inside.')}")
    return see_other(target)


def _answer(form: BlockForm, preview: Preview | None = None) -> Response:
    return make_response(render_template(NEW, form=form, problem=None, preview=preview))


def _is_to_be_checked(form: BlockForm) -> bool:
    """Say whether the visits inside are asked for, or were shown for another time than this."""
    seen = form.seen.data or _identity(form)
    return bool(request.form.get("check")) or seen != _identity(form)


def _identity(form: BlockForm) -> str:
    """Return what and which time the visits inside were shown for."""
    span = [wall_text(form.from_on.data, form.from_at.data)]
    span.append(wall_text(form.to_on.data, form.to_at.data))
    return "|".join([form.owner.data or "", *span])


def _preview(form: BlockForm) -> Preview:
    """Return the visits that lie in the time of the form, which is not closed yet."""
    with reading(current_clinic().engine) as unit:
        site_id, resource_id, zone = _owner(unit, form.owner.data or "")
        start_at = _instant(form.from_on, form.from_at, zone)
        end_at = _instant(form.to_on, form.to_at, zone)
        if start_at >= end_at:
            raise RuleBroken("end_before_start")
        wished = Block(site_id=site_id, resource_id=resource_id, start_at=start_at, end_at=end_at)
        lines = affected_lines(unit, reads.affected(unit, wished, site_ids=sites_here()), {})
    form.seen.data = _identity(form)
    words = ngettext("%(num)s visit lies in it.", "%(num)s visits lie in it.", len(lines))
    return Preview(words if lines else gettext("No visit lies in it."), lines)


def _since_words(form: BlockForm) -> str:
    """Return from when the time is closed: now, tomorrow, or a day."""
    here = current_clinic()
    with reading(here.engine) as unit:
        _site_id, _resource_id, zone = _owner(unit, form.owner.data or "")
    on, today = form.from_on.data or date.min, local_day(here.now, zone)
    if on <= today:
        is_now = _instant(form.from_on, form.from_at, zone) <= here.now
        return gettext("Closed from now on.") if is_now else gettext("Closed from today.")
    if on == today + timedelta(days=1):
        return gettext("Closed from tomorrow.")
    return gettext("Closed from %(day)s.", day=day(on))


def _prefill(form: BlockForm) -> None:
    here = current_clinic()
    with reading(here.engine) as unit:
        sites = site_choices(unit, sites_here())
        site = chosen_site(sites)
        form.owner.choices = [SelectChoice("", gettext("Choose")), *_owners(unit, sites)]
    if not form.is_submitted():
        today = local_day(here.now, site.zone)
        on = asked_day(today)
        form.from_on.data = form.to_on.data = on
        begins = _next_quarter(here.now, site.zone) if on == today else OPENS
        form.from_at.data = time_of(begins)
        form.to_at.data = time_of(CLOSES if begins < CLOSES else LAST)


def _next_quarter(now: datetime, zone: str) -> int:
    """Return the next quarter of an hour of a site's day in minutes, the last one at most."""
    local = now.astimezone(ZoneInfo(zone))
    return min(-(-(local.hour * 60 + local.minute) // QUARTER) * QUARTER, LAST - QUARTER)


def _owners(unit: Session, sites: list[SiteChoice]) -> list[SelectChoice]:
    """Return what can be closed, by site, and people last, who may work at several."""
    ids = {site.id: set(ids_at_site(unit, site.id)) for site in sites}
    rows = unit.execute(
        select(Resource.id, Resource.key, Resource.name, Resource.kind).where(
            Resource.id.in_(set().union(*ids.values())),
            Resource.is_active,
            Resource.kind != PATIENT,
        )
    ).all()
    rows = sorted(rows, key=lambda row: natural(row.name))
    found: list[SelectChoice] = []
    for site in sites:
        whole = gettext("All of %(site)s", site=site.name)
        found.append(SelectChoice(f"site:{site.key}", whole, optgroup=site.name))
        found += [
            SelectChoice(row.key, row.name, optgroup=site.name)
            for row in rows
            if row.kind != PERSON and row.id in ids[site.id]
        ]
    people = gettext("People")
    return found + [
        SelectChoice(row.key, row.name, optgroup=people) for row in rows if row.kind == PERSON
    ]


def natural(name: str) -> list[tuple[int, str]]:
    """Return a sort key by which TMS 2 comes before TMS 10."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


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
