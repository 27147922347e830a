"""Patients: add one, change one; names as they are written, phones and e-mail checked."""

import unicodedata
from dataclasses import dataclass, fields, replace
from datetime import date, datetime

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from clinic.actions.audit import record_audit, require
from clinic.actions.puts import Put, assign
from clinic.errors import Conflict, RuleBroken
from clinic.models.accounts import Account
from clinic.models.base import new_public_id
from clinic.models.machinery import ClinicSetting
from clinic.models.patients import Patient, PatientToken
from clinic.models.resources import PATIENT, Resource, Seat
from clinic.queries.resources import ORGANISATION
from clinic.rules.actors import Actor
from clinic.rules.patient_words import is_plain_line, patient_tokens
from clinic.rules.permissions import Permission
from clinic.rules.setup_reading import zone_exists
from clinic.rules.setups import PatientSpec

LINE = 200
NOTE = 4000
OLDEST_YEARS = 130
REGION = "US"


@dataclass(frozen=True, slots=True)
class PatientDetails:
    """What is written about a patient at the desk."""

    family: str
    given: str
    preferred: str = ""
    birth_on: date | None = None
    phone: str = ""
    email: str = ""
    language: str = "en"
    zone: str | None = None
    desk_note: str = ""
    wants_email: bool = True


def add_patient(
    session: Session,
    *,
    family: str,
    given: str,
    birth_on: date | None,
    phone: str,
    email: str,
    language: str,
    by: Actor,
    now: datetime,
    preferred: str = "",
    zone: str | None = None,
    desk_note: str = "",
    wants_email: bool = True,
    record_number: str | None = None,
) -> Patient:
    """Add a patient with the one seat that keeps them from being booked twice.

    RuleBroken names the field whose value is refused. Without a record number one is given.
    """
    details = PatientDetails(
        family=family,
        given=given,
        preferred=preferred,
        birth_on=birth_on,
        phone=phone,
        email=email,
        language=language,
        zone=zone,
        desk_note=desk_note,
        wants_email=wants_email,
    )
    require(by, Permission.EDIT_PATIENTS)
    cleaned = clean_details(details, region=phone_region(session), today=now.date())
    return enter_patient(session, details=cleaned, record_number=record_number, by=by, now=now)


def enter_patient(
    session: Session,
    *,
    details: PatientDetails,
    record_number: str | None,
    by: Actor,
    now: datetime,
) -> Patient:
    """Add a patient of details that are clean already; the caller has asked for the right."""
    resource = _new_resource(session)
    patient = Patient(
        record_number=_record_number(session, record_number, resource),
        resource_id=resource.id,
        created_at=now,
        **_columns(details),
    )
    session.add(patient)
    session.flush()
    _put_tokens(session, patient)
    _note(session, "add_patient", patient, (), by, now)
    return patient


def change_patient(
    session: Session,
    *,
    patient: Patient,
    details: PatientDetails,
    version: int,
    by: Actor,
    now: datetime,
) -> Patient:
    """Change what is written about a patient; Conflict when it has changed since `version`."""
    require(by, Permission.EDIT_PATIENTS)
    session.refresh(patient, with_for_update=True)
    if patient.version != version:
        raise Conflict("patient_changed", version=patient.version)
    cleaned = clean_details(details, region=phone_region(session), today=now.date())
    changed = assign(patient, _columns(cleaned))
    if not changed:
        return patient
    patient.version += 1
    session.flush()
    _put_tokens(session, patient)
    _note(session, "change_patient", patient, changed, by, now)
    return patient


def put_patient(session: Session, *, spec: PatientSpec, by: Actor, now: datetime) -> Put:
    """Make the patient of this record number as described; a log-in gets no password."""
    found = session.execute(
        select(Patient).where(Patient.record_number == spec.record_number)
    ).scalar_one_or_none()
    details = PatientDetails(
        **{field.name: getattr(spec, field.name) for field in fields(PatientDetails)}
    )
    before = 0 if found is None else found.version
    if found is None:
        require(by, Permission.EDIT_PATIENTS)
        cleaned = clean_details(details, region=phone_region(session), today=now.date())
        patient = enter_patient(
            session, details=cleaned, record_number=spec.record_number, by=by, now=now
        )
    else:
        patient = change_patient(
            session, patient=found, details=details, version=found.version, by=by, now=now
        )
    has_login = spec.login is not None and _put_login(session, patient, spec.login, now)
    if found is None:
        return Put.CREATED
    return Put.CHANGED if has_login or patient.version > before else Put.UNCHANGED


def clean_details(details: PatientDetails, *, region: str, today: date) -> PatientDetails:
    """Return the details as they are stored, or raise RuleBroken with the field that is refused.

    Text is NFC without blanks at its ends; phones are E.164, read in the region.
    """
    if details.zone is not None and not zone_exists(details.zone):
        raise RuleBroken("zone_unknown", field="zone", zone=details.zone)
    _check_birth(details.birth_on, today)
    return replace(
        details,
        family=clean_line(details.family, field="family", is_needed=True),
        given=clean_line(details.given, field="given"),
        preferred=clean_line(details.preferred, field="preferred"),
        phone=clean_phone(details.phone, region=region),
        email=clean_email(details.email),
        language=clean_line(details.language, field="language", most=20),
        desk_note=_clean_note(details.desk_note),
    )


