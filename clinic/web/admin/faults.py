"""What is wrong in a change of the set-up, in words beside the field where it was typed."""

from collections import defaultdict
from collections.abc import Mapping

from clinic.errors import RuleBroken
from clinic.schemas import Fault
from clinic.web.sentences import SENTENCES, sentence
from clinic.web.words import lazy

WORDS: Mapping[str, str] = {
    "date_impossible": lazy("There is no such date: %(date)s."),
    "device_loses_coil": lazy(
        "%(resource)s would be without a coil: give it one of these tags (%(coils)s), or put "
        "another shared coil on it first."
    ),
    "device_without_coil": lazy(
        "A stimulator needs a coil: give it one of these tags (%(coils)s), or save it as not in "
        "use, add a shared coil that goes on it, and put it in use then."
    ),
    "fits_no_device": lazy("%(resource)s is no stimulator: a coil goes on one."),
    "fits_other_site": lazy("%(resource)s stands at another site."),
    "given_twice": lazy("This is given twice: %(value)s."),
    "hours_end_before_start": lazy("The end must come after the start."),
    "hours_off_grid": lazy("Hours begin and end on full %(minutes)s minutes."),
    "hours_overlap": lazy("Two spans of this day overlap."),
    "kind_unknown": lazy("No visit asks for a %(kind)s; the kinds are: %(kinds)s."),
    "key_twice": lazy("This is given twice: %(key)s."),
    "language_unknown": lazy("No letters are written in this language: %(language)s."),
    "shift_across_midnight": lazy(
        "A shift ends on the day it begins: make two of one that goes past midnight."
    ),
    "shift_without_seat": lazy("Somebody who is not booked has no shifts."),
    "shifts_overlap": lazy("Two of these shifts are at the same time (%(weekday)s)."),
    "staff_unknown": lazy("Nobody who can be booked has the key %(staff)s."),
    "zone_unknown": lazy("There is no such zone: %(zone)s."),
}
SHAPE = lazy("This cannot be stored as it is. Please check it.")


def fault_words(fault: Fault) -> str:
    """Return a fault as a sentence."""
    if fault.code in WORDS:
        return str(WORDS[fault.code]) % defaultdict(str, fault.values)
    if fault.code in SENTENCES:
        return sentence(RuleBroken(fault.code, **fault.values))
    return str(SHAPE)
