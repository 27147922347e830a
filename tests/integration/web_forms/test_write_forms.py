"""Each form that writes meets a locked database and loses a race; nothing typed is lost."""

from collections.abc import Callable, Collection

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.browsers import Browser
from tests.integration.web_desk.locks import held
from tests.integration.web_forms.forms import FORMS, NOTHING_TO_LOSE
from tests.integration.web_forms.ground import Ground, WriteForm, button

Make = Callable[[Ground], WriteForm]
ALWAYS = {"auth.log_in", "clinician.add_vitals", "desk.new_patient", "schedule.new_visit"}
"""One of each door in the short run; all of them in the full one."""


def cases(left_out: Collection[str] = ()) -> list[object]:
    """Return the forms of every route but those left out."""
    return [
        pytest.param(
            make,
            id=f"{endpoint}-{number}",
            marks=() if endpoint in ALWAYS else pytest.mark.slow,
        )
        for endpoint, makes in FORMS.items()
        for number, make in enumerate(makes)
        if endpoint not in left_out
    ]


def test_every_route_that_writes_has_a_form_in_the_table(app: Flask) -> None:
    routes = {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}

    assert routes == set(FORMS)
    assert set(NOTHING_TO_LOSE) < set(FORMS)


def opened(ground: Ground, form: WriteForm) -> tuple[Browser, dict[str, str]]:
    """Open the form's page and fill the form in."""
    who = ground.browser(form.who)
    page = who.get(form.page)
    hidden = {"csrf_token": who.form(form.page)["csrf_token"]}
    if f'action="{form.address}"' in page.text:
        hidden = button(page.text, form.address)
    elif form.page == form.address:
        hidden = who.form(form.page)
    return who, hidden | form.fields


def keeps(answer: TestResponse, form: WriteForm) -> bool:
    return form.kept in answer.text


@pytest.mark.parametrize("make", cases())
def test_locked_database_answers_503_and_keeps_the_form(ground: Ground, make: Make) -> None:
    form = make(ground)
    who, fields = opened(ground, form)
    before = ground.rows()

    with held(ground.desk.engine, form.table):
        answer = who.post(form.address, fields)

    assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "5")
    assert keeps(answer, form), answer.text
    assert ground.rows() == before
    assert who.post(form.address, fields).status_code == form.done


@pytest.mark.parametrize("make", cases(left_out=NOTHING_TO_LOSE))
def test_form_that_comes_second_says_so_and_loses_nothing(ground: Ground, make: Make) -> None:
    form = make(ground)
    who, fields = opened(ground, form)
    if form.race is None:
        assert who.post(form.address, fields | form.twin).status_code == form.done
    else:
        form.race()
    before = ground.rows()

    answer = who.post(form.address, fields)

    assert (answer.status_code, form.says in answer.text) == (form.lost, True), answer.text
    assert keeps(answer, form) or form.lost == 404
    if form.lost != 200:
        assert ground.rows() == before
