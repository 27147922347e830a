"""What `clinic plan` and `clinic book` share: the same wishes, the same answer."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.errors import NotFound, RuleBroken
from clinic.models.base import JsonValue
from clinic.models.patients import Patient
from clinic.models.sites import Site
from clinic.planning.courses import PlannedVisit, Wishes
from clinic.planning.refusals import Impossible, Reason
from clinic.queries.availability import SiteFrame, frame_of, read_resources
from clinic.queries.proposals import Proposal, propose_course
from clinic.rules.people import BadDate, BadTime, parse_date, parse_time
from clinic.rules.visit_kinds import Place
from clinic.rules.wall_days import CELL_MIN, instant_of, wall_day
from clinic.web.reasons import reason_sentence

BY_STEP = re.compile(r"([a-z0-9_]+)=([0-9]{1,3})(w?)")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def wish_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say whose course it is and when the patient can come."""
    start = click.option("--start", required=True, help="First day, for example 2026-06-01.")
    return course_options(start(command))


def course_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the same options but for the first day."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.option("--patient", required=True, help="Record number or public id."),
    click.option("--protocol", required=True, help="Key, for example tms_itbs_ldlpfc."),
    click.option("--variant", default=None, help="Variant or route of it, for example sl."),
    click.option(
        "--repeats",
        default=None,
        help="Earlier course, or protocol given elsewhere, that maintenance takes after.",
    ),
    click.option("--site", default=None, help="Key of the site; needed when there are several."),
    click.option("--prefer", default=None, help="Wished hour, for example 09:30."),
    click.option(
        "--tolerance",
        type=click.IntRange(0, 720),
        default=None,
        help="Minutes around the wished hour.",
    ),
    click.option("--with", "prefers", default=None, help="Device or therapist wished, by name."),
    click.option(
        "--place",
        type=click.Choice([place.value for place in Place]),
        default=Place.ROOM.value,
        help="Where talks are held, where the treatment allows it.",
    ),
    click.option("--days", default=None, help="Weekdays the patient can come: mon,wed,fri."),
    click.option("--window", default=None, help="Hours the patient can come: 08:00-12:00."),
    click.option("--per-week", type=click.IntRange(1, 100), default=None, help="Visits a week."),
    click.option("--away", multiple=True, help="Dates away, for example 2026-06-10..2026-06-12."),
    click.option("--weekly", multiple=True, help="Visits a week of one step: continuation=1."),
    click.option("--every", multiple=True, help="Weeks between visits of a step: maintenance=1."),
    click.option(
        "--count", "counts", multiple=True, help="Visits or weeks of a step: acute=20, monthly=26w."
    ),
)


def read_wishes(options: dict[str, object]) -> Wishes:
    """Return the wishes of the options; RuleBroken names the option that cannot be read."""
    window = _text(options, "window")
    days = _text(options, "days")
    prefer = _text(options, "prefer")
    return Wishes(
        start_on=_date("start", str(options["start"])),
        preferred_min=None if prefer is None else _time("prefer", prefer),
        tolerance_min=_number(options, "tolerance"),
        window=None if window is None else _window(window),
        weekdays=None if days is None else frozenset(_weekday(day) for day in days.split(",")),
        away=tuple(_span(text) for text in _texts(options, "away")),
        per_week=_number(options, "per_week"),
        place=str(options["place"]),
        counts=_by_step(options, "counts", ""),
        weeks=_by_step(options, "counts", "w"),
        every=_by_step(options, "every", ""),
        weekly=_by_step(options, "weekly", ""),
    )


def _text(options: dict[str, object], key: str) -> str | None:
    value = options.get(key)
    return None if value is None else str(value)


def _texts(options: dict[str, object], key: str) -> list[str]:
    value = options.get(key)
    return [str(one) for one in value] if isinstance(value, tuple | list) else []


def _number(options: dict[str, object], key: str) -> int | None:
    value = options.get(key)
    return value if isinstance(value, int) else None


def _date(option: str, text: str) -> date:
    try:
        return parse_date(text)
    except BadDate as error:
        raise RuleBroken("option_unreadable", option=option, value=text) from error


def _time(option: str, text: str) -> int:
    try:
        return parse_time(text)
    except BadTime as error:
        raise RuleBroken("option_unreadable", option=option, value=text) from error


