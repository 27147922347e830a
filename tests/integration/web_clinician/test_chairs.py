"""The list at the chairs and the end of a dosing visit: what presses is seen, and not passed by."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape

import pytest
from sqlalchemy import select

from clinic.actions.observations import log_vitals
from clinic.actions.visits import end_visit, start_visit
from clinic.models import Account, Appointment, Assignment, AuditEntry, Resource, Staff
from clinic.models.engine import reading, writing
from clinic.rules.appointments import Outcome, Status
from clinic.rules.courses import CourseStatus
from clinic.rules.vitals import Reading
from tests.browsers import Browser, hidden_fields
from tests.integration.clinic_rows import Rows

Door = Callable[[str], Browser]
Spray = Callable[..., str]
CALM = Reading(systolic_mmhg=128, diastolic_mmhg=80, spo2_percent=98, moaas_score=5)
BAD = Reading(systolic_mmhg=195, diastolic_mmhg=112, spo2_percent=97, moaas_score=5)
UNDO = re.compile(r'<form method="post" action="(/schedule/undo/[^"]+)">(.*?)</form>', re.DOTALL)
TICKS = ["dissociation", "gait", "ride", "instructions", "screener"]


@pytest.fixture
def spray(rows: Rows, now: datetime) -> Spray:
    """Seat somebody whose spray was so many minutes ago; readings by minutes after it."""
    given = rows.dosing()
    by = rows.actor("monitoring_clinician")

    def seat(family: str, minutes: int, readings: dict[int, Reading]) -> str:
        patient_id, start = rows.patient(family=family), now - timedelta(minutes=minutes)
        course = given.course(status=CourseStatus.ACTIVE)
        visit = given.visit(
            "2026-03-02 06:30", patient_id=patient_id, status=Status.CHECKED_IN, course_id=course
        )
        with writing(rows.engine) as session:
            row = session.get_one(Appointment, visit)
            start_visit(session, appointment=row, at=start, by=by, now=start)
            session.flush()
            for minute, taken in readings.items():
                at = start + timedelta(minutes=minute)
                log_vitals(session, appointment=row, reading=taken, taken_at=at, by=by, now=at)
            return f"/clinician/visits/{row.public_id}"

    return seat


def end(who: Browser, address: str, **fields: str | list[str]) -> tuple[int, str]:
    page = f"{address}/finish"
    data: dict = {**who.form(page), **fields}
    answer = who.post(page, data)
    return answer.status_code, answer.text


def families(page: str) -> list[str]:
    return re.findall(r'class="today-name"[^>]*>(\w+), Quinn', page)


def test_what_presses_most_is_on_top_with_its_time(spray: Spray, browser: Door) -> None:
    spray("Calm", 30, {-4: CALM, 20: CALM})
    spray("Late", 60, {-4: CALM, 20: CALM})
    spray("Red", 50, {-4: CALM, 41: CALM, 48: BAD})

    page = browser("cleo").get("/clinician/").text

    assert families(page) == ["Red", "Late", "Calm"]
    assert re.findall(r'<tr data-tone="(\w+)">', page) == ["act", "late", "calm"]
    assert "ACT NOW 195/112, next reading 9:03" in page
    assert "BP due 8:40, 20 min late" in page
    assert "BP due 9:10" in page
    assert "‼ 1 act now, ◷ 1 overdue" in page


def test_bad_oxygen_is_named_as_what_it_is(spray: Spray, browser: Door) -> None:
    spray("Low", 50, {-4: CALM, 41: CALM, 49: replace(CALM, spo2_percent=88)})

    assert "ACT NOW SpO₂ 88 %, next reading 9:00" in browser("cleo").get("/clinician/").text


def test_list_says_when_somebody_may_leave(spray: Spray, browser: Door) -> None:
    spray("Soon", 100, {-4: CALM, 41: CALM, 90: CALM})
    spray("Ready", 121, {-4: CALM, 41: CALM, 118: CALM})

    page = browser("cleo").get("/clinician/").text

    assert "may leave from 9:20, final BP from 9:05" in page
    assert "may leave until 9:12 with this BP" in page


def test_list_shows_where_and_for_whom(rows: Rows, spray: Spray, browser: Door) -> None:
    spray("Mine", 10, {0: CALM})
    spray("Other", 10, {0: CALM})
    with writing(rows.engine) as session:
        visits = session.scalars(select(Appointment).order_by(Appointment.id)).all()
        room = Resource(key="chair-9", site_id=rows.site_id, kind="room", name="Recovery chair 2")
        session.add(room)
        session.flush()
        staff_id = session.get_one(Account, rows.cleo_id).staff_id
        person = session.get_one(Staff, staff_id).resource_id
        for resource_id in (room.id, room.id, person):
            session.add(
                Assignment(
                    appointment_id=visits[0].id,
                    resource_id=resource_id,
                    requirement="x",
                    from_quantum=1,
                    to_quantum=2,
                    seats=1,
                )
            )
    cleo = browser("cleo")

    every, mine = cleo.get("/clinician/").text, cleo.get("/clinician/?mine=1").text

    assert (families(every), families(mine)) == (["Mine", "Other"], ["Mine"])
    assert "Recovery chair 2" in mine


def test_nobody_of_mine_is_said_so(spray: Spray, browser: Door) -> None:
    spray("Other", 10, {0: CALM})

    page = browser("cleo").get("/clinician/?mine=1").text

    assert (families(page), "No visits of yours today" in page) == ([], True)


def test_poll_brings_what_moves_and_leaves_no_trace(
    rows: Rows, spray: Spray, browser: Door
) -> None:
    address, cleo = spray("Late", 60, {-4: CALM, 20: CALM}), browser("cleo")

    parts = [cleo.get(one, X_Poll="1").text for one in ("/clinician/", address)]

    assert [re.findall(r'data-live="(\w+)"', part) for part in parts] == [
        ["chairs"],
        ["head", "verdict"],
    ]
    assert ["<form" in part for part in parts] == [False, False]
    with reading(rows.engine) as session:
        looks = session.scalars(select(AuditEntry.verb).where(AuditEntry.verb.like("view%"))).all()
        assert list(looks) == []


@pytest.mark.parametrize(
    ("minutes", "level", "words"),
    [
        (30, "none", "8:50: 128/80 mmHg. Within limits. Go on."),
        (83, "stale", "7:57: 128/80 mmHg was within limits."),
    ],
)
def test_verdict_has_its_time_and_no_green_when_stale(
    spray: Spray, browser: Door, minutes: int, level: str, words: str
) -> None:
    page = browser("cleo").get(spray("Past", minutes, {-4: CALM, 20: CALM})).text

    assert f'class="verdict" data-level="{level}"' in page
    assert words in page


def test_overdue_reading_says_by_how_much(spray: Spray, browser: Door) -> None:
    page = browser("cleo").get(spray("Past", 83, {-4: CALM, 20: CALM})).text

    assert "BP due 8:17, 43 min late." in page
    assert 'class="chair-badge" data-tone="late"' in page


def test_only_the_strictest_limit_is_named_in_the_words_of_the_treatment(
    spray: Spray, browser: Door
) -> None:
    page = browser("cleo").get(spray("Red", 50, {-4: CALM, 41: CALM, 48: BAD})).text

    assert "Systolic 195 mmHg (≥ 180 mmHg); Diastolic 112 mmHg (≥ 110 mmHg)" in page
    assert "≥ 160 mmHg" not in page
    assert ("Give no further device" in page, "infusion" in page) == (True, False)


def test_end_is_not_preset_while_a_reading_is_red(spray: Spray, browser: Door) -> None:
    address, cleo = spray("Red", 125, {-4: CALM, 41: CALM, 123: BAD}), browser("cleo")

    page = cleo.get(f"{address}/finish").text

    assert "Act now." in page
    assert "The last reading is not within limits" in page
    assert "checked" not in page
    assert end(cleo, address, ending="complete", ticked=TICKS)[0] == 422


def test_end_after_all_by_name_is_shown_and_can_be_undone(
    rows: Rows, spray: Spray, browser: Door
) -> None:
    address, cleo = spray("Red", 125, {-4: CALM, 41: CALM, 123: BAD}), browser("cleo")
    fields = {"ending": "complete", "ticked": TICKS, "way": "overridden"}

    refused = end(cleo, address, **fields)
    status, _ = end(cleo, address, **fields, words="Dr A, by phone, read back")
    page = cleo.get(address).text
    undo = UNDO.search(page)

    assert (refused[0], "Say who decided or was told, and why." in refused[1]) == (422, True)
    assert status == 303
    assert "Released all the same, by the prescriber: Dr A, by phone, read back" in page
    assert "Back to Chairs" in page
    assert undo is not None
    back = cleo.post(unescape(undo[1]), hidden_fields(undo[2]))
    assert (back.status_code, back.location) == (303, address)
    with reading(rows.engine) as session:
        assert session.scalars(select(Appointment.status)).one() is Status.CHECKED_IN


def test_ready_patient_is_released_with_ticks(rows: Rows, spray: Spray, browser: Door) -> None:
    address, cleo = spray("Ready", 121, {-4: CALM, 41: CALM, 118: CALM}), browser("cleo")

    answers = [
        end(cleo, address, ending="complete", way="discharged", ticked=ticked)[0]
        for ticked in (TICKS[1:], TICKS)
    ]

    assert answers == [422, 303]
    page = cleo.get(address).text
    assert re.search(r"Ended 9:00\. Complete\.", page)
    with reading(rows.engine) as session:
        assert session.scalars(select(Appointment.outcome)).one() is Outcome.COMPLETE


def test_began_but_nothing_given_is_confirmed(spray: Spray, browser: Door) -> None:
    address, cleo = spray("None", 3, {-4: CALM}), browser("cleo")

    statuses = [
        end(cleo, address, ending="not_treated.illness", **more)[0]
        for more in ({}, {"is_nothing_given": "y"})
    ]

    assert statuses == [422, 303]
    assert "Came, not treated: ill." in cleo.get(address).text


def test_patient_brought_to_the_room_by_mistake_is_undone(rows: Rows, browser: Door) -> None:
    visit = rows.visit("2026-03-02 09:00", status=Status.ARRIVED)
    address, cleo = f"/clinician/visits/{rows.get(visit).public_id}", browser("cleo")

    cleo.post(f"{address}/seat", {**cleo.form("/account"), "version": "1"})
    undo = UNDO.search(cleo.get(address).text)

    assert undo is not None
    assert cleo.post(unescape(undo[1]), hidden_fields(undo[2])).status_code == 303
    assert rows.get(visit).status is Status.ARRIVED


def test_side_effect_is_changed_from_the_page(spray: Spray, browser: Door) -> None:
    address, cleo = spray("Sick", 30, {-4: CALM, 20: CALM}), browser("cleo")
    fields = {"relatedness": "possible", "action": "none", "outcome": "ongoing", "grade": "1"}
    cleo.post(f"{address}/side-effects", {**cleo.form(address), **fields, "tap": "nausea"})
    links = re.findall(rf'href="({address}/side-effects/[^"]+/change)"', cleo.get(address).text)

    form = cleo.get(links[0]).text
    sent = {**cleo.form(links[0]), **fields, "grade": "2", "outcome": "resolved"}
    answers = [cleo.post(links[0], sent).status_code]
    answers += [cleo.get(links[0]).status_code]

    page = cleo.get(address).text
    assert 'value="ongoing" selected' in form or 'selected value="ongoing"' in form
    assert answers == [303, 404]
    assert "Moderate, resolved" in page
    assert "before:</span>" not in page
    assert re.search(r"before: 9:00 Mild, ongoing", page)


def test_grades_that_call_a_clinician_are_away_from_the_taps(spray: Spray, browser: Door) -> None:
    page = browser("cleo").get(spray("Sick", 30, {-4: CALM, 20: CALM})).text
    taps, _, more = page.partition('<details class="effects-more"')

    assert ["Moderate" in taps, "Death" in taps, "Death" in more] == [True, False, True]


@pytest.mark.parametrize(
    ("minutes", "readings", "words"),
    [
        (12, {-4: CALM, 10: replace(CALM, systolic_mmhg=165)}, "Take care 165/80, next reading"),
        (2, {-4: replace(CALM, systolic_mmhg=165)}, "NOT TODAY 165/80, BP suggested 9:18"),
        (2, {-4: replace(CALM, systolic_mmhg=145)}, "Wait and repeat 145/80, BP suggested 9:18"),
        (55, {-4: CALM, 41: CALM}, "BP suggested 9:05"),
        (110, {-4: CALM, 41: CALM, 90: CALM}, "final BP now, may leave from 9:10"),
        (130, {-4: CALM, 41: CALM, 90: CALM}, "final BP now, could leave since 8:50"),
        (112, {-4: CALM, 41: CALM, 107: CALM}, "may leave from 9:08 with this BP"),
    ],
)
def test_list_says_what_is_due_in_words(
    spray: Spray, browser: Door, minutes: int, readings: dict[int, Reading], words: str
) -> None:
    spray("Past", minutes, readings)

    assert words in browser("cleo").get("/clinician/").text


def test_visit_without_a_dose_says_what_is_next_by_its_state(
    rows: Rows, browser: Door, now: datetime
) -> None:
    by = rows.actor("monitoring_clinician")
    visits = {
        "not here yet": rows.visit("2026-03-02 08:00"),
        "bring to the room": rows.visit("2026-03-02 08:10", status=Status.ARRIVED),
        "take vitals, then start": rows.visit("2026-03-02 08:20", status=Status.CHECKED_IN),
        "start the session": rows.visit("2026-03-02 08:30", status=Status.CHECKED_IN),
        "in session since 8:50, until 9:20": rows.visit(
            "2026-03-02 08:40", status=Status.CHECKED_IN
        ),
        "in session since 8:05, booked until 8:40": rows.visit(
            "2026-03-02 08:00", status=Status.CHECKED_IN
        ),
    }
    begun = {"in session since 8:50": 10, "in session since 8:05": 55}
    with writing(rows.engine) as session:
        for words, visit in visits.items():
            row = session.get_one(Appointment, visit)
            if words == "start the session":
                log_vitals(session, appointment=row, reading=CALM, taken_at=now, by=by, now=now)
            if words.startswith("in session"):
                at = now - timedelta(minutes=begun[words.partition(",")[0]])
                start_visit(session, appointment=row, at=at, by=by, now=at)

    page = browser("cleo").get("/clinician/").text

    assert [words in page for words in visits] == [True] * 6


def test_held_course_and_closed_record_are_on_the_list(
    rows: Rows, browser: Door, now: datetime
) -> None:
    by = rows.actor("monitoring_clinician")
    course = rows.course(status=CourseStatus.ON_HOLD)
    rows.visit("2026-03-02 08:00", status=Status.CHECKED_IN, course_id=course)
    closed = rows.visit("2026-03-02 08:00", status=Status.CHECKED_IN)
    with writing(rows.engine) as session:
        row = session.get_one(Appointment, closed)
        start_visit(session, appointment=row, at=now, by=by, now=now)
        session.flush()
        end_visit(session, appointment=row, at=now, by=by, now=now)

    page = browser("cleo").get("/clinician/").text

    assert ("hold: ask prescriber" in page, "finish the visit" in page) == (True, True)


def test_refused_change_of_a_side_effect_comes_back_filled(spray: Spray, browser: Door) -> None:
    address, cleo = spray("Sick", 30, {-4: CALM, 20: CALM}), browser("cleo")
    fields = {"relatedness": "possible", "action": "none", "outcome": "ongoing", "grade": "1"}
    cleo.post(f"{address}/side-effects", {**cleo.form(address), **fields, "tap": "nausea"})
    (link,) = re.findall(rf'href="({address}/side-effects/[^"]+/change)"', cleo.get(address).text)

    answer = cleo.post(link, {**cleo.form(link), **fields, "outcome": "fine", "free_text": "so"})

    assert (answer.status_code, 'value="so"' in answer.text) == (422, True)
