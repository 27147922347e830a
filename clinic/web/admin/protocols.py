"""The medical director's data, read only: protocols with their steps, and visit kinds."""

from flask import render_template, url_for
from flask_babel import gettext

from clinic.errors import NotFound
from clinic.models.engine import reading
from clinic.queries.definitions import (
    DefinitionKind,
    VersionRow,
    current_ids,
    protocol,
    version_row,
    version_rows,
    visit_kinds,
)
from clinic.rules.permissions import Permission
from clinic.rules.steps import Step
from clinic.rules.visit_kinds import Requirement, VisitKind
from clinic.web import present
from clinic.web.admin.blueprint import blueprint
from clinic.web.admin.outlines import source_words
from clinic.web.admin.tables import Cell, grouped
from clinic.web.admin.tabs import tabs
from clinic.web.guard import needs
from clinic.web.present import key_words
from clinic.web.requests import current_clinic


@blueprint.get("/protocols")
@needs(Permission.SEE_SETUP)
def list_protocols() -> str:
    """Show every version of every protocol."""
    with reading(current_clinic().engine) as unit:
        rows = version_rows(unit, DefinitionKind.PROTOCOL)
    heads = (
        gettext("Protocol"),
        gettext("Version"),
        gettext("Modality"),
        gettext("Source"),
        gettext("In force from"),
    )
    groups = grouped(("", _version_cells(row)) for row in rows)
    return render_template("admin/list.html", tabs=tabs(), heads=heads, groups=groups, new=None)


@blueprint.get("/protocols/<key>/<int:version>")
@needs(Permission.SEE_SETUP)
def show_protocol(key: str, version: int) -> str:
    """Show the steps of one version of a protocol."""
    with reading(current_clinic().engine) as unit:
        row = version_row(unit, DefinitionKind.PROTOCOL, key, version)
        if row is None:
            raise NotFound("no_such_thing")
        found = protocol(unit, row.id)
        kinds = visit_kinds(unit)
    heads = (
        gettext("Step"),
        gettext("Visits"),
        gettext("Visit"),
        gettext("Length"),
        gettext("Rhythm"),
        gettext("Days from the visit before"),
    )
    plans = [("", found.steps), *((one.name, one.steps) for one in found.variants)]
    groups = grouped((title, _step_cells(step, kinds)) for title, steps in plans for step in steps)
    return render_template(
        "admin/protocol.html",
        tabs=tabs(),
        heads=heads,
        groups=groups,
        name=found.name,
        facts=_facts(row, found.indication, tuple(sorted(found.device_tags))),
        notes=found.notes,
    )


@blueprint.get("/visit-kinds")
@needs(Permission.SEE_SETUP)
def list_kinds() -> str:
    """Show the visit kinds in force."""
    with reading(current_clinic().engine) as unit:
        kinds = visit_kinds(unit)
        ids = {*current_ids(unit, DefinitionKind.VISIT_KIND).values()}
        rows = version_rows(unit, DefinitionKind.VISIT_KIND)
    in_force = {row.key: row for row in rows if row.id in ids}
    heads = (
        gettext("Visit"),
        gettext("Patients read"),
        gettext("Length"),
        gettext("Turnover"),
        gettext("Where"),
        gettext("Holds"),
        gettext("Flagged missed after"),
        gettext("Version"),
        gettext("Source"),
    )
    ordered = sorted(kinds.values(), key=lambda kind: kind.staff_label)
    groups = grouped(("", _kind_cells(kind, in_force[kind.key])) for kind in ordered)
    return render_template("admin/list.html", tabs=tabs(), heads=heads, groups=groups, new=None)


def _version_cells(row: VersionRow) -> tuple[Cell, ...]:
    address = url_for("admin.show_protocol", key=row.key, version=row.version)
    in_force = "" if row.in_force_on is None else present.day_with_year(row.in_force_on)
    return (
        Cell(row.name, address=address, is_strong=True),
        Cell(str(row.version), is_number=True),
        Cell(row.modality.upper() if row.modality in {"tms", "kap"} else row.modality),
        Cell(source_words(row.source)),
        Cell(in_force or gettext("draft")),
    )


