"""What may become of a thing on the worklist."""

from enum import StrEnum


class NoNewDate(StrEnum):
    """Why a missed visit gets no new date."""

    PATIENT_DECLINED = "patient_declined"
    PRESCRIBER_DECIDED = "prescriber_decided"
    DATE_EXISTS = "date_exists"
