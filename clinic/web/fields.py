"""Fields for days and times that are typed forgivingly and give back what was typed when wrong."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, time

from flask_babel import gettext
from wtforms import DateField, TimeField
from wtforms.widgets import TextInput

from clinic.rules.people import BadDate, BadTime, parse_birth, parse_date, parse_time
from clinic.web.requests import moment

Validator = Callable[..., None]


class DayField(DateField):
    """A date; the browser's own picker, or typed as 2026-03-16, 3/16/2026 or 16 March 2026."""

    def __init__(self, label: str, validators: Sequence[Validator] = (), **more: object) -> None:
        """Keep the label and the validators."""
        super().__init__(label, validators, **more)  # type: ignore[arg-type] # WTForms types its own keywords only

    def _value(self) -> str:
        """Return what the input shows: the date as a picker needs it, or what was typed."""
        return self.data.isoformat() if self.data is not None else typed_in(self)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the date, or raise ValueError with a sentence."""
        text = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not text:
            return
        try:
            self.data = self._read(text)
        except BadDate as problem:
            is_far = problem.args == ("date_too_far",)
            raise ValueError(too_far() if is_far else self._refusal()) from None

    def _read(self, text: str) -> date:
        return parse_date(text)

    def _refusal(self) -> str:
        return gettext("This is not a date. Type it as 2026-03-16 or 16 March 2026.")


def too_far() -> str:
    """Return what is said of a year that no clinic lives in."""
    return gettext("This day is too far away: the years are 1900 to 2199.")


class BirthField(DayField):
    """A date of birth, typed: a picker would start at this year."""

    widget = TextInput()

    def _value(self) -> str:
        """Return what was typed, else the date with its month in letters: never to be misread."""
        return typed_in(self) or ("" if self.data is None else f"{self.data:%-d %B %Y}")

    def _read(self, text: str) -> date:
        return parse_birth(text, today=moment().date())

    def _refusal(self) -> str:
        return gettext("This is not a date. Type it as 5/14/1987 or 14 May 1987.")


class ClockField(TimeField):
    """A local time; typed as 9:30, 0930 or 2 pm."""

    def __init__(self, label: str, validators: Sequence[Validator] = (), **more: object) -> None:
        """Keep the label and the validators."""
        super().__init__(label, validators, **more)  # type: ignore[arg-type] # WTForms types its own keywords only

    def _value(self) -> str:
        """Return what the input shows: the time as a picker needs it, or what was typed."""
        return f"{self.data:%H:%M}" if self.data is not None else typed_in(self)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the time, or raise ValueError with a sentence."""
        text = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not text:
            return
        try:
            self.data = time_of(parse_time(text))
        except BadTime:
            raise ValueError(gettext("This is not a time. Type it as 9:30 or 14:15.")) from None


def typed_in(field: DateField | TimeField) -> str:
    """Return what was typed into a field, as it was typed."""
    return " ".join(str(text) for text in field.raw_data or ())


def fill_day(field: DayField, text: str) -> None:
    """Put a date that a button offers into a field, as if it had been typed."""
    field.raw_data = [text]
    with suppress(ValueError):  # no button of ours offers it: the field then has nothing
        field.process_formdata([text])


def fill_time(field: ClockField, text: str) -> None:
    """Put a time that a button offers into a field, as if it had been typed."""
    field.raw_data = [text]
    with suppress(ValueError):  # no button of ours offers it: the field then has nothing
        field.process_formdata([text])


def minute_of(at: time | None) -> int | None:
    """Return a time as minutes of the day; None for none."""
    return None if at is None else at.hour * 60 + at.minute


def time_of(minute: int | None) -> time | None:
    """Return minutes of the day as a time; None for none."""
    return None if minute is None else time(minute // 60 % 24, minute % 60)


def wall_text(on: date | None, at: time | None) -> str:
    """Return a wall time as ISO text, for example 2026-03-16T09:30:00."""
    return f"{on}T{at}"
