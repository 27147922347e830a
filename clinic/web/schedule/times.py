"""Free times to offer: on the day asked for, and the next best when that time is not to be had."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from clinic.queries.availability import SiteFrame
from clinic.queries.proposals import free_times
from clinic.web.present import clock_time, day

DAYS_LOOKED_AT = 10
OFFERS = 3
SHOWN = 16


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a free time is looked for: the kind of visit, for whom, where and how long."""

    kind_key: str
    site: SiteFrame
    patient_id: int | None
    place: str
    length_min: int | None = None
    device_tags: frozenset[str] = frozenset()
    leave_out: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """A time that can be had, as it is offered."""

    on: str
    at: str
    words: str


def times_on(unit: Session, wanted: Wanted, on: date, *, now: datetime) -> list[int]:
    """Return the starts that can be had on a day and are not over yet."""
    local = now.astimezone(ZoneInfo(wanted.site.zone))
    if on < local.date():
        return []
    from_min = local.hour * 60 + local.minute if on == local.date() else 0
    found = free_times(
        unit,
        kind_key=wanted.kind_key,
        site=wanted.site,
        on=on,
        patient_id=wanted.patient_id,
        place=wanted.place,
        length_min=wanted.length_min,
        device_tags=wanted.device_tags,
        leave_out=wanted.leave_out,
    )
    return [minute for minute in found if minute >= from_min]


def next_best(unit: Session, wanted: Wanted, on: date, at: int, *, now: datetime) -> list[Offer]:
    """Return the three times nearest to the one wished: that day, else on the next days."""
    offers: list[Offer] = []
    for ahead in range(DAYS_LOOKED_AT):
        day_on = on + timedelta(days=ahead)
        times = times_on(unit, wanted, day_on, now=now)
        left = OFFERS - len(offers)
        offers += [offer(day_on, minute, with_day=True) for minute in apart(times, at, left)]
        if len(offers) == OFFERS:
            break
    return offers


def apart(times: Sequence[int], at: int, most: int) -> list[int]:
    """Return the times nearest to a wish, at least a quarter of an hour from one another."""
    chosen: list[int] = []
    for minute in sorted(times, key=lambda one: (abs(one - at), one)):
        if len(chosen) == most:
            break
        if all(abs(minute - other) >= 15 for other in chosen):
            chosen.append(minute)
    return chosen


def shown_times(on: date, times: Sequence[int]) -> list[Offer]:
    """Return the day's times as they are offered: quarters of an hour first, not too many."""
    quarters = [minute for minute in times if minute % 15 == 0] or list(times)
    step = max(1, -(-len(quarters) // SHOWN))
    return [offer(on, minute) for minute in quarters[::step]]


def offer(on: date, minute: int, *, with_day: bool = False) -> Offer:
    """Return one time as it is offered."""
    words = f"{day(on)} {clock_time(minute)}" if with_day else clock_time(minute)
    return Offer(on.isoformat(), f"{minute // 60:02d}:{minute % 60:02d}", words)
