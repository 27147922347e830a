"""The medical director's data: loaded once, checked, and never changed under a version."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clinic.actions.definitions import STARTER, load_definitions, load_starter_data
from clinic.errors import NotAllowed, NotFound
from clinic.models.audit import AuditEntry
from clinic.models.base import JsonValue
from clinic.models.definitions import Definition, DefinitionStatus
from clinic.queries import definitions
from clinic.rules.actors import Actor, rights_of, system_actor
from clinic.rules.permissions import Role
from clinic.schemas import DATA, DocumentRefused
from tests.factories import make_account, make_staff

BY = system_actor("test")
Edit = Callable[[dict[str, JsonValue]], None]


def starter(name: str) -> dict[str, JsonValue]:
    document = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def refusal(session: Session, now: datetime, document: JsonValue) -> list[tuple[str, str]]:
    with pytest.raises(DocumentRefused) as caught:
        load_definitions(session, document=document, by=BY, now=now)
    return [(fault.path, fault.code) for fault in caught.value.faults]


def test_starter_data_are_stored_approved_and_audited(session: Session, now: datetime) -> None:
    loaded = load_starter_data(session, by=BY, now=now)

    rows = session.scalars(select(Definition)).all()
    assert len(rows) == len(loaded.added)
    assert {(row.status, row.approved_at, row.in_force_on) for row in rows} == {
        (DefinitionStatus.APPROVED, now, now.date())
    }
    assert session.scalar(select(func.count(AuditEntry.id))) == len(rows)


def test_loading_again_changes_nothing(session: Session, now: datetime) -> None:
    first = load_starter_data(session, by=BY, now=now)

    again = load_starter_data(session, by=BY, now=now)

    assert (again.added, again.unchanged) == ((), len(first.added))


def test_every_starter_protocol_and_kind_can_be_read_back(session: Session, now: datetime) -> None:
    load_starter_data(session, by=BY, now=now)

    protocols, kinds = definitions.protocols(session), definitions.visit_kinds(session)

    assert len(protocols) == len(starter("protocols")["protocols"])
    assert {step.visit_kind for one in protocols.values() for step in one.steps} <= set(kinds)


def test_a_protocol_that_inherits_has_its_parents_fields(session: Session, now: datetime) -> None:
    load_starter_data(session, by=BY, now=now)

    child = definitions.protocols(session)["esk_mdsi"]
    parent = definitions.protocols(session)["esk_trd"]

    assert (child.inherits, child.modality, child.objective) == (
        "esk_trd",
        parent.modality,
        parent.objective,
    )


def test_an_approved_version_that_would_change_is_refused_at_the_place(
    session: Session, now: datetime
) -> None:
    load_starter_data(session, by=BY, now=now)
    document = starter("protocols")
    document["protocols"][0]["steps"][0]["count"]["default"] = 31

    faults = refusal(session, now, document)

    assert faults == [("$.protocols[0].steps[0].count.default", "approved_body_changed")]


def test_a_raised_version_is_added_beside_the_old_one(session: Session, now: datetime) -> None:
    load_starter_data(session, by=BY, now=now)
    old = definitions.current(session, "protocol", "tms_10hz_ldlpfc_37").id
    document = starter("protocols")
    document["protocols"][0]["version"] = 2
    document["protocols"][0]["name"] = "New name"

    loaded = load_definitions(session, document=document, by=BY, now=now)

    assert loaded.added == ("protocol/tms_10hz_ldlpfc_37/2",)
    assert definitions.protocols(session)["tms_10hz_ldlpfc_37"].name == "New name"
    assert definitions.protocol(session, old).version == 1


def edit_step(field: str, value: JsonValue) -> Edit:
    def edit(document: dict[str, JsonValue]) -> None:
        document["protocols"][0]["steps"][1][field] = value

    return edit


@pytest.mark.parametrize(
    "edit, fault",
    [
        (
            edit_step("count", {"min": 5, "default": 3, "max": 3}),
            ("$.protocols[0].steps[1].count.min", "minimum_above_maximum"),
        ),
        (
            edit_step("gap_days", {"min": 9, "ideal": 9, "max": 2}),
            ("$.protocols[0].steps[1].gap_days.min", "minimum_above_maximum"),
        ),
        (
            edit_step("visit_kind", "tsm"),
            ("$.protocols[0].steps[1].visit_kind", "visit_kind_unknown"),
        ),
        (
            edit_step("weekly_limit", {"default": 9, "options": [3]}),
            ("$.protocols[0].steps[1].weekly_limit.default", "not_an_option"),
        ),
        (edit_step("key", "acute"), ("$.protocols[0].steps[1].key", "given_twice")),
        (edit_step("length_min", "long"), ("$.protocols[0].steps[1].length_min", "schema_anyOf")),
    ],
)
def test_a_protocol_that_makes_no_sense_is_refused_by_path(
    session: Session, now: datetime, edit: Edit, fault: tuple[str, str]
) -> None:
    load_definitions(session, document=starter("visit_kinds"), by=BY, now=now)
    document = starter("protocols")
    edit(document)

    assert refusal(session, now, document) == [fault]
    assert definitions.current_ids(session, "protocol") == {}


@pytest.mark.parametrize("document", [None, [], {}, {"schema": "clinic-tracker/recipes/1"}])
def test_a_document_of_another_kind_is_refused(
    session: Session, now: datetime, document: JsonValue
) -> None:
    assert refusal(session, now, document) == [("$.schema", "schema_unknown")]


def test_an_unknown_parent_is_refused(session: Session, now: datetime) -> None:
    document = starter("protocols")
    document["protocols"] = [document["protocols"][14]]

    assert refusal(session, now, document) == [("$.protocols[0].inherits", "unknown_parent")]


def test_a_definition_of_a_later_day_is_not_in_force_before(
    session: Session, now: datetime
) -> None:
    load_starter_data(session, by=BY, now=now)

    early = definitions.current_ids(session, "policies", on=now.date().replace(year=2025))

    assert early == {}


def test_sections_that_older_policies_lack_are_those_of_the_starter_data(
    session: Session, now: datetime
) -> None:
    old = starter("policies")
    messages = old.pop("messages")
    old["late_cancel"] = {"under_hours": 48}
    load_definitions(session, document=old, by=BY, now=now)

    found = definitions.policies(session)

    assert (found["messages"], found["late_cancel"]) == (messages, {"under_hours": 48})


def test_policies_and_texts_that_cannot_be_used_are_refused_with_their_place(
    session: Session, now: datetime
) -> None:
    policies, texts = starter("policies"), starter("texts")
    policies["messages"]["change_notices"]["wait_min"] = 0
    texts["before_visit"]["lines"][1]["words"] = {"es": "Duerma."}

    assert refusal(session, now, policies) == [("$.messages.change_notices.wait_min", "too_small")]
    policies = starter("policies")
    policies["cancel"]["reasons"] = "weather"
    assert refusal(session, now, policies) == [("$.cancel.reasons", "not_a_list")]
    policies = starter("policies")
    policies["status"]["beside"]["reason_codes"]["lost"] = ["weather"]
    assert refusal(session, now, policies) == [
        ("$.status.beside.reason_codes.lost", "outcome_unknown")
    ]
    assert refusal(session, now, texts) == [("$.before_visit.lines[1].words", "schema_required")]


def test_an_absent_definition_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        definitions.policies(session)
    with pytest.raises(NotFound):
        definitions.protocol(session, 99)


def test_what_all_sites_share_is_not_changed_by_the_right_at_one(
    session: Session, now: datetime
) -> None:
    account = make_account(session, staff=make_staff(session, key="mei", name="Mei Lin")).id
    director = Role.MEDICAL_DIRECTOR.value
    at_one = Actor(account, rights_of([(director, 1)]))
    everywhere = Actor(account, rights_of([(director, None)]))

    with pytest.raises(NotAllowed):
        load_starter_data(session, by=at_one, now=now)
    assert load_starter_data(session, by=everywhere, now=now).added


def test_loading_needs_the_permission(session: Session, now: datetime) -> None:
    with pytest.raises(NotAllowed):
        load_definitions(session, document={}, by=Actor(account_id=1), now=now)


def test_the_packages_data_are_the_files_that_are_loaded() -> None:
    names = {path.stem for path in Path(DATA).glob("*.json")}

    assert set(STARTER) <= names
