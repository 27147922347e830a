"""Accounts: make them, give them a password, switch them off, and make one-time links.

Hashing takes a tenth of a second and is done before a write unit begins, never inside one.
"""

import secrets
import unicodedata
from datetime import datetime
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from clinic.actions.audit import record_audit, require, require_at
from clinic.actions.sessions import hash_token, revoke_sessions
from clinic.clock import machine_now
from clinic.errors import Conflict, NotFound, RuleBroken
from clinic.models.accounts import Account, LoginLink
from clinic.models.patients import Patient
from clinic.queries.definitions import policies_or_starter
from clinic.rules.actors import Actor
from clinic.rules.messages import link_life
from clinic.rules.permissions import Permission

LOGIN_PURPOSE = "login"
PASSWORD_LEAST = 10
PASSWORD_MOST = 200
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password, or raise RuleBroken when it is too short or long."""
    text = unicodedata.normalize("NFC", password)
    if not PASSWORD_LEAST <= len(text) <= PASSWORD_MOST:
        raise RuleBroken("password_length", least=PASSWORD_LEAST, most=PASSWORD_MOST)
    return HASHER.hash(text.encode("utf-8", "surrogatepass"))


def verify_password(password_hash: str | None, password: str) -> bool:
    """Say whether the password fits; takes as long when there is no account to fit."""
    text = unicodedata.normalize("NFC", password[: PASSWORD_MOST + 1])
    try:
        HASHER.verify(password_hash or _nobody_hash(), text.encode("utf-8", "surrogatepass"))
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


@lru_cache(maxsize=1)
def _nobody_hash() -> str:
    return HASHER.hash(secrets.token_urlsafe(16))


def create_staff_account(
    session: Session,
    *,
    staff_id: int,
    login: str,
    password_hash: str,
    must_change_password: bool,
    by: Actor,
    now: datetime,
) -> Account:
    """Add the log-in of a member of staff; Conflict when the name or the person has one."""
    require_at(by, Permission.MANAGE_USERS, None)
    taken = session.execute(
        select(Account.id).where((Account.login == login) | (Account.staff_id == staff_id))
    ).first()
    if taken is not None:
        raise Conflict("login_taken")
    account = Account(
        login=login,
        password_hash=password_hash,
        staff_id=staff_id,
        must_change_password=must_change_password,
        created_at=now,
    )
    session.add(account)
    session.flush()
    _audit(session, "create_staff_account", account, by, now)
    return account


def set_password(
    session: Session,
    *,
    account_id: int,
    password_hash: str,
    must_change_password: bool,
    keep_session: str | None,
    by: Actor,
    now: datetime,
) -> None:
    """Change a password, one's own or (as administrator) any, and end the other sessions."""
    if by.account_id != account_id:
        require_at(by, Permission.MANAGE_USERS, None)
    account = _account(session, account_id)
    account.password_hash = password_hash
    account.must_change_password = must_change_password
    revoke_sessions(session, account_id=account_id, machine_at=machine_now(), keep=keep_session)
    _audit(session, "set_password", account, by, now)


def close_account(session: Session, *, account_id: int, by: Actor, now: datetime) -> None:
    """Switch an account off and end its sessions at once; the row stays for the audit trail."""
    require_at(by, Permission.MANAGE_USERS, None)
    account = _account(session, account_id)
    account.is_active = False
    revoke_sessions(session, account_id=account_id, machine_at=machine_now())
    _audit(session, "close_account", account, by, now)


def create_login_link(session: Session, *, patient: Patient, by: Actor, now: datetime) -> str:
    """Return the token of a one-time log-in link for a patient; its life is the policies'.

    Earlier unused links of the patient stop working. An account is made when there is none yet.
    The life of the link is counted by the machine's clock; `now` dates the audit row.
    """
    require(by, Permission.EDIT_PATIENTS)
    account = _patient_account(session, patient, now)
    moment = machine_now()
    session.execute(
        update(LoginLink)
        .where(LoginLink.account_id == account.id, LoginLink.used_at.is_(None))
        .values(used_at=moment)
    )
    token = secrets.token_urlsafe(32)
    session.add(
        LoginLink(
            token_hash=hash_token(token),
            account_id=account.id,
            purpose=LOGIN_PURPOSE,
            created_at=moment,
            created_by=by.account_id,
            expires_at=moment + link_life(policies_or_starter(session)),
        )
    )
    _audit(session, "create_login_link", account, by, now)
    return token


def use_login_link(session: Session, *, token: str, now: datetime) -> int:
    """Use a link up and return its account id; NotFound, one answer for unknown, used and old."""
    moment = machine_now()
    account_id = session.execute(
        update(LoginLink)
        .where(
            LoginLink.token_hash == hash_token(token),
            LoginLink.purpose == LOGIN_PURPOSE,
            LoginLink.used_at.is_(None),
            LoginLink.expires_at > moment,
        )
        .values(used_at=moment)
        .returning(LoginLink.account_id)
    ).scalar_one_or_none()
    if account_id is None or not _account(session, account_id).is_active:
        raise NotFound("login_link_unusable")
    note_login(session, account_id=account_id, verb="log_in_by_link", now=now)
    return account_id


def note_login(session: Session, *, account_id: int, verb: str, now: datetime) -> None:
    """Write the audit row of a log-in or log-out."""
    by = Actor(account_id=account_id)
    record_audit(session, verb=verb, subject="account", subject_id=account_id, by=by, now=now)


def _patient_account(session: Session, patient: Patient, now: datetime) -> Account:
    found = session.execute(
        select(Account).where(Account.patient_id == patient.id)
    ).scalar_one_or_none()
    if found is not None:
        if not found.is_active:
            raise RuleBroken("account_closed")
        return found
    account = Account(patient_id=patient.id, created_at=now)
    session.add(account)
    session.flush()
    return account


def _account(session: Session, account_id: int) -> Account:
    account = session.get(Account, account_id)
    if account is None:
        raise NotFound("no_such_thing")
    return account


def _audit(session: Session, verb: str, account: Account, by: Actor, now: datetime) -> None:
    record_audit(
        session,
        verb=verb,
        subject="account",
        subject_id=account.id,
        by=by,
        now=now,
        patient_id=account.patient_id,
    )
