"""Boards: let every board of a site know that its columns, names or hours have changed."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from clinic.actions.bookings import raise_board_versions

DAYS_TOLD = range(-1, 370)
"""Yesterday, for zones west of UTC, to a year ahead, as far as courses are planned."""


def tell_boards(session: Session, *, site_ids: Collection[int], now: datetime) -> None:
    """Raise the version of the days from now on at these sites."""
    today = now.date()
    days = [(site_id, today + timedelta(days=ahead)) for site_id in site_ids for ahead in DAYS_TOLD]
    if days:
        raise_board_versions(session, days=days)
