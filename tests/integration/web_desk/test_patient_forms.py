"""Patients at the desk: added and changed; nothing typed is ever lost."""

import csv
import json
import unicodedata
from collections.abc import Callable
from datetime import date
from html import escape
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from clinic.models import Patient
from clinic.models.engine import reading
from tests.browsers import Browser, hidden_fields
from tests.integration.web_desk.conftest import Desk
from tests.integration.web_desk.patients import ANA, NEW, add, stored

Browsers = Callable[[str], Browser]
DATA = Path(__file__).parents[2] / "data"
SURNAMES = "common-surnames-by-country.csv"
FORENAMES = "common-forenames-by-country.csv"
NAUGHTY = json.loads((DATA / "naughty" / "blns.json").read_text(encoding="utf-8"))


def column(file: str, name: str) -> list[str]:
    """One column of a list of names, each once."""
    with (DATA / "names" / file).open(encoding="utf-8-sig") as lines:
        found = dict.fromkeys(row[name].strip() for row in csv.DictReader(lines))
    return [one for one in found if one]


def names(step: int = 1) -> list[tuple[str, str]]:
    """Every name as it is written at home and in Latin letters, or each `step`th, in pairs."""
    written = ("Localized Name", "Romanized Name")
    surnames = list(dict.fromkeys(one for name in written for one in column(SURNAMES, name)))
    forenames = list(dict.fromkeys(one for name in written for one in column(FORENAMES, name)))
    length = max(len(surnames), len(forenames))
    return [
        (surnames[n % len(surnames)], forenames[n % len(forenames)]) for n in range(0, length, step)
    ]


def patients(desk: Desk) -> int:
    with reading(desk.engine) as session:
        return session.scalar(select(func.count()).select_from(Patient)) or 0


