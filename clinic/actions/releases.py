"""Letting somebody go: nobody leaves by accident, and nobody is kept from writing down who left.

Only a release is bound to the checklist. Somebody who may override it does so by name; leaving
before being ready and going to hospital are facts, and facts are never refused.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from clinic.actions.audit import record_audit
from clinic.errors import RuleBroken
from clinic.models.appointments import Appointment
from clinic.models.base import JsonValue
from clinic.models.records import VisitRecord
from clinic.queries.chairs import chair_of, checks_of
from clinic.rules.actors import Actor
from clinic.rules.appointments import Outcome
from clinic.rules.permissions import Permission, Role
from clinic.rules.vitals_release import PRESCRIBER, Check, Way, beyond, unmet


@dataclass(frozen=True, slots=True)
class Release:
    """What is stated at the end of a visit: how the patient leaves, and what was seen to.

    `words` say who decided or was told, and why; they are asked for every way but a release.
    `is_nothing_given` confirms that a session that began gave nothing.
    """

    way: Way = Way.DISCHARGED
    ticked: frozenset[str] = frozenset()
    words: str = ""
    is_nothing_given: bool = False

    @property
    def note(self) -> str:
        """Return the way and its words as one line to be kept; empty for a release."""
        return "" if self.way is Way.DISCHARGED else f"{self.way.value}: {self.words.strip()}"


PLAIN = Release()


def roles_of(by: Actor, site_id: int) -> frozenset[str]:
    """Return as whom somebody may override items of the checklist at a site.

    A monitoring clinician writes down what the prescriber said by phone, read back.
    """
    is_director = Role.MEDICAL_DIRECTOR in by.roles and by.may_at(Permission.OVERRIDE, site_id)
    decides = by.may_at(Permission.OVERRIDE, site_id) or by.may_at(Permission.ASSESS, site_id)
    return frozenset(
        ([Role.MEDICAL_DIRECTOR.value] if is_director else []) + ([PRESCRIBER] if decides else [])
    )


def settle_release(
    session: Session,
    *,
    appointment: Appointment,
    record: VisitRecord | None,
    outcome: Outcome,
    release: Release,
    by: Actor,
    now: datetime,
) -> None:
    """Write down how a visit is left, with all that was not met; RuleBroken when it may not be.

    Asked anew at this moment: a reading that came since the page was shown counts.
    """
    if outcome is Outcome.NOT_TREATED and record is not None and not release.is_nothing_given:
        raise RuleBroken("session_has_run")
    checks = checks_of(
        session,
        appointment_id=appointment.id,
        chair=chair_of(session, appointment, record),
        outcome=outcome,
        ticked=release.ticked,
        now=now,
    )
    _check_way(checks, release, roles_of(by, appointment.site_id))
    if checks or release.note:
        _audit(session, appointment, outcome, release, checks, by, now)


def _check_way(checks: Sequence[Check], release: Release, roles: frozenset[str]) -> None:
    missing = unmet(checks)
    if release.way is Way.DISCHARGED:
        if missing:
            raise RuleBroken("visit_not_released", items=tuple(one.key for one in missing))
        if any(one.is_tick for one in checks) and not roles:
            raise RuleBroken("release_needs_clinician")
        return
    if not release.words.strip():
        raise RuleBroken("release_needs_words")
    if release.way is Way.OVERRIDDEN:
        held = beyond(checks, roles)
        if held:
            raise RuleBroken("override_refused", items=tuple(one.key for one in held))


def _codes(keys: Iterable[str]) -> list[JsonValue]:
    return list(keys)


def _audit(
    session: Session,
    appointment: Appointment,
    outcome: Outcome,
    release: Release,
    checks: Sequence[Check],
    by: Actor,
    now: datetime,
) -> None:
    record_audit(
        session,
        verb="release_visit",
        subject="appointment",
        subject_id=appointment.id,
        patient_id=appointment.patient_id,
        by=by,
        now=now,
        values={
            "outcome": outcome.value,
            "way": release.way.value,
            "unmet": _codes(one.key for one in unmet(checks)),
            "ticked": _codes(sorted(release.ticked & {one.key for one in checks})),
        },
    )
