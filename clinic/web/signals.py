"""What is measured, in words and units."""

from flask_babel import gettext


def signal_word(signal: str) -> str:
    """Return what was measured, in words."""
    words = {
        "sbp": gettext("Systolic"),
        "dbp": gettext("Diastolic"),
        "hr": gettext("Pulse"),
        "spo2": gettext("SpO₂"),
        "rr": gettext("Breathing"),
        "moaas": gettext("Awake score"),
    }
    return words.get(signal, signal)


def unit_of(signal: str) -> str:
    """Return the unit of a signal, with the space before it; a score has none."""
    units = {"sbp": " mmHg", "dbp": " mmHg", "hr": " /min", "spo2": " %", "rr": " /min"}
    return units.get(signal, "")
