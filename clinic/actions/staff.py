"""Staff: make a person as described, with grants, qualifications, shifts and a log-in."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from clinic.actions.audit import record_audit, require_at
from clinic.actions.boards import tell_boards
from clinic.actions.bookings import lock_resources
from clinic.actions.patients import clean_email
from clinic.actions.puts import Put, assign, differ, outcome
from clinic.actions.resources import set_seats
from clinic.errors import Conflict, NotFound, RuleBroken
from clinic.models.accounts import Account
from clinic.models.resources import PERSON, Resource, Shift
from clinic.models.sites import Site
from clinic.models.staff import Grant, Qualification, Staff
from clinic.queries.patients import by_record_number
from clinic.rules.actors import Actor
from clinic.rules.permissions import Permission, Role
from clinic.rules.setups import GrantSpec, QualificationSpec, ShiftSpec, StaffSpec

ShiftKey = tuple[int, int, int, int, date, date | None]


def put_staff(session: Session, *, spec: StaffSpec, by: Actor, now: datetime) -> Put:
    """Make the person of this key as described; leave is put by `actions.blocks`.

    Grants, qualifications and shifts that are None stay; a tuple replaces them. A log-in that is
    new has no password yet. The sites must be there already.
    """
    require_at(by, Permission.MANAGE_USERS, None)
    sites = {row.key: row.id for row in session.execute(select(Site.key, Site.id))}
    person = session.execute(select(Staff).where(Staff.key == spec.key)).scalar_one_or_none()
    is_new = person is None
    values = {
        "name": spec.name,
        "short_name": spec.short_name,
        "email": clean_email(spec.email or "") or None,
        "is_active": spec.is_active,
    }
    if person is None:
        person = Staff(key=spec.key, **values)
        session.add(person)
        session.flush()
    worked_at = _worked_at(session, person)
    changed = [*assign(person, values)]
    changed += _put_seats(session, person, spec)
    changed += _put_lists(session, person, spec, sites)
    if spec.login is not None and _put_login(session, person, spec.login, now):
        changed.append("login")
    done = outcome(is_new=is_new, changed=bool(changed))
    if done is not Put.UNCHANGED:
        record_audit(
            session,
            verb="put",
            subject="staff",
            subject_id=person.id,
            by=by,
            now=now,
            values={"changed": list(changed)},
        )
        tell_boards(session, site_ids=worked_at | _worked_at(session, person), now=now)
    return done


def _worked_at(session: Session, person: Staff) -> set[int]:
    """Return the sites at which the person has shifts."""
    shifts = select(Shift.site_id).where(Shift.resource_id == person.resource_id)
    return set(session.scalars(shifts))


def link_own_chart(
    session: Session, *, staff_key: str, record_number: str, by: Actor, now: datetime
) -> Put:
    """Say which patient a member of staff is, "" for none; that chart is shut to them from now on.

    NotFound for an unknown person or patient, Conflict when somebody else is that patient.
    """
    require_at(by, Permission.MANAGE_USERS, None)
    person = session.scalar(select(Staff).where(Staff.key == staff_key))
    if person is None:
        raise NotFound("person_unknown", person=staff_key)
    patient = by_record_number(session, record_number) if record_number else None
    patient_id = None if patient is None else patient.id
    taken = select(Staff.id).where(Staff.patient_id == patient_id, Staff.id != person.id)
    if patient_id is not None and session.scalar(taken) is not None:
        raise Conflict("own_chart_taken")
    changed = assign(person, {"patient_id": patient_id})
    if changed:
        record_audit(
            session,
            verb="link_own_chart",
            subject="staff",
            subject_id=person.id,
            by=by,
            now=now,
            patient_id=patient_id,
        )
    return outcome(is_new=False, changed=bool(changed))


def _put_seats(session: Session, person: Staff, spec: StaffSpec) -> list[str]:
    """Give the person a resource when bookable; one who no longer is keeps it, switched off."""
    if person.resource_id is None:
        if spec.seats == 0:
            return []
        person.resource_id = _new_resource(session, spec)
    resource = session.get_one(Resource, person.resource_id)
    changed = assign(resource, {"name": spec.name, "is_active": spec.is_active and spec.seats > 0})
    if spec.seats > 0 and set_seats(session, resource_id=resource.id, seats=spec.seats):
        return [*changed, "seats"]
    return [*changed]


def _new_resource(session: Session, spec: StaffSpec) -> int:
    resource = Resource(key=f"{PERSON}:{spec.key}", kind=PERSON, name=spec.name, tags=[])
    session.add(resource)
    session.flush()
    return resource.id


def _put_lists(
    session: Session, person: Staff, spec: StaffSpec, sites: Mapping[str, int]
) -> list[str]:
    changed = []
    if spec.grants is not None and _put_grants(session, person.id, spec.grants, sites):
        changed.append("roles")
    if spec.qualifications is not None and _put_qualifications(
        session, person.id, spec.qualifications
    ):
        changed.append("qualifications")
    if spec.shifts is not None and _put_shifts(session, person, spec.shifts, sites):
        changed.append("shifts")
    return changed


def _put_grants(
    session: Session, staff_id: int, grants: Sequence[GrantSpec], sites: Mapping[str, int]
) -> bool:
    rows = session.scalars(select(Grant).where(Grant.staff_id == staff_id)).all()
    have = {(row.role, row.site_id, row.from_on, row.until_on) for row in rows}
    _check_roles(grants)
    want = {(one.role, _site(sites, one.site), one.from_on, one.until_on) for one in grants}
    if not differ(have, want):
        return False
    session.execute(delete(Grant).where(Grant.staff_id == staff_id))
    session.add_all(
        Grant(staff_id=staff_id, role=role, site_id=site_id, from_on=start, until_on=until)
        for role, site_id, start, until in want
    )
    session.flush()
    return True


def _check_roles(grants: Iterable[GrantSpec]) -> None:
    known = {role.value for role in Role}
    for grant in grants:
        if grant.role not in known:
            raise RuleBroken("role_unknown", role=grant.role)


def _put_qualifications(
    session: Session, staff_id: int, wanted: Iterable[QualificationSpec]
) -> bool:
    rows = session.scalars(select(Qualification).where(Qualification.staff_id == staff_id)).all()
    want = {QualificationSpec(one.qualification, one.until_on) for one in wanted}
    if not differ({QualificationSpec(row.qualification, row.until_on) for row in rows}, want):
        return False
    session.execute(delete(Qualification).where(Qualification.staff_id == staff_id))
    session.add_all(
        Qualification(staff_id=staff_id, qualification=one.qualification, until_on=one.until_on)
        for one in want
    )
    session.flush()
    return True


def _put_shifts(
    session: Session, person: Staff, shifts: Iterable[ShiftSpec], sites: Mapping[str, int]
) -> bool:
    wanted = {_shift_key(one, sites) for one in shifts}
    if person.resource_id is None:
        if wanted:
            raise RuleBroken("shift_without_seat", staff=person.key)
        return False
    resource_id = person.resource_id
    lock_resources(session, [resource_id])
    rows = session.scalars(select(Shift).where(Shift.resource_id == resource_id)).all()
    have = {
        (row.site_id, row.weekday, row.from_min, row.to_min, row.from_on, row.until_on)
        for row in rows
    }
    if not differ(have, wanted):
        return False
    session.execute(delete(Shift).where(Shift.resource_id == resource_id))
    session.add_all(
        Shift(
            resource_id=resource_id,
            site_id=site_id,
            weekday=weekday,
            from_min=from_min,
            to_min=to_min,
            from_on=from_on,
            until_on=until_on,
        )
        for site_id, weekday, from_min, to_min, from_on, until_on in sorted(wanted, key=str)
    )
    session.flush()
    return True


def _shift_key(spec: ShiftSpec, sites: Mapping[str, int]) -> ShiftKey:
    site_id = _site(sites, spec.site)
    if site_id is None:
        raise NotFound("site_unknown", site=spec.site)
    hours = spec.hours
    return site_id, hours.weekday, hours.from_min, hours.to_min, spec.from_on, spec.until_on


def _site(sites: Mapping[str, int], key: str | None) -> int | None:
    if key is not None and key not in sites:
        raise NotFound("site_unknown", site=key)
    return None if key is None else sites[key]


def _put_login(session: Session, person: Staff, login: str, now: datetime) -> bool:
    account = session.execute(
        select(Account).where(Account.staff_id == person.id)
    ).scalar_one_or_none()
    if account is not None:
        return bool(assign(account, {"login": login}))
    taken = session.execute(select(Account.id).where(Account.login == login)).first()
    if taken is not None:
        raise Conflict("login_taken")
    session.add(
        Account(
            login=login,
            staff_id=person.id,
            must_change_password=True,
            created_at=now,
        )
    )
    session.flush()
    return True
