"""Steps of a protocol: one kind of visit with its count, weeks, gaps and windows."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from clinic.rules.data import TOO_SMALL, DataError, Node
from clinic.rules.visit_kinds import Requirement, parse_requirements

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
INVERTED = "minimum_above_maximum"


class Anchor(StrEnum):
    """Where a week of the step begins: Monday, the weekday of the first visit, or no weeks."""

    CALENDAR_WEEK = "calendar_week"
    COURSE_WEEK = "course_week"
    NONE = "none"


class Starts(StrEnum):
    """When a step may begin."""

    COURSE_START = "course_start"
    AFTER_PREVIOUS = "after_previous"
    NEXT_ANCHOR_WEEK = "next_anchor_week"


@dataclass(frozen=True, slots=True)
class FirstVisit:
    """Kind and length of the first visit of a step when it differs; None keeps the kind's own."""

    visit_kind: str
    length_min: int | None


@dataclass(frozen=True, slots=True)
class Count:
    """How many visits a step has; `default` None is open, then a count is asked."""

    least: int
    default: int | None
    most: int | None


@dataclass(frozen=True, slots=True)
class Choice:
    """A number with the values staff may choose."""

    default: int
    options: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PerDay:
    """Visits a day; times in minutes from the end of one stimulation to the next start."""

    most: int
    end_to_start_min: int | None
    session_min: int | None
    lead_min: int
    tail_min: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Calendar days to the visit before: least and most are hard, above ideal counts as cost."""

    least: int
    ideal: int
    most: int


@dataclass(frozen=True, slots=True)
class Window:
    """Hours after the end of a visit of another step; `nth` None means after each of them.

    The visit starts no earlier than `min_h`, ends no later than `soft_h` (avoidable, shown)
    and `hard_h` (never).
    """

    after: str
    nth: int | None
    min_h: int
    soft_h: int
    hard_h: int


@dataclass(frozen=True, slots=True)
class Pairing:
    """Visits of this step that belong to visits of the step `with_step`."""

    with_step: str
    per_visit: int | None
    moves_together: bool
    before_next: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One kind of visit in a protocol.

    Weekdays are 0 for Monday; in patterns None is the weekday of the course's first visit.
    """

    key: str
    phase: str
    visit_kind: str
    first_visit: FirstVisit | None
    length_min: int | None
    add_requirements: tuple[Requirement, ...]
    count: Count
    weekly_limit: Choice | None
    every_weeks: Choice
    per_day: PerDay
    anchor: Anchor
    days_allowed: frozenset[int]
    pattern_days: Mapping[int, tuple[int | None, ...]]
    pattern_by_start: Mapping[int, tuple[int | None, ...]]
    starts: Starts
    gap_days: Gap | None
    first_gap_days: Gap | None
    window: Window | None
    pairing: Pairing | None
    gap_alarm: str


def parse_steps(node: Node) -> tuple[Step, ...]:
    """Return the steps in order; a window must look back at an earlier step."""
    steps = tuple(_step(item) for item in node.items())
    if not steps:
        raise DataError(node.path, TOO_SMALL)
    keys: set[str] = set()
    for item, step in zip(node.items(), steps, strict=True):
        if step.key in keys:
            raise DataError(f"{item.path}.key", "given_twice", step.key)
        if step.window is not None and step.window.after not in keys:
            raise DataError(f"{item.path}.window.after", "unknown_step", step.window.after)
        keys.add(step.key)
    return steps


