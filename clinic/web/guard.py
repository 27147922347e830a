"""The guard: a blueprint decides the door, a permission on each view decides the verb.

Default deny: a view without a policy is refused for everybody, and a test finds it. The guard
runs before every request; it also loads who is asking and checks the CSRF token.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    flash,
    g,
    request,
    session,
    url_for,
)
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import RequestEntityTooLarge, Unauthorized

from clinic.actions.sessions import hash_token, touch_session
from clinic.clock import machine_now
from clinic.errors import Busy, NotAllowed
from clinic.extensions import csrf, login_manager
from clinic.models.engine import reading, writing
from clinic.queries.accounts import Asking, who_is_asking
from clinic.rules.actors import Actor
from clinic.rules.permissions import Door, Permission, may_enter
from clinic.web.requests import (
    UNSAFE_METHODS,
    Nobody,
    Visitor,
    asking,
    current_clinic,
    installation,
    is_poll,
    moment,
    see_other,
    wants_fragment,
)

log = logging.getLogger(__name__)
View = TypeVar("View", bound=Callable[..., object])

EVERY_DOOR = frozenset(Door)
SEEN_EVERY = timedelta(minutes=1)
MOST_FIELDS = 1_000
WITHOUT_SESSION = frozenset({"static", "auth.healthz"})
WITH_OLD_PASSWORD = frozenset({"auth.change_password", "auth.log_out", "static", "auth.healthz"})
OTHER_SITES = frozenset({"cross-site", "same-site"})


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may use a view: anybody, anybody logged in, or a holder of the permission."""

    is_public: bool = False
    permission: Permission | None = None


POLICIES: dict[Callable[..., object], Policy] = {}
DOORS: dict[str, frozenset[Door]] = {}


def open_doors(blueprint: Blueprint, *doors: Door) -> Blueprint:
    """Let the people of these doors into a blueprint; without it only public views answer."""
    DOORS[blueprint.name] = frozenset(doors)
    return blueprint


def open_to_all(blueprint: Blueprint) -> Blueprint:
    """Let everybody who is logged in into a blueprint, whatever the role (log-out, password)."""
    return open_doors(blueprint, *EVERY_DOOR)


def needs(permission: Permission) -> Callable[[View], View]:
    """Mark a view as needing this permission; stands right below the route."""
    return _marker(Policy(permission=permission))


def signed_in(view: View) -> View:
    """Mark a view as open to everybody who is logged in (log-out, own password)."""
    return _marker(Policy())(view)


def public(view: View) -> View:
    """Mark a view as open to everybody, logged in or not."""
    return _marker(Policy(is_public=True))(view)


def _marker(policy: Policy) -> Callable[[View], View]:
    def mark(view: View) -> View:
        POLICIES[view] = policy
        return view

    return mark


def policy_of(app: Flask, endpoint: str) -> Policy | None:
    """Return the policy of an endpoint; None when it has none and is therefore shut."""
    if endpoint == "static":
        return Policy(is_public=True)
    return POLICIES.get(app.view_functions[endpoint])


def may_open(app: Flask, endpoint: str, actor: Actor) -> bool:
    """Say whether this person gets through the door and the policy of an endpoint."""
    policy = policy_of(app, endpoint)
    if policy is None:
        return False
    if policy.is_public:
        return True
    if actor.account_id is None or not _is_through_the_door(endpoint, actor):
        return False
    return policy.permission is None or actor.may(policy.permission)


def sites_here() -> frozenset[int] | None:
    """Return the sites at which the permission of this view is held, None for every site.

    Whatever belongs to a site is looked for among these: what stands elsewhere is not there.
    """
    policy = policy_of(current_app, request.endpoint or "")
    if policy is None or policy.permission is None:
        return frozenset()
    return current_clinic().actor.sites_with(policy.permission)


def _is_through_the_door(endpoint: str, actor: Actor) -> bool:
    doors = DOORS.get(endpoint.rpartition(".")[0], frozenset())
    return doors == EVERY_DOOR or any(may_enter(actor.permissions, door) for door in doors)


def install_guard(app: Flask) -> None:
    """Put the guard before every request of the application."""
    login_manager.init_app(app)
    login_manager.anonymous_user = Nobody
    login_manager.request_loader(lambda _request: _visitor())
    app.before_request(check_size)
    app.before_request(check_csrf)
    app.before_request(check_policy)
    app.before_request(note_presence)


def _visitor() -> Visitor | None:
    """Return who holds the session cookie, read in one short read unit, or None."""
    here = installation()
    token = request.cookies.get(here.settings.cookie_name)
    if not token or request.endpoint in WITHOUT_SESSION:
        return None
    with reading(here.engine) as unit:
        who = who_is_asking(
            unit, token_hash=hash_token(token), machine_at=machine_now(), now=moment()
        )
    return None if who is None else Visitor(who)


def check_size() -> None:
    """Refuse a form with more than 1,000 fields; the body's size is refused by Flask."""
    fields = request.args if request.method not in UNSAFE_METHODS else request.form
    if sum(1 for _ in fields.items(multi=True)) > MOST_FIELDS:
        raise RequestEntityTooLarge


def check_csrf() -> None:
    """Check the CSRF token of an unsafe request; it belongs to the session row.

    Flask-WTF keeps its secret in the signed form cookie. For somebody logged in that secret is
    set from the session row first, so a cookie planted by another host is worth nothing.
    """
    who = asking()
    if who is not None and session.get("csrf_token") != who.csrf_token:
        session["csrf_token"] = who.csrf_token
    if request.method not in UNSAFE_METHODS or request.endpoint is None:
        return
    if request.headers.get("Sec-Fetch-Site") in OTHER_SITES:
        raise CSRFError("another site sent this form")
    csrf.protect()


def check_policy() -> Response | None:
    """Let the request through, send a stranger to the log-in, or raise NotAllowed."""
    if request.endpoint is None:
        return None
    who = asking()
    policy = policy_of(current_app, request.endpoint)
    if policy is not None and policy.is_public:
        return None
    if who is None:
        return _ask_to_log_in()
    if not may_open(current_app, request.endpoint, who.actor):
        raise NotAllowed("door_closed")
    if who.must_change_password and request.endpoint not in WITH_OLD_PASSWORD:
        return see_other(url_for("auth.change_password"))
    return None


def _ask_to_log_in() -> Response:
    """Send a page to the log-in and back again; a script gets 401 and shows its own words."""
    if wants_fragment() or is_poll():
        raise Unauthorized
    if request.method in UNSAFE_METHODS:
        flash(" " + gettext("Please log in again. What you entered was not saved."), "warn")
        return see_other(url_for("auth.log_in"))
    target = request.full_path.removesuffix("?")
    return see_other(url_for("auth.log_in", next=None if target == "/" else target))


def note_presence() -> None:
    """Write at most once a minute that somebody is there; a script asking by itself is nobody."""
    who = asking()
    if who is None or is_poll() or wants_fragment() or g.get("is_presence_noted"):
        return
    at = machine_now()
    if at - who.seen_at < SEEN_EVERY:
        return
    g.is_presence_noted = True
    _touch(who)


def _touch(who: Asking) -> None:
    """Write the presence; a busy database may lose it, because the page matters more."""
    try:
        with writing(installation().engine) as unit:
            touch_session(unit, token_hash=who.token_hash, machine_at=machine_now())
    except Busy:
        log.info("presence not written: the database was busy")