def _facts(row: VersionRow, indication: str, device_tags: tuple[str, ...]) -> list[tuple[str, str]]:
    in_force = "" if row.in_force_on is None else present.day_with_year(row.in_force_on)
    facts = [
        (gettext("Key"), f"{row.key}, {gettext('version')} {row.version}"),
        (gettext("For"), indication),
        (gettext("Device"), ", ".join(device_tags)),
        (gettext("Source"), source_words(row.source)),
        (gettext("Region"), row.region),
        (gettext("In force from"), in_force),
    ]
    return [(label, value) for label, value in facts if value]


def _step_cells(step: Step, kinds: dict[str, VisitKind]) -> tuple[Cell, ...]:
    kind = kinds.get(step.visit_kind)
    length = step.length_min or (kind.default_length_min if kind else None)
    return (
        Cell(key_words(step.key), is_strong=True),
        Cell(_count(step), is_number=True),
        Cell(kind.staff_label if kind else step.visit_kind, lines=_first_visit(step, kinds)),
        Cell("" if length is None else present.minutes_long(length)),
        Cell(_rhythm(step)),
        Cell(_gap(step)),
    )


def _count(step: Step) -> str:
    if step.count.default is None:
        return gettext("open")
    if step.pairing is not None and step.pairing.per_visit is not None:
        other = step.pairing.with_step.replace("_", " ")
        return gettext("%(n)s per %(step)s", n=step.count.default, step=other)
    return str(step.count.default)


def _first_visit(step: Step, kinds: dict[str, VisitKind]) -> tuple[str, ...]:
    first = step.first_visit
    if first is None:
        return ()
    kind = kinds.get(first.visit_kind)
    label = kind.staff_label if kind else first.visit_kind
    return (gettext("first: %(kind)s", kind=label),)


def _rhythm(step: Step) -> str:
    """Return how often, in words: visits a week, every n weeks, more than one a day."""
    parts = []
    if step.weekly_limit is not None:
        parts.append(gettext("%(n)s a week", n=step.weekly_limit.default))
    if step.every_weeks.default > 1:
        parts.append(gettext("every %(n)s weeks", n=step.every_weeks.default))
    if step.per_day.most > 1:
        parts.append(gettext("up to %(n)s a day", n=step.per_day.most))
    return ", ".join(parts)


def _gap(step: Step) -> str:
    """Return the spacing in words; a window counts hours from the end of another visit."""
    if step.window is not None:
        return gettext(
            "%(first)s to %(soft)s h after %(step)s, at most %(hard)s h",
            first=step.window.min_h,
            soft=step.window.soft_h,
            hard=step.window.hard_h,
            step=step.window.after.replace("_", " "),
        )
    if step.gap_days is None:
        return ""
    return gettext(
        "%(least)s to %(most)s, best %(ideal)s",
        least=step.gap_days.least,
        most=step.gap_days.most,
        ideal=step.gap_days.ideal,
    )


def _kind_cells(kind: VisitKind, row: VersionRow) -> tuple[Cell, ...]:
    return (
        Cell(kind.staff_label, is_strong=True),
        Cell(kind.patient_label),
        Cell(present.minutes_long(kind.default_length_min)),
        Cell(present.minutes_long(kind.turnover_min) if kind.turnover_min else ""),
        Cell(", ".join(key_words(place.value) for place in kind.places)),
        Cell("", lines=tuple(_holds(one) for one in kind.requirements)),
        Cell(present.minutes_long(kind.missed_grace_min)),
        Cell(str(row.version), is_number=True),
        Cell(source_words(row.source)),
    )


def _holds(one: Requirement) -> str:
    if one.resource_kind is not None:
        return key_words(one.resource_kind)
    return present.role_word(one.qualification or one.id)
