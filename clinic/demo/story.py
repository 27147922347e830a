"""The story of the demo: eight weeks lived day by day through the product's own actions."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from clinic.actions.courses import book_course
from clinic.demo.cast import Cast, add_cast
from clinic.demo.courses import DemoCourse, demo_courses
from clinic.demo.extras import book_extras
from clinic.demo.make_ups import book_make_up
from clinic.demo.visits import live_visit
from clinic.models.appointments import Appointment
from clinic.models.engine import reading, write, writing
from clinic.models.sites import Site
from clinic.queries.availability import SiteFrame, frame_of
from clinic.queries.proposals import propose_course
from clinic.rules.appointments import Status

WEEKS = 9
MORNING = 8 * 60
SCENE = 10 * 60 + 52
"""The minute of the demo's day at which the story stops: a busy late morning."""


@dataclass(slots=True)
class Story:
    """The demo while it is told; `unplanned` counts courses that found no room."""

    engine: Engine
    rng: random.Random
    today: date
    zone: str = "America/New_York"
    unplanned: int = 0
    booked: int = 0
    sites: dict[str, SiteFrame] = field(default_factory=dict)

    def at(self, on: date, minute: int) -> datetime:
        """Return the instant of a wall time of the demo's zone."""
        wall = datetime(on.year, on.month, on.day, tzinfo=ZoneInfo(self.zone))
        return wall + timedelta(minutes=minute)


def tell_story(engine: Engine, *, today: date, seed: int) -> Iterator[str]:
    """Make the clinic and live its weeks up to this morning; yields a line for each week."""
    story = Story(engine, random.Random(seed), today)  # noqa: S311 -- a story, no secret
    first = today - timedelta(weeks=WEEKS)
    with writing(engine) as session:
        cast = add_cast(session, rng=story.rng, now=story.at(first, MORNING))
    with reading(engine) as session:
        story.sites = {site.key: frame_of(site) for site in session.scalars(select(Site))}
    waiting = demo_courses(story.rng, today=today)
    for on in (first + timedelta(days=n) for n in range((today - first).days + 1)):
        due = [course for course in waiting if course.booked_on == on]
        for course in due:
            _book(story, cast, course)
        _add_extras(story, cast, on)
        _live(story, cast, on)
        if on.weekday() == 4:
            yield f"week to {on:%d %B}: {story.booked} courses booked"
    yield f"{story.booked} courses booked, {story.unplanned} found no room"


def _book(story: Story, cast: Cast, course: DemoCourse) -> None:
    """Plan a course and book it, as the front desk would."""
    is_away = course.protocol == "kap_programme" and course.patient % 3 == 0
    site = story.sites["riverside" if is_away else "main"]
    with reading(story.engine) as session:
        proposal = propose_course(
            session,
            patient_id=cast.patient_ids[course.patient],
            protocol_key=course.protocol,
            site=site,
            wishes=course.wishes,
        )
    if proposal.plan.unplaced:
        story.unplanned += 1
        return
    now = story.at(course.booked_on, MORNING + story.rng.randrange(90))
    write(
        story.engine,
        lambda session: book_course(
            session,
            order=proposal.order,
            plan=proposal.plan,
            kinds=proposal.kinds,
            by=cast.desk,
            now=now,
        ),
    )
    story.booked += 1


def _add_extras(story: Story, cast: Cast, on: date) -> None:
    """Book single visits with patients who have no course."""
    book_extras(
        story.engine,
        rng=story.rng,
        site=story.sites["main"],
        on=on,
        patient_ids=cast.patient_ids[100:],
        by=cast.desk,
        now=story.at(on, MORNING - 30),
    )


def _live(story: Story, cast: Cast, on: date) -> None:
    """Live one day: everything up to the scene on the last day, all of it on the others."""
    until = story.at(on, SCENE if on == story.today else 24 * 60)
    with writing(story.engine) as session:
        missed = [
            row.id
            for row in _of_day(session, on)
            if live_visit(session, appointment=row, cast=cast, rng=story.rng, until=until)
        ]
    for appointment_id in missed:
        book_make_up(
            story.engine,
            appointment_id=appointment_id,
            sites={site.id: site for site in story.sites.values()},
            by=cast.desk,
            now=story.at(on, SCENE),
        )


def _of_day(session: Session, on: date) -> list[Appointment]:
    return list(
        session.scalars(
            select(Appointment)
            .where(Appointment.local_on == on, Appointment.status == Status.BOOKED)
            .order_by(Appointment.start_at, Appointment.id)
        )
    )
