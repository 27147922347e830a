"""One-time log-in links of patients."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select, update

from clinic.actions.accounts import create_login_link, use_login_link
from clinic.clock import machine_now
from clinic.errors import NotAllowed, NotFound
from clinic.models import Account, AuditEntry, LoginLink, LoginSession, Patient, Site
from clinic.models.engine import reading, writing
from tests.browsers import Browser
from tests.cast import Cast, Person
from tests.conftest import NOW
from tests.factories import make_patient

Browsers = Callable[[str], Browser]


def make_link(engine: Engine, cast: Cast, *, by: Person | None = None) -> str:
    with writing(engine) as session:
        patient = session.get_one(Patient, cast.pat.patient_id)
        return create_login_link(session, patient=patient, by=(by or cast.dana).actor, now=NOW)


def test_link_opens_the_patients_own_page_once(
    browser: Browsers, web_engine: Engine, cast: Cast
) -> None:
    address = f"/link/{make_link(web_engine, cast)}"
    pat, late = browser(""), browser("")

    first = pat.send(address, {})
    second = late.post(address, late.form("/log-in"))

    assert (first.status_code, pat.get("/").location) == (303, "/my/")
    assert (second.status_code, late.get("/").location) == (404, "/log-in")


def test_looking_at_a_link_uses_nothing_up(
    browser: Browsers, web_engine: Engine, cast: Cast
) -> None:
    address = f"/link/{make_link(web_engine, cast)}"

    assert [browser("").get(address).status_code for _ in range(3)] == [200, 200, 200]
    with reading(web_engine) as session:
        assert session.execute(select(LoginLink.used_at)).scalar_one() is None
        assert session.execute(select(func.count(LoginSession.token_hash))).scalar_one() == 0


def test_used_old_and_invented_links_give_the_same_answer(
    browser: Browsers, web_engine: Engine, cast: Cast
) -> None:
    used, old = make_link(web_engine, cast), make_link(web_engine, cast)
    with writing(web_engine) as session:
        session.execute(update(LoginLink).values(expires_at=machine_now() - timedelta(seconds=1)))

    answers = {browser("").get(f"/link/{token}").data for token in (used, old, "invented")}

    assert len(answers) == 1
    assert b"Ask the front desk" in answers.pop()


def test_a_new_link_ends_the_one_before(web_engine: Engine, cast: Cast) -> None:
    first = make_link(web_engine, cast)
    make_link(web_engine, cast)

    with pytest.raises(NotFound, match="login_link_unusable"), writing(web_engine) as session:
        use_login_link(session, token=first, now=NOW)


def test_link_lives_half_an_hour_and_is_stored_hashed(web_engine: Engine, cast: Cast) -> None:
    token = make_link(web_engine, cast)

    with reading(web_engine) as session:
        row = session.execute(select(LoginLink)).scalar_one()
    assert row.expires_at - row.created_at == timedelta(minutes=30)
    assert row.token_hash != token


def test_only_the_desk_makes_links(web_engine: Engine, cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        make_link(web_engine, cast, by=cast.pat)


def test_link_is_in_the_audit_trail_of_the_patient(web_engine: Engine, cast: Cast) -> None:
    make_link(web_engine, cast)

    with reading(web_engine) as session:
        row = session.execute(select(AuditEntry)).scalar_one()
    assert (row.verb, row.account_id, row.patient_id) == (
        "create_login_link",
        cast.dana.account_id,
        cast.pat.patient_id,
    )


def test_first_link_makes_the_account(web_engine: Engine, cast: Cast) -> None:
    with writing(web_engine) as session:
        new = make_patient(session, number="1003", family="Reyes", given="Rosa")
        create_login_link(session, patient=new, by=cast.dana.actor, now=NOW)
        patient_id = new.id

    with reading(web_engine) as session:
        account = session.execute(
            select(Account).where(Account.patient_id == patient_id)
        ).scalar_one()
    assert (account.login, account.password_hash, account.is_active) == (None, None, True)


def test_link_page_speaks_the_language_of_the_browser(
    browser: Browsers, web_engine: Engine, cast: Cast
) -> None:
    address = f"/link/{make_link(web_engine, cast)}"
    stranger = browser("")

    assert "Abrir mi página" in stranger.get(address, Accept_Language="es-MX,es").text
    assert "Abrir mi página" in stranger.get(f"{address}?lang=es").text
    assert "Open my page" in stranger.get(address).text


def test_link_page_speaks_the_language_of_its_patient(
    browser: Browsers, web_engine: Engine, cast: Cast
) -> None:
    with writing(web_engine) as session:
        session.get_one(Patient, cast.pat.patient_id).language = "es"
        session.scalars(select(Site)).one().phone = "+15185550144"
    address = f"/link/{make_link(web_engine, cast)}"
    stranger = browser("")

    assert "Abrir mi página" in stranger.get(address).text
    assert "Open my page" in stranger.get(f"{address}?lang=en").text
    stranger.send(address, {})
    used = browser("").get(address)

    assert used.status_code == 404
    assert "<h1>Este enlace ya no sirve</h1>" in used.text
    assert '<html lang="es"' in used.text
    assert 'href="tel:+15185550144">Llamar al (518) 555-0144</a>' in used.text
    assert [word in used.text for word in ("Price", "Not found", "/log-in")] == [False] * 3
