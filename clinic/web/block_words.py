"""Why a time is closed, in the one word that the form, the lists and the board use."""

from flask_babel import gettext
from wtforms.fields import SelectChoice  # type: ignore[attr-defined] # newer than its types

from clinic.web.words import lazy

KINDS = {
    "closure": lazy("Closed"),
    "leave": lazy("Leave"),
    "outage": lazy("Out of order"),
    "other": lazy("Other"),
}
CHOICES = [SelectChoice(key, words) for key, words in KINDS.items()]


def kind_word(kind: str) -> str:
    """Return a kind of closed time in words; a kind of older data as it is written."""
    return str(KINDS[kind]) if kind in KINDS else gettext("Closed")
