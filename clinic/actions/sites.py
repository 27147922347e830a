"""Sites: make one as it is described, with its hours, holidays and switches."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from clinic.actions.audit import record_audit, require_at
from clinic.actions.boards import tell_boards
from clinic.actions.bookings import lock_resources
from clinic.actions.patients import clean_phone
from clinic.actions.puts import Put, assign, differ, outcome
from clinic.actions.zones import note_zone_rules
from clinic.errors import RuleBroken
from clinic.models.appointments import Appointment
from clinic.models.machinery import ClinicSetting
from clinic.models.sites import Holiday, OpeningHours, Site
from clinic.queries.definitions import texts
from clinic.queries.resources import ORGANISATION, ids_at_site
from clinic.rules.actors import Actor
from clinic.rules.permissions import Permission
from clinic.rules.setup_reading import zone_exists
from clinic.rules.setups import HolidaySpec, Hours, OrganisationSpec, SiteSpec
from clinic.rules.texts import forbidden_words


def put_organisation(session: Session, *, spec: OrganisationSpec, by: Actor, now: datetime) -> Put:
    """Set the clinic's name and the defaults of its sites."""
    require_at(by, Permission.MANAGE_RESOURCES, None)
    value = {
        "name": spec.name,
        "zone": spec.zone,
        "currency": spec.currency,
        "region": spec.region,
    }
    row = session.get(ClinicSetting, ORGANISATION)
    is_new = row is None
    if row is None:
        session.add(ClinicSetting(key=ORGANISATION, value=dict(value)))
    changed = row is not None and bool(assign(row, {"value": value}))
    done = outcome(is_new=is_new, changed=changed)
    if done is not Put.UNCHANGED:
        record_audit(session, verb="put", subject="organisation", subject_id=None, by=by, now=now)
    return done


def put_site(session: Session, *, spec: SiteSpec, by: Actor, now: datetime) -> Put:
    """Make the site of this key as described.

    RuleBroken for an unknown or a bound zone, and for a name that would tell in a message to a
    patient what the clinic treats.
    """
    site = session.execute(select(Site).where(Site.key == spec.key)).scalar_one_or_none()
    require_at(by, Permission.MANAGE_RESOURCES, None if site is None else site.id)
    if not zone_exists(spec.zone):
        raise RuleBroken("zone_unknown", zone=spec.zone)
    if site is None or site.patient_name != spec.patient_name:
        _check_neutral(session, spec)
    is_new = site is None
    values = _columns(spec)
    if site is None:
        site = Site(key=spec.key, **values)
        session.add(site)
        session.flush()
        note_zone_rules(session, site_key=spec.key, left=0)
    elif site.zone != spec.zone:
        _check_zone_free(session, site, now)
    changed = [*assign(site, values)]
    lock_resources(session, ids_at_site(session, site.id))
    if spec.hours is not None and _replace_hours(session, site.id, spec.hours):
        changed.append("hours")
    if spec.holidays is not None and _replace_holidays(session, site.id, spec.holidays):
        changed.append("holidays")
    done = outcome(is_new=is_new, changed=bool(changed))
    if done is not Put.UNCHANGED:
        record_audit(
            session,
            verb="put",
            subject="site",
            subject_id=site.id,
            by=by,
            now=now,
            values={"changed": list(changed)},
        )
        tell_boards(session, site_ids=[site.id], now=now)
    return done


def _columns(spec: SiteSpec) -> dict[str, object]:
    return {
        "name": spec.name,
        "patient_name": spec.patient_name,
        "zone": spec.zone,
        "region": spec.region,
        "address": spec.address,
        "phone": clean_phone(spec.phone, region=spec.region),
        "switches": dict(spec.switches),
    }


def _check_neutral(session: Session, spec: SiteSpec) -> None:
    """Refuse a name for messages that says what is treated: their subjects hold it."""
    words = forbidden_words(spec.patient_name, texts(session).forbidden_stems)
    if words:
        raise RuleBroken("name_not_neutral", field="patient_name", word=words[0])


def _check_zone_free(session: Session, site: Site, now: datetime) -> None:
    """Refuse a new zone while visits lie ahead: their promised wall times would shift."""
    ahead = session.execute(
        select(Appointment.id).where(Appointment.site_id == site.id, Appointment.start_at > now)
    ).first()
    if ahead is not None:
        raise RuleBroken("zone_has_bookings", site=site.key)


def _replace_hours(session: Session, site_id: int, hours: tuple[Hours, ...]) -> bool:
    rows = session.scalars(select(OpeningHours).where(OpeningHours.site_id == site_id)).all()
    have = [Hours(row.weekday, row.from_min, row.to_min) for row in rows]
    if not differ(have, hours):
        return False
    session.execute(delete(OpeningHours).where(OpeningHours.site_id == site_id))
    session.add_all(
        OpeningHours(site_id=site_id, weekday=one.weekday, from_min=one.from_min, to_min=one.to_min)
        for one in hours
    )
    session.flush()
    return True


def _replace_holidays(session: Session, site_id: int, holidays: tuple[HolidaySpec, ...]) -> bool:
    rows = session.scalars(select(Holiday).where(Holiday.site_id == site_id)).all()
    if not differ([HolidaySpec(row.on, row.name) for row in rows], holidays):
        return False
    session.execute(delete(Holiday).where(Holiday.site_id == site_id))
    session.add_all(Holiday(site_id=site_id, on=one.on, name=one.name) for one in holidays)
    session.flush()
    return True
