"""The rest of the medical director's data, read only: policies, thresholds, lists and texts."""

from collections.abc import Mapping

from flask import render_template, url_for
from flask_babel import gettext

from clinic.errors import NotFound
from clinic.models.engine import reading
from clinic.queries.definitions import (
    DefinitionKind,
    VersionRow,
    version_row,
    version_rows_of,
    whole,
)
from clinic.rules.permissions import Permission
from clinic.web import present
from clinic.web.admin.blueprint import blueprint
from clinic.web.admin.outlines import outline
from clinic.web.admin.tables import Cell, grouped
from clinic.web.admin.tabs import tabs
from clinic.web.guard import needs
from clinic.web.requests import current_clinic
from clinic.web.words import lazy

NAMES: Mapping[DefinitionKind, tuple[str, str]] = {
    DefinitionKind.POLICIES: (
        lazy("Policies"),
        lazy("misses, gaps, pencilled courses, authorisations, reminders"),
    ),
    DefinitionKind.THRESHOLDS: (
        lazy("Vitals thresholds"),
        lazy("when a reading warns or holds a dose, and when a patient may leave"),
    ),
    DefinitionKind.SIDE_EFFECTS: (
        lazy("Side effects"),
        lazy("the coded list, grades, and what is serious"),
    ),
    DefinitionKind.SCREENING: (lazy("Screening"), lazy("what is asked before a course")),
    DefinitionKind.INSTRUMENTS: (lazy("Questionnaires"), lazy("their items, scores and rhythm")),
    DefinitionKind.MT_REDETERMINATION: (
        lazy("Motor threshold"),
        lazy("when it is measured again"),
    ),
    DefinitionKind.OPERATIONS: (
        lazy("Operations"),
        lazy("roles, qualifications and the words for them"),
    ),
    DefinitionKind.CODES: (lazy("Codes"), lazy("of observations, units and billing")),
    DefinitionKind.TEXTS: (
        lazy("Texts for patients"),
        lazy("what to do before a visit, and words no message holds"),
    ),
}
OUTSIDE = ("schema", "status")
"""Parts of a document that are said above it, or tell a program what it is."""


@blueprint.get("/policies")
@needs(Permission.SEE_SETUP)
def list_policies() -> str:
    """Show every version of the policies, thresholds, lists and texts."""
    with reading(current_clinic().engine) as unit:
        rows = version_rows_of(unit, list(NAMES))
    heads = (gettext("Data"), gettext("Says"), gettext("Version"), gettext("In force from"))
    order = list(NAMES)
    rows.sort(key=lambda row: order.index(DefinitionKind(row.kind)))
    groups = grouped(("", _cells(row)) for row in rows)
    return render_template("admin/list.html", tabs=tabs(), heads=heads, groups=groups, new=None)


@blueprint.get("/policies/<kind>/<int:version>")
@needs(Permission.SEE_SETUP)
def show_policy(kind: str, version: int) -> str:
    """Show one version of one of them, whole."""
    if kind not in NAMES:
        raise NotFound("no_such_thing")
    found = DefinitionKind(kind)
    with reading(current_clinic().engine) as unit:
        row = version_row(unit, found, found, version)
        if row is None:
            raise NotFound("no_such_thing")
        body = whole(unit, found, row.id)
    said = {name: text for name in OUTSIDE if isinstance(text := body.get(name), str)}
    return render_template(
        "admin/policy.html",
        tabs=tabs(),
        name=NAMES[found][0],
        says=NAMES[found][1],
        facts=_facts(row, said.get("status", "")),
        lines=outline(body, without=[*said]),
    )


def _cells(row: VersionRow) -> tuple[Cell, ...]:
    name, says = NAMES[DefinitionKind(row.kind)]
    return (
        Cell(
            str(name),
            address=url_for("admin.show_policy", kind=row.kind, version=row.version),
            is_strong=True,
        ),
        Cell(str(says)),
        Cell(str(row.version), is_number=True),
        Cell(_in_force(row)),
    )


def _facts(row: VersionRow, status: str) -> list[tuple[str, str]]:
    facts = [
        (gettext("Version"), str(row.version)),
        (gettext("In force from"), _in_force(row)),
        (gettext("Source"), status),
    ]
    return [(label, value) for label, value in facts if value]


def _in_force(row: VersionRow) -> str:
    return gettext("draft") if row.in_force_on is None else present.day_with_year(row.in_force_on)
