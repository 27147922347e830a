"""Reminders: when one is due, how many texts a patient may get, and the key that keeps it single.

Day offsets are wall-clock days in the clinic's zone, hour offsets count back from the appointment.
The window of hours lies in the patient's zone. All numbers come from policies.json, `reminders`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from clinic.rules.data import NOT_AN_OPTION, DataError, JsonValue, Node
from clinic.rules.decent_hours import Window
from clinic.rules.steps import WEEKDAYS

OFFSET = re.compile(r"-(?P<number>\d{1,3})(?P<unit>[dh])")


class ReminderKind(StrEnum):
    """What a reminder is: one before a visit, one on its day, or the list of a week."""

    BEFORE = "before"
    SAME_DAY = "same_day"
    WEEKLY_SUMMARY = "weekly_summary"


@dataclass(frozen=True, slots=True)
class Offset:
    """How long before a visit: wall-clock days, or hours; exactly one is not zero."""

    days: int = 0
    hours: int = 0

    @property
    def text(self) -> str:
        """Return the offset as the data writes it, for example -2d."""
        return f"-{self.days}d" if self.days else f"-{self.hours}h"


@dataclass(frozen=True, slots=True)
class WeeklyTime:
    """The weekday (0 is Monday) and local time of a weekly list."""

    weekday: int
    at: time


@dataclass(frozen=True, slots=True)
class ReminderItem:
    """One reminder of a policy; `only` names the visits it is for, empty is every visit."""

    kind: ReminderKind
    when: Offset | WeeklyTime
    only: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cap:
    """How many texts a patient may get on one day, and on the last `days` dates together."""

    per_day: int
    days: int
    most: int


@dataclass(frozen=True, slots=True)
class ReminderPolicy:
    """The reminders of a visit kind; `needs_consent` where the patient must have asked for them."""

    items: tuple[ReminderItem, ...]
    cap: Cap
    needs_consent: bool


@dataclass(frozen=True, slots=True)
class Text:
    """One text to a patient: the day of sending, and whether the cap may drop it."""

    on: date
    is_capped: bool


def parse_offset(node: Node) -> Offset:
    """Return the offset written as -7d or -2h, or raise DataError."""
    found = OFFSET.fullmatch(node.text())
    if found is None or int(found["number"]) == 0:
        raise DataError(node.path, NOT_AN_OPTION, node.text())
    number = int(found["number"])
    return Offset(days=number) if found["unit"] == "d" else Offset(hours=number)


def reminder_policies(policies: Mapping[str, JsonValue]) -> dict[str, ReminderPolicy]:
    """Return the reminder policies by key, or raise DataError."""
    node = Node("$", policies).field("reminders").field("policies")
    return {key: _policy(one) for key, one in node.entries()}


def _policy(node: Node) -> ReminderPolicy:
    cap = node.field("cap")
    rolling = cap.field("per_rolling_days")
    return ReminderPolicy(
        items=tuple(_item(one) for one in node.field("items").items()),
        cap=Cap(
            per_day=cap.field("per_day").whole(least=1),
            days=rolling.field("days").whole(least=1),
            most=rolling.field("max").whole(),
        ),
        needs_consent=node.optional("needs") is not None,
    )


def _item(node: Node) -> ReminderItem:
    kind, only = node.optional("kind"), node.optional("only")
    offset = node.optional("offset")
    return ReminderItem(
        kind=ReminderKind.BEFORE if kind is None else kind.one_of(ReminderKind),
        when=_weekly(node) if offset is None else parse_offset(offset),
        only=() if only is None else tuple(one.text() for one in only.items()),
    )


def _weekly(node: Node) -> WeeklyTime:
    weekday, at = node.field("weekday"), node.field("at")
    if weekday.text() not in WEEKDAYS:
        raise DataError(weekday.path, NOT_AN_OPTION, weekday.text())
    try:
        return WeeklyTime(WEEKDAYS.index(weekday.text()), time.fromisoformat(at.text()))
    except ValueError:
        raise DataError(at.path, NOT_AN_OPTION, at.text()) from None


def due_at(
    offset: Offset, on: date, minute: int, *, zone: str, window: Window, patient_zone: str
) -> datetime:
    """Return when a reminder of a visit goes, UTC and aware.

    The visit is given by its day and minute in the clinic's zone. A day offset keeps that wall
    time; an hour offset counts back in real hours. Outside the window of the patient's day the
    reminder moves back to the latest end of the window before.
    """
    wall = datetime.combine(on - timedelta(days=offset.days), time(minute // 60, minute % 60))
    instant = wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) - timedelta(hours=offset.hours)
    return into_window(instant, window=window, zone=patient_zone)


def into_window(instant: datetime, *, window: Window, zone: str) -> datetime:
    """Return an instant, or the latest end of the window before it when it lies outside."""
    here = instant.astimezone(ZoneInfo(zone))
    if window.first <= here.time() <= window.last:
        return instant.astimezone(UTC)
    on = here.date() - timedelta(days=here.time() < window.first)
    return datetime.combine(on, window.last, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def may_send(on: date, sent_on: Iterable[date], cap: Cap) -> bool:
    """Say whether the cap leaves room for one more text on a day.

    `sent_on` are the days of all texts and automatic calls already sent, of any kind; those of the
    day itself and of the dates just before it count.
    """
    counted = [day for day in sent_on if timedelta(0) <= on - day < timedelta(days=cap.days)]
    return counted.count(on) < cap.per_day and len(counted) < cap.most


def apply_cap(texts: Sequence[Text], cap: Cap) -> tuple[bool, ...]:
    """Say of each text, in the order of sending, whether it is sent.

    Changes, answers, codes and safety messages are never dropped, but they count.
    """
    sent_on: list[date] = []
    verdicts: list[bool] = []
    for text in texts:
        goes = not text.is_capped or may_send(text.on, sent_on, cap)
        verdicts.append(goes)
        if goes:
            sent_on.append(text.on)
    return tuple(verdicts)


def dedupe_key(*, appointment_id: int, offset: Offset, schedule_version: int) -> str:
    """Return the key of one reminder: a moved visit has a new schedule version and so a new key."""
    return f"reminder:{appointment_id}:{offset.text}:{schedule_version}"
