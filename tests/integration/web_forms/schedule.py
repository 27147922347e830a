"""The forms of the schedule as somebody is about to send them, and how each loses its race."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from clinic.actions.pencils import lapse_pencil
from clinic.models import Course, WorkItem
from clinic.models.engine import writing
from tests.browsers import button_value, hidden_fields
from tests.conftest import NOW
from tests.integration.web_desk.conftest import MAKER
from tests.integration.web_forms.ground import Ground, WriteForm

NEW_BLOCK = "/schedule/blocks/new"
CLOSED = {
    "owner": "site:main",
    "kind": "closure",
    "reason": "Water damage",
    "from_on": "2026-03-03",
    "from_at": "8:00",
    "to_on": "2026-03-03",
    "to_at": "18:00",
}
VISIT = {
    "site": "main",
    "kind": "device_check",
    "place": "room",
    "on": "2026-03-03",
    "at": "10:00",
    "do": "book",
}
TO_ELEVEN = {"on": "2026-03-02", "at": "11:00", "tell": "no"}
CANCEL = {"cancelled_by": "clinic", "reason": "clinic", "words": "device", "tell": "yes"}
CHANGED = "Somebody has changed this visit meanwhile."


def new_visit(ground: Ground) -> WriteForm:
    cast = ground.desk.cast
    page = "/schedule/new"
    ground.desk.shut("person-cleo")
    quinn = VISIT | {"patient": cast.quinn.public_id}
    return WriteForm(
        page=page,
        address=page,
        fields=VISIT | {"patient": cast.pat.public_id},
        kept='value="10:00"',
        race=lambda: ground.front(page, **quinn),
        says="All who are qualified are busy then",
    )


def move_visit(ground: Ground) -> WriteForm:
    page = f"/schedule/visits/{ground.visit()}/move"
    return WriteForm(
        page=page,
        address=page,
        fields=TO_ELEVEN | {"at": "14:00"},
        kept='value="14:00"',
        race=lambda: ground.front(page, **TO_ELEVEN),
        says=CHANGED,
    )


def cancel_visit(ground: Ground) -> WriteForm:
    visit = ground.visit()
    page = f"/schedule/visits/{visit}/cancel"
    return WriteForm(
        page=page,
        address=page,
        fields=CANCEL,
        kept='value="device"',
        race=lambda: ground.front(f"/schedule/visits/{visit}/move", **TO_ELEVEN),
        says=CHANGED,
    )


def plan_course(do: str) -> Callable[[Ground], WriteForm]:
    """A course booked or pencilled; the prescriber has taken leave on its first day."""

    def form(ground: Ground) -> WriteForm:
        page, fields = planned(ground, do)
        return WriteForm(
            page=page,
            address=page,
            fields=fields,
            kept='value="3 March 2026"',
            race=lambda: ground.desk.shut("person-omar"),
            says="Book these",
        )

    return form


def planned(ground: Ground, do: str) -> tuple[str, dict[str, str]]:
    """Let somebody plan a course for Pat; return the page and its form, one plan's button in."""
    page = f"/schedule/plan/{ground.desk.cast.pat.public_id}"
    wishes = {
        "site": "main",
        "protocol": "tms_itbs_ldlpfc",
        "start_on": "3 March 2026",
        "preferred": "10:00",
        "tolerance": "",
        "per_week": "",
    }
    shown = ground.browser("dana").send(page, wishes | {"do": "plan"})
    assert "Book these" in shown.text, shown.text
    plan = {name: v for name, v in hidden_fields(shown.text).items() if name != "csrf_token"}
    return page, plan | wishes | {"do": button_value(shown.text, do)}


def pencilled(ground: Ground) -> str:
    """Let somebody pencil a course for Pat; return its page."""
    page, fields = planned(ground, "pencil")
    dana = ground.browser("dana")
    token = dana.form(page)["csrf_token"]
    answer = dana.post(page, fields | {"csrf_token": token})
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def decide_pencil(verb: str, other: str = "approve") -> Callable[[Ground], WriteForm]:
    """A pencilled course that somebody else has decided on meanwhile."""

    def form(ground: Ground) -> WriteForm:
        page = pencilled(ground)
        return WriteForm(
            page=page,
            address=f"{page}/pencil/{verb}",
            race=lambda: ground.front(f"{page}/pencil/{other}", page=page),
            lost=422,
        )

    return form


def end_course(ground: Ground) -> WriteForm:
    """A course of which somebody else has cancelled the rest already."""
    page, fields = planned(ground, "book")
    dana = ground.browser("dana")
    token = dana.form(page)["csrf_token"]
    course = dana.post(page, fields | {"csrf_token": token}).location
    address = f"{course}/end"
    return WriteForm(
        page=address,
        address=address,
        fields=CANCEL,
        kept='value="device"',
        race=lambda: ground.front(address, **CANCEL),
        lost=422,
        says="This course is over already.",
    )


