"""The visits of the demo: who comes, who does not, and what the nurse writes down."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from clinic.actions.attendance import arrive, check_in, fulfil, mark_no_show
from clinic.actions.observations import log_vitals
from clinic.actions.side_effects import SideEffectDraft, log_side_effect
from clinic.actions.visits import end_visit, start_visit
from clinic.demo.cast import Cast
from clinic.models.appointments import Appointment
from clinic.rules.actors import Actor
from clinic.rules.appointments import Outcome
from clinic.rules.vitals import Reading

MISSED_SHARE = 0.035
GRACE = timedelta(minutes=20)
DOSED = frozenset({"dosing_im", "dosing_sl", "infusion_iv", "esketamine"})
STIMULATED = frozenset({"tms", "mapping_and_first_tms"})
COURSE_OF_PRESSURE = ((-4, 0, 0), (12, 14, 8), (30, 24, 14), (45, 20, 11), (75, 8, 5), (110, 2, 1))
"""Minutes after the start, and rise of systolic and diastolic mmHg, of an ordinary dosing."""


@dataclass(slots=True)
class Scene:
    """One visit as it is lived, up to a moment."""

    session: Session
    appointment: Appointment
    cast: Cast
    rng: random.Random
    until: datetime

    def has_come(self, moment: datetime) -> bool:
        """Say whether the story has reached a moment."""
        return moment <= self.until

    def after_start(self, minutes: int) -> datetime:
        """Return the instant so many minutes after the booked start."""
        return self.appointment.start_at + timedelta(minutes=minutes)


def live_visit(
    session: Session,
    *,
    appointment: Appointment,
    cast: Cast,
    rng: random.Random,
    until: datetime,
) -> bool:
    """Live one visit as far as `until`; True when the patient did not come."""
    scene = Scene(session, appointment, cast, rng, until)
    early = scene.after_start(-rng.randrange(5, 16))
    if rng.random() < MISSED_SHARE and scene.has_come(appointment.start_at + GRACE):
        _stay_away(scene)
        return True
    if scene.has_come(early):
        _come(scene, early)
    if scene.has_come(scene.after_start(1)):
        _treat(scene)
    if scene.has_come(appointment.end_at):
        _finish(scene)
    return False


def _stay_away(scene: Scene) -> None:
    row = scene.appointment
    mark_no_show(
        scene.session,
        appointment=row,
        version=row.version,
        by=scene.cast.desk,
        now=row.start_at + GRACE,
    )


def _come(scene: Scene, moment: datetime) -> None:
    row = scene.appointment
    arrive(scene.session, appointment=row, version=row.version, by=scene.cast.desk, now=moment)


def _treat(scene: Scene) -> None:
    """Take the patient in; a treatment visit has a record with vitals or side effects."""
    row, kind = scene.appointment, scene.appointment.kind_key
    who = scene.cast.nurse if kind in DOSED else scene.cast.operator
    now = scene.after_start(1)
    check_in(scene.session, appointment=row, version=row.version, by=who, now=now)
    if kind not in DOSED | STIMULATED:
        return
    if kind in DOSED:
        _measure(scene, [COURSE_OF_PRESSURE[0]])
    start_visit(scene.session, appointment=row, at=now, by=who, now=now)
    if kind in DOSED:
        _measure(scene, COURSE_OF_PRESSURE[1:])
    _feel(scene, who)


def _measure(scene: Scene, points: Sequence[tuple[int, int, int]]) -> None:
    """Log the readings of a dosing that the story has reached."""
    base = 112 + scene.appointment.patient_id % 23
    for minute, systolic, diastolic in points:
        taken_at = scene.after_start(minute)
        if not scene.has_come(taken_at):
            return
        reading = Reading(
            systolic_mmhg=base + systolic + scene.rng.randrange(-4, 7),
            diastolic_mmhg=70 + scene.appointment.patient_id % 11 + diastolic,
            heart_rate_bpm=66 + scene.rng.randrange(18),
            spo2_percent=96 + scene.rng.randrange(4),
        )
        log_vitals(
            scene.session,
            appointment=scene.appointment,
            reading=reading,
            taken_at=taken_at,
            by=scene.cast.nurse,
            now=taken_at,
        )


def _feel(scene: Scene, who: Actor) -> None:
    """Log a mild side effect now and then, as such courses have them."""
    at = scene.after_start(10)
    if scene.rng.random() > 0.12 or not scene.has_come(at):
        return
    is_dosed = scene.appointment.kind_key in DOSED
    terms = ("nausea", "lightheaded") if is_dosed else ("headache", "scalp_pain")
    draft = SideEffectDraft(
        term_key=scene.rng.choice(terms),
        grade=1,
        onset_at=at,
        relatedness="probable",
        action="none",
        outcome="resolving",
    )
    log_side_effect(scene.session, appointment=scene.appointment, draft=draft, by=who, now=at)


def _finish(scene: Scene) -> None:
    row, end = scene.appointment, scene.appointment.end_at
    if row.kind_key in DOSED | STIMULATED:
        end_visit(scene.session, appointment=row, at=end, by=scene.cast.operator, now=end)
    fulfil(
        scene.session,
        appointment=row,
        outcome=Outcome.COMPLETE,
        outcome_reason=None,
        version=row.version,
        by=scene.cast.operator,
        now=end,
    )
