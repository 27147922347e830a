"""Reads about sites: where they are, when they are open, and what differs there."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.models.sites import Holiday, OpeningHours, Site
from clinic.rules.setups import HolidaySpec, Hours

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class SiteRow:
    """A site as the administrator sees it; holidays from a day on, in order."""

    id: int
    key: str
    name: str
    patient_name: str
    zone: str
    address: str
    phone: str
    switches: Mapping[str, bool]
    hours: tuple[Hours, ...]
    holidays: tuple[HolidaySpec, ...]


def site_rows(
    session: Session, *, holidays_from: date, site_ids: Collection[int] | None = None
) -> list[SiteRow]:
    """Return the sites (None: all) by name; three queries."""
    hours = _grouped(
        (row.site_id, Hours(row.weekday, row.from_min, row.to_min))
        for row in session.scalars(
            select(OpeningHours).order_by(OpeningHours.weekday, OpeningHours.from_min)
        )
    )
    holidays = _grouped(
        (row.site_id, HolidaySpec(row.on, row.name))
        for row in session.scalars(
            select(Holiday).where(Holiday.on >= holidays_from).order_by(Holiday.on)
        )
    )
    return [
        SiteRow(
            id=site.id,
            key=site.key,
            name=site.name,
            patient_name=site.patient_name,
            zone=site.zone,
            address=site.address,
            phone=site.phone,
            switches={name: bool(on) for name, on in site.switches.items()},
            hours=tuple(hours[site.id]),
            holidays=tuple(holidays[site.id]),
        )
        for site in session.scalars(select(Site).order_by(Site.name, Site.id))
        if site_ids is None or site.id in site_ids
    ]


def _grouped(pairs: Iterable[tuple[int, Row]]) -> dict[int, list[Row]]:
    groups: dict[int, list[Row]] = defaultdict(list)
    for key, row in pairs:
        groups[key].append(row)
    return groups
