"""The clinic of the message tests, and a channel that keeps what it is given."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import pytest
from sqlalchemy import Engine

from clinic.jobs import TickReport, Works, hold_restored, new_owner, send_due, write_reminders
from clinic.messaging.base import Mail
from tests.integration.clinic_rows import Rows, make_rows


@dataclass
class Kept:
    """A channel that keeps mails; what a test put into `faults` is raised once for each try."""

    mails: list[Mail] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)
    bad: dict[str, Exception] = field(default_factory=dict)

    def send(self, mail: Mail, *, before_data: Callable[[], None]) -> None:
        if mail.to in self.bad:
            raise self.bad[mail.to]
        before_data()
        if self.faults:
            raise self.faults.pop(0)
        self.mails.append(mail)


@dataclass
class Outbox:
    """The jobs of one scheduler, run at moments a test chooses."""

    engine: Engine
    sender: Kept

    def works(self, at: datetime) -> Works:
        return Works(engine=self.engine, sender=self.sender, now=lambda: at, owner=new_owner())

    def write(self, at: datetime) -> TickReport:
        report = TickReport()
        write_reminders(self.works(at), report)
        return report

    def send(self, at: datetime) -> TickReport:
        report = TickReport()
        send_due(self.works(at), report)
        return report

    def hold(self, at: datetime) -> int:
        return hold_restored(self.works(at))


@pytest.fixture
def rows(engine: Engine) -> Rows:
    return make_rows(engine)


@pytest.fixture
def outbox(engine: Engine) -> Outbox:
    return Outbox(engine, Kept())
