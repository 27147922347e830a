"""What may come of a visit in words, for the desk and the chair alike."""

from flask_babel import gettext

from clinic.rules.appointments import Outcome


def outcome_word(outcome: Outcome) -> str:
    """Return what came of a visit in words."""
    words = {
        Outcome.COMPLETE: gettext("Complete"),
        Outcome.PARTIAL: gettext("Stopped early"),
        Outcome.NOT_TREATED: gettext("Came, not treated"),
    }
    return words[outcome]


def reason_word(code: str) -> str:
    """Return a coded reason in words; a code the director added stands for itself."""
    words = {
        "pressure": gettext("Blood pressure"),
        "fasting": gettext("Had eaten"),
        "ride": gettext("No ride home"),
        "intoxication": gettext("Intoxicated"),
        "illness": gettext("Ill"),
        "device": gettext("Device"),
        "screener": gettext("Screening answer"),
        "tolerability": gettext("Not well tolerated"),
        "time": gettext("No time left"),
        "patient_asked": gettext("Patient asked to stop"),
        "safety": gettext("Safety"),
        "travel": gettext("Travel"),
        "work": gettext("Work"),
        "clinic": gettext("A reason of the clinic"),
        "other": gettext("Other"),
    }
    return words.get(code, code.replace("_", " "))