def _step(node: Node) -> Step:
    length, limit = node.optional("length_min"), node.optional("weekly_limit")
    return Step(
        key=node.field("key").text(),
        phase=node.field("phase").text(),
        visit_kind=node.field("visit_kind").text(),
        first_visit=_first_visit(node.optional("first_visit")),
        length_min=length.whole(least=5) if length else None,
        add_requirements=parse_requirements(node.field("add_requirements")),
        count=_count(node.field("count")),
        weekly_limit=_choice(limit) if limit else None,
        every_weeks=_choice(node.field("every_weeks")),
        per_day=_per_day(node.field("per_day")),
        anchor=node.field("anchor").one_of(Anchor),
        days_allowed=frozenset(_weekday(item) for item in node.field("days_allowed").items()),
        pattern_days={
            _limit(item, name): _pattern(item)
            for name, item in node.field("pattern_days").entries()
        },
        pattern_by_start={
            _weekday(Node(item.path, name)): _pattern(item)
            for name, item in node.field("pattern_by_start").entries()
        },
        starts=node.field("starts").one_of(Starts),
        gap_days=_gap(node.optional("gap_days")),
        first_gap_days=_gap(node.optional("first_gap_days")),
        window=_window(node.optional("window")),
        pairing=_pairing(node.optional("pairing")),
        gap_alarm=node.field("gap_alarm").text(),
    )


def _first_visit(node: Node | None) -> FirstVisit | None:
    if node is None:
        return None
    length = node.optional("length_min")
    return FirstVisit(node.field("visit_kind").text(), length.whole(least=5) if length else None)


def _count(node: Node) -> Count:
    default, most = node.optional("default"), node.optional("max")
    count = Count(
        node.field("min").whole(),
        default.whole() if default else None,
        most.whole() if most else None,
    )
    if count.most is not None and count.least > count.most:
        raise DataError(f"{node.path}.min", INVERTED, f"{count.least}>{count.most}")
    if count.default is not None and count.most is not None and count.default > count.most:
        raise DataError(f"{node.path}.default", "above_maximum", str(count.default))
    if count.default is not None and count.default < count.least:
        raise DataError(f"{node.path}.default", "below_minimum", str(count.default))
    return count


def _choice(node: Node) -> Choice:
    choice = Choice(
        node.field("default").whole(least=1),
        tuple(item.whole(least=1) for item in node.field("options").items()),
    )
    if choice.default not in choice.options:
        raise DataError(f"{node.path}.default", "not_an_option", str(choice.default))
    return choice


def _per_day(node: Node) -> PerDay:
    between, session = node.optional("end_to_start_min"), node.optional("session_min")
    return PerDay(
        node.field("max").whole(least=1),
        between.whole() if between else None,
        session.whole() if session else None,
        node.field("lead_min").whole(),
        node.field("tail_min").whole(),
    )


def _weekday(node: Node) -> int:
    text = node.text()
    if text not in WEEKDAYS:
        raise DataError(node.path, "not_a_weekday", text)
    return WEEKDAYS.index(text)


def _limit(node: Node, name: str) -> int:
    if not name.isdigit():
        raise DataError(node.path, "not_a_whole_number", name)
    return int(name)


def _pattern(node: Node) -> tuple[int | None, ...]:
    return tuple(None if item.value == "start" else _weekday(item) for item in node.items())


def _gap(node: Node | None) -> Gap | None:
    if node is None:
        return None
    gap = Gap(node.field("min").whole(), node.field("ideal").whole(), node.field("max").whole())
    if gap.least > gap.most:
        raise DataError(f"{node.path}.min", INVERTED, f"{gap.least}>{gap.most}")
    if not gap.least <= gap.ideal <= gap.most:
        raise DataError(f"{node.path}.ideal", "outside_minimum_and_maximum", str(gap.ideal))
    return gap


def _window(node: Node | None) -> Window | None:
    if node is None:
        return None
    nth = node.field("n")
    window = Window(
        node.field("after").text(),
        None if nth.value == "each" else nth.whole(least=1),
        node.field("min_h").whole(),
        node.field("soft_h").whole(),
        node.field("hard_h").whole(),
    )
    if not window.min_h <= window.soft_h <= window.hard_h:
        raise DataError(f"{node.path}.min_h", INVERTED, f"{window.min_h}>{window.hard_h}")
    return window


def _pairing(node: Node | None) -> Pairing | None:
    if node is None:
        return None
    per_visit = node.optional("per_visit")
    return Pairing(
        node.field("with").text(),
        per_visit.whole(least=1) if per_visit else None,
        node.field("moves_together").flag(),
        node.field("before_next").flag(),
    )
