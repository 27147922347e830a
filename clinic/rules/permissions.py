"""Permissions: who may do what, in one table.

Permission comes from roles; planning looks at qualifications instead. A person holds any number of
roles and their rights are the union. Roles follow clinic/data/operations.json.
"""

from collections.abc import Iterable
from enum import StrEnum


class Permission(StrEnum):
    """One thing that a person may be allowed to do."""

    SEE_PATIENTS = "see_patients"
    EDIT_PATIENTS = "edit_patients"
    IMPORT_PATIENTS = "import_patients"
    SEE_SCHEDULE = "see_schedule"
    SCHEDULE = "schedule"
    CHECK_IN = "check_in"
    SEE_CLINICAL = "see_clinical"
    RECORD_VITALS = "record_vitals"
    RECORD_SIDE_EFFECTS = "record_side_effects"
    DELIVER_TMS = "deliver_tms"
    ASSESS = "assess"
    ORDER = "order"
    OVERRIDE = "override"
    MANAGE_USERS = "manage_users"
    MANAGE_RESOURCES = "manage_resources"
    SEE_SETUP = "see_setup"
    MANAGE_PROTOCOLS = "manage_protocols"
    OWN_COURSE = "own_course"


class Role(StrEnum):
    """A role a person holds, dated, at one site or at all."""

    FRONT_DESK = "front_desk"
    INTAKE = "intake"
    TMS_OPERATOR = "tms_operator"
    VITALS_RECORDER = "vitals_recorder"
    MONITORING_CLINICIAN = "monitoring_clinician"
    KAP_THERAPIST = "kap_therapist"
    PRESCRIBER = "prescriber"
    MEDICAL_DIRECTOR = "medical_director"
    AUTHORISED_REPRESENTATIVE = "authorised_representative"
    BILLER = "biller"
    CLINIC_ADMIN = "clinic_admin"
    PATIENT = "patient"


_P = Permission
_DESK = frozenset(
    {
        _P.SEE_PATIENTS,
        _P.EDIT_PATIENTS,
        _P.IMPORT_PATIENTS,
        _P.SEE_SCHEDULE,
        _P.SCHEDULE,
        _P.CHECK_IN,
    }
)
_CHAIR = frozenset(
    {
        _P.SEE_PATIENTS,
        _P.SEE_SCHEDULE,
        _P.CHECK_IN,
        _P.SEE_CLINICAL,
        _P.RECORD_VITALS,
        _P.RECORD_SIDE_EFFECTS,
    }
)
ROLES: dict[Role, frozenset[Permission]] = {
    Role.FRONT_DESK: _DESK,
    Role.INTAKE: _DESK,
    Role.TMS_OPERATOR: _CHAIR | {_P.DELIVER_TMS},
    Role.VITALS_RECORDER: _CHAIR,
    Role.MONITORING_CLINICIAN: _CHAIR | {_P.ASSESS},
    Role.KAP_THERAPIST: _CHAIR - {_P.RECORD_VITALS},
    Role.PRESCRIBER: _CHAIR | {_P.ASSESS, _P.ORDER, _P.OVERRIDE, _P.SCHEDULE},
    Role.MEDICAL_DIRECTOR: _CHAIR
    | {_P.ASSESS, _P.OVERRIDE, _P.MANAGE_PROTOCOLS, _P.SEE_SETUP, _P.SCHEDULE},
    Role.AUTHORISED_REPRESENTATIVE: frozenset({_P.SEE_PATIENTS, _P.SEE_CLINICAL}),
    Role.BILLER: frozenset({_P.SEE_PATIENTS, _P.SEE_SCHEDULE}),
    Role.CLINIC_ADMIN: frozenset(
        {_P.MANAGE_USERS, _P.MANAGE_RESOURCES, _P.SEE_SETUP, _P.IMPORT_PATIENTS}
    ),
    Role.PATIENT: frozenset({_P.OWN_COURSE}),
}
"""The one table: what each role may do."""


class Door(StrEnum):
    """An audience: one blueprint, one permission boundary."""

    DESK = "desk"
    SCHEDULE = "schedule"
    CLINICIAN = "clinician"
    ADMIN = "admin"
    PATIENT = "patient"


DOORS: dict[Door, Permission] = {
    Door.DESK: _P.SEE_PATIENTS,
    Door.SCHEDULE: _P.SEE_SCHEDULE,
    Door.CLINICIAN: _P.SEE_CLINICAL,
    Door.ADMIN: _P.SEE_SETUP,
    Door.PATIENT: _P.OWN_COURSE,
}
"""Which permission opens each door."""


def permissions_of(roles: Iterable[str]) -> frozenset[Permission]:
    """Return the union of the rights of roles; an unknown role gives none."""
    known = {role.value: rights for role, rights in ROLES.items()}
    return frozenset[Permission]().union(*(known.get(role, frozenset()) for role in roles))


def may_enter(permissions: frozenset[Permission], door: Door) -> bool:
    """Say whether these rights open a door."""
    return DOORS[door] in permissions
