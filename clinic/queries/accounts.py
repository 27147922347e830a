"""Reads about accounts: who is asking, who wants to log in, and who has tried too often."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from sqlalchemy import Executable, Row, bindparam, func, or_, select
from sqlalchemy.orm import Session

from clinic.models.accounts import Account, LoginLink, LoginSession, Search, Throttle
from clinic.models.machinery import Heartbeat
from clinic.models.patients import Patient
from clinic.models.sites import Site
from clinic.models.staff import Grant, Staff
from clinic.rules.actors import Actor, rights_of
from clinic.rules.permissions import Role

STAFF_IDLE_LIMIT = timedelta(minutes=30)
PATIENT_IDLE_LIMIT = timedelta(minutes=60)
THROTTLE_WINDOW = timedelta(minutes=15)
STAFF_ROLES = frozenset(role.value for role in Role if role is not Role.PATIENT)

HAS_NOT_LEFT = or_(Staff.id.is_(None), Staff.is_active)


@dataclass(frozen=True, slots=True)
class Asking:
    """Who is behind a request: the frozen actor and what the edge needs of the session row."""

    actor: Actor
    token_hash: str
    csrf_token: str
    seen_at: datetime
    must_change_password: bool
    language: str
    heartbeat_at: datetime | None


@dataclass(frozen=True, slots=True)
class Login:
    """What a log-in is checked against."""

    account_id: int
    password_hash: str


def who_is_asking(
    session: Session, *, token_hash: str, machine_at: datetime, now: datetime
) -> Asking | None:
    """Return who holds this session token, or None when it is unknown, idle, over or revoked.

    One query. Grants count by the day at their site (`now` is the clinic's clock); a grant for
    all sites counts by the day at the first site.
    """
    values = {"token_hash": token_hash, "machine_at": machine_at}
    rows = session.connection().execute(_asking_rows(), values).all()
    if not rows:
        return None
    row = rows[0]
    idle = STAFF_IDLE_LIMIT if row.patient_id is None else PATIENT_IDLE_LIMIT
    if row.seen_at + idle <= machine_at:
        return None
    return Asking(
        actor=_patient_actor(row) if row.patient_id is not None else _staff_actor(rows, now),
        token_hash=token_hash,
        csrf_token=row.csrf_token,
        seen_at=row.seen_at,
        must_change_password=row.must_change_password,
        language=row.language or "en",
        heartbeat_at=row.heartbeat_at,
    )


def login_of(session: Session, *, login: str) -> Login | None:
    """Return the account of this log-in name that has a password, None when it is switched off.

    Who has left the clinic cannot log in, whether or not anybody thought of the account.
    """
    row = session.execute(
        select(Account.id, Account.password_hash)
        .outerjoin(Staff, Staff.id == Account.staff_id)
        .where(
            Account.login == login,
            Account.is_active,
            HAS_NOT_LEFT,
            Account.password_hash.is_not(None),
        )
    ).one_or_none()
    if row is None or row.password_hash is None:
        return None
    return Login(account_id=row.id, password_hash=row.password_hash)


def password_hash_of(session: Session, *, account_id: int) -> str | None:
    """Return the stored password hash of an account."""
    return session.execute(
        select(Account.password_hash).where(Account.id == account_id)
    ).scalar_one_or_none()


def words_of_search(session: Session, *, key: str, token_hash: str) -> str:
    """Return what was looked for under this key by this log-in; empty for anybody else."""
    found = select(Search.words).where(Search.key == key, Search.token_hash == token_hash)
    return session.execute(found).scalar_one_or_none() or ""


def failed_tries(session: Session, *, keys: Sequence[str], machine_at: datetime) -> dict[str, int]:
    """Return the failed tries of each key within the present window."""
    rows = session.execute(
        select(Throttle.key, Throttle.tries).where(
            Throttle.key.in_(keys), Throttle.window_at > machine_at - THROTTLE_WINDOW
        )
    )
    return {row.key: row.tries for row in rows}


def is_usable_link(session: Session, *, token_hash: str, machine_at: datetime) -> bool:
    """Say whether a one-time link could still be used; looking changes nothing."""
    found = session.execute(
        select(LoginLink.token_hash).where(
            LoginLink.token_hash == token_hash,
            LoginLink.used_at.is_(None),
            LoginLink.expires_at > machine_at,
        )
    ).first()
    return found is not None


def heartbeat_at(session: Session) -> datetime | None:
    """Return when a scheduler last said that it is alive, None when none ever did."""
    return session.execute(select(func.max(Heartbeat.at))).scalar_one()


@cache
def _asking_rows() -> Executable:
    """Return one row for each grant of the person, or one without; built once a process."""
    first_zone = select(Site.zone).order_by(Site.id).limit(1).scalar_subquery()
    return (
        select(
            LoginSession.csrf_token,
            LoginSession.seen_at,
            LoginSession.account_id,
            Account.staff_id,
            Account.patient_id,
            Account.must_change_password,
            Staff.name.label("staff_name"),
            Staff.patient_id.label("own_patient_id"),
            Patient.given,
            Patient.family,
            Patient.preferred,
            Patient.language,
            Grant.role,
            Grant.site_id,
            Grant.from_on,
            Grant.until_on,
            func.coalesce(Site.zone, first_zone).label("zone"),
            select(func.max(Heartbeat.at)).scalar_subquery().label("heartbeat_at"),
        )
        .join(Account, Account.id == LoginSession.account_id)
        .outerjoin(Staff, Staff.id == Account.staff_id)
        .outerjoin(Patient, Patient.id == Account.patient_id)
        .outerjoin(Grant, Grant.staff_id == Staff.id)
        .outerjoin(Site, Site.id == Grant.site_id)
        .where(
            LoginSession.token_hash == bindparam("token_hash"),
            LoginSession.revoked_at.is_(None),
            LoginSession.expires_at > bindparam("machine_at"),
            Account.is_active,
            HAS_NOT_LEFT,
        )
        .order_by(Grant.id)
    )


def _staff_actor(rows: Sequence[Row[tuple[object, ...]]], now: datetime) -> Actor:
    held = [row for row in rows if row.role in STAFF_ROLES and _is_in_force(row, now)]
    first = rows[0]
    return Actor(
        account_id=first.account_id,
        rights=rights_of((row.role, row.site_id) for row in held),
        staff_id=first.staff_id,
        own_patient_id=first.own_patient_id,
        name=first.staff_name,
        roles=tuple(sorted({row.role for row in held})),
    )


def _patient_actor(row: Row[tuple[object, ...]]) -> Actor:
    return Actor(
        account_id=row.account_id,
        rights=rights_of([(Role.PATIENT.value, None)]),
        patient_id=row.patient_id,
        name=row.preferred or row.given or row.family,
        roles=(Role.PATIENT.value,),
    )


def _is_in_force(row: Row[tuple[object, ...]], now: datetime) -> bool:
    today: date = now.astimezone(ZoneInfo(row.zone or "UTC")).date()
    return bool(row.from_on <= today and (row.until_on is None or today <= row.until_on))
