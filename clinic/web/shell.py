"""The shell of every page: menu, search box, account, banners, and what was just done."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from flask import Flask, current_app, flash, get_flashed_messages, request, url_for
from flask_babel import get_locale, gettext

from clinic.clock import machine_now
from clinic.models.engine import reading
from clinic.queries.undos import Told, told
from clinic.rules.actors import Actor
from clinic.rules.permissions import Permission
from clinic.web import present
from clinic.web.guard import may_open
from clinic.web.requests import SILENT_AFTER, asking, current_clinic, installation

View = TypeVar("View", bound=Callable[..., object])

SEARCH_ENDPOINT = "desk.find_patients"
HOMES = ("clinician.home", "desk.home", "admin.home", "patient.home")
ROLE_WORDS_SHOWN = 2


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One entry of the menu: shown to whoever may open its view."""

    label: str
    position: int
    key: str
    shown_to: Callable[[Actor], bool]


@dataclass(frozen=True, slots=True)
class MenuLink:
    """A menu entry as the template prints it."""

    label: str
    address: str
    is_current: bool
    key: str


@dataclass(frozen=True, slots=True)
class Shell:
    """What the layout prints around every page."""

    language: str
    menu: tuple[MenuLink, ...]
    account_name: str
    account_role: str
    is_logged_in: bool
    is_patient: bool
    home: str
    search_address: str | None
    is_demo: bool
    is_scheduler_silent: bool


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence on top of a page, with the address to post to that undoes what it tells.

    `who` is the patient it is about, read here and never kept in the cookie; `next_address` is
    where the session that was cancelled gets a new date.
    """

    level: str
    words: str
    undo: str | None
    who: str = ""
    next_address: str | None = None


MENU: dict[Callable[..., object], MenuItem] = {}


def everybody(_actor: Actor) -> bool:
    """Say that an entry is for everybody who may open its view."""
    return True


def in_menu(
    label: str, *, position: int, key: str = "", shown_to: Callable[[Actor], bool] = everybody
) -> Callable[[View], View]:
    """Put a view into the menu; `key` is the single key that opens it, for example "t".

    `shown_to` leaves the entry out for people who may open the page but have a better one.
    """

    def mark(view: View) -> View:
        MENU[view] = MenuItem(label=label, position=position, key=key, shown_to=shown_to)
        return view

    return mark


UNDER: dict[Callable[..., object], str] = {}


def under(endpoint: str) -> Callable[[View], View]:
    """Light the menu entry of this endpoint while a view of another address is shown."""

    def mark(view: View) -> View:
        UNDER[view] = endpoint
        return view

    return mark


def say(words: str, *, level: str = "ok", undo: str | None = None) -> None:
    """Show a sentence on the next page, with an undo button when `undo` is an address to post to.

    The words travel in a signed cookie that its holder can read: no name, no clinical word.
    """
    flash(f"{undo or ''} {words}", level)  # an address holds no space


def things_said() -> list[Said]:
    """Return what `say` and `flash` left for this page, and forget it."""
    return [_said(*pair) for pair in get_flashed_messages(with_categories=True)]


def _said(level: str, text: str) -> Said:
    undo, _, words = text.partition(" ")
    is_ours = undo == "" or undo.startswith("/")
    if not is_ours or not undo:
        return Said(level, words if is_ours else text, None)
    about = _told(undo)
    if about is None:
        return Said(level, words, undo)
    lost = about.cancelled
    return Said(
        level=level,
        words=words,
        undo=undo,
        who=present.full_name(about.family, about.given, about.preferred),
        next_address=url_for("schedule.new_visit", makes_up=lost) if lost else None,
    )


def _told(undo: str) -> Told | None:
    """Return what the change set of an undo address says; None for any other address."""
    here = current_clinic()
    change_set = undo.partition("?")[0].rpartition("/")[2]
    if here.actor.account_id is None or not here.actor.may(Permission.SEE_PATIENTS):
        return None
    with reading(here.engine) as unit:
        return told(unit, public_id=change_set, account_id=here.actor.account_id)


def home_of(actor: Actor) -> str:
    """Return the address of the first page of somebody's door."""
    for endpoint in HOMES:
        if endpoint in current_app.view_functions and may_open(current_app, endpoint, actor):
            return url_for(endpoint)
    return url_for("auth.account")


def make_shell() -> Shell:
    """Return the shell for whoever asks."""
    who = asking()
    actor = current_clinic().actor
    return Shell(
        language=str(get_locale() or "en"),
        menu=_menu(actor) if who is not None else (),
        account_name=actor.name,
        account_role=_roles(actor),
        is_logged_in=who is not None,
        is_patient=actor.patient_id is not None,
        home=home_of(actor) if who is not None else url_for("auth.log_in"),
        search_address=_search(actor),
        is_demo=installation().settings.is_demo,
        is_scheduler_silent=_is_scheduler_silent(),
    )


def static_address(name: str) -> str:
    """Return the address of a static file with its version, so that it may be cached for long."""
    folder = Path(current_app.static_folder or "")
    return url_for("static", filename=name, v=static_version(folder / name))


def static_version(path: Path) -> str:
    """Return the version of a static file; empty when there is no such file."""
    return _version(path, path.stat().st_mtime_ns) if path.is_file() else ""


@lru_cache(maxsize=128)
def _version(path: Path, _changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def install_shell(app: Flask) -> None:
    """Give the templates the shell, static addresses and the shared presenters."""
    app.jinja_env.globals.update(
        static=static_address,
        make_shell=make_shell,
        get_locale=get_locale,
        things_said=things_said,
    )
    app.jinja_env.filters.update(
        day=present.day,
        long_day=present.long_day,
        clock_time=present.clock_time,
    )


def _menu(actor: Actor) -> tuple[MenuLink, ...]:
    entries = sorted(
        (
            (MENU[view], url_for(endpoint))
            for endpoint, view in current_app.view_functions.items()
            if view in MENU
            and MENU[view].shown_to(actor)
            and may_open(current_app, endpoint, actor)
        ),
        key=lambda entry: entry[0].position,
    )
    here = _under() or _current([address for _, address in entries])
    return tuple(
        MenuLink(str(item.label), address, address == here, item.key) for item, address in entries
    )


def _under() -> str | None:
    """Return the menu address that the page shown says it belongs to, None where it says none."""
    endpoint = UNDER.get(current_app.view_functions.get(request.endpoint or "", _menu))
    return None if endpoint is None else url_for(endpoint)


def _current(addresses: list[str]) -> str | None:
    """Return the longest menu address that leads to the page shown."""
    leading = [a for a in addresses if f"{request.path}/".startswith(f"{a.rstrip('/')}/")]
    return max(leading, key=len, default=None)


def _roles(actor: Actor) -> str:
    words = [present.role_word(role) for role in actor.roles[:ROLE_WORDS_SHOWN]]
    more = len(actor.roles) - len(words)
    return ", ".join(words) + (gettext(" and %(n)s more", n=more) if more > 0 else "")


def _search(actor: Actor) -> str | None:
    if SEARCH_ENDPOINT not in current_app.view_functions:
        return None
    return url_for(SEARCH_ENDPOINT) if may_open(current_app, SEARCH_ENDPOINT, actor) else None


def _is_scheduler_silent() -> bool:
    """Say whether staff must know that reminders and the missed sweep are standing still."""
    who = asking()
    if who is None or who.actor.staff_id is None:
        return False
    return who.heartbeat_at is None or machine_now() - who.heartbeat_at > SILENT_AFTER
