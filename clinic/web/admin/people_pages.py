"""Pages on which an administrator changes the people who work here."""

from flask import Response, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms.fields import SelectChoice  # type: ignore[attr-defined] # newer than its types

from clinic.errors import NotAllowed, NotFound
from clinic.models.base import JsonValue
from clinic.models.engine import reading
from clinic.models.sites import Site
from clinic.models.staff import Qualification
from clinic.queries.definitions import visit_kinds
from clinic.queries.setup import Section, entry_of, free_key
from clinic.rules.permissions import Permission, Role
from clinic.web.admin.blueprint import blueprint
from clinic.web.admin.editing import EditPage, Link, SetupForm, edit, show_entry
from clinic.web.admin.people_forms import (
    LeaveForm,
    LeaveRow,
    PersonForm,
    QualificationRow,
    QualificationsForm,
    RoleRow,
    RolesForm,
    ShiftRow,
    ShiftsForm,
    choices,
)
from clinic.web.admin.rows import Entry, rows_of
from clinic.web.guard import needs, sites_here
from clinic.web.present import role_word
from clinic.web.requests import current_clinic
from clinic.web.words import lazy

PARTS = (
    ("admin.edit_person", lazy("Person"), False),
    ("admin.edit_shifts", lazy("Shifts"), True),
    ("admin.edit_leave", lazy("Leave"), True),
    ("admin.edit_qualifications", lazy("Qualifications"), False),
    ("admin.edit_roles", lazy("Roles"), False),
)


@blueprint.route("/people/new", methods=["GET", "POST"])
@needs(Permission.MANAGE_USERS)
def new_person() -> Response:
    """Add somebody who works here; roles, qualifications and shifts follow on their own pages."""
    _check_everywhere()
    form = PersonForm()
    with reading(current_clinic().engine) as unit:
        key = free_key(unit, Section.STAFF, form.name.data or "")
    page = EditPage(
        title=gettext("Add a person"),
        lead=gettext("A log-in is made at the command line: clinic user."),
        back=url_for("admin.list_people"),
        section=Section.STAFF,
        key=key,
        is_new=True,
        then=url_for("admin.edit_roles", person=key),
    )
    return edit(page, form)


@blueprint.route("/people/<person>", methods=["GET", "POST"])
@needs(Permission.MANAGE_USERS)
def edit_person(person: str) -> Response:
    """Change what somebody is called, and whether they can be booked."""
    entry = _person(person)
    form = PersonForm()
    if not form.is_submitted():
        form.fill(entry)
    return _edit(entry, form, "")


@blueprint.route("/people/<person>/shifts", methods=["GET", "POST"])
@needs(Permission.MANAGE_USERS)
def edit_shifts(person: str) -> Response:
    """Change when and where somebody works."""
    entry = _bookable(person)
    form, rows = ShiftsForm(), rows_of(ShiftRow, _list(entry, "shifts"))
    sites = _sites()
    for row in rows:
        row.site.choices = [SelectChoice(key, name) for key, name in sites]
    form.rows = rows
    return _edit(entry, form, gettext("One line for each span of hours, such as 8:00 to 17:00."))


@blueprint.route("/people/<person>/leave", methods=["GET", "POST"])
@needs(Permission.MANAGE_USERS)
def edit_leave(person: str) -> Response:
    """Change when somebody is away."""
    entry = _bookable(person)
    today = f"{current_clinic().now:%Y-%m-%d}"
    listed = [one for one in _list(entry, "leave") if isinstance(one, dict)]
    form = LeaveForm()
    form.past = tuple(one for one in listed if str(one["to"]) < today)
    form.rows = rows_of(LeaveRow, [one for one in listed if str(one["to"]) >= today])
    return _edit(entry, form, gettext("Without times, whole days; without a last day, one day."))


@blueprint.route("/people/<person>/qualifications", methods=["GET", "POST"])
@needs(Permission.MANAGE_USERS)
def edit_qualifications(person: str) -> Response:
    """Change what somebody is qualified for, and until when."""
    entry = _person(person)
    rows = rows_of(QualificationRow, _list(entry, "qualifications"))
    with reading(current_clinic().engine) as unit:
        known = _qualifications(unit)
    for row in rows:
        row.qualification.choices = choices(known, gettext("Choose"))
    form = QualificationsForm()
    form.rows = rows
    lead = gettext("Planning goes by these: nobody is booked for what they are not qualified for.")
    return _edit(entry, form, lead)


@blueprint.route("/people/<person>/roles", methods=["GET", "POST"])
@needs(Permission.MANAGE_USERS)
def edit_roles(person: str) -> Response:
    """Change what somebody may do here, and at which sites."""
    entry = _person(person)
    rows = rows_of(RoleRow, _list(entry, "roles"))
    roles = [(role.value, role_word(role.value)) for role in Role if role is not Role.PATIENT]
    sites = _sites()
    for row in rows:
        row.role.choices = choices(sorted(roles, key=lambda one: one[1]), gettext("Choose"))
        row.site.choices = choices(sites, gettext("Every site"))
    form = RolesForm()
    form.rows = rows
    return _edit(entry, form, gettext("Roles decide what somebody may see and do when logged in."))


def _edit(entry: Entry, form: SetupForm, lead: str) -> Response:
    if not form.is_submitted():
        show_entry(form, entry)
    is_booked = "shifts" in entry
    part = next(label for name, label, _seat in PARTS if name == request.endpoint)
    page = EditPage(
        title=gettext("%(title)s: %(of)s", title=str(part), of=str(entry["name"])),
        lead=lead,
        back=url_for("admin.list_people"),
        section=Section.STAFF,
        key=str(entry["key"]),
        links=tuple(
            Link(str(label), url_for(name, person=entry["key"]), name == request.endpoint)
            for name, label, needs_seat in PARTS
            if is_booked or not needs_seat
        ),
    )
    return edit(page, form)


def _check_everywhere() -> None:
    """Raise NotAllowed for who manages people at some sites only: a person belongs to all."""
    if sites_here() is not None:
        raise NotAllowed("permission_missing")


def _person(key: str) -> Entry:
    _check_everywhere()
    with reading(current_clinic().engine) as unit:
        return entry_of(unit, Section.STAFF, key)


def _bookable(key: str) -> Entry:
    """Return the entry of somebody who can be booked, or raise NotFound."""
    entry = _person(key)
    if "shifts" not in entry:
        raise NotFound("no_such_thing")
    return entry


def _list(entry: Entry, name: str) -> list[JsonValue]:
    found = entry[name]
    return found if isinstance(found, list) else []


def _sites() -> list[tuple[str, str]]:
    with reading(current_clinic().engine) as unit:
        rows = unit.execute(select(Site.key, Site.name).order_by(Site.name)).all()
    return [(row.key, row.name) for row in rows]


def _qualifications(unit: Session) -> list[tuple[str, str]]:
    """Return what can be asked of people, or is held already, with its words."""
    asked = {
        rule.qualification for kind in visit_kinds(unit).values() for rule in kind.requirements
    }
    held = unit.scalars(select(Qualification.qualification).distinct())
    keys = {*held, *(one for one in asked if one)}
    return sorted(((key, role_word(key)) for key in keys), key=lambda one: one[1])
