"""Bookings across clock changes keep their hour; an hour left out or doubled is refused."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from clinic.actions.appointments import VisitDraft, book_appointment, move_appointment
from clinic.errors import RuleBroken
from clinic.models import Appointment, Assignment, Cell, OpeningHours
from clinic.models.engine import reading, writing
from clinic.queries.availability import SiteFrame
from clinic.rules.times import local_minutes
from clinic.web.sentences import SENTENCES
from tests.integration.bookings.diary import LENGTH, TURNOVER, Diary, make_diary
from tests.places import add_site

CHICAGO, LORD_HOWE = "America/Chicago", "Australia/Lord_Howe"
REFUSED = [
    pytest.param(CHICAGO, date(2026, 3, 8), 120, "time_does_not_exist", id="missing in Chicago"),
    pytest.param(CHICAGO, date(2026, 11, 1), 60, "time_exists_twice", id="doubled in Chicago"),
    pytest.param(
        LORD_HOWE, date(2026, 10, 4), 120, "time_does_not_exist", id="missing on Lord Howe"
    ),
    pytest.param(LORD_HOWE, date(2026, 4, 5), 90, "time_exists_twice", id="doubled on Lord Howe"),
]


@pytest.fixture
def diary(engine: Engine) -> Diary:
    return make_diary(engine)


def always_open(session: Session, zone: str) -> SiteFrame:
    """A site that never closes: the planner's hours hide no clock change."""
    site = add_site(session, key="far", zone=zone)
    session.query(OpeningHours).filter_by(site_id=site.id).delete()
    session.add_all(
        [OpeningHours(site_id=site.id, weekday=n, from_min=0, to_min=1440) for n in range(7)]
    )
    session.flush()
    return site


def draft_at(diary: Diary, session: Session, site: SiteFrame, on: date, minute: int) -> VisitDraft:
    """Return the draft of a visit at a wall time of the site."""
    draft = diary.draft(session, 0, 0, 0, None)
    first = minute // 5
    hold = replace(draft.visit.holds[0], from_cell=first, to_cell=first + LENGTH + TURNOVER)
    return replace(
        draft, site=site, visit=replace(draft.visit, on=on, start_cell=first, holds=(hold,))
    )


@pytest.mark.parametrize(("zone", "on", "minute", "code"), REFUSED)
def test_start_that_is_left_out_or_doubled_is_refused_in_words(
    diary: Diary, zone: str, on: date, minute: int, code: str
) -> None:
    with writing(diary.engine) as session:
        draft = draft_at(diary, session, always_open(session, zone), on, minute)

    with writing(diary.engine) as session, pytest.raises(RuleBroken) as refused:
        book_appointment(session, draft=draft, by=diary.dana, now=diary.now)

    assert refused.value.code == code
    assert "%(time)s" in str(SENTENCES[code])
    assert refused.value.values["time"] == f"{on} {minute // 60:02d}:{minute % 60:02d}"
    with reading(diary.engine) as session:
        assert session.scalar(select(func.count()).select_from(Appointment)) == 0


@pytest.mark.parametrize(("zone", "on", "minute", "code"), REFUSED)
def test_move_into_such_an_hour_is_refused_and_the_visit_stays(
    diary: Diary, zone: str, on: date, minute: int, code: str
) -> None:
    with writing(diary.engine) as session:
        site = always_open(session, zone)
        draft = draft_at(diary, session, site, on, 540)
        visit = book_appointment(session, draft=draft, by=diary.dana, now=diary.now).id
        wished = draft_at(diary, session, site, on, minute).visit
    before = diary.cells()

    with writing(diary.engine) as session, pytest.raises(RuleBroken) as refused:
        move_appointment(
            session,
            appointment=session.get_one(Appointment, visit),
            to=wished,
            site=site,
            kind=diary.kind,
            version=1,
            tell_patient=False,
            by=diary.dana,
            now=diary.now,
        )

    assert refused.value.code == code
    assert diary.cells() == before == diary.held()


@pytest.mark.parametrize("zone", [CHICAGO, LORD_HOWE])
def test_visits_across_both_changes_keep_their_hour_and_their_cells(
    diary: Diary, zone: str
) -> None:
    days = [date(2026, 3, 6) + timedelta(days=n) for n in range(0, 270, 9)]
    with writing(diary.engine) as session:
        site = always_open(session, zone)
        for on in days:
            draft = draft_at(diary, session, site, on, 540)
            book_appointment(session, draft=draft, by=diary.dana, now=diary.now)

    with reading(diary.engine) as session:
        rows = session.execute(
            select(Appointment, Assignment)
            .join(Assignment, Assignment.appointment_id == Appointment.id)
            .where(Assignment.requirement == "device")
            .order_by(Appointment.start_at)
        ).all()
        cells = session.scalar(select(func.count()).select_from(Cell))
    assert [(row.local_on, row.local_min) for row, _held in rows] == [(on, 540) for on in days]
    for row, held in rows:
        assert local_minutes(row.start_at, zone) == (row.local_on, row.local_min)
        assert held.from_quantum * 300 == row.start_at.timestamp()
    assert len({row.start_at.time() for row, _held in rows}) == 2
    assert cells == len(days) * (2 * LENGTH + TURNOVER)
