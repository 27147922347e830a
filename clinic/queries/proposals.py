"""Proposals: what could be booked. Nothing here writes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from time import perf_counter
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.errors import NotFound
from clinic.models.appointments import Appointment
from clinic.models.base import JsonValue
from clinic.models.patients import Patient
from clinic.planning.courses import Plan, PlannedVisit, Wishes
from clinic.planning.questions import Question, with_preference
from clinic.planning.slots import count_of, every_of, limit_of
from clinic.planning.starts import Refusal, legal_starts, place_visit
from clinic.planning.three import Choice, Offer
from clinic.planning.world import World
from clinic.queries.availability import SiteFrame, read_world
from clinic.queries.definitions import DefinitionKind, current, policies, protocol
from clinic.queries.kinds import KindFrame, kind_frames
from clinic.queries.treatments import Repeated, repeated_by, treatment_after
from clinic.rules.appointments import HOLDING
from clinic.rules.data import DataError
from clinic.rules.protocols import Protocol, with_choice
from clinic.rules.visit_kinds import VisitKind
from clinic.rules.wall_days import CELL_MIN, WHOLE_DAY

SPARE_DAYS = 35


@dataclass(frozen=True, slots=True)
class CourseOrder:
    """What is to be booked: whose course of which protocol version, where, and as wished."""

    patient_id: int
    site: SiteFrame
    definition_id: int
    variant: str | None
    start_on: date
    counts: Mapping[str, JsonValue]
    wishes: Mapping[str, JsonValue]
    repeated: Repeated | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan for a course, with all that booking it needs. Milliseconds of planning alone.

    `offers` are the plans to choose from, of which `plan` is the first; `left_out` are the days of
    the patient's other courses, on which nothing was planned; `asked` is the question the plan
    answers, to ask what would have to give.
    """

    order: CourseOrder
    protocol: Protocol
    plan: Plan
    kinds: Mapping[str, KindFrame]
    milliseconds: float
    asked: Question
    offers: tuple[Offer, ...]
    left_out: tuple[date, ...] = ()

    def with_plan(self, offer: Offer) -> "Proposal":
        """Return the proposal with another of its plans, to be looked at or booked."""
        return replace(self, plan=offer.plan)


def propose_course(
    session: Session,
    *,
    patient_id: int,
    protocol_key: str,
    site: SiteFrame,
    wishes: Wishes,
    variant: str | None = None,
    repeats: str | None = None,
    from_on: date | None = None,
    is_choice: bool = False,
    now: datetime | None = None,
) -> Proposal:
    """Return the best plan for a course of the protocol in force; NotFound for an unknown key.

    `variant` is one of its variants or routes. `repeats` is what maintenance and retreatment take
    after (see `repeated_by`); RuleBroken where there is none. `from_on` reads earlier days too;
    with `is_choice` the steadiest plan and that with the fewest changes are offered too. With
    `now` nothing is planned into the past.
    """
    patient = _patient(session, patient_id)
    version = current(session, DefinitionKind.PROTOCOL, protocol_key)
    chosen, repeated = _chosen(session, version.id, variant, wishes, patient_id, repeats)
    kinds, frame = kind_frames(session), with_switches(session, site)
    days = _days(chosen, wishes, from_on)
    asked, left_out = _question(session, patient, chosen, kinds, wishes, frame, days, now)
    begun = perf_counter()
    offers = asked.three() if is_choice else (Offer(Choice.EARLIEST, asked.plan(), ()),)
    plan, taken = offers[0].plan, (perf_counter() - begun) * 1000
    order = CourseOrder(
        patient_id=patient_id,
        site=frame,
        definition_id=version.id,
        variant=variant,
        start_on=wishes.start_on,
        counts=_planned_counts(plan),
        wishes=wishes_json(wishes),
        repeated=repeated,
    )
    return Proposal(order, chosen, plan, kinds, taken, asked, offers, left_out)


