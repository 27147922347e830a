"""The second row of links on the set-up pages."""

from dataclasses import dataclass

from flask import request, url_for

from clinic.web.words import lazy

TABS = (
    ("admin.home", lazy("Sites")),
    ("admin.list_resources", lazy("Devices and rooms")),
    ("admin.list_people", lazy("People")),
    ("admin.list_blocks", lazy("Closed times")),
    ("admin.list_protocols", lazy("Protocols")),
    ("admin.list_kinds", lazy("Visit kinds")),
    ("admin.list_policies", lazy("Policies")),
)
BELOW = {
    "admin.show_protocol": "admin.list_protocols",
    "admin.show_policy": "admin.list_policies",
    "admin.edit_hours": "admin.home",
    "admin.edit_holidays": "admin.home",
    "admin.propose_holidays": "admin.home",
    "admin.edit_site": "admin.home",
    "admin.new_site": "admin.home",
    "admin.new_person": "admin.list_people",
    "admin.edit_person": "admin.list_people",
    "admin.edit_shifts": "admin.list_people",
    "admin.edit_leave": "admin.list_people",
    "admin.edit_qualifications": "admin.list_people",
    "admin.edit_roles": "admin.list_people",
    "admin.edit_resource": "admin.list_resources",
    "admin.new_resource": "admin.list_resources",
}


@dataclass(frozen=True, slots=True)
class Tab:
    """One link of the row."""

    label: str
    address: str
    is_current: bool


def tabs() -> list[Tab]:
    """Return the row, with the page that is shown marked."""
    shown = BELOW.get(request.endpoint or "", request.endpoint)
    return [Tab(str(label), url_for(name), name == shown) for name, label in TABS]
