"""Reads about staff: log-ins, and people with roles, qualifications and shifts."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from clinic.models.accounts import Account
from clinic.models.resources import Resource, Seat, Shift
from clinic.models.sites import Site
from clinic.models.staff import Grant, Qualification, Staff
from clinic.rules.permissions import ROLES, Permission
from clinic.rules.setups import ALWAYS

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class LoginRow:
    """A log-in of a member of staff."""

    login: str
    name: str
    roles: tuple[str, ...]
    is_active: bool
    has_password: bool


@dataclass(frozen=True, slots=True)
class ShiftRow:
    """When a person works: minutes of the local day on a weekday (Monday is 0)."""

    site: str
    weekday: int
    from_min: int
    to_min: int
    from_on: date
    until_on: date | None


@dataclass(frozen=True, slots=True)
class Dated:
    """A role (with its site, "" for all) or a qualification, and between which days it holds."""

    name: str
    until_on: date | None
    site: str = ""
    from_on: date = ALWAYS


@dataclass(frozen=True, slots=True)
class StaffRow:
    """A person as the administrator sees it; 0 seats is not bookable."""

    key: str
    name: str
    is_active: bool
    login: str | None
    seats: int
    grants: tuple[Dated, ...]
    qualifications: tuple[Dated, ...]
    shifts: tuple[ShiftRow, ...]


def unmanaged_from(session: Session, *, on: date) -> date | None:
    """Return the first day from this one on without a manager of all people, None for none.

    A manager can log in and holds a role at every site that gives the right to change people.
    """
    managing = [role.value for role, rights in ROLES.items() if Permission.MANAGE_USERS in rights]
    query = (
        select(Grant.from_on, Grant.until_on)
        .join(Staff, Staff.id == Grant.staff_id)
        .join(Account, Account.staff_id == Staff.id)
        .where(
            Grant.role.in_(managing),
            Grant.site_id.is_(None),
            Staff.is_active,
            Account.is_active,
        )
    )
    for first, last in session.execute(query.order_by(Grant.from_on)):
        if last is None and first <= on:
            return None
        if last is not None and first <= on <= last:
            on = last + timedelta(days=1)
    return on


def login_rows(session: Session) -> list[LoginRow]:
    """Return the log-ins of staff by name; two queries."""
    roles = _grouped(
        (row.staff_id, row.role) for row in session.execute(select(Grant.staff_id, Grant.role))
    )
    query = (
        select(Account, Staff.name)
        .join(Staff, Staff.id == Account.staff_id)
        .order_by(Staff.name, Account.id)
    )
    return [
        LoginRow(
            login=account.login or "",
            name=name,
            roles=tuple(sorted(set(roles[account.staff_id or 0]))),
            is_active=account.is_active,
            has_password=account.password_hash is not None,
        )
        for account, name in session.execute(query)
    ]


def staff_rows(session: Session, *, site_ids: Collection[int] | None = None) -> list[StaffRow]:
    """Return people by name, with what they may do and when they work; four queries.

    With `site_ids` only those who work, or hold a role, at one of these sites or at all.
    """
    grants, qualifications, shifts = _grants(session), _qualifications(session), _shifts(session)
    query = (
        select(Staff, Account.login, func.count(Seat.seat_no), Resource.is_active)
        .join(Account, Account.staff_id == Staff.id, isouter=True)
        .join(Resource, Resource.id == Staff.resource_id, isouter=True)
        .join(Seat, Seat.resource_id == Staff.resource_id, isouter=True)
        .group_by(Staff.id, Account.login, Resource.is_active)
        .order_by(Staff.name, Staff.id)
    )
    if site_ids is not None:
        query = query.where(_is_at(site_ids))
    return [
        StaffRow(
            key=person.key,
            name=person.name,
            is_active=person.is_active,
            login=login,
            seats=seats if bookable else 0,
            grants=tuple(grants[person.id]),
            qualifications=tuple(qualifications[person.id]),
            shifts=tuple(shifts[person.resource_id or 0]),
        )
        for person, login, seats, bookable in session.execute(query)
    ]


def _is_at(site_ids: Collection[int]) -> ColumnElement[bool]:
    """Return the condition that a person has a role or a shift at one of the sites."""
    held = select(Grant.staff_id).where(or_(Grant.site_id.is_(None), Grant.site_id.in_(site_ids)))
    worked = select(Shift.resource_id).where(Shift.site_id.in_(site_ids))
    return or_(Staff.id.in_(held), Staff.resource_id.in_(worked))


def _grants(session: Session) -> dict[int, list[Dated]]:
    query = (
        select(Grant.staff_id, Grant.role, Grant.until_on, Site.name, Grant.from_on)
        .join(Site, Site.id == Grant.site_id, isouter=True)
        .order_by(Grant.role)
    )
    return _grouped(
        (staff_id, Dated(role, until_on, site or "", from_on))
        for staff_id, role, until_on, site, from_on in session.execute(query)
    )


def _qualifications(session: Session) -> dict[int, list[Dated]]:
    query = select(
        Qualification.staff_id, Qualification.qualification, Qualification.until_on
    ).order_by(Qualification.qualification)
    return _grouped(
        (staff_id, Dated(name, until_on)) for staff_id, name, until_on in session.execute(query)
    )


def _shifts(session: Session) -> dict[int, list[ShiftRow]]:
    query = (
        select(Shift, Site.name)
        .join(Site, Site.id == Shift.site_id)
        .order_by(Shift.from_on, Shift.weekday, Shift.from_min)
    )
    return _grouped(
        (
            row.resource_id,
            ShiftRow(site, row.weekday, row.from_min, row.to_min, row.from_on, row.until_on),
        )
        for row, site in session.execute(query)
    )


def _grouped(pairs: Iterable[tuple[int, Row]]) -> dict[int, list[Row]]:
    groups: dict[int, list[Row]] = defaultdict(list)
    for key, row in pairs:
        groups[key].append(row)
    return groups
