"""Whose a log-in link is, as far as its page may say: their language, and whom to call."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.models.accounts import Account, LoginLink
from clinic.models.appointments import Appointment
from clinic.models.patients import Patient
from clinic.models.sites import Site


@dataclass(frozen=True, slots=True)
class LinkDesk:
    """The desk that helps with a link, and the language to speak, empty for one that is unknown."""

    language: str
    clinic: str
    phone: str


def desk_of_link(session: Session, *, token_hash: str) -> LinkDesk:
    """Return the language of a link's patient and the site of their latest visit.

    A link that is unknown gets the first site, so that its holder can call somebody too.
    """
    patient = session.scalar(
        select(Patient)
        .join(Account, Account.patient_id == Patient.id)
        .join(LoginLink, LoginLink.account_id == Account.id)
        .where(LoginLink.token_hash == token_hash)
    )
    site = None if patient is None else _latest_site(session, patient.id)
    site = site or session.scalar(select(Site).order_by(Site.id).limit(1))
    return LinkDesk(
        language="" if patient is None else patient.language,
        clinic="" if site is None else site.patient_name,
        phone="" if site is None else site.phone,
    )


def _latest_site(session: Session, patient_id: int) -> Site | None:
    return session.scalar(
        select(Site)
        .join(Appointment, Appointment.site_id == Site.id)
        .where(Appointment.patient_id == patient_id)
        .order_by(Appointment.start_at.desc())
        .limit(1)
    )