def note_pencil(ground: Ground) -> WriteForm:
    """A pencilled course that lapsed, which somebody else has seen already."""
    pencilled(ground)
    with writing(ground.desk.engine) as session:
        course_id = session.scalars(select(Course.id)).one()
        assert lapse_pencil(session, course_id=course_id, by=MAKER, now=NOW + timedelta(days=30))
        item = session.scalars(select(WorkItem.public_id)).one()
    address = f"/schedule/pencils/{item}/noted"
    return WriteForm(
        page="/desk/", address=address, race=lambda: ground.front(address, page="/desk/")
    )


def drop(ground: Ground) -> WriteForm:
    """A missed visit that gets no new date; somebody else has said so already."""
    visit = ground.visit(at=480)
    ground.desk.miss(visit)
    address = f"/schedule/visits/{visit}/no-new-date"
    return WriteForm(
        page="/desk/",
        address=address,
        fields={"reason": "patient_declined"},
        race=lambda: ground.front(address, page="/desk/", reason="date_exists"),
        says="dealt with this missed visit already",
    )


def step(verb: str, *, at: int = 600) -> Callable[[Ground], WriteForm]:
    """A button of the board's panel; somebody else has seen the patient in meanwhile."""

    def form(ground: Ground) -> WriteForm:
        visit = ground.visit(at=at)
        page, address = f"/schedule/?open={visit}", f"/schedule/visits/{visit}"
        return WriteForm(
            page=page,
            address=f"{address}/{verb}",
            kept="Pat Price",
            race=lambda: ground.front(f"{address}/arrive", page=page),
            says=CHANGED,
        )

    return form


def finish_visit(ground: Ground) -> WriteForm:
    visit = ground.visit("seat")
    page = f"/schedule/visits/{visit}/done"
    return WriteForm(
        page=page,
        address=page,
        fields={"outcome": "partial", "reason": "time"},
        kept='<option selected value="time">',
        race=lambda: ground.front(page, outcome="complete"),
        says=CHANGED,
    )


def new_block(_ground: Ground) -> WriteForm:
    return WriteForm(
        page=NEW_BLOCK,
        address=NEW_BLOCK,
        fields=CLOSED,
        kept='value="Water damage"',
        twin={"kind": "outage"},
    )


def keep_in_block(ground: Ground) -> WriteForm:
    visit = ground.desk.book()
    block = ground.front(NEW_BLOCK, **CLOSED)
    return WriteForm(
        page=block,
        address=f"{block}/keep/{visit}",
        kept="Price, Pat",
        race=lambda: ground.front(f"{block}/remove", page=block),
        lost=404,
    )


def release_in_block(ground: Ground) -> WriteForm:
    visit = ground.desk.book()
    block = ground.front(NEW_BLOCK, **CLOSED)
    ground.front(f"{block}/keep/{visit}", page=block)
    return WriteForm(
        page=block,
        address=f"{block}/release/{visit}",
        fields={"request_key": "release-1"},
        kept="Water damage",
        race=lambda: ground.front(f"{block}/remove", page=block),
        lost=404,
    )


def move_aside(ground: Ground) -> WriteForm:
    visit = ground.desk.book()
    block = ground.front(NEW_BLOCK, **CLOSED | {"owner": "tms-1"})
    return WriteForm(
        page=block,
        address=f"{block}/same-hour/{visit}",
        fields={"version": str(ground.desk.get(visit).version)},
        kept="Water damage",
        race=lambda: ground.front(
            f"/schedule/visits/{visit}/move", on="2026-03-04", at="9:00", tell="no"
        ),
    )


def open_block(ground: Ground) -> WriteForm:
    block = ground.front(NEW_BLOCK, **CLOSED)
    return WriteForm(
        page=block,
        address=f"{block}/remove",
        kept="Water damage",
        race=lambda: ground.front(f"{block}/remove", page=block),
        lost=404,
    )


def undo(ground: Ground) -> WriteForm:
    """The button that is offered after a move; the visit has arrived meanwhile."""
    dana = ground.browser("dana")
    visit = ground.visit()
    moved = dana.send(f"/schedule/visits/{visit}/move", TO_ELEVEN | {"at": "9:15"})
    page = dana.get(moved.location).text
    address = page.partition('action="/schedule/undo/')[2].partition('"')[0]
    assert address, page
    return WriteForm(
        page="/account",
        address=f"/schedule/undo/{address.replace('&amp;', '&')}",
        fields={"request_key": "undo-1"},
        race=lambda: ground.chair(visit, "seat"),
    )
