"""`clinic book`: plan a course and book it whole."""

import click

from clinic.actions.courses import book_course
from clinic.commands.common import answer, command_actor, json_option, open_clinic
from clinic.commands.plan import print_plan
from clinic.commands.planning import proposal_json, propose, wish_options
from clinic.errors import Conflict
from clinic.models.engine import reading, write


@click.command(short_help="Plan a course and book it whole.")
@wish_options
@json_option
@click.pass_context
def command(ctx: click.Context, /, as_json: bool, **options: object) -> None:
    """Plan a course and book every visit of it, or none.

    \b
    Example:
      clinic book --patient 20418 --protocol tms_itbs_ldlpfc --start 2026-06-01 --prefer 10:00
    """
    clinic = open_clinic()
    with reading(clinic.engine) as session:
        proposal = propose(session, options)
        found = proposal_json(session, proposal)
    if proposal.plan.unplaced:
        raise Conflict("plan_incomplete", unplaced=proposal.plan.unplaced)
    by, now = command_actor(ctx), clinic.now()
    course = write(
        clinic.engine,
        lambda session: (
            book_course(
                session,
                order=proposal.order,
                plan=proposal.plan,
                kinds=proposal.kinds,
                by=by,
                now=now,
            ).public_id
        ),
    )
    if as_json:
        answer({"course": course, **found})
    else:
        print_plan(found)
        click.echo(f"Booked as course {course}")