def _days(chosen: Protocol, wishes: Wishes, from_on: date | None) -> tuple[date, date]:
    """Return the first and the last day that is read."""
    until_on = wishes.start_on + timedelta(days=horizon_days(chosen, wishes))
    return min(wishes.start_on, from_on or wishes.start_on), until_on


def _chosen(
    session: Session,
    definition_id: int,
    variant: str | None,
    wishes: Wishes,
    patient_id: int,
    repeats: str | None,
) -> tuple[Protocol, Repeated | None]:
    """Return the protocol as chosen, and the treatment it repeats.

    NotFound for a variant or wished steps it does not have.
    """
    version = protocol(session, definition_id)
    try:
        chosen = with_choice(version, variant)
    except DataError as error:
        raise NotFound("variant_unknown", variant=variant, protocol=version.key) from error
    known = [step.key for step in chosen.steps]
    for key in (*wishes.counts, *wishes.weeks, *wishes.every, *wishes.weekly):
        if key not in known:
            raise NotFound("step_unknown", step=key, steps=", ".join(known))
    repeated = _repeated(session, chosen, patient_id, repeats)
    return treatment_after(session, chosen, repeated), repeated


def _repeated(
    session: Session, chosen: Protocol, patient_id: int, repeats: str | None
) -> Repeated | None:
    """Return the treatment that is repeated; None for a protocol that repeats nothing by itself."""
    if chosen.repeat is None and not repeats:
        return None
    return repeated_by(session, patient_id=patient_id, reference=repeats, modality=chosen.modality)


def _question(
    session: Session,
    patient: Patient,
    chosen: Protocol,
    kinds: Mapping[str, KindFrame],
    wishes: Wishes,
    site: SiteFrame,
    days: tuple[date, date],
    now: datetime | None,
) -> tuple[Question, tuple[date, ...]]:
    """Return what is asked of the planner, and the days on which other courses have a visit."""
    world = read_world(
        session,
        site=site,
        from_on=days[0],
        until_on=days[1],
        patient_resource_id=patient.resource_id,
    )
    if now is not None:
        world = replace(world, patient_free={**world.patient_free, **_over(world, site.zone, now)})
    shared = () if wishes.shares_days else _course_days(session, patient.id, wishes, days[1])
    shut = replace(world, patient_free={**world.patient_free, **dict.fromkeys(shared, 0)})
    known = {key: one.visit_kind for key, one in kinds.items()}
    asked = Question(chosen, known, shut, wishes, world if shared else None)
    return with_preference(asked), tuple(shared)


def _course_days(
    session: Session, patient_id: int, wishes: Wishes, until_on: date
) -> Sequence[date]:
    """Return the days on which the patient has a visit of another course, in order."""
    return session.scalars(
        select(Appointment.local_on)
        .where(
            Appointment.patient_id == patient_id,
            Appointment.local_on.between(wishes.start_on, until_on),
            Appointment.course_id.is_not(None),
            Appointment.status.in_(HOLDING),
        )
        .distinct()
        .order_by(Appointment.local_on)
    ).all()


