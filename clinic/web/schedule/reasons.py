"""Refusals in words: why a visit cannot be then, which resource is in the way."""

from collections.abc import Iterable, Mapping

from flask_babel import gettext

from clinic.errors import ClinicError
from clinic.planning.refusals import Code, Impossible, Reason, Warning_
from clinic.rules.visit_kinds import VisitKind
from clinic.rules.wall_days import instant_of
from clinic.web.present import day, moment_at
from clinic.web.sentences import sentence

WITH_TIME = frozenset({"resource_taken", "patient_busy"})


def refusal_words(
    reasons: Iterable[Reason], kind: VisitKind | None, names: Mapping[int, str]
) -> list[str]:
    """Return one sentence for each reason, each once."""
    found = [reason_words(reason, kind, names) for reason in reasons]
    return list(dict.fromkeys(found))


def reason_words(reason: Reason, kind: VisitKind | None, names: Mapping[int, str]) -> str:
    """Return a reason in words a receptionist can repeat."""
    what = names.get(reason.resource_id or 0) or requirement_words(reason.requirement, kind)
    sentences = _sentences(what)
    return sentences[reason.code]


def requirement_words(requirement: str | None, kind: VisitKind | None) -> str:
    """Return what a visit needs in words, for example "TMS device" or "monitoring clinician"."""
    if requirement is None:
        return gettext("something this visit needs")
    rules = {} if kind is None else {rule.id: rule for rule in kind.requirements}
    parts = [rules[part].pool if part in rules else part for part in requirement.split("+")]
    words = [part.replace("_", " ").replace("tms", "TMS").replace("kap", "KAP") for part in parts]
    return gettext(" with ").join(words)


def _sentences(what: str) -> dict[Code, str]:
    return _visit_sentences(what) | _plan_sentences()


def _visit_sentences(what: str) -> dict[Code, str]:
    return {
        Code.CLINIC_CLOSED: gettext("The clinic is closed then."),
        Code.DAY_NOT_ALLOWED: gettext("The protocol does not use this weekday."),
        Code.PATIENT_AWAY: gettext("The patient cannot come on that day."),
        Code.PATIENT_BUSY: gettext("The patient has another visit at that time."),
        Code.OUTSIDE_WINDOW: gettext("The time lies outside the hours the patient can come."),
        Code.NO_SUCH_RESOURCE: gettext("This site has no %(what)s.", what=what),
        Code.DEVICE_BUSY: gettext("%(what)s: taken then.", what=_upper(what)),
        Code.DEVICE_CLOSED: gettext("%(what)s: closed or out of order then.", what=_upper(what)),
        Code.NOBODY_QUALIFIED_ON_SHIFT: gettext(
            "Nobody qualified as %(what)s is on shift then.", what=what
        ),
        Code.STAFF_BUSY: gettext("Everybody qualified as %(what)s is taken then.", what=what),
        Code.NOT_TOGETHER: gettext(
            "Each is free at some time, but never together: %(what)s.", what=what
        ),
    }


def _plan_sentences() -> dict[Code, str]:
    return {
        Code.GAP_ABOVE_MAXIMUM: gettext(
            "The next possible day is further away than the protocol allows between two visits."
        ),
        Code.WEEKLY_LIMIT: gettext("The week already has as many visits as the protocol allows."),
        Code.WINDOW_AFTER_VISIT: gettext(
            "No time is free within the hours that must lie between this visit and the one before."
        ),
        Code.NOT_SUPPORTED_YET: gettext(
            "Protocols with several sessions a day cannot be planned here yet. "
            "Book the visits one by one."
        ),
        Code.TERM_ORDER: gettext(
            "The protocol's order of aims cannot be planned. Tell the medical director."
        ),
        Code.COUNT_OUT_OF_RANGE: gettext(
            "The number of visits lies outside what the protocol allows."
        ),
        Code.PER_WEEK_NOT_OFFERED: gettext(
            "The protocol does not offer this number of visits a week."
        ),
        Code.NOTHING_TO_PLAN: gettext("There is nothing to plan: every count is nought."),
        Code.WEEK_CANNOT_HOLD: gettext("The week cannot hold all its visits."),
        Code.OFF_PATTERN: gettext("On another weekday than the pattern."),
        Code.LATE_AFTER_VISIT: gettext("Later than it should be after the visit before."),
        Code.STARTS_LATER: gettext("The course starts later than wished."),
    }


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def impossible_words(
    blocked: Impossible, kinds: Mapping[str, VisitKind], kind_key: str | None, names: Mapping[int, str]
) -> list[str]:
    """Return why a course cannot be planned whole: first which visit, then what blocks it."""
    kind = kinds.get(kind_key or "")
    lines = refusal_words(blocked.reasons, kind, names)
    if not blocked.number:
        return lines
    first = gettext("Visit %(n)s finds no place.", n=blocked.number)
    if blocked.from_on is not None and blocked.to_on is not None:
        first = gettext(
            "Visit %(n)s finds no place between %(first)s and %(last)s.",
            n=blocked.number,
            first=day(blocked.from_on),
            last=day(blocked.to_on),
        )
    return [first, *lines]


def warning_words(warning: Warning_) -> str:
    """Return a warning of a plan in words, with the number of its visit."""
    if warning.code is Code.STARTS_LATER:
        return gettext("The course starts %(n)s days later than wished.", n=warning.amount)
    if warning.code is Code.LATE_AFTER_VISIT:
        return gettext(
            "Visit %(visit)s ends %(n)s hours later than it should after the visit before.",
            visit=warning.visit,
            n=warning.amount,
        )
    if warning.code is Code.WEEK_CANNOT_HOLD:
        return gettext(
            "From visit %(visit)s on, the week could not hold all its visits: "
            "the rest goes to the next week.",
            visit=warning.visit,
        )
    if warning.code is Code.OFF_PATTERN:
        return gettext("Visit %(visit)s is on another weekday than the pattern.", visit=warning.visit)
    return _sentences("")[warning.code]


def problem_words(problem: ClinicError, zone: str) -> str:
    """Return an error of a booking in words, with the day and time at which something is taken."""
    words = sentence(problem)
    quantum, on = problem.values.get("quantum"), problem.values.get("on")
    if problem.code in WITH_TIME and isinstance(quantum, int):
        return f"{words} ({moment_at(instant_of(quantum), zone)})"
    if problem.code in {"resource_shut", "site_closed"} and isinstance(on, str):
        return f"{words} ({on})"
    return words
