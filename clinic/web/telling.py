"""Whether a change reaches the patient by message, and what to say and do when it does not.

A page that promises a message asks here first: a promise that is not kept leaves a patient untold.
"""

from flask_babel import gettext
from sqlalchemy.orm import Session

from clinic.queries.letters import is_reachable
from clinic.queries.messages import addressee

__all__ = ["telling_words", "untold_words", "will_be_told"]


def will_be_told(unit: Session, *, patient_id: int) -> bool:
    """Say whether a patient gets a message about a change: there is an address and a consent."""
    return is_reachable(unit, patient_id)


def telling_words(unit: Session, *, patient_id: int) -> str:
    """Return what becomes of a change that is to be told: a message, or a call to be made.

    No name and no number is in it, so that it may travel in the note of the next page.
    """
    return untold_words(unit, patient_id=patient_id) or gettext(
        "The patient gets a message in a few minutes."
    )


def untold_words(unit: Session, *, patient_id: int) -> str:
    """Return why no message reaches a patient and what to do; empty when one does."""
    if will_be_told(unit, patient_id=patient_id):
        return ""
    if not addressee(unit, patient_id).email:
        return gettext("No e-mail on file: tell the patient by phone.")
    return gettext("The patient wants no e-mail: tell them by phone.")
