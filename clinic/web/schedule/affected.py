"""A closed time: the visits that lie inside, each to be moved, kept or cancelled."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from flask import Response, make_response, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from clinic.actions.appointments import move_appointment
from clinic.actions.blocks import keep_appointment, release_appointment, remove_block
from clinic.actions.status_steps import check_version
from clinic.errors import ClinicError, Conflict, NotFound
from clinic.models.engine import reading, write, writing
from clinic.models.resources import Block, Resource
from clinic.queries import blocks as reads
from clinic.queries.blocks import AffectedRow
from clinic.queries.days import site_choices
from clinic.queries.resources import ids_at_site, zone_of
from clinic.queries.same_hours import SameHour, same_hours
from clinic.rules.permissions import Permission
from clinic.web.block_words import kind_word
from clinic.web.errors import form_again
from clinic.web.guard import needs, sites_here
from clinic.web.looks import note_look
from clinic.web.phones import phone_words
from clinic.web.places import course_address, local_day
from clinic.web.present import StatusTag, clock_time, day, moment_at, sorted_name, status_tag
from clinic.web.requests import current_clinic, run_once, see_other
from clinic.web.schedule.blueprint import blueprint
from clinic.web.schedule.undo import Done, do_once, done_to, say_undoable
from clinic.web.schedule.visits import own_appointment
from clinic.web.shell import say

ONE = "schedule/block.html"


@dataclass(frozen=True, slots=True)
class AffectedLine:
    """A visit inside a closed time that is to be moved, cancelled or kept.

    `swap` names the like resource that is free at its own hour, "" when there is none.
    """

    public_id: str
    version: int
    when: str
    name: str
    address: str
    phone: str
    phone_number: str
    what: str
    number: str
    tag: StatusTag
    swap: str


@dataclass(frozen=True, slots=True)
class BlockPage:
    """A closed time with the visits inside, as its page prints it."""

    public_id: str
    address: str
    of: str
    when: str
    reason: str
    lines: tuple[AffectedLine, ...]


@blueprint.get("/blocks/<public_id>")
@needs(Permission.SCHEDULE)
def show_block(public_id: str) -> Response:
    """Show a closed time with the visits that nobody has settled yet."""
    page = _block_page(public_id)
    note_look("see_block", subject="block", values={"affected": len(page.lines)})
    return make_response(render_template(ONE, problem=None, page=page))


def _block_page(public_id: str) -> BlockPage:
    here = current_clinic()
    with reading(here.engine) as unit:
        block = reads.by_public_id(unit, public_id)
        zone, of = _zone_and_name(unit, block)
        rows = reads.affected(unit, block, site_ids=sites_here())
        swaps = same_hours(unit, block, ids=[row.appointment_id for row in rows], now=here.now)
        lines = affected_lines(unit, rows, swaps)
    end = block.end_at - timedelta(minutes=1)
    is_one_day = local_day(block.start_at, zone) == local_day(end, zone)
    until = moment_at(block.end_at, zone)
    return BlockPage(
        public_id=public_id,
        address=url_for("schedule.show_block", public_id=public_id),
        of=of,
        when=f"{moment_at(block.start_at, zone)} – "
        + (until.rpartition(" ")[2] if is_one_day else until),
        reason=block.reason or kind_word(block.kind),
        lines=lines,
    )


def affected_lines(
    unit: Session, rows: Iterable[AffectedRow], swaps: Mapping[int, SameHour]
) -> tuple[AffectedLine, ...]:
    """Return the visits inside as they are printed."""
    rows = list(rows)
    what = reads.treatments(unit, rows)
    return tuple(
        _line(row, what[row.appointment_id], swaps.get(row.appointment_id)) for row in rows
    )


def _line(row: AffectedRow, what: str, swap: SameHour | None) -> AffectedLine:
    """Return a visit inside as it is printed; its name leads to the course, else to the patient."""
    patient = url_for("desk.show_patient", public_id=row.patient_public_id)
    course = row.course_public_id
    return AffectedLine(
        public_id=row.public_id,
        version=row.version,
        when=f"{day(row.local_on)} {clock_time(row.local_min)}",
        name=sorted_name(row.family, row.given),
        address=patient if course is None else course_address(course, row.site_id) or patient,
        phone=phone_words(row.phone),
        phone_number=row.phone,
        what=what,
        number=f"{row.number or '–'}/{row.total}" if row.total else "",
        tag=status_tag(row.status),
        swap="" if swap is None else swap.name,
    )


def _zone_and_name(unit: Session, block: Block) -> tuple[str, str]:
    sites = site_choices(unit, sites_here())
    if block.site_id is not None:
        found = next((site for site in sites if site.id == block.site_id), None)
        if found is None:
            raise NotFound("no_such_thing")
        return found.zone, found.name
    resource = unit.get_one(Resource, block.resource_id)
    if resource.id not in {one for site in sites for one in ids_at_site(unit, site.id)}:
        raise NotFound("no_such_thing")
    return zone_of(unit, resource), resource.name


@blueprint.post("/blocks/<public_id>/same-hour/<appointment>")
@needs(Permission.SCHEDULE)
def move_aside(public_id: str, appointment: str) -> Response:
    """Move a visit to a like resource at its own hour; the patient need not be told."""
    here = current_clinic()
    swap = _swap_of(public_id, appointment)
    version = _version()

    def carry_out(unit: Session) -> Done:
        row = own_appointment(unit, appointment)
        check_version(row, version)
        if swap is None:
            raise Conflict("time_not_free")
        move_appointment(
            unit,
            appointment=row,
            to=swap.to,
            site=swap.site,
            kind=swap.kind,
            version=version,
            tell_patient=False,
            by=here.actor,
            now=here.now,
        )
        return done_to(unit, url_for("schedule.show_block", public_id=public_id), row)

    try:
        made = write(here.engine, lambda unit: do_once(unit, lambda: carry_out(unit)))
    except ClinicError as problem:
        return form_again(ONE, problem, page=_block_page(public_id))
    name = "" if swap is None else swap.name
    say_undoable(gettext("Moved to %(name)s at the same hour.", name=name), made)
    return see_other(made.target)


def _swap_of(public_id: str, appointment: str) -> SameHour | None:
    """Return the swap of a visit inside, planned in a read unit of its own."""
    here = current_clinic()
    with reading(here.engine) as unit:
        block = _own_block(unit, public_id)
        rows = reads.affected(unit, block, site_ids=sites_here())
        ids = [row.appointment_id for row in rows if row.public_id == appointment]
        return next(iter(same_hours(unit, block, ids=ids, now=here.now).values()), None)


def _version() -> int:
    """Return the version the press was made on; 0, which no visit has, for nonsense."""
    text = request.form.get("version", "")
    return int(text) if text.isdecimal() and len(text) <= 9 else 0


@blueprint.post("/blocks/<public_id>/keep/<appointment>")
@needs(Permission.SCHEDULE)
def keep_in_block(public_id: str, appointment: str) -> Response:
    """Note that a visit inside a closed time is kept, by name; undo lists it again."""
    undo = url_for("schedule.release_in_block", public_id=public_id, appointment=appointment)
    return _settle(
        public_id, lambda unit: _keep(unit, public_id, appointment), gettext("Kept."), undo
    )


@blueprint.post("/blocks/<public_id>/release/<appointment>")
@needs(Permission.SCHEDULE)
def release_in_block(public_id: str, appointment: str) -> Response:
    """Take back that a visit inside a closed time is kept."""
    return _settle(
        public_id, lambda unit: _release(unit, public_id, appointment), gettext("Listed again.")
    )


@blueprint.post("/blocks/<public_id>/remove")
@needs(Permission.SCHEDULE)
def open_block(public_id: str) -> Response:
    """Open a closed time again."""
    return _settle(public_id, lambda unit: _remove(unit, public_id), gettext("Open again."))


def _settle(
    public_id: str, act: Callable[[Session], str], words: str, undo: str | None = None
) -> Response:
    here = current_clinic()
    try:
        with writing(here.engine) as unit:
            target = run_once(unit, lambda: act(unit))
    except ClinicError as problem:
        return form_again(ONE, problem, page=_block_page(public_id))
    say(words, undo=undo)
    return see_other(target)


def _keep(unit: Session, public_id: str, appointment: str) -> str:
    here = current_clinic()
    block = _own_block(unit, public_id)
    row = own_appointment(unit, appointment)
    keep_appointment(unit, block=block, appointment=row, by=here.actor, now=here.now)
    return url_for("schedule.show_block", public_id=public_id)


def _release(unit: Session, public_id: str, appointment: str) -> str:
    here = current_clinic()
    block = _own_block(unit, public_id)
    row = own_appointment(unit, appointment)
    release_appointment(unit, block=block, appointment=row, by=here.actor, now=here.now)
    return url_for("schedule.show_block", public_id=public_id)


def _remove(unit: Session, public_id: str) -> str:
    here = current_clinic()
    remove_block(unit, block=_own_block(unit, public_id), by=here.actor, now=here.now)
    return url_for("schedule.blocks")


def _own_block(unit: Session, public_id: str) -> Block:
    """Return a closed time of a site one works at, or raise NotFound."""
    block = reads.by_public_id(unit, public_id)
    _zone_and_name(unit, block)
    return block
