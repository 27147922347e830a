"""One-time log-in links: looking at one changes nothing, pressing its button uses it up.

The page speaks the language of the patient whose link it is; a link that cannot be used says whom
to call, the same for one that was used, is too old or never was.
"""

from contextlib import AbstractContextManager, nullcontext
from http import HTTPStatus

from flask import Response, make_response, render_template, request, url_for
from flask_babel import force_locale

from clinic.actions.accounts import use_login_link
from clinic.actions.sessions import OpenedSession, hash_token, open_session, revoke_session
from clinic.clock import machine_now
from clinic.errors import NotFound
from clinic.models.engine import reading, writing
from clinic.queries.accounts import is_usable_link
from clinic.queries.login_links import LinkDesk, desk_of_link
from clinic.rules.people import FIRST_LANGUAGE
from clinic.web.auth.blueprint import blueprint
from clinic.web.auth.forms import LinkForm
from clinic.web.auth.views import carry
from clinic.web.guard import public
from clinic.web.phones import phone_words
from clinic.web.requests import asking, current_clinic


@blueprint.get("/link/<token>")
@public
def show_link(token: str) -> Response:
    """Show the button of a link that can still be used; a mail scanner uses nothing up."""
    with reading(current_clinic().engine) as unit:
        is_usable = is_usable_link(unit, token_hash=hash_token(token), machine_at=machine_now())
        desk = desk_of_link(unit, token_hash=hash_token(token))
    if not is_usable:
        return _unusable(desk)
    with _spoken(desk):
        return make_response(render_template("auth/link.html", form=LinkForm(), desk=desk))


@blueprint.post("/link/<token>")
@public
def use_link(token: str) -> Response:
    """Use the link up and open a session."""
    try:
        opened = _open(token)
    except NotFound:
        with reading(current_clinic().engine) as unit:
            desk = desk_of_link(unit, token_hash=hash_token(token))
        return _unusable(desk)
    return carry(opened, url_for("auth.start"))


def _open(token: str) -> OpenedSession:
    here = current_clinic()
    old = asking()
    with writing(here.engine) as unit:
        account_id = use_login_link(unit, token=token, now=here.now)
        if old is not None:
            revoke_session(unit, token_hash=old.token_hash, machine_at=machine_now())
        return open_session(unit, account_id=account_id, machine_at=machine_now())


def _unusable(desk: LinkDesk) -> Response:
    """Answer 404 and say how to get another link."""
    with _spoken(desk):
        phone = phone_words(desk.phone)
        page = render_template("auth/link_used.html", desk=desk, phone=phone)
    return make_response(page, HTTPStatus.NOT_FOUND)


def _spoken(desk: LinkDesk) -> AbstractContextManager[None]:
    """Speak the patient's language; the default one gives way to the wish of the browser."""
    if "lang" in request.args or desk.language in ("", FIRST_LANGUAGE):
        return nullcontext()
    return force_locale(desk.language)
