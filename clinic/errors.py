"""The errors of the clinic: a code and values, never a sentence.

Sentences are made in the web and the command line, so that one fault can be said in two languages.
"""

from collections.abc import Mapping

Value = str | int | float | bool | None | tuple[str, ...]


class ClinicError(Exception):
    """Something the clinic refuses; `code` names it, `values` hold what a sentence needs."""

    def __init__(self, code: str, /, **values: Value) -> None:
        """Keep the code and the values; the text of the exception is the code alone."""
        super().__init__(code)
        self.code = code
        self.values: Mapping[str, Value] = values


class RuleBroken(ClinicError):
    """A rule of the clinic forbids it (answer 422)."""


class NotAllowed(ClinicError):
    """Whoever asks may not do it (answer 403)."""


class NotFound(ClinicError):
    """No such thing, or not one this person may know of (answer 404)."""


class Conflict(ClinicError):
    """The world has changed since the form was shown (answer 409)."""


class Busy(ClinicError):
    """The database did not answer in time; trying again helps (answer 503)."""
