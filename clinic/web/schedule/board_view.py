"""Presenter of the day board: classes, words and addresses, so that the template only prints."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from flask_babel import gettext, ngettext

from clinic.models.resources import PERSON
from clinic.queries.board_columns import Card, Column, Seated, ShutSpan, Span
from clinic.queries.boards import Board
from clinic.rules.appointments import Outcome, Status
from clinic.rules.courses import CourseStatus
from clinic.rules.wall_days import CELL_MIN
from clinic.web.block_words import kind_word
from clinic.web.present import (
    StatusTag,
    clock_time,
    long_day,
    role_word,
    sorted_name,
    status_tag,
)

WAITS_LONG = timedelta(minutes=10)
NO_WAIT = timedelta(0)
CELLS_AN_HOUR = 12
SHORT_CELLS = 4
NEVER = 10_000
"""A cell that no day has."""

WIDE_LANES = 2
REFRESH_SECONDS = 300
LEGEND: tuple[tuple[Status, Outcome | None, bool], ...] = (
    (Status.BOOKED, None, False),
    (Status.BOOKED, None, True),
    (Status.ARRIVED, None, False),
    (Status.CHECKED_IN, None, False),
    (Status.FULFILLED, None, False),
    (Status.FULFILLED, Outcome.PARTIAL, False),
    (Status.FULFILLED, Outcome.NOT_TREATED, False),
    (Status.NOSHOW, None, False),
    (Status.PENDING, None, False),
)


class CardView(NamedTuple):
    """A card as it is printed; a tuple, because the template takes hundreds of them apart."""

    place: str
    id: str
    status: str
    name: str
    line: str


@dataclass(frozen=True, slots=True)
class Shut:
    """A hatched stretch as it is printed."""

    place: str
    words: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A free stretch as it is printed: a link to book there."""

    place: str
    address: str
    label: str
    words: str


