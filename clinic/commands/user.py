"""`clinic user`: log-ins of staff."""

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.actions.accounts import (
    close_account,
    create_staff_account,
    hash_password,
    set_password,
)
from clinic.actions.staff import link_own_chart, put_staff
from clinic.commands.common import answer, command_actor, json_option, open_clinic
from clinic.commands.passwords import one_time_password, read_password
from clinic.errors import NotFound, RuleBroken
from clinic.models.accounts import Account
from clinic.models.engine import reading, writing
from clinic.models.staff import Staff
from clinic.queries.staff import login_rows
from clinic.rules.setups import GrantSpec, StaffSpec

STDIN = click.option("--password-stdin", is_flag=True, help="Take it from standard input.")


@click.group
def command() -> None:
    """Log-ins: add, list, set a password, revoke; staff who are patients.

    \b
    Example:
      clinic user list
    """


@command.command
@click.option("--key", required=True, help="Short key of the person, for example dana.")
@click.option("--name", required=True)
@click.option("--login", required=True, help="Log-in name, usually the e-mail.")
@click.option("--role", "roles", multiple=True, help="A role; may be given again.")
@STDIN
@json_option
@click.pass_context
def add(
    ctx: click.Context,
    key: str,
    name: str,
    login: str,
    roles: tuple[str, ...],
    password_stdin: bool,
    as_json: bool,
) -> None:
    """Add a person with a log-in, or a log-in for a person who is there already.

    \b
    Example:
      clinic user add --key dana --name "Dana Reed" --login dana@example.org --role front_desk
    """
    for option, text in (("key", key), ("name", name), ("login", login)):
        if not text.strip():
            raise RuleBroken("option_unreadable", option=option, value=text)
    clinic, actor = open_clinic(), command_actor(ctx)
    password = read_password() if password_stdin else one_time_password()
    password_hash = hash_password(password)
    with writing(clinic.engine) as session:
        staff_id = _staff_id(session, key)
        if staff_id is None:
            grants = tuple(GrantSpec(role) for role in roles)
            spec = StaffSpec(key, name, name.split()[0], seats=0, grants=grants)
            put_staff(session, spec=spec, by=actor, now=clinic.now())
            staff_id = _staff_id(session, key)
        create_staff_account(
            session,
            staff_id=staff_id or 0,
            login=login,
            password_hash=password_hash,
            must_change_password=not password_stdin,
            by=actor,
            now=clinic.now(),
        )
    _say(login, None if password_stdin else password, as_json=as_json)


@command.command
@click.argument("login")
@STDIN
@json_option
@click.pass_context
def password(ctx: click.Context, login: str, password_stdin: bool, as_json: bool) -> None:
    """Give LOGIN a new password and end its sessions; without --password-stdin a one-time one.

    \b
    Example:
      clinic user password dana@example.org
    """
    clinic, actor = open_clinic(), command_actor(ctx)
    fresh = read_password() if password_stdin else one_time_password()
    password_hash = hash_password(fresh)
    with writing(clinic.engine) as session:
        set_password(
            session,
            account_id=_account_id(session, login),
            password_hash=password_hash,
            must_change_password=not password_stdin,
            keep_session=None,
            by=actor,
            now=clinic.now(),
        )
    _say(login, None if password_stdin else fresh, as_json=as_json)


@command.command
@click.argument("key")
@click.argument("record_number", default="")
@click.pass_context
def patient(ctx: click.Context, key: str, record_number: str) -> None:
    """Say that the person KEY is the patient RECORD_NUMBER too; without a number, that nobody is.

    Staff do not open or write their own chart; as patients they use a log-in of their own.

    \b
    Example:
      clinic user patient dana 1001
    """
    clinic, actor = open_clinic(), command_actor(ctx)
    with writing(clinic.engine) as session:
        link_own_chart(
            session, staff_key=key, record_number=record_number, by=actor, now=clinic.now()
        )
    click.echo(f"{key} is patient {record_number}" if record_number else f"{key} is no patient")


@command.command(name="list")
@json_option
def list_(as_json: bool) -> None:
    """List the log-ins of staff with their roles.

    \b
    Example:
      clinic user list --json
    """
    clinic = open_clinic()
    with reading(clinic.engine) as session:
        rows = login_rows(session)
    if as_json:
        answer(
            {
                "users": [
                    {
                        "login": row.login,
                        "name": row.name,
                        "roles": [*row.roles],
                        "active": row.is_active,
                        "has_password": row.has_password,
                    }
                    for row in rows
                ]
            }
        )
        return
    for row in rows:
        state = "" if row.is_active else "  revoked"
        state += "" if row.has_password else "  no password yet"
        click.echo(f"{row.login:<32} {row.name:<28} {', '.join(row.roles)}{state}")


@command.command
@click.argument("login")
@click.pass_context
def revoke(ctx: click.Context, login: str) -> None:
    """Switch LOGIN off and end its sessions at once; what it did stays on record.

    \b
    Example:
      clinic user revoke dana@example.org
    """
    clinic, actor = open_clinic(), command_actor(ctx)
    with writing(clinic.engine) as session:
        account_id = _account_id(session, login)
        close_account(session, account_id=account_id, by=actor, now=clinic.now())
    click.echo(f"{login} is switched off")


def _staff_id(session: Session, key: str) -> int | None:
    return session.execute(select(Staff.id).where(Staff.key == key)).scalar_one_or_none()


def _account_id(session: Session, login: str) -> int:
    found = session.execute(select(Account.id).where(Account.login == login)).scalar_one_or_none()
    if found is None:
        raise NotFound("login_unknown", login=login)
    return found


def _say(login: str, password: str | None, *, as_json: bool) -> None:
    if as_json:
        answer({"login": login, "one_time_password": password})
        return
    shown = "as given" if password is None else f"{password}   (shown once)"
    click.echo(f"log-in     {login}\npassword   {shown}")