def test_twin_is_shown_before_a_second_one_is_made(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    dana.send(NEW, ANA)

    warned = dana.send(NEW, ANA)
    again = dana.post(NEW, hidden_fields(warned.text) | ANA)

    assert warned.status_code == 409
    assert "Somebody of this name and birth date is here already" in warned.text
    assert "Parks behind the house." in warned.text
    assert (again.status_code, patients(desk)) == (303, 4)


def test_twin_is_seen_through_accents_case_and_order(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    dana.send(NEW, ANA)

    answers = [
        dana.send(NEW, ANA | other).status_code
        for other in (
            {"family": "LOPEZ", "given": "ana"},
            {"family": "Ana", "given": "López"},
            {"given": "Ana", "birth_on": "15 May 1987"},
            {"given": "Annabel"},
        )
    ]

    assert answers == [409, 409, 303, 303]


def test_other_name_after_a_warning_is_looked_up_again(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    dana.send(NEW, ANA)
    dana.send(NEW, ANA | {"given": "Eva"})

    warned = dana.send(NEW, ANA)
    other = dana.post(NEW, hidden_fields(warned.text) | ANA | {"given": "Eva"})

    assert (warned.status_code, other.status_code) == (409, 409)


def test_save_clicked_twice_adds_one_patient(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    fields = dana.form(NEW) | ANA

    first, second = dana.post(NEW, fields), dana.post(NEW, fields)

    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    assert patients(desk) == 3


def test_key_of_another_form_is_refused_with_the_form(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    fields = dana.form(NEW) | ANA
    dana.post(NEW, fields)

    answer = dana.post(NEW, fields | {"family": "Other"})

    assert answer.status_code == 409
    assert "Parks behind the house." in answer.text
    assert patients(desk) == 3


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
    assert '<dt>Given name</dt><dd class="as-typed">Anita</dd>' in lost.text
    assert "<dt>Phone</dt>" not in lost.text
    assert "<dt>Note for the desk</dt>" not in lost.text
    assert 'value="Anna"' in lost.text
    assert again.status_code == 303
    assert "<h1>Anna López</h1>" in dana.get(again.location).text


@pytest.mark.slow
def test_every_naughty_string_is_kept_or_refused_at_the_field(
    browser: Browsers, desk: Desk
) -> None:
    assert len(NAUGHTY) > 500
    assert odd_answers(desk, browser("dana"), NAUGHTY) == []


def odd_answers(desk: Desk, browser: Browser, texts: list[str]) -> list[tuple[str, int, int]]:
    """Put each text into every field of the form and into the search; return what went wrong."""
    hidden, odd, saves, before = browser.form(NEW), [], 0, patients(desk)
    for number, text in enumerate(texts):
        own = {"family": text, "given": text, "preferred": text, "desk_note": text}
        key = {"request_key": f"naughty-{number}", "birth_on": f"1901-01-{number % 28 + 1}"}
        saved = browser.post(NEW, hidden | ANA | own | key)
        looked = browser.find(text)
        saves += saved.status_code == 303
        if looked.status_code != 200 or not is_kept_or_refused(desk, browser, saved, text):
            odd.append((text, saved.status_code, looked.status_code))
    assert patients(desk) == before + saves  # whole patients, or none
    return odd


def is_kept_or_refused(desk: Desk, browser: Browser, saved: TestResponse, text: str) -> bool:
    """Say whether the text is stored and shown as it was typed, or came back with its field."""
    if saved.status_code == 422:
        return 'aria-invalid="true"' in saved.text
    if saved.status_code == 409:
        return "is here already" in saved.text
    row = stored(desk, saved.location.rpartition("/")[2])
    wanted = unicodedata.normalize("NFC", text).strip()
    page = browser.get(saved.location)
    names = {row.family, row.given, row.preferred}
    return (
        (saved.status_code, page.status_code, names) == (303, 200, {wanted})
        and row.desk_note == wanted
        and escape(wanted).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in page.text
    )


def lost_names(desk: Desk, browser: Browser, wanted: list[tuple[str, str]]) -> list[str]:
    """Add each name, look for it by its own letters, and return those not stored and shown."""
    hidden, lost = browser.form(NEW), []
    for number, (family, given) in enumerate(wanted):
        key = {"request_key": f"name-{number}", "birth_on": f"{1930 + number % 70}-02-03"}
        saved = browser.post(NEW, hidden | ANA | {"family": family, "given": given} | key)
        if saved.status_code == 409:  # somebody of this name and birth date came by before
            browser.post(NEW, hidden_fields(saved.text) | ANA | own_name(family, given) | key)
        shown = unicodedata.normalize("NFC", f"{family}, {given}")
        found = browser.find(f"{given} {family}")
        if escape(shown).replace("&#x27;", "&#39;") not in found.text:
            lost.append(shown)
    return lost


def own_name(family: str, given: str) -> dict[str, str]:
    return {"family": family, "given": given}


def test_names_of_many_countries_are_kept_found_and_shown(browser: Browsers, desk: Desk) -> None:
    assert lost_names(desk, browser("dana"), names(101)) == []


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_name_is_kept_found_and_shown(browser: Browsers, desk: Desk) -> None:
    assert lost_names(desk, browser("dana"), names()) == []
    assert patients(desk) > 2000


def test_a_few_naughty_strings_are_kept_or_refused(browser: Browsers, desk: Desk) -> None:
    assert odd_answers(desk, browser("dana"), NAUGHTY[::43]) == []


def test_desk_asks_for_given_name_birth_date_and_an_address_to_write_to(
    browser: Browsers, desk: Desk
) -> None:
    dana = browser("dana")
    without = {"given": "", "birth_on": "", "email": ""}

    page = dana.send(NEW, ANA | without).text
    unread = dana.send(NEW, ANA | {"birth_on": "the 14th"}).text

    assert "Write the given name." in page
    assert "Write the birth date, or tick that it is not known." in page
    assert "Write an e-mail address, or take this tick away." in page
    assert "This is not a date. Type it as 5/14/1987 or 14 May 1987." in unread
    assert patients(desk) == 2


def test_birth_date_may_be_not_known_and_learnt_later(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")

    row = add(desk, dana, birth_on="", birth_unknown="y")
    page = dana.get(f"/desk/patients/{row.public_id}/edit").text
    edit = {"birth_on": "3/4/85", "birth_unknown": "y"}
    dana.send(f"/desk/patients/{row.public_id}/edit", ANA | edit)

    assert row.birth_on is None
    assert 'checked id="birth_unknown"' in page
    assert stored(desk, row.public_id).birth_on == date(1985, 3, 4)


def test_patient_with_one_name_can_still_be_changed(browser: Browsers, desk: Desk) -> None:
    dana = browser("dana")
    row = add(desk, dana)
    desk.change(
        lambda session: session.execute(
            update(Patient).where(Patient.id == row.id).values(given="", version=row.version)
        )
    )

    answer = dana.send(f"/desk/patients/{row.public_id}/edit", ANA | {"given": ""})

    assert answer.status_code == 303
