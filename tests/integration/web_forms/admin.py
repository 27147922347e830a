"""The administrator's forms as somebody is about to send them, and how each loses its race."""

from collections.abc import Callable

from tests.integration.web_forms.ground import Ground, WriteForm

MEANWHILE = "Somebody has changed this meanwhile"
WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "8:00 to 18:00")
SITE = {
    "name": "New Street",
    "patient_name": "New Street Clinic",
    "zone": "America/New_York",
    "region": "US",
}
TMS_1 = {
    "name": "TMS One",
    "kind": "tms_device",
    "site": "main",
    "seats": "1",
    "tags": "figure-8",
    "position": "0",
    "active": "y",
}
ZOE = {"name": "Zoe Zeller", "short_name": "Zoe", "seats": "1", "active": "y"}
SHIFT = {"row-0-site": "main", "row-0-days": "tue", "row-0-hours": "8:00 to 9:30"}
ENTRIES: dict[str, tuple[str, dict[str, str], dict[str, str]]] = {
    "admin.edit_hours": (
        "/admin/sites/main/hours",
        WEEK | {"sat": "9:00 to 12:00"},
        {"sat": "9:00 to 11:00"},
    ),
    "admin.edit_holidays": (
        "/admin/sites/main/holidays",
        {"row-0-on": "2026-12-25", "row-0-name_": "Christmas"},
        {"row-0-name_": "Noel"},
    ),
    "admin.propose_holidays": (
        "/admin/sites/main/holidays/proposals?country=US&state=NY&year=2026",
        {"days": "2026-12-25"},
        {"days": "2026-07-04"},
    ),
    "admin.edit_site": ("/admin/sites/main", SITE, {"name": "Old Street"}),
    "admin.edit_resource": ("/admin/resources/tms-1", TMS_1, {"name": "TMS Uno"}),
    "admin.edit_person": ("/admin/people/zoe_zeller", ZOE | {"short_name": "ZZ"}, {"name": "Z"}),
    "admin.edit_shifts": (
        "/admin/people/zoe_zeller/shifts",
        SHIFT,
        {"row-0-hours": "8:00 to 9:00"},
    ),
    "admin.edit_leave": (
        "/admin/people/zoe_zeller/leave",
        {"row-0-on": "2026-03-03", "row-0-reason": "course"},
        {"row-0-reason": "holiday"},
    ),
    "admin.edit_qualifications": (
        "/admin/people/zoe_zeller/qualifications",
        {"row-0-qualification": "tms_operator", "row-0-until_on": "2026-12-31"},
        {"row-0-until_on": "2026-11-30"},
    ),
    "admin.edit_roles": (
        "/admin/people/zoe_zeller/roles",
        {"row-0-role": "front_desk", "row-0-site": "main", "row-0-until_on": "2026-12-31"},
        {"row-0-until_on": "2026-11-30"},
    ),
}
"""Page, what is typed, and what somebody else had typed otherwise and saved first."""
NEW: dict[str, tuple[str, dict[str, str]]] = {
    "admin.new_site": ("/admin/sites/new", SITE),
    "admin.new_resource": ("/admin/resources/new", TMS_1),
    "admin.new_person": ("/admin/people/new", ZOE),
}


def changed(endpoint: str) -> Callable[[Ground], WriteForm]:
    """An entry of the set-up that somebody else has changed meanwhile."""
    page, typed, other = ENTRIES[endpoint]

    def form(ground: Ground) -> WriteForm:
        adan = ground.browser("adan")
        assert adan.send("/admin/people/new", ZOE).status_code == 303
        return WriteForm(
            page=page,
            address=page,
            fields=typed,
            kept=next(iter(typed.values())),
            race=lambda: adan.send(page, typed | other),
            says=MEANWHILE,
            who="adan",
        )

    return form


def added(endpoint: str) -> Callable[[Ground], WriteForm]:
    """A new entry; the same form was sent with another name before."""
    page, typed = NEW[endpoint]

    def form(_ground: Ground) -> WriteForm:
        return WriteForm(
            page=page,
            address=page,
            fields=typed,
            kept=typed["name"],
            twin={"name": "Another"},
            who="adan",
        )

    return form


FORMS = {
    **{endpoint: (changed(endpoint),) for endpoint in ENTRIES},
    **{endpoint: (added(endpoint),) for endpoint in NEW},
}