def _window(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    if not first or not last:
        raise RuleBroken("option_unreadable", option="window", value=text)
    window = (_time("window", first), _time("window", last))
    if window[0] >= window[1]:
        raise RuleBroken("option_unreadable", option="window", value=text)
    return window


def _weekday(text: str) -> int:
    if text.strip().lower() not in WEEKDAYS:
        raise RuleBroken("option_unreadable", option="days", value=text)
    return WEEKDAYS.index(text.strip().lower())


def _span(text: str) -> tuple[date, date]:
    first, _, last = text.partition("..")
    span = _date("away", first), _date("away", last or first)
    if span[0] > span[1]:
        raise RuleBroken("option_unreadable", option="away", value=text)
    return span


def _by_step(options: dict[str, object], key: str, unit: str) -> dict[str, int]:
    """Return by step the numbers given with a unit: "" for none, "w" for weeks."""
    found: dict[str, int] = {}
    seen: set[str] = set()
    for text in _texts(options, key):
        match = BY_STEP.fullmatch(text)
        if match is None or match[1] in seen:
            raise RuleBroken("option_unreadable", option=key.removesuffix("s"), value=text)
        seen.add(match[1])
        if match[3] == unit:
            found[match[1]] = int(match[2])
    return found


def find_patient(session: Session, reference: str) -> Patient:
    """Return the patient with this record number or public id, or raise NotFound."""
    found = session.scalar(
        select(Patient).where(
            (Patient.record_number == reference) | (Patient.public_id == reference)
        )
    )
    if found is None:
        raise NotFound("patient_unknown")
    return found


def find_site(session: Session, key: str | None) -> SiteFrame:
    """Return the site of this key, or the only one there is."""
    query = select(Site).order_by(Site.id)
    sites = session.scalars(query if key is None else query.where(Site.key == key)).all()
    if not sites:
        raise NotFound("site_unknown", site=key or "")
    if len(sites) > 1:
        raise RuleBroken("site_needed", keys=", ".join(site.key for site in sites))
    return frame_of(sites[0])


def propose(
    session: Session,
    options: dict[str, object],
    *,
    from_on: date | None = None,
    is_choice: bool = False,
) -> Proposal:
    """Return the proposal that the options ask for.

    `from_on` reads earlier days too; `is_choice` asks for all plans worth choosing from.
    """
    site = asked_site(session, options)
    return propose_course(
        session,
        patient_id=find_patient(session, str(options["patient"])).id,
        protocol_key=str(options["protocol"]),
        variant=_text(options, "variant"),
        repeats=_text(options, "repeats"),
        site=site,
        wishes=replace(read_wishes(options), prefers_id=_preferred(session, site, options)),
        from_on=from_on,
        is_choice=is_choice,
    )


def _preferred(session: Session, site: SiteFrame, options: dict[str, object]) -> int | None:
    """Return the resource of the site that is wished by name, or None where none is."""
    name = _text(options, "prefers")
    if name is None:
        return None
    things = read_resources(session, site_id=site.id, on=_date("start", str(options["start"])))
    found = next((one.id for one in things.values() if one.name == name), None)
    if found is None:
        raise RuleBroken("option_unreadable", option="with", value=name)
    return found


def asked_site(session: Session, options: dict[str, object]) -> SiteFrame:
    """Return the site that the options name, or the only one there is."""
    return find_site(session, _text(options, "site"))


def proposal_json(session: Session, proposal: Proposal) -> dict[str, JsonValue]:
    """Return a proposal as JSON: visits with number, phase, local start and end, resources."""
    site = proposal.order.site
    resources = read_resources(session, site_id=site.id, on=proposal.order.start_on)
    names = {resource.id: resource.name for resource in resources.values()}
    visits = sorted(proposal.plan.visits, key=lambda visit: (visit.on, visit.start_cell))
    return {
        "protocol": proposal.protocol.key,
        "protocol_version": proposal.protocol.version,
        "repeats": None if proposal.order.repeated is None else proposal.order.repeated.name,
        "site_zone": site.zone,
        "visits": [
            _visit_json(number, visit, site, names) for number, visit in enumerate(visits, start=1)
        ],
        "terms": [{"name": term.name, "value": list(term.value)} for term in proposal.plan.terms],
        "warnings": [warning.code for warning in proposal.plan.warnings],
        "unplaced": proposal.plan.unplaced,
        "blocked": _blocked_json(proposal.plan.first_impossible, names),
        "milliseconds": round(proposal.milliseconds, 2),
    }


def _blocked_json(blocked: Impossible | None, names: Mapping[int, str]) -> JsonValue:
    """Return the first visit without a place and what blocks it; None where all have one."""
    if blocked is None:
        return None
    return {
        "step": blocked.step_key or None,
        "number": blocked.number or None,
        "reasons": [reason_json(one, names) for one in blocked.reasons],
    }


def reason_json(reason: Reason, names: Mapping[int, str]) -> dict[str, JsonValue]:
    """Return one reason as JSON: its code, and the sentence that a person reads."""
    return {
        "code": reason.code,
        "requirement": reason.requirement,
        "resource": names.get(reason.resource_id or 0),
        "days": reason.days,
        "sentence": reason_sentence(reason, names),
    }


def _visit_json(
    number: int, visit: PlannedVisit, site: SiteFrame, names: dict[int, str]
) -> dict[str, JsonValue]:
    first, last = wall_day(visit.on, site.zone).span(
        visit.start_cell, visit.start_cell + visit.length_cells
    )
    return {
        "number": number,
        "step": visit.step_key,
        "phase": visit.phase,
        "kind": visit.kind_key,
        "start": _local(visit.on, visit.start_cell),
        "end": _local(visit.on, visit.start_cell + visit.length_cells),
        "zone": site.zone,
        "start_utc": instant_of(first).isoformat(),
        "end_utc": instant_of(last).isoformat(),
        "place": visit.place,
        "resources": [*sorted({names.get(hold.resource_id, "?") for hold in visit.holds})],
    }


def _local(on: date, cell: int) -> str:
    extra, minute = divmod(cell * CELL_MIN, 1440)
    day = on + timedelta(days=extra)
    return f"{day.isoformat()}T{minute // 60:02d}:{minute % 60:02d}"
