"""`clinic book`: plan a course and book it whole."""

from zoneinfo import ZoneInfo

import click

from clinic.actions.courses import book_course
from clinic.commands.common import answer, command_actor, json_option, open_clinic
from clinic.commands.plan import print_plan
from clinic.commands.planning import proposal_json, propose, wish_options
from clinic.errors import Conflict, NotFound
from clinic.models.engine import reading, write
from clinic.planning.three import Choice
from clinic.queries.proposals import Proposal


@click.command(short_help="Plan a course and book it whole.")
@wish_options
@click.option(
    "--choice",
    type=click.Choice([str(one) for one in Choice]),
    default=str(Choice.EARLIEST),
    help="Which of the plans that `clinic plan --three` shows.",
)
@json_option
@click.pass_context
def command(ctx: click.Context, /, as_json: bool, choice: str, **options: object) -> None:
    """Plan a course and book every visit of it, or none.

    Days that are over are taken, to bring a running course along, and said so.

    \b
    Example:
      clinic book --patient 20418 --protocol tms_itbs_ldlpfc --start 2026-06-01 --prefer 10:00
    """
    clinic = open_clinic()
    with reading(clinic.engine) as session:
        proposal = chosen(propose(session, options, is_choice=choice != Choice.EARLIEST), choice)
        found = proposal_json(session, proposal)
    if proposal.plan.first_impossible is not None:
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
    first_on = min(visit.on for visit in proposal.plan.visits)
    if first_on < now.astimezone(ZoneInfo(proposal.order.site.zone)).date():
        click.echo(
            f"The course began on {first_on}: mark what was held, the rest is missed", err=True
        )


def chosen(proposal: Proposal, choice: str) -> Proposal:
    """Return the proposal with the plan of this choice; NotFound when it is not worth offering."""
    for offer in proposal.offers:
        if offer.choice == choice:
            return proposal.with_plan(offer)
    offered = ", ".join(str(offer.choice) for offer in proposal.offers)
    raise NotFound("choice_not_offered", choice=choice, offered=offered)
