"""Set up a clinic from one document: all of it or nothing, and again changes nothing."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.actions.blocks import put_block
from clinic.actions.patients import put_patient
from clinic.actions.puts import Put
from clinic.actions.resources import put_resource
from clinic.actions.sites import put_organisation, put_site
from clinic.actions.staff import link_own_chart, put_staff
from clinic.errors import Conflict, NotFound, RuleBroken
from clinic.models.accounts import Account
from clinic.models.base import JsonValue
from clinic.queries.definitions import protocols
from clinic.queries.resources import resource_kinds
from clinic.queries.setup import known_resources, known_sites, known_stimulators
from clinic.rules.actors import Actor
from clinic.rules.setup_checks import Known, setup_problems
from clinic.rules.setup_reading import Problem, read_setup
from clinic.rules.setup_words import word_problems
from clinic.rules.setups import ResourceSpec, Setup
from clinic.schemas import DocumentRefused, Fault, schema_faults

Spec = TypeVar("Spec")
NAVIGATION = "neuronavigation"


@dataclass(frozen=True, slots=True)
class SetupReport:
    """What a set-up did: how many of each section were created, changed and left as they were.

    `new_logins` have no password yet.
    """

    sections: Mapping[str, Mapping[Put, int]]
    new_logins: tuple[str, ...] = field(default=())


def apply_setup(session: Session, *, document: JsonValue, by: Actor, now: datetime) -> SetupReport:
    """Make the clinic as the document says; DocumentRefused lists every fault by path.

    What the document leaves out stays as it is. Nothing is deleted.
    """
    setup = check_setup(session, document)
    before = _logins(session)
    sections: dict[str, Counter[Put]] = {}
    if setup.organisation is not None:
        with _at("$.clinic"):
            done = put_organisation(session, spec=setup.organisation, by=by, now=now)
            sections["clinic"] = Counter([done])
    sections["sites"] = _each(
        "sites", setup.sites, lambda spec: put_site(session, spec=spec, by=by, now=now)
    )
    sections["resources"] = _each_resource(session, setup.resources, by=by, now=now)
    sections["staff"] = _each(
        "staff", setup.staff, lambda spec: put_staff(session, spec=spec, by=by, now=now)
    )
    sections["leave"] = _leave(session, setup, by=by, now=now)
    sections["blocks"] = _each(
        "blocks", setup.blocks, lambda spec: put_block(session, spec=spec, by=by, now=now)
    )
    sections["patients"] = _each(
        "patients", setup.patients, lambda spec: put_patient(session, spec=spec, by=by, now=now)
    )
    if any(spec.patient is not None for spec in setup.staff):
        sections["own_charts"] = _own_charts(session, setup, by=by, now=now)
    session.flush()
    return SetupReport(sections, tuple(sorted(_logins(session) - before)))


def check_setup(session: Session, document: JsonValue) -> Setup:
    """Return the set-up a document describes, or raise DocumentRefused with every fault."""
    faults = schema_faults(document, "setup")
    if faults or not isinstance(document, dict):
        raise DocumentRefused(faults)
    if words := list(word_problems(document)):
        raise DocumentRefused(_fault(problem) for problem in words)
    setup, problems = read_setup(document)
    problems += setup_problems(setup, _known(session))
    if problems:
        raise DocumentRefused(_fault(problem) for problem in problems)
    return setup


def _known(session: Session) -> Known:
    """Return what the clinic has already and a document may refer to."""
    tags = {tag for one in protocols(session).values() for tag in one.device_tags}
    return Known(
        sites=known_sites(session),
        resources=known_resources(session),
        kinds=resource_kinds(session),
        coil_tags=frozenset(tags - {NAVIGATION}),
        stimulators=known_stimulators(session),
    )


def _each(section: str, specs: Sequence[Spec], put: Callable[[Spec], Put]) -> Counter[Put]:
    """Put each entry of a section; what it refuses is named by its path in the document."""
    done: Counter[Put] = Counter()
    for index, spec in enumerate(specs):
        with _at(f"$.{section}[{index}]"):
            done[put(spec)] += 1
    return done


def _each_resource(
    session: Session, specs: Sequence[ResourceSpec], *, by: Actor, now: datetime
) -> Counter[Put]:
    """Put devices and rooms before the shared coils that go on them, whatever their order."""
    done: Counter[Put] = Counter()
    for index, spec in sorted(enumerate(specs), key=lambda pair: bool(pair[1].fits)):
        with _at(f"$.resources[{index}]"):
            done[put_resource(session, spec=spec, by=by, now=now)] += 1
    return done


def _leave(session: Session, setup: Setup, *, by: Actor, now: datetime) -> Counter[Put]:
    done: Counter[Put] = Counter()
    for person, spec in enumerate(setup.staff):
        for index, block in enumerate(spec.leave or ()):
            with _at(f"$.staff[{person}].leave[{index}]"):
                done[put_block(session, spec=block, by=by, now=now)] += 1
    return done


def _own_charts(session: Session, setup: Setup, *, by: Actor, now: datetime) -> Counter[Put]:
    """Link the people who are patients too, once all patients are there."""
    done: Counter[Put] = Counter()
    for index, spec in enumerate(setup.staff):
        if spec.patient is not None:
            with _at(f"$.staff[{index}].patient"):
                linked = link_own_chart(
                    session, staff_key=spec.key, record_number=spec.patient, by=by, now=now
                )
                done[linked] += 1
    return done


@contextmanager
def _at(path: str) -> Iterator[None]:
    """Turn what an action refuses into a fault at this path."""
    try:
        yield
    except (RuleBroken, Conflict, NotFound) as error:
        where = error.values.get("field")
        at = f"{path}.{where}" if isinstance(where, str) else path
        raise DocumentRefused([Fault(at, error.code, error.values)]) from error


def _fault(problem: Problem) -> Fault:
    path, code, values = problem
    return Fault(path, code, values)


def _logins(session: Session) -> set[str]:
    return {login for login in session.scalars(select(Account.login)) if login is not None}
