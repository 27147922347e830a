"""The cast: Dana (desk), Cleo (clinician), Adan (administrator), Pat, and Quinn (sees nothing)."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from clinic.models import Account, Patient, Site
from clinic.rules.actors import Actor, rights_of
from clinic.rules.permissions import Role
from tests.factories import Place, make_account, make_patient, make_place, make_site, make_staff

CLINICIAN_ROLES = (Role.TMS_OPERATOR, Role.MONITORING_CLINICIAN)


@dataclass(frozen=True, slots=True)
class Person:
    """One of the cast: the account, and the actor it becomes when it logs in."""

    account_id: int
    login: str
    actor: Actor
    patient_id: int | None = None
    public_id: str = ""


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody, with the site and the resources where they meet."""

    site_id: int
    place: Place
    dana: Person
    cleo: Person
    adan: Person
    pat: Person
    quinn: Person

    def person(self, name: str) -> Person:
        """The one of this name, for example "dana"."""
        people = {
            "dana": self.dana,
            "cleo": self.cleo,
            "adan": self.adan,
            "pat": self.pat,
            "quinn": self.quinn,
        }
        return people[name]


def make_cast(session: Session) -> Cast:
    """Add the cast with one site and its resources."""
    site = make_site(session)
    return Cast(
        site_id=site.id,
        place=make_place(session, site=site),
        dana=_staff(session, site, "dana", "Dana Desk", (Role.FRONT_DESK,)),
        cleo=_staff(session, site, "cleo", "Cleo Clinician", CLINICIAN_ROLES),
        adan=_staff(session, None, "adan", "Adan Admin", (Role.CLINIC_ADMIN,)),
        pat=_patient(session, "1001", "Price", "Pat"),
        quinn=_patient(session, "1002", "Quist", "Quinn"),
    )


def _staff(
    session: Session, site: Site | None, key: str, name: str, roles: tuple[Role, ...]
) -> Person:
    staff = make_staff(
        session, key=key, name=name, roles=roles, site=site, is_bookable=key == "cleo"
    )
    account = make_account(session, staff=staff, login=key)
    actor = Actor(
        account_id=account.id,
        rights=rights_of((role.value, None if site is None else site.id) for role in roles),
        staff_id=staff.id,
        name=name,
        roles=tuple(sorted(role.value for role in roles)),
    )
    return Person(account_id=account.id, login=key, actor=actor)


def _patient(session: Session, number: str, family: str, given: str) -> Person:
    patient: Patient = make_patient(session, number=number, family=family, given=given)
    account: Account = make_account(session, patient=patient)
    actor = Actor(
        account_id=account.id,
        rights=rights_of([(Role.PATIENT.value, None)]),
        patient_id=patient.id,
        name=given,
        roles=(Role.PATIENT.value,),
    )
    return Person(account.id, "", actor, patient.id, patient.public_id)
