"""The visit page as it is printed: what was read, and the two forms, filled or fresh."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from clinic.actions.audit import refuse_own_chart
from clinic.models.appointments import Appointment
from clinic.models.definitions import Definition
from clinic.models.engine import reading
from clinic.queries.chairs import EndNote, chair_of, end_note
from clinic.queries.charts import Chart, CourseVisit, chart, numbers
from clinic.queries.definitions import side_effects, visit_kind
from clinic.queries.observations import PRE_DOSE, ReadingRow, readings
from clinic.queries.side_effects import SideEffectRow, of_visit
from clinic.rules.actors import Actor
from clinic.rules.appointments import HERE, Status
from clinic.rules.courses import CourseStatus
from clinic.rules.permissions import Permission
from clinic.rules.side_effects import SideEffectList, Term, modality_family
from clinic.rules.vitals import parse_thresholds
from clinic.rules.vitals_due import Chair
from clinic.web import present
from clinic.web.clinician.effect_views import EffectView, effect_view, quick_terms, tap_grades
from clinic.web.clinician.end_views import EndView, end_view
from clinic.web.clinician.standing import Standing, standing
from clinic.web.clinician.verdicts import (
    ReadingView,
    RuleBook,
    Seat,
    VerdictView,
    before_words,
    reading_view,
    verdict,
)
from clinic.web.guard import sites_here
from clinic.web.requests import current_clinic
from clinic.web.strips import LinkedVisit, Strip, strip

RECORDS = Permission.RECORD_SIDE_EFFECTS


@dataclass(frozen=True, slots=True)
class Step:
    """What moves the visit on: a button that does it, or a link to a page that asks first."""

    needs: Permission
    address: str
    label: str
    asks: bool = False


@dataclass(frozen=True, slots=True)
class VisitPage:
    """All that the visit page prints beside its forms."""

    public_id: str
    name: str
    number: str
    kind: str
    when: str
    place: str
    tag: present.StatusTag
    facts: tuple[tuple[str, str], ...]
    strip: Strip | None
    is_on_hold: bool
    session: str
    ending: Step | None
    has_begun: bool
    verdict: VerdictView | None
    before: dict[str, str]
    readings: tuple[ReadingView, ...]
    effects: tuple[EffectView, ...]
    quick: tuple[Term, ...]
    tap_grades: frozenset[str]
    standing: Standing | None
    end: EndView | None
    version: int
    patient_id: int
    appointment_id: int
    site_id: int
    listed: SideEffectList
    modality: str | None
    step: Step | None = None
    may_log_vitals: bool = False
    may_log_effects: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What was read of a visit beside its chart."""

    kind: str
    rows: list[ReadingRow]
    effects: list[SideEffectRow]
    books: dict[int, RuleBook]
    listed: SideEffectList
    chair: Chair
    note: EndNote | None


def read_page(public_id: str) -> VisitPage:
    """Return the page of a visit in one read unit, or raise NotFound."""
    here = current_clinic()
    with reading(here.engine) as unit:
        seen = chart(unit, public_id=public_id, site_ids=sites_here())
        refuse_own_chart(here.actor, seen.patient.id)
        rows = readings(unit, appointment_id=seen.appointment.id)
        effects = of_visit(unit, appointment_id=seen.appointment.id)
        chair = chair_of(unit, seen.appointment, seen.record)
        note = end_note(unit, appointment_id=seen.appointment.id)
        books = {one: _book(unit, one) for one in {row.definition_id for row in rows}}
        listed = side_effects(unit)
        kind = visit_kind(unit, seen.appointment.definition_id).staff_label
    told = Told(kind, rows, effects, books, listed, chair, note)
    page = _page(seen, told, here.now)
    step = _step(seen, today=here.now.astimezone(ZoneInfo(seen.site.zone)).date())
    return _for_actor(replace(page, step=step), here.actor, seen.site.id)


def _for_actor(page: VisitPage, actor: Actor, site_id: int) -> VisitPage:
    """Return the page with what this person may do at the site, and without the rest."""
    step, ending = page.step, page.ending
    return replace(
        page,
        step=step if step and actor.may_at(step.needs, site_id) else None,
        ending=ending if ending and actor.may_at(ending.needs, site_id) else None,
        may_log_vitals=actor.may_at(Permission.RECORD_VITALS, site_id),
        may_log_effects=actor.may_at(Permission.RECORD_SIDE_EFFECTS, site_id),
    )


def _book(unit: Session, definition_id: int) -> RuleBook:
    row = unit.get_one(Definition, definition_id)
    return RuleBook(parse_thresholds(row.body), row.version)


