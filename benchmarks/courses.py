"""B5: plan, verify and book a 36-session course, with cells, audit and outbox."""

import random
import tempfile
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import Engine, select

from benchmarks.harness import Figure, counting, timed
from clinic.actions.courses import book_course
from clinic.demo.cast import Cast, add_cast
from clinic.demo.story import Story
from clinic.models.engine import make_engine, reading, write, writing
from clinic.models.migrate import upgrade
from clinic.models.sites import Site
from clinic.planning.courses import Wishes
from clinic.queries.availability import frame_of
from clinic.queries.proposals import propose_course

TODAY = date(2026, 3, 2)


def run() -> list[Figure]:
    """Return the figure of B5 on SQLite in a file."""
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{Path(folder) / 'clinic.db'}")
        upgrade(engine)
        story = Story(engine, random.Random(5), TODAY)
        with writing(engine) as session:
            cast = add_cast(session, rng=story.rng, now=story.at(TODAY, 480))
        patients = iter(cast.patient_ids)
        figure = _measure(engine, story, cast, patients)
        engine.dispose()
    return [figure]


def _measure(engine: Engine, story: Story, cast: Cast, patients: object) -> Figure:
    def once() -> None:
        _book(engine, story, cast, next(patients))  # type: ignore[call-overload] # an iterator

    wall, worst, cpu = timed(once, runs=15)
    with counting(engine) as count:
        once()
    return Figure("B5", "plan + verify + book 36 sessions", wall, worst, cpu, count.number)


def _book(engine: Engine, story: Story, cast: Cast, patient_id: int) -> None:
    with reading(engine) as session:
        site = frame_of(session.scalars(select(Site).where(Site.key == "main")).one())
        wishes = Wishes(
            start_on=TODAY + timedelta(days=7 + patient_id % 5),
            preferred_min=(8 + patient_id % 9) * 60,
        )
        proposal = propose_course(
            session,
            patient_id=patient_id,
            protocol_key="tms_itbs_ldlpfc",
            site=site,
            wishes=wishes,
        )
    now = story.at(TODAY, 600)
    write(
        engine,
        lambda session: book_course(
            session,
            order=proposal.order,
            plan=proposal.plan,
            kinds=proposal.kinds,
            by=cast.desk,
            now=now,
        ),
    )


if __name__ == "__main__":
    for one in run():
        print(one)
