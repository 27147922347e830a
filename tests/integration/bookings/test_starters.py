"""Every starter protocol, variant and route is planned and booked whole in the demo's clinic."""

import json
from datetime import date

import pytest
from sqlalchemy import Engine, func, select

from clinic.actions.courses import book_course
from clinic.actions.definitions import load_starter_data
from clinic.actions.setup import apply_setup
from clinic.demo.cast import DATA
from clinic.models import Appointment, Cell, Course, Patient, Site
from clinic.models.engine import reading, writing
from clinic.planning.validator import check_plan
from clinic.planning.wishes import Wishes
from clinic.queries.availability import frame_of
from clinic.queries.proposals import propose_course
from clinic.rules.protocols import repeating, with_choice
from tests.integration.cli.conftest import BY, MADE_AT
from tests.pictures import Pictures
from tests.some import some
from tests.unit.planning.clinics import PROTOCOLS

MONDAY = date(2026, 6, 1)
VISITS = {
    ("tms_10hz_ldlpfc_37", None): 36,
    ("tms_10hz_ldlpfc_19", None): 36,
    ("tms_itbs_ldlpfc", None): 36,
    ("tms_1hz_rdlpfc", None): 36,
    ("tms_bilateral_seq", None): 36,
    ("dtms_h1_mdd", None): 44,
    ("dtms_h1_mdd", "payer_36"): 36,
    ("dtms_h7_ocd", None): 29,
    ("saint_snt", None): 50,
    ("tms_maintenance", None): 12,
    ("tms_retreatment", None): 36,
    ("ket_iv_series", None): 6,
    ("ket_im_kap", None): 3,
    ("ket_sl_kap_clinic", None): 3,
    ("esk_trd", None): 18,
    ("esk_mdsi", None): 8,
    ("kap_programme", None): 9,
    ("kap_programme", "sl"): 9,
    ("kap_programme", "iv"): 9,
}
"""How many visits each has by its usual counts; of the programme an integration a dosing."""


@pytest.fixture
def clinic(engine: Engine, pictures: Pictures) -> Engine:
    """The demo's clinic without a booking, and one patient."""
    pictures.of("starters", engine, lambda: _furnish(engine))
    return engine


def _furnish(engine: Engine) -> None:
    document = json.loads((DATA / "demo_clinic.json").read_text(encoding="utf-8"))
    patient = {"record_number": "100", "family": "Price", "given": "Pat"}
    with writing(engine) as session:
        load_starter_data(session, by=BY, now=MADE_AT)
        apply_setup(session, document={**document, "patients": [patient]}, by=BY, now=MADE_AT)


def test_no_starter_protocol_is_left_out() -> None:
    routes = {
        (key, r.key) for key, p in PROTOCOLS.items() for r in p.routes if r.key != p.default_route
    }
    variants = {(key, one.key) for key, p in PROTOCOLS.items() for one in p.variants}

    assert set(VISITS) == {(key, None) for key in PROTOCOLS} | routes | variants


@pytest.mark.parametrize("key, choice", some(list(VISITS), 0))
def test_a_starter_protocol_is_planned_and_booked_whole(
    clinic: Engine, key: str, choice: str | None
) -> None:
    repeats = "tms_10hz_ldlpfc_37" if PROTOCOLS[key].repeat else None
    with reading(clinic) as session:
        found = propose_course(
            session,
            patient_id=session.scalars(select(Patient.id)).one(),
            protocol_key=key,
            site=frame_of(session.scalars(select(Site).where(Site.key == "main")).one()),
            wishes=Wishes(MONDAY),
            variant=choice,
            repeats=repeats,
            is_choice=True,
        )
    kinds = {name: one.visit_kind for name, one in found.kinds.items()}
    asked, chosen = found.asked, with_choice(PROTOCOLS[key], choice)
    if repeats is not None:
        chosen = repeating(chosen, PROTOCOLS[repeats])

    assert found.plan.first_impossible is None
    assert len(found.plan.visits) == VISITS[key, choice]
    for offer in found.offers:
        assert check_plan(offer.plan, chosen, kinds, asked.world, asked.wishes) == []

    with writing(clinic) as session:
        book_course(
            session, order=found.order, plan=found.plan, kinds=found.kinds, by=BY, now=MADE_AT
        )
    with reading(clinic) as session:
        course = session.scalars(select(Course)).one()
        booked = session.scalar(select(func.count()).select_from(Appointment))
        held = session.scalar(select(func.count()).select_from(Cell)) or 0
    assert (course.variant, booked) == (choice, VISITS[key, choice])
    assert held > VISITS[key, choice]
