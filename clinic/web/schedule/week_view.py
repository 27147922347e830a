"""Presenter of a week: the boards of its days side by side, drawn as a day's board is."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from flask_babel import gettext, ngettext

from clinic.queries.boards import Board
from clinic.web.present import day
from clinic.web.schedule.board_view import (
    BoardView,
    ColumnView,
    column_view,
    drawing_of,
    hours_of,
)

WEEKEND = frozenset({5, 6})


def week_view(
    boards: Sequence[Board], *, name: str, site_key: str, now: datetime, may_book: bool
) -> BoardView:
    """Return the boards of one resource as columns; a weekend is left out when nothing is on."""
    shown = [one for one in boards if not _is_idle_weekend(one)]
    drawings = [drawing_of(one, site_key=site_key, now=now, may_book=may_book) for one in shown]
    columns = [_column(column_view(one.board.columns[0], one), one.board) for one in drawings]
    count = sum(len(one.cards) for one in shown)
    return BoardView(
        label=gettext("%(name)s, by day", name=name),
        tracks=f"cols-{len(columns)}",
        stamp="",
        summary=ngettext("%(num)s visit", "%(num)s visits", count),
        hours=hours_of(shown[0].opens),
        columns=tuple(columns),
        is_empty=not count,
        is_closed=all(one.is_closed for one in shown),
    )


def _is_idle_weekend(board: Board) -> bool:
    return board.on.weekday() in WEEKEND and board.is_closed and not board.cards


def _column(column: ColumnView, board: Board) -> ColumnView:
    """Return a column under the name of its day."""
    note = gettext("closed") if board.is_closed else _count(len(board.cards))
    return replace(column, name=day(board.on), note=note)


def _count(cards: int) -> str:
    return ngettext("%(num)s visit", "%(num)s visits", cards) if cards else ""