def _page(seen: Chart, told: Told, now: datetime) -> VisitPage:
    appointment, zone = seen.appointment, seen.site.zone
    standing_rows = [row for row in told.rows if not (row.is_voided or row.is_corrected)]
    before = [row for row in standing_rows if row.rule_set == PRE_DOSE]
    modality = modality_family(None if seen.protocol is None else seen.protocol.modality)
    stands = None if _is_over(seen) else standing(told.chair, now=now, zone=zone)
    return VisitPage(
        public_id=appointment.public_id,
        name=present.full_name(seen.patient.family, seen.patient.given, seen.patient.preferred),
        number=_number(seen),
        kind=told.kind,
        when=f"{present.day(appointment.local_on)} {present.clock_time(appointment.local_min)}",
        place=", ".join(seen.places),
        tag=_tag(appointment),
        facts=_facts(seen),
        strip=_strip(seen),
        is_on_hold=seen.course is not None and seen.course.status is CourseStatus.ON_HOLD,
        session=_session_word(seen, zone),
        ending=_ending(seen),
        has_begun=seen.record is not None,
        verdict=_verdict(standing_rows, told, Seat(zone, stands, _route(told.chair))),
        before=before_words(before[-1] if before and seen.record else None),
        readings=tuple(reading_view(row, zone) for row in reversed(told.rows)),
        effects=tuple(effect_view(row, told.listed, zone) for row in told.effects),
        quick=quick_terms(told.listed, modality),
        tap_grades=tap_grades(told.listed),
        standing=stands,
        end=end_view(seen, told.note),
        version=appointment.version,
        patient_id=appointment.patient_id,
        appointment_id=appointment.id,
        site_id=appointment.site_id,
        listed=told.listed,
        modality=modality,
    )


def _is_over(seen: Chart) -> bool:
    """Say whether nobody is in the chair any more: readings are history from then on."""
    has_ended = seen.record is not None and seen.record.ended_at is not None
    return has_ended or seen.appointment.status not in {*HERE, Status.BOOKED, Status.PENDING}


def _route(chair: Chair) -> str | None:
    return None if chair.care is None else chair.care.route


def _verdict(rows: Sequence[ReadingRow], told: Told, seat: Seat) -> VerdictView | None:
    if not rows:
        return None
    return verdict(rows[-1], told.books[rows[-1].definition_id], seat)


def _tag(appointment: Appointment) -> present.StatusTag:
    return present.status_tag(
        appointment.status,
        outcome=appointment.outcome,
        is_confirmed=appointment.confirmed_at is not None,
        cancelled_by=appointment.cancelled_by,
    )


def _number(seen: Chart) -> str:
    found = numbers(seen.visits)
    own = found.get(seen.appointment.id)
    return "" if own is None else f"{own}/{len(found)}"


def _facts(seen: Chart) -> tuple[tuple[str, str], ...]:
    patient = seen.patient
    facts = [(gettext("Record"), patient.record_number)]
    if patient.birth_on is not None:
        facts.append((gettext("Born"), present.birth_day(patient.birth_on)))
    if seen.protocol is not None:
        facts.append((gettext("Protocol"), seen.protocol.name))
    return tuple(facts)


def _strip(seen: Chart) -> Strip | None:
    if seen.course is None:
        return None
    visits = [
        LinkedVisit(
            on=visit.on,
            status=visit.status,
            outcome=visit.outcome,
            is_make_up=visit.is_make_up,
            address=_chart_address(visit),
        )
        for visit in seen.visits
    ]
    return strip(visits, today=seen.appointment.local_on)


def _chart_address(visit: CourseVisit) -> str | None:
    may_see = current_clinic().actor.may_at(Permission.SEE_CLINICAL, visit.site_id)
    return url_for("clinician.show_visit", public_id=visit.public_id) if may_see else None


def _session_word(seen: Chart, zone: str) -> str:
    record = seen.record
    if record is None:
        return ""
    began = present.time_at(record.started_at, zone)
    if record.ended_at is None:
        return gettext("in session since %(time)s", time=began)
    return gettext(
        "in session %(from_)s to %(to)s",
        from_=began,
        to=present.time_at(record.ended_at, zone),
    )


def _step(seen: Chart, *, today: date) -> Step | None:
    """Return the one next step of the visit, if there is one; a session on hold cannot start."""
    public_id, status = seen.appointment.public_id, seen.appointment.status
    is_due = status is Status.BOOKED and seen.appointment.local_on == today
    if status is Status.ARRIVED or is_due:
        address = url_for("clinician.seat", public_id=public_id)
        return Step(Permission.CHECK_IN, address, gettext("In the room"))
    if status is not Status.CHECKED_IN:
        return None
    if seen.record is not None:
        address = url_for("clinician.finish", public_id=public_id)
        return Step(RECORDS, address, gettext("End the visit"), asks=True)
    if seen.course is not None and seen.course.status is CourseStatus.ON_HOLD:
        return None
    address = url_for("clinician.begin", public_id=public_id)
    return Step(RECORDS, address, gettext("Start the session"))


def _ending(seen: Chart) -> Step | None:
    """Return the way out for somebody who is here and will not be treated today."""
    if seen.record is not None or seen.appointment.status not in HERE:
        return None
    address = url_for("clinician.finish", public_id=seen.appointment.public_id)
    return Step(RECORDS, address, gettext("Not treated today"), asks=True)