def _over(world: World, zone: str, now: datetime) -> dict[date, int]:
    """Return what is left to the patient of the days that are over, or have begun."""
    local = now.astimezone(ZoneInfo(zone))
    gone = (1 << -(-(local.hour * 60 + local.minute) // CELL_MIN)) - 1
    free = {on: 0 for on in world.days if on < local.date()}
    return free | {local.date(): world.patient_free.get(local.date(), WHOLE_DAY) & ~gone}


def _planned_counts(plan: Plan) -> dict[str, JsonValue]:
    """Return the prescribed number of visits by step, in the order of the plan."""
    counts: dict[str, int] = {}
    for visit in plan.visits:
        counts[visit.step_key] = counts.get(visit.step_key, 0) + 1
    return dict(counts)


def wishes_json(wishes: Wishes) -> dict[str, JsonValue]:
    """Return the wishes as they are kept with the course."""
    return {key: _plain(value) for key, value in asdict(wishes).items() if value is not None}


def _plain(value: object) -> JsonValue:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, frozenset | set | tuple | list):
        return [_plain(one) for one in sorted(value, key=str)]
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    return value if isinstance(value, str | int | float | bool) else None


def horizon_days(chosen: Protocol, wishes: Wishes) -> int:
    """Return how many days ahead the planner looks: the course's own length and some spare."""
    days = SPARE_DAYS
    for step in chosen.steps:
        count, limit = count_of(step, wishes), limit_of(step, wishes)
        if step.pairing is not None:
            continue
        if limit is None:
            days += count * (step.gap_days.ideal if step.gap_days else 7)
        else:
            coming = limit if wishes.weekdays is None else min(limit, len(wishes.weekdays))
            days += -(-count // max(coming, 1)) * 7 * every_of(step, wishes)
    return days


def with_switches(session: Session, site: SiteFrame) -> SiteFrame:
    """Return the site's frame with the clinic's policy switches where the site has none."""
    general = policies(session).get("switches", {})
    if not isinstance(general, Mapping):
        return site
    merged = {key: bool(on) for key, on in general.items()} | dict(site.switches)
    return replace(site, switches=merged)


def propose_visit(
    session: Session,
    *,
    patient_id: int,
    kind_key: str,
    site: SiteFrame,
    on: date,
    start_min: int,
    place: str,
    length_min: int | None = None,
    device_tags: frozenset[str] = frozenset(),
    leave_out: Collection[int] = (),
    prefer_resource_id: int | None = None,
) -> PlannedVisit | Refusal:
    """Return one visit with named resources at a wall time, or why it cannot be had.

    `prefer_resource_id` is taken where it is free and serves the visit.
    """
    day = _day_world(session, patient_id, site, on, leave_out)
    kind, cells = _kind(session, kind_key, length_min)
    wished = (
        {}
        if prefer_resource_id is None
        else {requirement.id: prefer_resource_id for requirement in kind.requirements}
    )
    return place_visit(
        kind,
        cells,
        day,
        on,
        start_min // CELL_MIN,
        device_tags=device_tags,
        place=place,
        prefer=wished,
    )


def free_times(
    session: Session,
    *,
    kind_key: str,
    site: SiteFrame,
    on: date,
    patient_id: int | None,
    place: str = "room",
    length_min: int | None = None,
    device_tags: frozenset[str] = frozenset(),
    leave_out: Collection[int] = (),
) -> list[int]:
    """Return the minutes of the day at which the visit could start, earliest first."""
    day = _day_world(session, patient_id, site, on, leave_out)
    kind, cells = _kind(session, kind_key, length_min)
    starts = legal_starts(kind, cells, day, on, device_tags=device_tags, place=place)
    return [cell * CELL_MIN for cell in range(starts.bit_length()) if starts >> cell & 1]


def _day_world(
    session: Session,
    patient_id: int | None,
    site: SiteFrame,
    on: date,
    leave_out: Collection[int],
) -> World:
    resource_id = None if patient_id is None else _patient(session, patient_id).resource_id
    return read_world(
        session,
        site=with_switches(session, site),
        from_on=on,
        until_on=on,
        patient_resource_id=resource_id,
        leave_out=leave_out,
    )


def _kind(session: Session, key: str, length_min: int | None) -> tuple[VisitKind, int]:
    frames = kind_frames(session)
    if key not in frames:
        raise NotFound("visit_kind_unknown")
    kind = frames[key].visit_kind
    return kind, (length_min or kind.default_length_min) // CELL_MIN


def _patient(session: Session, patient_id: int) -> Patient:
    found = session.scalar(select(Patient).where(Patient.id == patient_id))
    if found is None:
        raise NotFound("patient_unknown")
    return found
