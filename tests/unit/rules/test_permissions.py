"""Who may do what, from the one table."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.rules.permissions import DOORS, ROLES, Door, Permission, Role, may_enter, permissions_of

OPERATIONS = json.loads(
    (Path(__file__).parents[3] / "clinic" / "data" / "operations.json").read_text(encoding="utf-8")
)
CLINICAL = {
    Permission.SEE_CLINICAL,
    Permission.RECORD_VITALS,
    Permission.RECORD_SIDE_EFFECTS,
    Permission.DELIVER_TMS,
    Permission.ASSESS,
    Permission.ORDER,
    Permission.OVERRIDE,
}


def test_every_role_of_the_clinic_is_in_the_table() -> None:
    assert {role["key"] for role in OPERATIONS["roles"]} == {role.value for role in ROLES}


@pytest.mark.parametrize("role", [one["key"] for one in OPERATIONS["roles"] if not one["clinical"]])
def test_a_role_that_is_not_clinical_sees_nothing_clinical(role: str) -> None:
    assert permissions_of([role]) & CLINICAL == frozenset()


@pytest.mark.parametrize("role", [one["key"] for one in OPERATIONS["roles"] if one["clinical"]])
def test_a_clinical_role_opens_the_clinical_door(role: str) -> None:
    assert may_enter(permissions_of([role]), Door.CLINICIAN)


def test_rights_are_the_union_of_roles_and_unknown_roles_give_none() -> None:
    both = permissions_of([Role.FRONT_DESK, Role.CLINIC_ADMIN])

    assert both == ROLES[Role.FRONT_DESK] | ROLES[Role.CLINIC_ADMIN]
    assert permissions_of(["stranger"]) == frozenset()


def test_a_patient_opens_only_the_patient_door() -> None:
    rights = permissions_of([Role.PATIENT])

    assert [door for door in Door if may_enter(rights, door)] == [Door.PATIENT]


def test_a_vitals_recorder_neither_assesses_nor_overrides() -> None:
    never = {Permission.ASSESS, Permission.OVERRIDE, Permission.ORDER}

    assert permissions_of([Role.VITALS_RECORDER]) & never == frozenset()


def test_clinical_acts_need_sight_of_the_record() -> None:
    blind = {role for role, rights in ROLES.items() if Permission.SEE_CLINICAL not in rights}

    assert {role: ROLES[role] & CLINICAL for role in blind} == dict.fromkeys(blind, frozenset())


@given(st.lists(st.sampled_from([*(role.value for role in Role), "gardener", ""])))
def test_rights_are_the_union_and_an_unknown_role_gives_none(roles: list[str]) -> None:
    each = [permissions_of([role]) for role in roles]

    assert permissions_of(roles) == frozenset[Permission]().union(*each)
    assert permissions_of(["gardener", ""]) == frozenset()


@pytest.mark.parametrize(
    ("role", "doors"),
    [
        (Role.FRONT_DESK, {Door.DESK, Door.SCHEDULE}),
        (Role.TMS_OPERATOR, {Door.DESK, Door.SCHEDULE, Door.CLINICIAN}),
        (Role.CLINIC_ADMIN, {Door.ADMIN}),
        (Role.PATIENT, {Door.PATIENT}),
        (Role.BILLER, {Door.DESK, Door.SCHEDULE}),
    ],
)
def test_doors_of_a_role(role: Role, doors: set[Door]) -> None:
    rights = permissions_of([role])

    assert {door for door in DOORS if may_enter(rights, door)} == doors


def test_nobody_else_enters_by_the_patient_door() -> None:
    staff = permissions_of(role for role in Role if role is not Role.PATIENT)

    assert not may_enter(staff, Door.PATIENT)
    assert set(DOORS) == set(Door)