def clean_line(text: str, *, field: str, is_needed: bool = False, most: int = LINE) -> str:
    """Return one line of text as it is stored, or raise RuleBroken with the field."""
    cleaned = unicodedata.normalize("NFC", text).strip()
    if not is_plain_line(cleaned):
        raise RuleBroken("character_refused", field=field)
    if len(cleaned) > most:
        raise RuleBroken("field_too_long", field=field, most=most)
    if is_needed and not cleaned:
        raise RuleBroken("field_empty", field=field)
    return cleaned


def _clean_note(text: str) -> str:
    """Return a text of several lines as it is stored."""
    lines = text.replace("\r\n", "\n").split("\n")
    cleaned = [clean_line(line, field="desk_note", most=NOTE) for line in lines]
    if sum(len(line) + 1 for line in cleaned) > NOTE:
        raise RuleBroken("field_too_long", field="desk_note", most=NOTE)
    return "\n".join(cleaned).strip()


def clean_phone(text: str, *, region: str) -> str:
    """Return a phone number as E.164, "" for none, or raise RuleBroken."""
    if not text.strip():
        return ""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise RuleBroken("phone_wrong", field="phone") from error
    if not phonenumbers.is_possible_number(number) or number.extension:
        raise RuleBroken("phone_wrong", field="phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def clean_email(text: str) -> str:
    """Return an e-mail address in its normal form, "" for none, or raise RuleBroken."""
    if not text.strip():
        return ""
    try:
        found = validate_email(text.strip(), check_deliverability=False)
    except EmailNotValidError as error:
        raise RuleBroken("email_wrong", field="email") from error
    if len(found.normalized) > LINE:
        raise RuleBroken("field_too_long", field="email", most=LINE)
    return found.normalized


def _check_birth(birth_on: date | None, today: date) -> None:
    if birth_on is None:
        return
    if birth_on > today:
        raise RuleBroken("birth_in_future", field="birth_on")
    if birth_on.year < today.year - OLDEST_YEARS:
        raise RuleBroken("birth_too_long_ago", field="birth_on")


def _columns(details: PatientDetails) -> dict[str, object]:
    return {field.name: getattr(details, field.name) for field in fields(details)}


def _new_resource(session: Session) -> Resource:
    """Add the resource of a patient; it carries no name, which stays on the patient."""
    resource = Resource(key=f"{PATIENT}:{new_public_id()}", kind=PATIENT, name=PATIENT, tags=[])
    session.add(resource)
    session.flush()
    session.add(Seat(resource_id=resource.id, seat_no=1))
    return resource


def _record_number(session: Session, wanted: str | None, resource: Resource) -> str:
    """Return the record number wished for (Conflict when taken), or a new one."""
    number = f"P{resource.id:05d}"
    if wanted is not None:
        number = clean_line(wanted, field="record_number", is_needed=True, most=40)
    taken = session.execute(select(Patient.id).where(Patient.record_number == number)).first()
    if taken is None:
        return number
    if wanted is not None:
        raise Conflict("record_number_taken", field="record_number")
    return f"{number}-{new_public_id()[:4]}"


def _put_tokens(session: Session, patient: Patient) -> None:
    tokens = patient_tokens(
        names=(patient.family, patient.given, patient.preferred),
        record_number=patient.record_number,
        phone=patient.phone,
        birth_on=patient.birth_on,
    )
    session.execute(delete(PatientToken).where(PatientToken.patient_id == patient.id))
    session.add_all(PatientToken(token=token, patient_id=patient.id) for token in sorted(tokens))
    session.flush()


def _put_login(session: Session, patient: Patient, login: str, now: datetime) -> bool:
    account = session.execute(
        select(Account).where(Account.patient_id == patient.id)
    ).scalar_one_or_none()
    if account is not None:
        return bool(assign(account, {"login": login}))
    if session.execute(select(Account.id).where(Account.login == login)).first() is not None:
        raise Conflict("login_taken", field="login")
    session.add(Account(login=login, patient_id=patient.id, created_at=now))
    session.flush()
    return True


def phone_region(session: Session) -> str:
    """Return the region in which phone numbers without a country are read."""
    organisation = session.get(ClinicSetting, ORGANISATION)
    region = None if organisation is None else organisation.value.get("region")
    return region if isinstance(region, str) else REGION


def _note(
    session: Session,
    verb: str,
    patient: Patient,
    changed: tuple[str, ...],
    by: Actor,
    now: datetime,
) -> None:
    record_audit(
        session,
        verb=verb,
        subject="patient",
        subject_id=patient.id,
        patient_id=patient.id,
        by=by,
        now=now,
        values={"changed": list(changed)},
    )
