"""`clinic plan`: the best plan for a course; writes nothing."""

import click

from clinic.commands.common import answer, json_option, open_clinic
from clinic.commands.planning import proposal_json, propose, wish_options
from clinic.models.base import JsonValue
from clinic.models.engine import reading


@click.command(short_help="Show the best plan for a course; writes nothing.")
@wish_options
@click.option("--three", is_flag=True, help="Also the steadiest hour and the fewest changes.")
@json_option
def command(as_json: bool, three: bool, **options: object) -> None:
    """Show the best plan for a course. Nothing is written.

    \b
    Example:
      clinic plan --patient 20418 --protocol tms_itbs_ldlpfc --start 2026-06-01 --prefer 10:00
    """
    with reading(open_clinic().engine) as session:
        proposal = propose(session, options, is_choice=three)
        found = proposal_json(session, proposal)
        others = {
            str(offer.choice): proposal_json(session, proposal.with_plan(offer))
            for offer in proposal.offers[1:]
        }
    if as_json:
        answer(found | ({"others": dict(others)} if three else {}))
    else:
        print_plan(found)
        for choice, other in others.items():
            click.echo(f"\n{choice.replace('_', ' ')}:")
            print_plan(other)
    if found["blocked"]:
        raise SystemExit(1)


def print_plan(found: dict[str, JsonValue]) -> None:
    """Print a plan for a person: one line for each visit, what could not be placed last."""
    visits = found["visits"]
    for visit in visits if isinstance(visits, list) else []:
        if isinstance(visit, dict):
            names = visit["resources"]
            shown = ", ".join(str(name) for name in names) if isinstance(names, list) else ""
            click.echo(f"{visit['number']:>3}  {visit['start']}  {visit['kind']:<24} {shown}")
    click.echo(f"{found['milliseconds']} ms, {found['unplaced']} visits could not be placed")
    blocked = found["blocked"]
    reasons = blocked["reasons"] if isinstance(blocked, dict) else []
    for reason in reasons if isinstance(reasons, list) else []:
        if isinstance(reason, dict):
            click.echo(f"  - {reason['sentence']}")
