"""The people of the demo: staff with log-ins, invented patients, and who acts."""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

import clinic
from clinic.actions.accounts import hash_password, set_password
from clinic.actions.definitions import load_starter_data
from clinic.actions.patients import add_patient
from clinic.actions.setup import apply_setup
from clinic.models.accounts import Account
from clinic.models.patients import Patient
from clinic.models.staff import Grant, Staff
from clinic.rules.actors import Actor, rights_of, system_actor

DATA = Path(clinic.__file__).parent / "data"
PASSWORD = "demo-only-password"  # noqa: S105 -- the demo serves on loopback and says so
PATIENTS = 150
MAKER = system_actor("clinic demo")


@dataclass(frozen=True, slots=True)
class Cast:
    """Who acts in the demo, by part, and the patients in the order they came."""

    desk: Actor
    operator: Actor
    nurse: Actor
    therapist: Actor
    prescriber: Actor
    patient_ids: tuple[int, ...]


def add_cast(session: Session, *, rng: random.Random, now: datetime) -> Cast:
    """Load the starter data, set the clinic up, give log-ins a password and add the patients."""
    load_starter_data(session, by=MAKER, now=now)
    document = json.loads((DATA / "demo_clinic.json").read_text(encoding="utf-8"))
    apply_setup(session, document=document, by=MAKER, now=now)
    session.flush()
    actors = {login: _actor(session, login, now) for login in _logins(session)}
    patients = _add_patients(session, rng, now)
    return Cast(
        desk=actors["dana"],
        operator=actors["tomas"],
        nurse=actors["cleo"],
        therapist=actors["rui"],
        prescriber=actors["folake"],
        patient_ids=tuple(patients),
    )


def _logins(session: Session) -> list[str]:
    """Give every staff log-in the demo's password and return their names."""
    hashed = hash_password(PASSWORD)
    accounts = session.scalars(select(Account).where(Account.staff_id.is_not(None))).all()
    for account in accounts:
        set_password(
            session,
            account_id=account.id,
            password_hash=hashed,
            must_change_password=False,
            keep_session=None,
            by=MAKER,
            now=account.created_at,
        )
    return [account.login for account in accounts if account.login]


def _actor(session: Session, login: str, now: datetime) -> Actor:
    account, staff = session.execute(
        select(Account, Staff)
        .join(Staff, Staff.id == Account.staff_id)
        .where(Account.login == login)
    ).one()
    grants = session.execute(
        select(Grant.role, Grant.site_id).where(Grant.staff_id == staff.id)
    ).all()
    return Actor(
        account_id=account.id,
        rights=rights_of((role, site_id) for role, site_id in grants),
        staff_id=staff.id,
        name=staff.name,
        roles=tuple(role for role, _ in grants),
    )


def _add_patients(session: Session, rng: random.Random, now: datetime) -> list[int]:
    names: Mapping[str, list[str]] = json.loads(
        (DATA / "demo_names.json").read_text(encoding="utf-8")
    )
    made: list[Patient] = []
    for number in range(PATIENTS):
        given = names["given"][number % len(names["given"])]
        family = names["family"][(number * 7) % len(names["family"])]
        made.append(
            add_patient(
                session,
                family=family,
                given=given,
                birth_on=date(1950, 1, 1) + timedelta(days=rng.randrange(20_000)),
                phone=f"+1518555{1000 + number:04d}",
                email=f"patient{number}@example.org",
                language="es" if number % 12 == 5 else "en",
                by=MAKER,
                now=now,
            )
        )
    session.flush()
    return [patient.id for patient in made]
