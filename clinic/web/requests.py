"""What a view knows about the request it answers: engine, clock, settings, who asks, and when."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask, Response, current_app, g, make_response, redirect, request, url_for
from flask_login import AnonymousUserMixin, current_user
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException

from clinic.actions.request_keys import known_result, once
from clinic.clock import Clock, machine_now
from clinic.queries.accounts import Asking
from clinic.rules.actors import Actor
from config import LOOPBACK, Settings

NOBODY = Actor(account_id=None)
SILENT_AFTER = timedelta(minutes=3)
UNSAFE_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
SAFE_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")
NOT_IN_BODY = frozenset({"csrf_token", "request_key"})


@dataclass(frozen=True, slots=True)
class Installation:
    """What belongs to the running application and not to one request."""

    engine: Engine
    settings: Settings


@dataclass(frozen=True, slots=True)
class CurrentClinic:
    """What belongs to this request; `now` is the clinic's clock, read once."""

    engine: Engine
    clock: Clock
    settings: Settings
    actor: Actor
    now: datetime


class Visitor(AnonymousUserMixin):
    """Who Flask-Login says is there: a person with a session, or nobody."""

    def __init__(self, asking: Asking | None) -> None:
        """Keep who is asking; None for nobody."""
        self.asking = asking

    @property
    def is_active(self) -> bool:
        """Say that a visitor is never switched off here; a closed account has no session."""
        return True

    @property
    def is_authenticated(self) -> bool:
        """Say whether somebody is logged in."""
        return self.asking is not None

    @property
    def is_anonymous(self) -> bool:
        """Say whether nobody is logged in."""
        return self.asking is None

    def get_id(self) -> str:
        """Return an id for Flask-Login; the session row is what counts."""
        return "" if self.asking is None else self.asking.token_hash


class Nobody(Visitor):
    """A visitor without a session, made by Flask-Login."""

    def __init__(self) -> None:
        """Make nobody."""
        super().__init__(None)


def install(app: Flask, installation: Installation) -> None:
    """Keep the engine and the settings with the application."""
    app.extensions["clinic"] = installation


def installation() -> Installation:
    """Return the engine and the settings of the running application."""
    found: Installation = current_app.extensions["clinic"]
    return found


def asking() -> Asking | None:
    """Return who is logged in behind this request, or None."""
    visitor: Visitor = current_user._get_current_object()
    return visitor.asking


def login_hash() -> str:
    """Return what is stored of the token of the log-in behind this request, "" without one."""
    who = asking()
    return "" if who is None else who.token_hash


def current_clinic() -> CurrentClinic:
    """Return engine, clock, settings, actor and the moment of this request, the same each time."""
    if "clinic" not in g:
        here = installation()
        who = asking()
        g.clinic = CurrentClinic(
            engine=here.engine,
            clock=here.settings.clock,
            settings=here.settings,
            actor=NOBODY if who is None else who.actor,
            now=moment(),
        )
    found: CurrentClinic = g.clinic
    return found


def moment() -> datetime:
    """Return the clinic's present instant, read once for each request."""
    if "now" not in g:
        g.now = installation().settings.clock.now()
    now: datetime = g.now
    return now


def see_other(address: str) -> Response:
    """Return the 303 answer of a form that was carried out; `address` is one of our own pages."""
    return make_response(redirect(address, 303))


def wants_fragment() -> bool:
    """Say whether our own script asks for a part of a page."""
    return request.headers.get("X-Fragment") == "1"


def is_poll() -> bool:
    """Say whether a script asks by itself, which is no sign that somebody is there."""
    return request.headers.get("X-Poll") == "1"


def run_once(session: Session, act: Callable[[], str]) -> str:
    """Return where this form's first answer led, carrying `act` out only the first time.

    The form carries a hidden `request_key`; its other fields make the body that is compared.
    """
    account_id = current_clinic().actor.account_id
    if account_id is None:
        raise PermissionError("a request key needs somebody who is logged in")
    return once(
        session,
        account_id=account_id,
        key=request.form.get("request_key", "")[:64],
        route=(request.endpoint or "")[:80],
        body=_body(),
        machine_at=machine_now(),
        act=act,
    )


def answered_before(session: Session) -> str | None:
    """Return where this form led when it was sent before, so that nothing is worked out twice."""
    return known_result(
        session,
        account_id=current_clinic().actor.account_id or 0,
        key=request.form.get("request_key", "")[:64],
        route=(request.endpoint or "")[:80],
        body=_body(),
    )


def _body() -> str:
    """Return the address and fields of this form in one fixed order, without the keys."""
    fields = sorted(
        (name, value) for name, value in request.form.items(multi=True) if name not in NOT_IN_BODY
    )
    return hashlib.sha256(repr((request.path, fields)).encode()).hexdigest()


def safe_next(target: str | None) -> str | None:
    """Return `target` when it is one of our own pages, else None.

    It is matched against the url_map and built again from what matched, so that nothing a browser
    might read as another host survives (`//evil`, `/\\evil`, `/%09/evil`).
    """
    if not target or not SAFE_PATH.fullmatch(target):
        return None
    path, _, query = target.partition("?")
    adapter = current_app.url_map.bind(request.host)
    try:
        endpoint, values = adapter.match(path, method="GET")
    except HTTPException:
        return None
    if endpoint.startswith(("auth.", "static", "health")):
        return None
    built = url_for(endpoint, **values)
    return f"{built}?{query}" if query else built


def client_address() -> str:
    """Return the address of who asks; a proxy is believed only when it runs on this machine."""
    peer = request.remote_addr or ""
    forwarded = request.headers.get("X-Forwarded-For", "")
    if installation().settings.is_https and peer in LOOPBACK and forwarded:
        return forwarded.rsplit(",", 1)[-1].strip()
    return peer
