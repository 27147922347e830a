"""What the planning page says of a course that does not fit: what blocks it, what would help."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from flask_babel import gettext, ngettext
from werkzeug.datastructures import ImmutableMultiDict, MultiDict

from clinic.planning.changes import DAY_MIN, Grantor, Rule
from clinic.planning.questions import tolerance_of
from clinic.planning.relaxations import Relaxation, apply
from clinic.planning.wishes import Wishes
from clinic.queries.obstacles import Obstacles, obstacles_of
from clinic.queries.proposals import Proposal
from clinic.web.present import birth_day, clock_time
from clinic.web.reasons import grant_words, outcome_words, reason_sentence, relaxation_words

FIELDS: Mapping[Rule, tuple[str, ...]] = {
    Rule.TOLERANCE: ("tolerance",),
    Rule.HOUR: ("preferred",),
    Rule.HOURS: ("window_from", "window_to"),
    Rule.WEEKDAYS: ("weekdays",),
    Rule.AWAY: ("away",),
    Rule.START: ("start_on",),
    Rule.PLACE: ("place",),
}
"""The fields of the form that a change of the desk's rewrites; others cannot be pressed."""

ALLOW = "allow"
LAST_WEEKDAY = 4  # the form offers Monday to Friday


@dataclass(frozen=True, slots=True)
class ReliefLine:
    """One relaxation: what is allowed, what it gives, who decides, what its button sends.

    `fields` is empty where there is no button; `desk` says that the reader may decide.
    """

    words: str
    outcome: str
    grantor: str
    is_desk: bool
    fields: str


@dataclass(frozen=True, slots=True)
class ObstaclesView:
    """What stands in the way, in words, and what would help. `is_whole`: only the hour fails."""

    problem: str
    reasons: tuple[str, ...]
    lines: tuple[ReliefLine, ...]
    is_whole: bool


def obstacles_view(proposal: Proposal, names: Mapping[int, str]) -> ObstaclesView | None:
    """Return what to print of what stands in the way of a proposed course; None when nothing."""
    found = obstacles_of(proposal)
    if not found.reasons and not found.relaxations:
        return None
    reasons = (reason_sentence(reason, names) for reason in found.reasons)
    return ObstaclesView(
        problem=_problem(proposal, found) if found.off_hour else "",
        reasons=tuple(dict.fromkeys(reasons)),
        lines=tuple(relief_line(one, proposal, found) for one in found.relaxations),
        is_whole=bool(found.off_hour),
    )


def _problem(proposal: Proposal, found: Obstacles) -> str:
    hour, minutes = proposal.asked.wishes.preferred_min or 0, tolerance_of(proposal.asked)
    values = {"all": len(proposal.plan.visits), "hour": clock_time(hour), "minutes": minutes}
    if not minutes:
        return ngettext(
            "%(num)s of %(all)s visits is not at %(hour)s.",
            "%(num)s of %(all)s visits are not at %(hour)s.",
            found.off_hour,
            **values,
        )
    return ngettext(
        "%(num)s of %(all)s visits is more than %(minutes)s minutes away from %(hour)s.",
        "%(num)s of %(all)s visits are more than %(minutes)s minutes away from %(hour)s.",
        found.off_hour,
        **values,
    )


def relief_line(one: Relaxation, proposal: Proposal, found: Obstacles) -> ReliefLine:
    """Return one relaxation as a line of the page."""
    outcome = outcome_words(one)
    if found.off_hour:
        outcome = gettext("every visit near the hour, %(outcome)s", outcome=outcome)
    return ReliefLine(
        words=relaxation_words(one, proposal.asked.wishes),
        outcome=outcome,
        grantor=grant_words(one.grantor),
        is_desk=one.grantor is Grantor.DESK,
        fields=fields_of(one, apply(one, proposal.asked).wishes),
    )


def fields_of(one: Relaxation, after: Wishes) -> str:
    """Return the form's fields as the relaxation leaves them, "" where the desk cannot set them."""
    rules = [change.rule for change in one.changes]
    if any(rule not in FIELDS for rule in rules) or max(after.weekdays or {0}) > LAST_WEEKDAY:
        return ""
    first, last = after.window or (0, DAY_MIN)
    values: dict[str, list[str]] = {
        "tolerance": [str(after.tolerance_min)],
        "preferred": [clock_time(after.preferred_min or 0)],
        "window_from": [clock_time(first) if first else ""],
        "window_to": [clock_time(last) if last < DAY_MIN else ""],
        "weekdays": [str(weekday) for weekday in sorted(after.weekdays or ())],
        "away": ["\n".join(f"{first} to {last}" for first, last in after.away)],
        "start_on": [birth_day(after.start_on)],
        "place": [after.place],
    }
    names = dict.fromkeys(name for rule in rules for name in FIELDS[rule])
    return urlencode([(name, value) for name in names for value in values[name]])


def with_allowed(sent: ImmutableMultiDict[str, str]) -> MultiDict[str, str]:
    """Return what was sent with the fields that a pressed relaxation changes, all else as typed."""
    merged = MultiDict(sent)
    known = {name for names in FIELDS.values() for name in names}
    pairs = parse_qsl(sent.get(ALLOW, ""), keep_blank_values=True, max_num_fields=20)
    allowed = MultiDict(pair for pair in pairs if pair[0] in known)
    for name in allowed:
        merged.setlist(name, allowed.getlist(name))
    return merged
