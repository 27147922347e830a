"""Patients at the desk: found, shown, added, changed; nothing typed is ever lost."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from clinic.models import LoginLink, Patient
from clinic.models.engine import reading
from tests.browsers import Browser, hidden_fields
from tests.integration.web_desk.conftest import Desk
from tests.integration.web_desk.locks import held

Browsers = Callable[[str], Browser]
NEW = "/desk/patients/new"
ANA = {
    "family": "López",
    "given": "Ana",
    "preferred": "",
    "birth_on": "14 May 1987",
    "phone": "(415) 555-2671",
    "email": "ana@example.org",
    "language": "es",
    "wants_email": "y",
    "desk_note": "Parks behind the house.",
}
NAUGHTY = json.loads(
    (Path(__file__).parents[2] / "data" / "naughty" / "blns.json").read_text(encoding="utf-8")
)


def patients(desk: Desk) -> int:
    with reading(desk.engine) as session:
        return session.scalar(select(func.count()).select_from(Patient)) or 0


def test_patient_is_added_and_found(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")

    added = dana.send(NEW, ANA)
    page = dana.get(added.location).text
    found = dana.send("/desk/patients", {"q": "lopez 2671"})

    assert added.status_code == 303
    assert "<h1>Ana López</h1>" in page
    assert "14 May 1987" in page
    assert "López, Ana" in found.text


def test_search_says_when_nobody_is_found(browser: Browsers, desk: Desk) -> None:
    answer = browser("dana").send("/desk/patients", {"q": "zzz"})

    assert answer.status_code == 200
    assert "Nobody is found" in answer.text


def test_twin_is_shown_before_a_second_one_is_made(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    dana.send(NEW, ANA)

    warned = dana.send(NEW, ANA)
    again = dana.post(NEW, hidden_fields(warned.text) | ANA)

    assert warned.status_code == 409
    assert "Somebody of this name and birth date is here already" in warned.text
    assert "Parks behind the house." in warned.text
    assert (again.status_code, patients(desk)) == (303, 4)


def test_refused_value_is_marked_at_its_field(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")

    answers = [
        dana.send(NEW, ANA | wrong)
        for wrong in (
            {"phone": "12"},
            {"email": "nobody"},
            {"birth_on": "2099-01-01"},
            {"birth_on": "31/31/1987"},
            {"family": ""},
        )
    ]

    assert [answer.status_code for answer in answers] == [422] * 5
    assert all("field-error" in answer.text for answer in answers)
    assert all("Parks behind the house." in answer.text for answer in answers)
    assert patients(desk) == 2


def test_patient_is_changed(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    address = f"/desk/patients/{desk.cast.pat.public_id}/edit"

    answer = dana.send(address, ANA)

    assert answer.status_code == 303
    assert "<h1>Ana López</h1>" in dana.get(answer.location).text


def test_change_lost_to_somebody_else_shows_both(browser: Browsers, desk: Desk) -> None:
    dana, other = browser("dana"), browser("dana")
    address = f"/desk/patients/{desk.cast.pat.public_id}/edit"
    old = dana.form(address)
    other.send(address, ANA | {"given": "Anita"})

    lost = dana.post(address, old | ANA | {"given": "Anna"})
    again = dana.post(address, hidden_fields(lost.text) | ANA | {"given": "Anna"})

    assert lost.status_code == 409
    assert "Anita López" in lost.text
    assert 'value="Anna"' in lost.text
    assert again.status_code == 303
    assert "<h1>Anna López</h1>" in dana.get(again.location).text


@pytest.mark.parametrize("is_new", [True, False], ids=["new", "edit"])
def test_locked_database_keeps_the_form(browser: Browsers, desk: Desk, is_new: bool) -> None:
    dana = browser("dana")
    address = NEW if is_new else f"/desk/patients/{desk.cast.pat.public_id}/edit"
    fields = dana.form(address) | ANA

    with held(desk.engine, "patient"):
        answer = dana.post(address, fields)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "Parks behind the house." in answer.text
    assert dana.post(address, fields).status_code == 303


def test_log_in_link_is_shown_once_and_works(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    page = f"/desk/patients/{desk.cast.pat.public_id}"

    answer = dana.send(f"{page}/link", {}, page=page)
    link = answer.text.partition('value="http://127.0.0.1:8000')[2].partition('"')[0]

    assert (answer.status_code, desk.count(LoginLink)) == (200, 1)
    assert browser("").get(link).status_code == 200
    assert "/link/" not in dana.get(page).text.replace(f"{page}/link", "")


def test_log_in_link_on_a_locked_database_answers_503(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    page = f"/desk/patients/{desk.cast.pat.public_id}"
    fields = dana.form(page)

    with held(desk.engine, "login_link"):
        answer = dana.post(f"{page}/link", fields)

    assert answer.status_code == 503
    assert "Pat Price" in answer.text


@pytest.mark.slow
def test_naughty_strings_are_kept_or_refused_at_the_field(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    odd = []

    for text in NAUGHTY:
        saved = dana.send(NEW, ANA | {"family": text, "given": "", "birth_on": ""})
        looked = dana.send("/desk/patients", {"q": text})
        if saved.status_code not in {303, 409, 422} or looked.status_code != 200:
            odd.append((text, saved.status_code, looked.status_code))

    assert odd == []


def test_unknown_patient_is_not_found(browser: Browsers, desk: Desk) -> None:
    assert browser("dana").get("/desk/patients/nobody").status_code == 404
