"""`clinic tick`: all that the scheduler does, for a clinic that calls it from cron."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import func, select

from clinic.clock import machine_now
from clinic.models.accounts import RequestKey
from clinic.models.engine import make_engine, reading, writing
from tests.factories import make_account, make_patient
from tests.integration.cli.conftest import Commands


def test_tick_from_cron_drops_what_is_no_longer_needed(
    make_clinic: Callable[..., Commands],
) -> None:
    clinic = make_clinic()
    engine = make_engine(f"sqlite:///{clinic.folder / 'clinic.db'}")
    with writing(engine) as session:
        patient = make_patient(session, number="7", family="Price", given="Pat")
        account = make_account(session, patient=patient).id
        session.add(
            RequestKey(
                account_id=account,
                key="of-last-week",
                route="desk.new_patient",
                body_hash="0" * 64,
                result="/",
                created_at=machine_now() - timedelta(days=7),
            )
        )

    done = clinic.json("tick")

    assert done["failed_messages"] == []
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(RequestKey)) == 0
    engine.dispose()
