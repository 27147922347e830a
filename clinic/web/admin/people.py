"""The people of the clinic, with what they may do, can do, and when they work."""

from collections import defaultdict
from datetime import date

from flask import render_template, url_for
from flask_babel import gettext

from clinic.models.engine import reading
from clinic.queries.staff import Dated, ShiftRow, StaffRow, staff_rows
from clinic.rules.permissions import Permission
from clinic.rules.setups import ALWAYS, Hours
from clinic.web import present
from clinic.web.admin.blueprint import blueprint
from clinic.web.admin.editing import Link
from clinic.web.admin.sites import spans
from clinic.web.admin.tables import Cell, grouped
from clinic.web.admin.tabs import tabs
from clinic.web.guard import needs, sites_here
from clinic.web.requests import current_clinic


@blueprint.get("/people")
@needs(Permission.SEE_SETUP)
def list_people() -> str:
    """Show everybody who works here."""
    with reading(current_clinic().engine) as unit:
        rows = staff_rows(unit, site_ids=sites_here())
    heads = (
        gettext("Name"),
        gettext("Roles"),
        gettext("Qualified for"),
        gettext("Patients at once"),
        gettext("Shifts"),
        gettext("Log-in"),
    )
    may_change = current_clinic().actor.may_at(Permission.MANAGE_USERS, None)
    groups = grouped(("", _cells(row, may_change=may_change)) for row in rows)
    new = Link(gettext("Add a person"), url_for("admin.new_person")) if may_change else None
    return render_template("admin/list.html", tabs=tabs(), heads=heads, groups=groups, new=new)


def _cells(row: StaffRow, *, may_change: bool) -> tuple[Cell, ...]:
    address = url_for("admin.edit_person", person=row.key) if may_change else None
    name = row.name if row.is_active else gettext("%(name)s (has left)", name=row.name)
    return (
        Cell(name, address=address, is_strong=True),
        Cell("", lines=tuple(_dated(one, present.role_word(one.name)) for one in row.grants)),
        Cell(
            "", lines=tuple(_dated(one, present.role_word(one.name)) for one in row.qualifications)
        ),
        Cell(str(row.seats) if row.seats else gettext("not booked"), is_number=True),
        Cell("", lines=_shifts(row.shifts)),
        Cell(row.login or gettext("none"), is_quiet=True),
    )


def _dated(one: Dated, word: str) -> str:
    """Return a role or qualification with its site and the days between which it holds."""
    today, parts = current_clinic().now.date(), [word]
    if one.site:
        parts.append(gettext("at %(site)s", site=one.site))
    if one.until_on is not None and one.until_on < today:
        parts.append(gettext("ended on %(day)s", day=present.day_with_year(one.until_on)))
        return " ".join(parts)
    if one.from_on > today:
        parts.append(gettext("from %(day)s", day=present.day_with_year(one.from_on)))
    if one.until_on is not None:
        parts.append(gettext("until %(day)s", day=present.day_with_year(one.until_on)))
    return " ".join(parts)


def _shifts(shifts: tuple[ShiftRow, ...]) -> tuple[str, ...]:
    """Return shifts as lines, with the weekdays of equal ones joined."""
    groups: dict[tuple[str, date, date | None], list[Hours]] = defaultdict(list)
    for one in shifts:
        key = (one.site, one.from_on, one.until_on)
        groups[key].append(Hours(one.weekday, one.from_min, one.to_min))
    many_sites = len({site for site, _first, _last in groups}) > 1
    return tuple(
        f"{span.days} {span.hours}{_where(site if many_sites else '', first, last)}"
        for (site, first, last), hours in groups.items()
        for span in spans(hours)
    )


def _where(site: str, from_on: date, until_on: date | None) -> str:
    parts = [gettext("at %(site)s", site=site)] if site else []
    if from_on != ALWAYS:
        parts.append(gettext("from %(day)s", day=present.day_with_year(from_on)))
    if until_on is not None:
        parts.append(gettext("until %(day)s", day=present.day_with_year(until_on)))
    return f" {' '.join(parts)}" if parts else ""
