"""Pages on which an administrator changes devices, rooms, chairs and coils."""

import hashlib
import re
from collections.abc import Collection
from datetime import timedelta

from flask import Response, url_for
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import BooleanField, Field, IntegerField, SelectField, StringField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined] # newer than its types
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from clinic.errors import NotFound
from clinic.models.base import JsonValue
from clinic.models.engine import reading
from clinic.models.resources import Resource
from clinic.models.sites import Site
from clinic.queries.resources import resource_kinds
from clinic.queries.setup import Section, entry_of, free_key, outages_of
from clinic.rules.permissions import Permission
from clinic.rules.setups import DEVICE
from clinic.schemas import Fault
from clinic.web.admin.blueprint import blueprint
from clinic.web.admin.editing import EditPage, SetupForm, edit, show_entry
from clinic.web.admin.people_forms import LeaveRow
from clinic.web.admin.rows import Entry, rows_of
from clinic.web.admin.ticks import TicksField
from clinic.web.guard import needs, sites_here
from clinic.web.present import key_words
from clinic.web.requests import current_clinic
from clinic.web.words import lazy

IN_BLOCK = re.compile(r"\$\.blocks\[(\d+)\](?:\.(\w+))?")
BLOCK_KEY_LENGTH, MARK_LENGTH = 60, 16


class OutageRow(LeaveRow):
    """When a device or room is out of use; without a last day, for good: three years."""

    open_end = timedelta(days=3 * 365)


class ResourceForm(SetupForm):
    """A device, room, chair or coil."""

    names = ("name", "kind", "site", "seats", "tags", "fits", "position", "active")
    key = ""
    name = StringField(lazy("Name"), validators=[InputRequired(), Length(max=200)])
    kind = SelectField(lazy("Kind"), validators=[InputRequired()])
    site = SelectField(lazy("Site"), validators=[InputRequired()])
    seats = IntegerField(
        lazy("Patients at once"),
        default=1,
        validators=[InputRequired(), NumberRange(1, 99)],
        description=lazy("A recovery room with four chairs has 4."),
    )
    tags = StringField(
        lazy("Tags"),
        validators=[Optional(), Length(max=400)],
        description=lazy("Coils and features, with commas: figure-8, H1, H7, neuronavigation."),
    )
    position = IntegerField(
        lazy("Place on the board"), default=0, validators=[InputRequired(), NumberRange(-999, 999)]
    )
    fits = TicksField(lazy("A shared coil goes on"))
    active = BooleanField(lazy("In use"), default=True)
    rows_title = lazy("Out of use")

    def fill(self, entry: Entry) -> None:
        """Show a resource of the set-up."""
        self.name.data, self.kind.data = str(entry["name"]), str(entry["kind"])
        self.site.data, self.active.data = str(entry["site"]), entry["active"] is True
        self.seats.data, self.position.data = _number(entry["seats"]), _number(entry["position"])
        self.tags.data = ", ".join(_texts(entry["tags"]))
        self.fits.data = _texts(entry["fits"])

    def values(self) -> Entry:
        """Return the resource as a set-up document has it."""
        tags = dict.fromkeys(part.strip() for part in (self.tags.data or "").split(","))
        fits: list[JsonValue] = [*(self.fits.data or ())]
        return {
            "name": self.name.data or "",
            "kind": self.kind.data or "",
            "site": self.site.data or "",
            "seats": self.seats.data or 0,
            "tags": [tag for tag in tags if tag],
            "fits": fits,
            "position": self.position.data or 0,
            "active": bool(self.active.data),
        }

    def blocks(self) -> tuple[Entry, ...]:
        """Return the closed times of the resource: those that are there, and new ones."""
        return tuple(self._outage(row.value()) for row in self.kept)

    def _outage(self, value: Entry) -> Entry:
        begun = str(value["from"]).lower()
        fresh: Entry = {"key": short_key(f"out:{begun}:{self.key}"), "kind": "outage"}
        return {**fresh, **value, "resource": self.key}

    def field_of(self, fault: Fault) -> Field | None:
        """Return the field of a fault, which may lie in one of the closed times."""
        found = IN_BLOCK.match(fault.path)
        if found is None:
            return super().field_of(fault)
        return self.kept[int(found[1])].field_of(found[2] or "")


def short_key(whole: str) -> str:
    """Return a key no longer than a block's may be; one that is cut ends in a mark of the whole."""
    if len(whole) <= BLOCK_KEY_LENGTH:
        return whole
    mark = hashlib.sha256(whole.encode()).hexdigest()[:MARK_LENGTH]
    return f"{whole[: BLOCK_KEY_LENGTH - MARK_LENGTH - 1]}-{mark}"


@blueprint.route("/resources/new", methods=["GET", "POST"])
@needs(Permission.MANAGE_RESOURCES)
def new_resource() -> Response:
    """Add a device, room, chair or coil."""
    form = ResourceForm()
    with reading(current_clinic().engine) as unit:
        _offer(unit, form)
        form.key = free_key(unit, Section.RESOURCES, form.name.data or "")
    return edit(_page(gettext("Add a device, room or coil"), form.key, is_new=True), form)


@blueprint.route("/resources/<resource>", methods=["GET", "POST"])
@needs(Permission.MANAGE_RESOURCES)
def edit_resource(resource: str) -> Response:
    """Change a device, room, chair or coil."""
    form = ResourceForm()
    with reading(current_clinic().engine) as unit:
        _check_own(unit, resource)
        entry = entry_of(unit, Section.RESOURCES, resource)
        _offer(unit, form)
        outages = outages_of(unit, resource)
    form.key = resource
    form.rows = rows_of(OutageRow, _to_come(outages), more=1)
    if not form.is_submitted():
        form.fill(entry)
        show_entry(form, entry)
    return edit(_page(str(entry["name"]), resource), form)


def _to_come(outages: list[Entry]) -> list[JsonValue]:
    """Return the closed times that are not over."""
    today = f"{current_clinic().now:%Y-%m-%d}"
    return [one for one in outages if str(one["to"]) >= today]


def _check_own(unit: Session, key: str) -> None:
    own = sites_here()
    site_id = unit.scalar(select(Resource.site_id).where(Resource.key == key))
    if site_id is None or (own is not None and site_id not in own):
        raise NotFound("no_such_thing")


def _page(title: str, key: str, *, is_new: bool = False) -> EditPage:
    return EditPage(
        title=title,
        lead="" if is_new else gettext("Out of use without a last day means for good."),
        back=url_for("admin.list_resources"),
        section=Section.RESOURCES,
        key=key,
        is_new=is_new,
    )


def _offer(unit: Session, form: ResourceForm) -> None:
    """Offer the kinds in use and asked for, one's own sites, and the devices there."""
    own = sites_here()
    sites = [
        row
        for row in unit.execute(select(Site.id, Site.key, Site.name).order_by(Site.name))
        if own is None or row.id in own
    ]
    form.site.choices = [SelectChoice(row.key, row.name) for row in sites]
    form.kind.choices = [
        SelectChoice(kind, key_words(kind)) for kind in sorted(resource_kinds(unit))
    ]
    form.fits.choices = _devices(unit, [row.id for row in sites])


def _devices(unit: Session, site_ids: Collection[int]) -> list[SelectChoice]:
    query = (
        select(Resource.key, Resource.name)
        .where(Resource.kind == DEVICE, Resource.site_id.in_(site_ids))
        .order_by(Resource.position, Resource.name)
    )
    return [SelectChoice(key, name) for key, name in unit.execute(query)]


def _number(value: JsonValue) -> int:
    return value if isinstance(value, int) else 0


def _texts(value: JsonValue) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []
