"""`clinic setup`: make the clinic as a document describes it, or print it as one."""

from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.actions.accounts import hash_password, set_password
from clinic.actions.setup import SetupReport, apply_setup
from clinic.commands.common import Clinic, answer, command_actor, json_option, open_clinic
from clinic.commands.passwords import one_time_password
from clinic.models.accounts import Account
from clinic.models.base import JsonValue
from clinic.models.engine import reading, writing
from clinic.queries.setup import export_setup
from clinic.rules.actors import Actor
from clinic.schemas import read_document


@click.command
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check and count, change nothing.")
@click.option("--export", is_flag=True, help="Print the clinic as a set-up document.")
@click.option("--passwords", is_flag=True, help="Give new log-ins a one-time password, print it.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    file: Path | None,
    dry_run: bool,
    export: bool,
    passwords: bool,
    as_json: bool,
) -> None:
    """Set up sites, resources, staff, blocks and patients from FILE; all of it or nothing.

    Run again, it changes only what differs; what FILE leaves out stays. See docs/setup.md.

    \b
    Example:
      clinic setup clinic.json --dry-run
      clinic setup --export > clinic.json
    """
    clinic = open_clinic()
    if export:
        with reading(clinic.engine) as session:
            answer(export_setup(session))
        return
    if file is None:
        raise click.UsageError("give a FILE, or --export")
    actor = command_actor(ctx)
    report = _apply(clinic, read_document(file), actor, is_trial=dry_run)
    given = {}
    if passwords and not dry_run:
        given = _give_passwords(clinic, report.new_logins, actor)
    _say(report, given, dry_run=dry_run, as_json=as_json)


class _Undo(Exception):
    """Leaves a write unit without keeping what it did."""


def _apply(clinic: Clinic, document: JsonValue, actor: Actor, *, is_trial: bool) -> SetupReport:
    """Apply a document; a trial does all of it and takes it back."""
    report = None
    try:
        with writing(clinic.engine) as session:
            report = apply_setup(session, document=document, by=actor, now=clinic.now())
            if is_trial:
                raise _Undo
    except _Undo:
        pass
    if report is None:
        raise AssertionError("a set-up either reports or raises")
    return report


def _give_passwords(clinic: Clinic, logins: tuple[str, ...], actor: Actor) -> dict[str, str]:
    """Give log-ins a one-time password each and return them; hashing happens outside the unit."""
    given = {login: one_time_password() for login in logins}
    hashes = {login: hash_password(password) for login, password in given.items()}
    with writing(clinic.engine) as session:
        for login, password_hash in hashes.items():
            set_password(
                session,
                account_id=_account_id(session, login),
                password_hash=password_hash,
                must_change_password=True,
                keep_session=None,
                by=actor,
                now=clinic.now(),
            )
    return given


def _account_id(session: Session, login: str) -> int:
    return session.execute(select(Account.id).where(Account.login == login)).scalar_one()


def _say(report: SetupReport, given: dict[str, str], *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        counts: dict[str, JsonValue] = {
            name: {put.value: count for put, count in done.items()}
            for name, done in report.sections.items()
        }
        answer(
            {
                "dry_run": dry_run,
                "sections": counts,
                "new_logins": [*report.new_logins],
                "passwords": {**given},
            }
        )
        return
    for name, done in report.sections.items():
        counts_text = ", ".join(f"{count} {put}" for put, count in sorted(done.items()))
        click.echo(f"{name:<12} {counts_text or '-'}")
    for login in report.new_logins:
        hint = given.get(login) or f"no password yet: clinic user password {login}"
        click.echo(f"{login:<24} {hint}")
    if dry_run:
        click.echo("Dry run: nothing was changed.")