@dataclass(frozen=True, slots=True)
class ColumnView:
    """A column as it is printed."""

    name: str
    note: str
    head: str
    body: str
    now_row: str
    cards: tuple[CardView, ...]
    shut: tuple[Shut, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class Hour:
    """A mark of the time column."""

    place: str
    words: str


@dataclass(frozen=True, slots=True)
class BoardView:
    """The grid of a day as it is printed."""

    label: str
    tracks: str
    stamp: str
    summary: str
    hours: tuple[Hour, ...]
    columns: tuple[ColumnView, ...]
    is_empty: bool
    is_closed: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """What every part of one board needs; words are translated once, not once for each part."""

    board: Board
    site_key: str
    now: datetime
    now_row: str
    lowest: int
    gap_label: str
    tags: dict[tuple[Status, Outcome | None, bool], StatusTag]


def stamp_of(version: int, now: datetime) -> str:
    """Return what a page shows: the version of the day, and the five minutes it was drawn in."""
    return f"{version}.{int(now.timestamp()) // REFRESH_SECONDS}"


def board_view(board: Board, *, site_key: str, now: datetime, may_book: bool) -> BoardView:
    """Return the board as it is printed at a moment."""
    drawing = drawing_of(board, site_key=site_key, now=now, may_book=may_book)
    idle = idle_columns(board)
    columns = [column_view(one, drawing, is_idle=one.key in idle) for one in board.columns]
    return BoardView(
        label=gettext("%(day)s, by device, room and person", day=long_day(board.on)),
        tracks=f"cols-{sum(_tracks(column) for column in board.columns)}",
        stamp=stamp_of(board.version, now),
        summary=_summary(board, now),
        hours=hours_of(board.opens),
        columns=tuple(columns),
        is_empty=not board.cards,
        is_closed=board.is_closed,
    )


def drawing_of(board: Board, *, site_key: str, now: datetime, may_book: bool) -> Drawing:
    """Return what every part of one board needs: free times begin now, and only for a booker."""
    local, begin = now.astimezone(ZoneInfo(board.zone)), board.opens.from_cell
    is_today = local.date() == board.on
    cell = (local.hour * 60 + local.minute) // CELL_MIN
    lowest = cell if is_today else 0 if local.date() < board.on else NEVER
    is_drawn = is_today and begin <= cell < board.opens.to_cell
    return Drawing(
        board=board,
        site_key=site_key,
        now=now,
        now_row=f"r{cell - begin + 1}" if is_drawn else "",
        lowest=lowest if may_book else NEVER,
        gap_label=gettext("Book %(name)s, free %(from)s to %(to)s"),
        tags={},
    )


def hours_of(opens: Span) -> tuple[Hour, ...]:
    """Return the marks of the time column."""
    begin = opens.from_cell
    return tuple(
        Hour(f"r{at - begin + 1} d6", clock_time(at * CELL_MIN))
        for at in range(begin, opens.to_cell, CELLS_AN_HOUR)
    )


def legend() -> list[StatusTag]:
    """Return the states of the legend."""
    return [
        status_tag(status, outcome=outcome, is_confirmed=confirmed)
        for status, outcome, confirmed in LEGEND
    ]


def _tracks(column: Column) -> int:
    return WIDE_LANES if column.lanes > 1 else 1


def idle_columns(board: Board) -> frozenset[str]:
    """Return the keys of columns that our script folds: nothing is in them that day.

    Somebody on shift and a thing that is shut are no such; on a day without visits none is.
    """
    if not board.cards:
        return frozenset()
    return frozenset(column.key for column in board.columns if _is_idle(column))


def _is_idle(column: Column) -> bool:
    is_on = column.kind == PERSON and bool(column.gaps)
    return not (column.cards or is_on or any(one.kind for one in column.shut))


def column_view(column: Column, drawing: Drawing, *, is_idle: bool = False) -> ColumnView:
    """Return a column as it is printed."""
    wide = " wide-column" if _tracks(column) > 1 else " idle" if is_idle else ""
    lanes = f" lanes-{min(column.lanes, 6)}" if column.lanes > 1 else ""
    return ColumnView(
        name=column.name,
        note=_note(column),
        head=f"board-head{wide}",
        body=f"board-column{wide}{lanes}",
        now_row=drawing.now_row,
        cards=tuple(_card(seated, drawing) for seated in column.cards),
        shut=tuple(_shut(one, drawing.board) for one in column.shut),
        gaps=tuple(
            _gap(span, column, drawing)
            for span in (_from(gap, drawing.lowest) for gap in column.gaps)
            if span is not None
        ),
    )


def _note(column: Column) -> str:
    """Return the small line under a column's name: coil, places or the person's part."""
    if column.part:
        return role_word(column.part)
    if column.seats > 1:
        return ngettext("%(num)s place", "%(num)s places", column.seats)
    if column.tags:
        return ", ".join(tag.replace("_", "-") for tag in column.tags[:2])
    return "" if column.kind == PERSON else column.kind.replace("_", " ")


def _place(span: Span, opens: Span) -> str:
    first, last = max(span.from_cell, opens.from_cell), min(span.to_cell, opens.to_cell)
    return f"r{first - opens.from_cell + 1} d{max(last - first, 1)}"


def _card(seated: Seated, drawing: Drawing) -> CardView:
    card, span, lane = seated
    tag = _tag(card, drawing)
    extra = f" lane-{lane + 1}" if lane else ""
    if span.to_cell - span.from_cell < SHORT_CELLS:
        extra += " short"
    word = tag.word
    if card.status is Status.ARRIVED:
        waits = waiting(card.status, card.arrived_at, drawing.now)
        extra += " late" if waits > WAITS_LONG else ""
        word = _waiting_word(tag, waits)
    elif card.course_status is CourseStatus.ON_HOLD and card.status is Status.BOOKED:
        word = gettext("hold: ask prescriber")
    count = _count(card, drawing.board.kind_labels)
    return CardView(
        f"{_place(span, drawing.board.opens)}{extra}",
        card.public_id,
        tag.status,
        sorted_name(card.family, card.given),
        f"{tag.glyph} {count} · {clock_time(card.local_min)} · {word}",
    )


def _tag(card: Card, drawing: Drawing) -> StatusTag:
    """Return the state of a card, its words made once for a board."""
    key = (card.status, card.outcome, card.is_confirmed)
    if key not in drawing.tags:
        drawing.tags[key] = status_tag(
            card.status, outcome=card.outcome, is_confirmed=card.is_confirmed
        )
    return drawing.tags[key]


def _count(card: Card, kind_labels: Mapping[int, str]) -> str:
    total = card.total
    return kind_labels[card.definition_id] if total is None else f"{card.number or '–'}/{total}"


def _waiting_word(tag: StatusTag, waits: timedelta) -> str:
    minutes = int(waits.total_seconds()) // 60
    return f"{tag.word} {gettext('%(n)s min', n=minutes)}" if minutes else tag.word


def waiting(status: Status, arrived_at: datetime | None, now: datetime) -> timedelta:
    """Return how long somebody who is here has waited."""
    if status is not Status.ARRIVED or arrived_at is None:
        return NO_WAIT
    return max(now - arrived_at, NO_WAIT)


def _shut(one: ShutSpan, board: Board) -> Shut:
    return Shut(
        _place(one.span, board.opens), one.reason or (kind_word(one.kind) if one.kind else "")
    )


def _from(gap: Span, lowest: int) -> Span | None:
    """Return what is left of a gap after this cell; None when that is too short to click."""
    begin = max(gap.from_cell, lowest)
    return Span(begin, gap.to_cell) if gap.to_cell - begin >= 3 else None


def _gap(span: Span, column: Column, drawing: Drawing) -> Gap:
    board = drawing.board
    at, until = span.from_cell * CELL_MIN, span.to_cell * CELL_MIN
    return Gap(
        place=_place(span, board.opens),
        address=f"new?site={drawing.site_key}&on={board.on}&at={clock_time(at)}&with={column.key}",
        label=drawing.gap_label
        % {"name": column.name, "from": clock_time(at), "to": clock_time(until)},
        words=f"+ {clock_time(at)}",
    )


def _summary(board: Board, now: datetime) -> str:
    found = Counter(card.status for card in board.cards)
    parts = [ngettext("%(num)s visit", "%(num)s visits", len(board.cards))]
    long = sum(waiting(c.status, c.arrived_at, now) > WAITS_LONG for c in board.cards)
    if found[Status.ARRIVED]:
        parts.append(gettext("%(n)s here", n=found[Status.ARRIVED]))
    if long:
        parts.append(gettext("%(n)s waiting over 10 min", n=long))
    if found[Status.NOSHOW]:
        parts.append(gettext("%(n)s did not come", n=found[Status.NOSHOW]))
    return " · ".join(parts)


def day_before(on: date) -> date:
    """Return the day before."""
    return on - timedelta(days=1)


def day_after(on: date) -> date:
    """Return the day after."""
    return on + timedelta(days=1)
