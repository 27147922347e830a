"""Log-in and log-out.

A name that does not exist, a wrong password and an account without one give the same answer after
the same work. Failed tries are counted by name and by address, whether or not the name exists.
"""

from flask import Response, make_response, render_template, request, session, url_for
from flask_babel import gettext

from clinic.actions.accounts import note_login, verify_password
from clinic.actions.sessions import (
    OpenedSession,
    count_failure,
    forget_failures,
    open_session,
    revoke_session,
    throttle_key,
)
from clinic.clock import machine_now
from clinic.errors import Busy
from clinic.models.engine import reading, writing
from clinic.queries.accounts import failed_tries, login_of
from clinic.web.auth.blueprint import blueprint
from clinic.web.auth.forms import LogInForm
from clinic.web.errors import form_again
from clinic.web.guard import public, signed_in
from clinic.web.requests import (
    asking,
    client_address,
    current_clinic,
    installation,
    safe_next,
    see_other,
)
from clinic.web.shell import home_of, say

PAGE = "auth/log_in.html"
TRIES_FOR_A_NAME = 10
TRIES_FOR_AN_ADDRESS = 60
THROTTLE_SECONDS = 15 * 60


@blueprint.get("/")
@public
def start() -> Response:
    """Lead to one's own first page, or to the log-in."""
    if asking() is None:
        return see_other(url_for("auth.log_in"))
    return see_other(home_of(current_clinic().actor))


@blueprint.route("/log-in", methods=["GET", "POST"])
@public
def log_in() -> Response:
    """Show the log-in form, or open a session."""
    form = LogInForm()
    if not form.is_submitted():
        form.next.data = safe_next(request.args.get("next")) or ""
        return make_response(render_template(PAGE, form=form, problem=None))
    if not form.validate():
        return _refused(form, None, 422)
    try:
        return _try(form, (form.login.data or "").casefold(), form.password.data or "")
    except Busy as problem:
        return form_again(PAGE, problem, form=form)


@blueprint.post("/log-out")
@signed_in
def log_out() -> Response:
    """End the session on the server and take the cookie back."""
    who = asking()
    here = current_clinic()
    account_id = here.actor.account_id
    if who is not None and account_id is not None:
        with writing(here.engine) as unit:
            revoke_session(unit, token_hash=who.token_hash, machine_at=machine_now())
            note_login(unit, account_id=account_id, verb="log_out", now=here.now)
    session.clear()
    say(gettext("You are logged out."))
    answer = see_other(url_for("auth.log_in"))
    answer.delete_cookie(
        here.settings.cookie_name, secure=here.settings.is_https, httponly=True, samesite="Lax"
    )
    return answer


@blueprint.get("/account")
@signed_in
def account() -> str:
    """Show one's own account: who one is here, and the way to the password."""
    return render_template("auth/account.html")


def carry(opened: OpenedSession, target: str) -> Response:
    """Return the answer that carries a new session's cookie and nothing of the old one."""
    settings = installation().settings
    session.clear()
    answer = see_other(target)
    answer.set_cookie(
        settings.cookie_name,
        opened.token,
        secure=settings.is_https,
        httponly=True,
        samesite="Lax",
        path="/",
    )
    return answer


def _try(form: LogInForm, name: str, password: str) -> Response:
    """Check name and password: one read unit, the hashing outside of it, one write unit."""
    here = current_clinic()
    by_name, by_address = throttle_key("name", name), throttle_key("address", client_address())
    with reading(here.engine) as unit:
        tries = failed_tries(unit, keys=(by_name, by_address), machine_at=machine_now())
        login = login_of(unit, login=name)
    if _is_too_much(tries.get(by_name, 0), tries.get(by_address, 0)):
        return _refused(form, gettext("Too many tries. Please wait 15 minutes."), 429)
    is_right = verify_password(None if login is None else login.password_hash, password)
    if login is None or not is_right:
        with writing(here.engine) as unit:
            count_failure(unit, keys=(by_name, by_address), machine_at=machine_now())
        return _refused(form, gettext("Log-in name or password is not right."), 422)
    return _open(login.account_id, by_name, safe_next(form.next.data))


def _is_too_much(for_name: int, for_address: int) -> bool:
    return for_name >= TRIES_FOR_A_NAME or for_address >= TRIES_FOR_AN_ADDRESS


def _open(account_id: int, by_name: str, target: str | None) -> Response:
    """Open a new session; one that was open in this browser ends, so tokens rotate at log-in."""
    here = current_clinic()
    old = asking()
    with writing(here.engine) as unit:
        if old is not None:
            revoke_session(unit, token_hash=old.token_hash, machine_at=machine_now())
        forget_failures(unit, key=by_name)
        opened = open_session(unit, account_id=account_id, machine_at=machine_now())
        note_login(unit, account_id=account_id, verb="log_in", now=here.now)
    return carry(opened, target or url_for("auth.start"))


def _refused(form: LogInForm, problem: str | None, status: int) -> Response:
    answer = make_response(render_template(PAGE, form=form, problem=problem), status)
    if status == 429:
        answer.headers["Retry-After"] = str(THROTTLE_SECONDS)
    return answer
