"""`clinic rezone`: put visits back to their wall time when the rules of a zone have changed."""

from datetime import datetime
from zoneinfo import ZoneInfo

import click
from sqlalchemy.orm import Session

from clinic.actions.zones import Rezoned, Stuck, rezone_site
from clinic.commands.common import Clinic, answer, command_actor, json_option, open_clinic
from clinic.commands.sentences import sentence
from clinic.models.base import JsonValue
from clinic.models.engine import reading, write
from clinic.models.sites import Site
from clinic.queries.zones import rules_in_force, sites_to_rezone
from clinic.rules.actors import Actor


@click.command
@click.option("--dry-run", is_flag=True, help="Say what would move, change nothing.")
@click.option("--site", "key", metavar="KEY", help="Only this site; all sites without it.")
@json_option
@click.pass_context
def command(ctx: click.Context, dry_run: bool, key: str | None, as_json: bool) -> None:
    """Put visits to come back to the hour that was promised, after an update of the zone data.

    Each site is one transaction. A visit whose hour is taken or does not exist stays where it is
    and is named; the status is then 1.

    \b
    Example:
      clinic rezone --dry-run
    """
    clinic = open_clinic()
    actor = command_actor(ctx)
    with reading(clinic.engine) as session:
        ids = [site.id for site in sites_to_rezone(session, key)]
    done = [_rezone(clinic, site_id, actor, is_trial=dry_run) for site_id in ids]
    if as_json:
        answer({"dry_run": dry_run, "rules": rules_in_force(), "sites": [_plain(d) for d in done]})
    else:
        _say(done, dry_run=dry_run)
    ctx.exit(1 if any(one.stuck for one in done) else 0)


class _Undo(Exception):
    """Leaves a write unit without keeping what it did."""

    def __init__(self, done: Rezoned) -> None:
        super().__init__()
        self.done = done


def _rezone(clinic: Clinic, site_id: int, actor: Actor, *, is_trial: bool) -> Rezoned:
    """Rezone one site; a trial does all of it and takes it back."""
    now = clinic.now()

    def work(session: Session) -> Rezoned:
        site = session.get_one(Site, site_id)
        done = rezone_site(session, site=site, by=actor, now=now)
        if is_trial:
            raise _Undo(done)
        return done

    try:
        return write(clinic.engine, work)
    except _Undo as undone:
        return undone.done


def _plain(done: Rezoned) -> JsonValue:
    return {
        "site": done.site,
        "zone": done.zone,
        "moved": done.moved,
        "blocks_to_look_at": done.blocks,
        "stuck": [
            {
                "visit": one.visit,
                "record_number": one.record_number,
                "on": one.on.isoformat(),
                "at": clock(one.local_min),
                "code": one.code,
                "reason": reason(one, done.zone),
            }
            for one in done.stuck
        ],
    }


def _say(done: list[Rezoned], *, dry_run: bool) -> None:
    verb = "would go" if dry_run else "went"
    for site in done:
        click.echo(f"{site.site} ({site.zone}): {site.moved} visits {verb} back to their hour")
        for one in site.stuck:
            click.echo(
                f"  stays: visit {one.visit} of record {one.record_number}, promised for "
                f"{one.on:%Y-%m-%d} {clock(one.local_min)}: {reason(one, site.zone)}"
            )
        if site.blocks:
            click.echo(f"  {site.blocks} closures and absences lie ahead: look at their hours")
    if dry_run:
        click.echo("Dry run: nothing was changed.")


def reason(one: Stuck, zone: str) -> str:
    """Return in words why a visit stays where it is."""
    wall = f"{one.on:%Y-%m-%d} {clock(one.local_min)}"
    if one.taken_at is None:
        return sentence(one.code, {"time": wall, "zone": zone})
    at = _wall(one.taken_at, zone)
    if one.code == "patient_busy":
        return f"the patient has another visit at {at}"
    return f"{one.resource} is taken by another visit at {at}"


def clock(minutes: int) -> str:
    """Return minutes of the day as 09:00."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _wall(instant: datetime, zone: str) -> str:
    return instant.astimezone(ZoneInfo(zone)).strftime("%H:%M")
