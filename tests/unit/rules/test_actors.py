"""What an actor may do, and where."""

import pytest

from clinic.rules.actors import Actor, rights_of, system_actor
from clinic.rules.permissions import ROLES, Permission, Role

MAIN, FAR = 1, 2
ROBIN = Actor(
    account_id=7,
    rights=rights_of([(Role.MONITORING_CLINICIAN, MAIN), (Role.FRONT_DESK, FAR)]),
    own_patient_id=9,
)
EVERYWHERE = Actor(account_id=8, rights=rights_of([(Role.FRONT_DESK, None)]))


def test_roles_at_one_site_add_up_and_those_of_two_stay_apart() -> None:
    rights = rights_of([("front_desk", MAIN), ("clinic_admin", MAIN), ("biller", None)])

    assert dict(rights) == {
        MAIN: ROLES[Role.FRONT_DESK] | ROLES[Role.CLINIC_ADMIN],
        None: ROLES[Role.BILLER],
    }


@pytest.mark.parametrize(
    ("permission", "sites"),
    [
        (Permission.SEE_CLINICAL, {MAIN}),
        (Permission.SCHEDULE, {FAR}),
        (Permission.SEE_SCHEDULE, {MAIN, FAR}),
        (Permission.MANAGE_USERS, set()),
    ],
)
def test_a_permission_is_held_at_the_sites_of_its_roles(
    permission: Permission, sites: set[int]
) -> None:
    assert ROBIN.sites_with(permission) == frozenset(sites)
    assert [ROBIN.may_at(permission, site) for site in (MAIN, FAR)] == [
        MAIN in sites,
        FAR in sites,
    ]
    assert ROBIN.may(permission) == bool(sites)
    assert not ROBIN.may_at(permission, None)


def test_a_role_at_every_site_holds_at_each_and_for_the_whole() -> None:
    asked = (MAIN, FAR, None)

    assert EVERYWHERE.sites_with(Permission.SCHEDULE) is None
    assert all(EVERYWHERE.may_at(Permission.SCHEDULE, site) for site in asked)
    assert not any(EVERYWHERE.may_at(Permission.SEE_CLINICAL, site) for site in asked)


def test_the_clinics_own_jobs_hold_all_everywhere() -> None:
    job = system_actor("missed sweep")

    assert all(job.may(one) and job.may_at(one, None) for one in Permission)


def test_who_is_a_patient_too_is_that_patient_alone() -> None:
    assert [ROBIN.is_patient(one) for one in (9, 10)] == [True, False]
    assert not EVERYWHERE.is_patient(9)
