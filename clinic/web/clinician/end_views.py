"""What came of a visit, in words: the outcome with its reason, and how the patient left."""

from dataclasses import dataclass

from flask_babel import gettext

from clinic.queries.chairs import EndNote
from clinic.queries.charts import Chart
from clinic.rules import vitals_release
from clinic.rules.appointments import Outcome, Status
from clinic.rules.vitals_release import Check, Way
from clinic.web import present
from clinic.web.clinician.standing import Standing
from clinic.web.outcomes import outcome_word, reason_word


@dataclass(frozen=True, slots=True)
class EndView:
    """A visit that is done: what came of it, and how the patient left when not simply released."""

    words: str
    left: str
    level: str


def end_view(seen: Chart, note: EndNote | None) -> EndView | None:
    """Return what came of a visit, None while it is not done."""
    outcome = seen.appointment.outcome
    if seen.appointment.status is not Status.FULFILLED or outcome is None:
        return None
    is_plain = outcome is Outcome.COMPLETE and note is None
    return EndView(
        words=_end_words(seen, outcome),
        left="" if note is None else f"{way_word(note.way)}: {note.words}",
        level="ok" if is_plain else "warn",
    )


def _end_words(seen: Chart, outcome: Outcome) -> str:
    reason, record = seen.appointment.outcome_reason, seen.record
    words = outcome_word(outcome)
    if reason:
        words = f"{words}: {reason_word(reason).lower()}"
    if record is None or record.ended_at is None:
        return gettext("%(what)s.", what=words)
    ended = present.time_at(record.ended_at, seen.site.zone)
    return gettext("Ended %(time)s. %(what)s.", time=ended, what=words)


def check_words(check: Check, standing: Standing | None) -> str:
    """Return one line of the checklist; what the readings say themselves has the time in it."""
    due = "" if standing is None else standing.due
    match check.key:
        case vitals_release.LAST_READING if check.is_met:
            return gettext("The last reading is within limits")
        case vitals_release.LAST_READING:
            return gettext("The last reading is not within limits")
        case vitals_release.READING_LATE if check.is_met:
            return gettext("No reading is overdue")
        case vitals_release.READING_LATE:
            return gettext("A reading is overdue: %(due)s", due=due)
        case _:
            return check.text[:1].upper() + check.text[1:]


def way_word(way: str) -> str:
    """Return how somebody leaves, in words."""
    words = {
        Way.DISCHARGED.value: gettext("Released: all of the above is met"),
        Way.OVERRIDDEN.value: gettext("Released all the same, by the prescriber"),
        Way.LEFT_BEFORE_READY.value: gettext("Left before being ready"),
        Way.SENT_TO_HOSPITAL.value: gettext("Sent to hospital"),
    }
    return words.get(way, way)
