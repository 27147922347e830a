"""Looks at records: each page that shows a patient's record, or a list of them, leaves a trace."""

from collections.abc import Mapping

from clinic.actions.audit import record_look
from clinic.models.base import JsonValue
from clinic.models.engine import writing
from clinic.web.requests import current_clinic


def note_look(
    verb: str,
    *,
    subject: str,
    subject_id: int | None = None,
    patient_id: int | None = None,
    values: Mapping[str, JsonValue] | None = None,
) -> None:
    """Write the audit row of a read in its own short write unit, before the answer goes out."""
    here = current_clinic()
    with writing(here.engine) as unit:
        record_look(
            unit,
            verb=verb,
            subject=subject,
            subject_id=subject_id,
            patient_id=patient_id,
            values=values,
            by=here.actor,
            now=here.now,
        )
