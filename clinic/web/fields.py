"""Fields for days and times that are typed forgivingly and give back what was typed when wrong."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, time

from flask_babel import gettext
from wtforms import DateField, Form, StringField, TimeField
from wtforms.widgets import TextInput

Validator = Callable[..., None]
DAY_FORMATS = [
    "%Y-%m-%d",
    "%m/%d/%Y",
    "%m/%d/%y",
    "%d.%m.%Y",
    "%d %B %Y",
    "%d %b %Y",
    "%B %d %Y",
    "%b %d %Y",
]
TIME_FORMATS = ["%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M%p", "%I %p", "%I%p", "%H.%M", "%H%M", "%H"]


class DayField(DateField):
    """A date; the browser's own picker, or typed as 2026-03-16, 3/16/2026 or 16 March 2026."""

    def __init__(self, label: str, validators: Sequence[Validator] = (), **more: object) -> None:
        """Take the usual formats."""
        super().__init__(label, validators, format=DAY_FORMATS, **more)  # type: ignore[arg-type] # WTForms types `more` away

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the date; a sentence of our own when it is none."""
        try:
            super().process_formdata([" ".join(v.replace(",", " ").split()) for v in valuelist])
        except ValueError:
            self.data = None
            raise ValueError(
                gettext("This is not a date. Type it as 2026-03-16 or 3/16/2026.")
            ) from None


class BirthField(DayField):
    """A date of birth, typed: a picker would start at this year."""

    widget = TextInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the date; a two-figure year in the future means the century before."""
        super().process_formdata(valuelist)
        if self.data is not None and self.data.year < 1000:
            raise ValueError(gettext("Write the year with four figures."))


class ClockField(TimeField):
    """A local time; typed as 9:30, 0930, 9.30 or 9:30 pm."""

    def __init__(self, label: str, validators: Sequence[Validator] = (), **more: object) -> None:
        """Take the usual formats."""
        super().__init__(label, validators, format=TIME_FORMATS, **more)  # type: ignore[arg-type] # WTForms types `more` away

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the time; a sentence of our own when it is none."""
        try:
            super().process_formdata([" ".join(v.split()) for v in valuelist])
        except ValueError:
            self.data = None
            raise ValueError(gettext("This is not a time. Type it as 9:30 or 14:15.")) from None


def minute_of(at: time | None) -> int | None:
    """Return a time as minutes of the day; None for none."""
    return None if at is None else at.hour * 60 + at.minute


def time_of(minute: int | None) -> time | None:
    """Return minutes of the day as a time; None for none."""
    return None if minute is None else time(minute // 60 % 24, minute % 60)


class DaySpansField(StringField):
    """Dates and spans of dates, one on a line: 2026-04-01 or 2026-04-06 to 2026-04-10."""

    spans: tuple[tuple[date, date], ...] = ()

    def pre_validate(self, form: Form) -> None:
        """Read the spans; the error names the line that cannot be read."""
        lines = [line.strip() for line in (self.data or "").replace(";", "\n").splitlines()]
        self.spans = tuple(_span(line) for line in lines if line)


def _span(line: str) -> tuple[date, date]:
    for word in (" to ", "..", " – ", " - "):
        first, found, last = line.partition(word)
        if found:
            return _ordered(_day(first), _day(last), line)
    one = _day(line)
    return one, one


def _ordered(first: date, last: date, line: str) -> tuple[date, date]:
    if first > last:
        raise ValueError(gettext("“%(line)s” ends before it begins.", line=line))
    return first, last


def _day(text: str) -> date:
    tidy = " ".join(text.replace(",", " ").split())
    for pattern in DAY_FORMATS:
        with suppress(ValueError):
            return datetime.strptime(tidy, pattern).replace(tzinfo=UTC).date()
    raise ValueError(
        gettext("“%(text)s” is not a date. Write one date or span on a line.", text=tidy)
    )
