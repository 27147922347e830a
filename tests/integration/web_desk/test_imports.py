"""Patients from another system at the desk: send, map, look, import, take back."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select
from werkzeug.test import TestResponse

from clinic.actions.imports import SLICE
from clinic.models import Account, AuditEntry, ImportBatch, ImportRow, Patient
from clinic.models.engine import reading, writing
from clinic.rules.import_texts import read_text
from clinic.web.desk.imports import SLICES
from tests.browsers import Browser
from tests.integration.imports.desk import FILES

HOME = "/imports/"
ROWS = """Client ID;Client Name;DOB;Email
1001;"Ruiz, Ana";25/4/1987;ana@example.org
1002;=HYPERLINK(1);31/11/1980;
1003;"Price, Pat";1/6/1984;
"""
Browsers = Callable[[str], Browser]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """SQLite alone: the actions are tried on both engines below."""
    return sqlite_url


@pytest.fixture
def dana(browser: Browsers) -> Browser:
    return browser("dana")


def send_file(who: Browser, data: bytes, *, token: dict[str, str] | None = None) -> TestResponse:
    """Send a file as a browser does; the body is made here, for the client would leave one open."""
    fields = who.form(HOME) if token is None else token
    disposition = '--x\r\nContent-Disposition: form-data; name="{}"'
    parts = [f"{disposition.format(name)}\r\n\r\n{value}\r\n" for name, value in fields.items()]
    file = f'{disposition.format("file")}; filename="clients.csv"\r\n\r\n'
    body = "".join([*parts, file]).encode() + data + b"\r\n--x--\r\n"
    kind = "multipart/form-data; boundary=x"
    return who.client.post(HOME, base_url=who.base, data=body, content_type=kind, buffered=True)


def staged(who: Browser, text: str = ROWS) -> str:
    """Send rows, take the columns as guessed, and return the page of the draft."""
    columns = send_file(who, text.encode()).location
    if not columns.endswith("/columns"):
        return str(columns)
    page = who.get(columns).text
    chosen = {
        name: re.search(r'<option value="([^"]*)" selected', options)
        for name, options in re.findall(r'<select id="(column-\d+)".*?>(.*?)</select>', page)
    }
    fields = {name: found.group(1) for name, found in chosen.items() if found}
    answer = who.send(columns, fields | {"source": "old", "date_order": "auto"})
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def names(engine: Engine) -> list[str]:
    with reading(engine) as session:
        return list(session.scalars(select(Patient.family).order_by(Patient.id)))


def test_file_goes_in_after_a_look_and_comes_out_again(dana: Browser, web_engine: Engine) -> None:
    before = names(web_engine)
    page = staged(dana)

    look = dana.get(page).text
    assert "Import 1 patient<" in look
    assert "Dates are read with the day first" in look
    assert "The calendar has no such day." in look
    assert "Somebody of this name and birth date is here: 1001." in look
    assert names(web_engine) == before

    assert dana.send(f"{page}/go", {}, page=page).location == page
    assert names(web_engine) == [*before, "Ruiz"]
    assert "The import is done" in dana.get(page).text

    assert dana.send(f"{page}/undo", {}, page=page).location == page
    assert names(web_engine) == before
    assert "The import was taken back" in dana.get(page).text


def test_twin_that_is_ticked_goes_in_too(dana: Browser, web_engine: Engine) -> None:
    page = staged(dana)

    dana.send(f"{page}/go", {"twin": "4"}, page=page)

    assert names(web_engine)[-2:] == ["Ruiz", "Price"]


def test_columns_are_remembered_and_the_next_file_is_shown_at_once(dana: Browser) -> None:
    staged(dana)

    again = send_file(dana, ROWS.encode())

    assert not again.location.endswith("/columns")
    assert "Import 1 patient<" in dana.get(again.location).text


def test_columns_without_a_name_are_asked_for(dana: Browser) -> None:
    columns = send_file(dana, b"A;B\nAna Ruiz;x\n").location

    assert dana.get(columns.removesuffix("/columns")).location == columns
    answer = dana.send(columns, {"source": "old", "date_order": "auto", "column-1": "email"})

    assert answer.status_code == 422
    assert "Say which column holds the name" in answer.text
    assert '<option value="email" selected>' in answer.text


def test_rows_left_out_come_back_as_a_file_that_is_safe_and_can_be_sent_again(
    dana: Browser, web_engine: Engine
) -> None:
    page = staged(dana)
    in_the_draft = dana.get(f"{page}/left-out.csv")
    dana.send(f"{page}/go", {}, page=page)

    answer = dana.get(f"{page}/left-out.csv")

    assert answer.data == in_the_draft.data
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == "attachment; filename=left-out.csv"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "1002,'=HYPERLINK(1),31/11/1980,,3,Birth date: The calendar has" in answer.text
    sheet = read_text(answer.text.removeprefix("\ufeff"))
    assert [row.cells[1] for row in sheet.rows] == ["=HYPERLINK(1)", "Price, Pat"]
    fixed = answer.text.replace("31/11/1980", "30/11/1980").removeprefix("\ufeff")
    second = staged(dana, fixed)
    dana.send(f"{second}/go", {}, page=second)
    assert names(web_engine)[-2:] == ["Ruiz", "=HYPERLINK(1)"]


def test_draft_thrown_away_leaves_no_row(dana: Browser, web_engine: Engine) -> None:
    page = staged(dana)

    assert dana.send(f"{page}/discard", {}, page=page).location == HOME

    with reading(web_engine) as session:
        rows = session.scalars(select(func.count()).select_from(ImportRow)).one()
        assert (rows, session.scalars(select(ImportBatch)).all()) == (0, [])
    assert dana.get(page).status_code == 404


@pytest.mark.slow
def test_large_import_goes_on_form_by_form(dana: Browser, web_engine: Engine) -> None:
    number = SLICE * SLICES + 20
    text = "id,name\n" + "".join(f"{n},Name{n} X\n" for n in range(number))
    page = staged(dana, text)

    dana.send(f"{page}/go", {}, page=page)
    halfway = dana.get(page).text
    dana.send(f"{page}/go", {}, page=page)

    assert f"{SLICE * SLICES} of {number}" in halfway
    assert "data-goes-on" in halfway
    assert len(names(web_engine)) == number + 2
    dana.send(f"{page}/undo", {}, page=page)
    assert "The import is taken back" in dana.get(page).text
    dana.send(f"{page}/undo", {}, page=page)
    assert len(names(web_engine)) == 2


def test_patient_with_a_log_in_stays_and_is_listed(dana: Browser, web_engine: Engine) -> None:
    page = staged(dana)
    dana.send(f"{page}/go", {}, page=page)
    with writing(web_engine) as session:
        made = session.scalars(select(Patient).where(Patient.family == "Ruiz")).one()
        session.add(Account(patient_id=made.id, created_at=made.created_at))

    dana.send(f"{page}/undo", {}, page=page)

    shown = dana.get(page).text
    assert f'href="/desk/patients/{made.public_id}"' in shown
    assert "has a log-in" in shown


def test_file_of_more_than_a_megabyte_is_taken_here_and_of_twenty_refused(
    dana: Browser, web_engine: Engine
) -> None:
    token = dana.form(HOME)
    row = f"1,Name X,{'x' * 3000}\n"

    taken = send_file(dana, ("id,name,note\n" + row * 500).encode(), token=token)
    refused = send_file(dana, b"id,name\n" + b"x" * (20 * 1024 * 1024), token=dana.form(HOME))

    assert (taken.status_code, refused.status_code) == (303, 413)
    with reading(web_engine) as session:
        assert session.scalars(select(func.count()).select_from(ImportRow)).one() == 500


@pytest.mark.parametrize("name", ["", "pat", "cleo"])
def test_large_file_is_refused_unread_to_who_may_not_import(browser: Browsers, name: str) -> None:
    who = browser(name)
    token = who.form("/account" if name else "/log-in")

    answer = send_file(who, b"id,name\n" + b"x" * (2 * 1024 * 1024), token=token)

    assert answer.status_code == 413


def test_large_form_elsewhere_stays_refused(dana: Browser) -> None:
    fields = dana.form(HOME) | {"q": "x" * (2 * 1024 * 1024)}

    assert dana.post("/desk/patients", fields).status_code == 413


@pytest.mark.parametrize(
    "data, words",
    [
        (b"", "There is no row below the headings."),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\r", "neither text nor a workbook"),
        (b"\xd0\xcf\x11\xe0", "an old Excel file"),
        (b'id,name\n1,"open\n', "a quotation mark is not closed"),
        (b"id,name\n", "There is no row below the headings."),
    ],
)
def test_file_that_cannot_be_read_is_refused_in_words(
    dana: Browser, web_engine: Engine, data: bytes, words: str
) -> None:
    answer = send_file(dana, data)

    assert (answer.status_code, words in answer.text) == (422, True), answer.text
    with reading(web_engine) as session:
        assert session.scalars(select(ImportBatch)).all() == []


def test_neither_a_file_nor_rows_is_said_in_words(dana: Browser) -> None:
    answer = dana.send(HOME, {"pasted": " "})

    assert (answer.status_code, "Choose a file, or paste rows." in answer.text) == (422, True)


def test_pasted_rows_go_the_same_way(dana: Browser) -> None:
    answer = dana.send(HOME, {"pasted": "Name\tDOB\nRuiz, Ana\t1987-05-14"})

    assert answer.location.endswith("/columns")
    assert "Ruiz, Ana" in dana.get(answer.location).text


def test_file_sent_twice_by_one_click_is_one_import(dana: Browser, web_engine: Engine) -> None:
    token = dana.form(HOME)

    first, second = (send_file(dana, ROWS.encode(), token=token) for _ in range(2))

    assert first.location == second.location
    with reading(web_engine) as session:
        assert len(session.scalars(select(ImportRow)).all()) == 3


def test_administrator_imports_without_seeing_the_desks_pages(
    browser: Browsers, web_engine: Engine
) -> None:
    adan = browser("adan")
    assert 'href="/imports/"' in adan.get("/admin/").text
    page = staged(adan)

    adan.send(f"{page}/go", {}, page=page)

    assert names(web_engine)[-1] == "Ruiz"
    assert "/desk/" not in adan.get(page).text
    assert adan.get("/desk/patients").status_code == 403


def test_looks_leave_a_trace_and_neither_audit_nor_address_holds_a_name(
    dana: Browser, web_engine: Engine
) -> None:
    page = staged(dana)
    dana.get(page)
    dana.get(f"{page}/left-out.csv")

    with reading(web_engine) as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [one.verb for one in entries] == [
        "open_import",
        "see_import",
        "see_import",
        "map_import",
        "see_import",
        "export_left_out",
    ]
    assert "Ruiz" not in repr([one.values for one in entries])


def test_page_of_a_draft_changes_nothing_when_it_is_reloaded(
    app: Flask, dana: Browser, web_engine: Engine
) -> None:
    page = staged(dana, (FILES / "jane_patients.csv").read_text(encoding="utf-8-sig"))

    first, second = (dana.get(page).text for _ in range(2))

    assert "Import 12 patients" in first
    assert len(first) == len(second)
