"""`clinic why`: why a course cannot be at a time, and what would have to give; writes nothing."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import click

from clinic.commands.common import answer, json_option, open_clinic
from clinic.commands.planning import asked_site, course_options, propose, reason_json
from clinic.errors import RuleBroken
from clinic.models.base import JsonValue
from clinic.models.engine import reading
from clinic.planning.changes import Change
from clinic.planning.questions import Instant
from clinic.planning.reasons import WhyNot
from clinic.planning.relaxations import Relaxation
from clinic.planning.wishes import Wishes
from clinic.queries.availability import SiteFrame, read_resources
from clinic.queries.obstacles import obstacles_of, why_not_at
from clinic.queries.proposals import Proposal
from clinic.rules.people import YEARS
from clinic.rules.wall_days import CELL_MIN, wall_day
from clinic.web.reasons import grant_words, outcome_words, relaxation_words

Names = Mapping[int, str]


@click.command(short_help="Say why a course cannot be at a time, and what would help.")
@course_options
@click.option("--start", default=None, help="First day; without it the day of the time asked for.")
@click.option("--at", "at_text", required=True, help="Local time, for example 2026-06-02T10:00.")
@json_option
def command(as_json: bool, at_text: str, **options: object) -> None:
    """Say why a visit of a course cannot start at a time, and what would let it. Writes nothing.

    The visit is the first that the best plan has on that day or later. When the course does not
    fit whole, or not at the wished hour, that is explained too.

    \b
    Example:
      clinic why --patient 20418 --protocol tms_itbs_ldlpfc --at 2026-06-01T10:00
    """
    with reading(open_clinic().engine) as session:
        site = asked_site(session, options)
        at = read_instant(at_text, site)
        options["start"] = options.get("start") or at.on.isoformat()
        proposal = propose(session, options, from_on=at.on)
        resources = read_resources(session, site_id=site.id, on=at.on)
    names = {one.id: one.name for one in resources.values()}
    found = why_json(proposal, at, names)
    if as_json:
        answer(found)
    else:
        print_why(found)


def read_instant(text: str, site: SiteFrame) -> Instant:
    """Return the local date and cell of a time; with an offset it is turned to the site's zone."""
    try:
        given = datetime.fromisoformat(text)
    except ValueError as error:
        raise RuleBroken("option_unreadable", option="at", value=text) from error
    if given.year not in YEARS:
        raise RuleBroken("option_unreadable", option="at", value=text)
    local = given if given.tzinfo is None else given.astimezone(ZoneInfo(site.zone))
    minutes = local.hour * 60 + local.minute
    if minutes % CELL_MIN:
        raise RuleBroken("start_off_grid", minutes=CELL_MIN)
    cell = minutes // CELL_MIN
    if wall_day(local.date(), site.zone).quanta[cell] is None:
        raise RuleBroken("time_not_single", time=f"{local:%Y-%m-%dT%H:%M}", zone=site.zone)
    return Instant(local.date(), cell)


def why_json(proposal: Proposal, at: Instant, names: Names) -> dict[str, JsonValue]:
    """Return the answer about the time, and about the whole course, as JSON."""
    why, reliefs = why_not_at(proposal, at)
    course = obstacles_of(proposal)
    wishes, minutes = proposal.asked.wishes, at.start_cell * CELL_MIN
    return {
        "protocol": proposal.protocol.key,
        "at": f"{at.on.isoformat()}T{minutes // 60:02d}:{minutes % 60:02d}",
        "zone": proposal.order.site.zone,
        **_visit_json(why, names),
        "relaxations": [_relaxation_json(one, wishes, is_course=False) for one in reliefs],
        "course": {
            "visits": len(proposal.plan.visits),
            "unplaced": proposal.plan.unplaced,
            "away_from_hour": course.off_hour,
            "reasons": [reason_json(one, names) for one in course.reasons],
            "relaxations": [
                _relaxation_json(one, wishes, is_course=True) for one in course.relaxations
            ],
        },
    }


def _visit_json(why: WhyNot, names: Names) -> dict[str, JsonValue]:
    holds = () if why.visit is None else why.visit.holds
    return {
        "visit": why.number,
        "step": why.step_key,
        "can_start": not why.reasons,
        "resources": [*sorted({names.get(hold.resource_id, "?") for hold in holds})],
        "reasons": [reason_json(one, names) for one in why.reasons],
    }


def _relaxation_json(one: Relaxation, wishes: Wishes, *, is_course: bool) -> dict[str, JsonValue]:
    """Return a relaxation; for a whole course also what it gives."""
    gives = f": {outcome_words(one)}" if is_course else ""
    return {
        "changes": [_change_json(change) for change in one.changes],
        "granted_by": one.grantor,
        "sentence": f"{relaxation_words(one, wishes)}{gives}. {grant_words(one.grantor)}",
        "finish": max(visit.on for visit in one.plan.visits).isoformat() if is_course else None,
    }


def _change_json(change: Change) -> dict[str, JsonValue]:
    return {
        "rule": change.rule,
        "amount": change.amount,
        "unit": change.unit,
        "granted_by": change.grantor,
        "step": change.step_key or None,
        "to": change.to,
        "weekdays": [*sorted(change.weekdays)],
        "dates": [on.isoformat() for on in change.span or ()],
        "name": change.name or None,
    }


def print_why(found: Mapping[str, JsonValue]) -> None:
    """Print the answer for a person: the reasons, then what would help, then the course."""
    click.echo(f"{found['at']}  visit {found['visit']} ({found['step'] or 'course'})")
    if found["can_start"]:
        click.echo("  It can start then.")
    _print_lines(found)
    course = found["course"]
    if isinstance(course, dict) and (course["unplaced"] or course["away_from_hour"]):
        click.echo(
            f"The course: {course['unplaced']} visits find no place,"
            f" {course['away_from_hour']} are away from the wished hour"
        )
        _print_lines(course)


def _print_lines(found: Mapping[str, JsonValue]) -> None:
    for key, lead in (("reasons", "  -"), ("relaxations", "  +")):
        rows = found[key]
        for row in rows if isinstance(rows, list) else []:
            if isinstance(row, dict):
                click.echo(f"{lead} {row['sentence']}")
