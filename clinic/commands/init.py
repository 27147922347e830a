"""`clinic init`: make an empty clinic for real use."""

import click
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clinic.actions.accounts import create_staff_account, hash_password
from clinic.actions.definitions import load_starter_data
from clinic.actions.sites import put_organisation, put_site
from clinic.actions.staff import put_staff
from clinic.commands.common import answer, command_actor, json_option, open_any
from clinic.commands.passwords import one_time_password, read_password
from clinic.errors import Conflict, RuleBroken
from clinic.models import migrate
from clinic.models.accounts import Account
from clinic.models.engine import writing
from clinic.models.staff import Staff
from clinic.rules.permissions import Role
from clinic.rules.setup_reading import zone_exists
from clinic.rules.setups import GrantSpec, OrganisationSpec, SiteSpec, StaffSpec


@click.command
@click.option("--name", required=True, help="Name of the first administrator.")
@click.option("--email", required=True, help="E-mail of the administrator, also the log-in.")
@click.option("--zone", required=True, help="Zone of the first site, such as America/Chicago.")
@click.option("--clinic", "title", default="Clinic", show_default=True, help="Name of the clinic.")
@click.option("--password-stdin", is_flag=True, help="Take the password from standard input.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    name: str,
    email: str,
    zone: str,
    title: str,
    password_stdin: bool,
    as_json: bool,
) -> None:
    """Make the tables, load the starter data, add one site and the first administrator.

    Without --password-stdin a one-time password is made and printed, once.

    \b
    Example:
      clinic init --name "Ana Ruiz" --email ana@example.org --zone America/Chicago
    """
    if not zone_exists(zone):
        raise RuleBroken("zone_unknown", zone=zone)
    password = read_password() if password_stdin else one_time_password()
    password_hash = hash_password(password)
    clinic, actor = open_any(), command_actor(ctx)
    migrate.upgrade(clinic.engine)
    now = clinic.now()
    with writing(clinic.engine) as session:
        _check_empty(session)
        load_starter_data(session, by=actor, now=now)
        put_organisation(session, spec=OrganisationSpec(title, zone), by=actor, now=now)
        put_site(session, spec=SiteSpec("main", title, title, zone), by=actor, now=now)
        put_staff(session, spec=_administrator(name, email), by=actor, now=now)
        create_staff_account(
            session,
            staff_id=session.execute(select(Staff.id).where(Staff.key == "admin")).scalar_one(),
            login=email,
            password_hash=password_hash,
            must_change_password=not password_stdin,
            by=actor,
            now=now,
        )
    _say(email, None if password_stdin else password, as_json=as_json)


def _check_empty(session: Session) -> None:
    if session.execute(select(func.count(Account.id))).scalar_one():
        raise Conflict("clinic_not_empty")


def _administrator(name: str, email: str) -> StaffSpec:
    return StaffSpec(
        key="admin",
        name=name,
        short_name=name.split()[0] if name.split() else name,
        email=email,
        seats=0,
        grants=(GrantSpec(Role.CLINIC_ADMIN.value),),
    )


def _say(email: str, password: str | None, *, as_json: bool) -> None:
    if as_json:
        answer({"login": email, "one_time_password": password})
        return
    click.echo(f"log-in     {email}")
    if password is not None:
        click.echo(f"password   {password}   (shown once; change it at the first log-in)")
    click.echo("next       clinic setup clinic.json, then clinic serve")
