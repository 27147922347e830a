"""What a course repeats, as the planning page asks for it: an earlier course, or one elsewhere."""

from flask_babel import gettext
from sqlalchemy.orm import Session
from wtforms import Field, Form, SelectField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined] # newer than its types
from wtforms.validators import InputRequired

from clinic.queries.definitions import protocols
from clinic.queries.treatments import earlier_courses
from clinic.rules.protocols import Protocol
from clinic.web.present import day_with_year

REPEATS = "repeats"


def repeat_field(treatment: Protocol) -> dict[str, Field]:
    """Return the field for the earlier course; none for a treatment that repeats none."""
    if treatment.repeat is None:
        return {}
    needed, hint = gettext("Choose the course that this one repeats."), ""
    if treatment.repeat.precondition:
        hint = gettext("Before it begins: %(what)s", what=treatment.repeat.precondition)
    return {
        REPEATS: SelectField(
            gettext("Repeats"), description=hint, validators=[InputRequired(needed)]
        )
    }


def offer_repeats(unit: Session, form: Form, treatment: Protocol, patient_id: int) -> None:
    """Offer the patient's earlier courses, the newest first, then treatments given elsewhere."""
    field = form[REPEATS] if REPEATS in form else None  # noqa: SIM401 -- a form has no get
    if not isinstance(field, SelectField):
        return
    modality = treatment.modality
    earlier = [
        SelectChoice(one.public_id, f"{one.repeated.name}, {day_with_year(one.start_on)}")
        for one in earlier_courses(unit, patient_id=patient_id, modality=modality)
    ]
    elsewhere = [
        SelectChoice(key, one.name)
        for key, one in sorted(protocols(unit).items(), key=lambda pair: pair[1].name)
        if one.modality == modality and one.repeat is None
    ]
    first = {gettext("Courses here"): earlier} if earlier else {"": [SelectChoice("", "")]}
    field.choices = {**first, gettext("Treated elsewhere with"): elsewhere}


def repeated_reference(form: Form) -> str | None:
    """Return what a valid form says is repeated, None for a treatment that repeats nothing."""
    return str(form[REPEATS].data) if REPEATS in form else None
