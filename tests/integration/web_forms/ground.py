"""What a write form needs to be tried: who sends it, what is typed, and how it loses a race."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape

from sqlalchemy import select

from clinic.models import Base, Observation, SideEffect
from clinic.models.engine import reading
from tests.browsers import Browser, hidden_fields
from tests.integration.web_desk.conftest import TODAY, Desk

LOOKS = frozenset({"login_session", "audit_entry", "throttle"})
FORM = re.compile(r'<form[^>]*\baction="([^"]*)"[^>]*>(.*?)</form>', re.DOTALL)
VITALS = {"systolic": "128", "diastolic": "78", "pulse": "72", "spo2": "98"}
EFFECT = {"tap": "headache", "grade": "1", "free_text": "since noon"}


@dataclass(frozen=True, slots=True)
class Ground:
    """The desk's clinic, and browsers for its people."""

    desk: Desk
    browser: Callable[[str], Browser]

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        """Every value of every table, but for looks and log-ins."""
        with reading(self.desk.engine) as session:
            return {
                table.name: sorted((tuple(row) for row in session.execute(select(table))), key=repr)
                for table in Base.metadata.sorted_tables
                if table.name not in LOOKS
            }

    def visit(self, *steps: str, at: int = 600) -> str:
        """Book Pat for today, let Cleo take these steps, and return the public id."""
        visit = self.desk.book(on=TODAY, at=at)
        for step in steps:
            self.chair(visit, step)
        return visit

    def chair(self, visit: str, step: str, **data: str) -> None:
        """Let Cleo send one form of the visit page."""
        cleo, address = self.browser("cleo"), f"/clinician/visits/{visit}"
        page = f"{address}/{step}" if step.endswith(("finish", "void", "change")) else address
        answer = cleo.send(f"{address}/{step}", data, page=page)
        assert answer.status_code == 303, (step, answer.text)

    def front(self, address: str, page: str = "", **data: str) -> str:
        """Let somebody else at the desk send a form, and return where it led."""
        answer = self.browser("dana").send(address, data, page=page or address)
        assert answer.status_code in {200, 303}, answer.text
        return str(answer.location)

    def reading_of(self) -> str:
        """The public id of the only reading."""
        with reading(self.desk.engine) as session:
            return session.scalars(select(Observation.public_id)).one()

    def effect_of(self) -> str:
        """The public id of the only side effect."""
        with reading(self.desk.engine) as session:
            return session.scalars(select(SideEffect.public_id)).one()


@dataclass(frozen=True, slots=True)
class WriteForm:
    """A form as somebody is about to send it.

    `kept` is what a refused answer still shows. `race` is what somebody else does first; the form
    then gets the status `lost` and the words `says`. `twin` gives other fields for the same key:
    the race of a form that only its own second sending can lose. `table` is one that it writes to.
    """

    page: str
    address: str
    fields: dict[str, str] = field(default_factory=dict)
    kept: str = ""
    race: Callable[[], object] | None = None
    twin: dict[str, str] = field(default_factory=dict)
    lost: int = 409
    says: str = ""
    done: int = 303
    who: str = "dana"
    table: str = "audit_entry"


def button(html: str, address: str) -> dict[str, str]:
    """The hidden fields of the form on a page that posts to this address."""
    for action, inside in FORM.findall(html):
        if unescape(action) == address:
            return hidden_fields(inside)
    raise AssertionError(f"no form posts to {address}")
