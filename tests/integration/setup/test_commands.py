"""The command line: `init`, `setup`, `protocol`, `user`, `doctor`, as a person runs them."""

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from clinic.actions.accounts import verify_password
from clinic.cli import COMMANDS, main
from clinic.models.accounts import Account
from clinic.models.engine import make_engine, reading

EXAMPLE = Path(__file__).parents[3] / "docs" / "setup-example.json"
INIT = ("init", "--name", "Ana Ruiz", "--email", "ana@example.org", "--zone", "America/New_York")


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An instance folder of its own, given by the environment."""
    folder = tmp_path / "instance"
    monkeypatch.setenv("CLINIC_INSTANCE", str(folder))
    for name in ("CLINIC_DATABASE_URL", "CLINIC_MODE", "CLINIC_NOW", "CLINIC_CLOCK_FILE"):
        monkeypatch.delenv(name, raising=False)
    return folder


def clinic(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(main, list(arguments), input=typed)


def hashes(instance: Path) -> dict[str | None, str | None]:
    engine = make_engine(f"sqlite:///{instance / 'clinic.db'}")
    with reading(engine) as session:
        found = {row.login: row.password_hash for row in session.scalars(select(Account))}
    engine.dispose()
    return found


def test_init_makes_a_clinic_with_one_administrator(instance: Path) -> None:
    done = clinic(*INIT, "--json")

    made = json.loads(done.stdout)
    assert (done.exit_code, made["login"]) == (0, "ana@example.org")
    assert verify_password(hashes(instance)["ana@example.org"], made["one_time_password"])


def test_init_takes_a_password_from_standard_input_and_does_not_show_it(instance: Path) -> None:
    done = clinic(*INIT, "--password-stdin", typed="nine lives of a cat\n")

    assert "nine lives" not in done.output
    assert verify_password(hashes(instance)["ana@example.org"], "nine lives of a cat")


def test_init_keeps_its_files_from_others(instance: Path) -> None:
    clinic(*INIT)

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in instance.glob("*")}
    assert {mode & 0o077 for mode in modes.values()} == {0}


def test_init_refuses_a_clinic_that_has_log_ins(instance: Path) -> None:
    clinic(*INIT)

    again = clinic(*INIT)

    assert (again.exit_code, again.stderr) == (
        1,
        "clinic: this clinic has log-ins already; use `clinic user add`\n",
    )


def test_init_refuses_an_unknown_zone_before_it_makes_anything(instance: Path) -> None:
    refused = clinic(*INIT[:-1], "America/Gotham")

    assert (refused.exit_code, instance.exists()) == (1, False)


@pytest.mark.usefixtures("instance")
def test_commands_before_init_say_what_to_do() -> None:
    refused = clinic("setup", str(EXAMPLE))

    assert (refused.exit_code, refused.stderr) == (
        1,
        "clinic: the tables are missing or old; run `clinic init`\n",
    )


@pytest.mark.usefixtures("instance")
def test_a_dry_run_counts_and_changes_nothing() -> None:
    clinic(*INIT)
    before = clinic("setup", "--export").stdout

    trial = json.loads(clinic("setup", str(EXAMPLE), "--dry-run", "--json").stdout)

    assert (trial["dry_run"], trial["sections"]["resources"]) == (True, {"created": 7})
    assert clinic("setup", "--export").stdout == before


def test_set_up_prints_one_time_passwords_when_asked(instance: Path) -> None:
    clinic(*INIT)

    done = json.loads(clinic("setup", str(EXAMPLE), "--passwords", "--json").stdout)

    kept = hashes(instance)
    assert sorted(done["passwords"]) == done["new_logins"]
    assert all(verify_password(kept[login], word) for login, word in done["passwords"].items())


@pytest.mark.usefixtures("instance")
def test_what_is_exported_changes_nothing_when_set_up_again(tmp_path: Path) -> None:
    clinic(*INIT)
    clinic("setup", str(EXAMPLE))
    kept = tmp_path / "kept.json"
    kept.write_text(clinic("setup", "--export").stdout, encoding="utf-8")

    done = json.loads(clinic("setup", str(kept), "--json").stdout)

    assert {name for part in done["sections"].values() for name in part} == {"unchanged"}


@pytest.mark.usefixtures("instance")
def test_faults_are_said_with_path_and_reason(tmp_path: Path) -> None:
    clinic(*INIT)
    document = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    document["sites"][0]["zone"] = "Mars"
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps(document), encoding="utf-8")

    said = clinic("setup", str(wrong))
    told = clinic("setup", str(wrong), "--json")

    reason = "there is no zone Mars; write, for example, America/Chicago"
    assert (said.exit_code, said.stderr.splitlines()[1]) == (1, f"  $.sites[0].zone: {reason}")
    assert json.loads(told.stdout)["faults"] == [
        {"path": "$.sites[0].zone", "code": "zone_unknown", "reason": reason}
    ]


@pytest.mark.usefixtures("instance")
@pytest.mark.parametrize(
    "text", ["{", "\ufeff[", "", "[" * 100_000], ids=["open", "mark", "empty", "deep"]
)
def test_what_is_not_json_is_refused(tmp_path: Path, text: str) -> None:
    clinic(*INIT)
    file = tmp_path / "broken.json"
    file.write_text(text, encoding="utf-8")

    for command in (("setup", str(file)), ("protocol", "load", str(file))):
        refused = json.loads(clinic(*command, "--json").stdout)
        assert [fault["code"] for fault in refused["faults"]] == ["not_json"]


@pytest.mark.usefixtures("instance")
def test_a_missing_file_is_said() -> None:
    clinic(*INIT)

    refused = clinic("protocol", "load", "nowhere.json")

    assert (refused.exit_code, refused.stderr.splitlines()[1]) == (
        1,
        "  $: the file nowhere.json cannot be read",
    )


@pytest.mark.usefixtures("instance")
def test_protocols_can_be_loaded_again_and_listed() -> None:
    clinic(*INIT)

    loaded = json.loads(clinic("protocol", "load", "--starter", "--json").stdout)
    listed = json.loads(clinic("protocol", "list", "--json").stdout)

    assert loaded == {"added": [], "unchanged": len(listed["definitions"])}


@pytest.mark.slow
@pytest.mark.usefixtures("instance")
def test_a_user_is_added_listed_and_revoked() -> None:
    clinic(*INIT)
    clinic("user", "add", "--key", "bo", "--name", "Bo Li", "--login", "bo", "--role", "biller")

    revoked = clinic("user", "revoke", "bo")

    users = json.loads(clinic("user", "list", "--json").stdout)["users"]
    assert revoked.exit_code == 0
    assert users[1] == {
        "login": "bo",
        "name": "Bo Li",
        "roles": ["biller"],
        "active": False,
        "has_password": True,
    }


def test_a_password_is_replaced(instance: Path) -> None:
    clinic(*INIT)

    done = json.loads(clinic("user", "password", "ana@example.org", "--json").stdout)

    kept = hashes(instance)["ana@example.org"]
    assert verify_password(kept, done["one_time_password"])


@pytest.mark.usefixtures("instance")
@pytest.mark.parametrize(
    "arguments, reason",
    [
        (("password", "nobody"), "there is no log-in nobody"),
        (("revoke", "nobody"), "there is no log-in nobody"),
        (
            ("add", "--key", "x", "--name", "X", "--login", "x", "--role", "king"),
            "there is no role king",
        ),
        (
            ("add", "--key", "x", "--name", "X", "--login", "ana@example.org"),
            "this log-in name is taken",
        ),
        (
            ("add", "--key", "bo", "--name", " ", "--login", "bo"),
            "--name   cannot be read; see --help for an example",
        ),
    ],
)
def test_a_wrong_user_command_says_why(arguments: tuple[str, ...], reason: str) -> None:
    clinic(*INIT)

    refused = clinic("user", *arguments)

    assert (refused.exit_code, refused.stderr) == (1, f"clinic: {reason}\n")


@pytest.mark.usefixtures("instance")
def test_the_doctor_fails_before_init_and_not_after() -> None:
    before = clinic("doctor", "--json")
    clinic(*INIT)
    after = clinic("doctor", "--json")

    names = [check["name"] for check in json.loads(after.stdout)["checks"]]
    assert (before.exit_code, after.exit_code) == (1, 0)
    looked_at = ["sqlite", "migrations", "files", "disk", "zones", "visit times"]
    assert names == [*looked_at, "scheduler", "backup"]


@pytest.mark.slow
def test_the_doctor_fails_when_others_can_read_the_database(instance: Path) -> None:
    clinic(*INIT)
    (instance / "clinic.db").chmod(0o644)

    looked = clinic("doctor")

    assert (looked.exit_code, "fail  files" in looked.output) == (1, True)


@pytest.mark.usefixtures("instance")
def test_a_setting_that_cannot_be_used_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLINIC_PORT", "many")

    refused = clinic("doctor")

    assert (refused.exit_code, refused.stderr) == (
        2,
        "clinic: CLINIC_PORT is 'many': give a number from 1 to 65535\n",
    )


@pytest.mark.usefixtures("instance")
@pytest.mark.parametrize(
    "name, value, words",
    [
        ("CLINIC_DATABASE_URL", "nonsense", "give sqlite:///FILE"),
        ("CLINIC_DATABASE_URL", "foo://somewhere", "give sqlite:///FILE"),
        ("CLINIC_NOW", "9999-12-31T23:59:00-12:00", "are 1900 to 2199"),
        ("CLINIC_NOW", "0001-01-01T00:00:00+00:00", "are 1900 to 2199"),
    ],
)
def test_a_database_or_an_instant_that_cannot_be_is_said(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)

    refused = clinic("doctor")

    assert (refused.exit_code, refused.stderr.startswith(f"clinic: {name} ")) == (2, True)
    assert words in refused.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_shows_an_example(name: str) -> None:
    shown = clinic(name, "--help")

    assert (shown.exit_code, f"clinic {name}" in shown.output) == (0, True)
    assert "Example" in shown.output


def test_a_person_is_said_to_be_a_patient_and_no_more(instance: Path) -> None:
    clinic(*INIT)
    clinic("setup", str(EXAMPLE))
    record = json.loads(EXAMPLE.read_text(encoding="utf-8"))["patients"][0]["record_number"]

    said = [
        clinic("user", "patient", *words)
        for words in (("dana", record), ("cleo", record), ("dana",), ("nobody", record))
    ]

    assert [(done.exit_code == 0, done.output.splitlines()[0]) for done in said] == [
        (True, f"dana is patient {record}"),
        (False, "clinic: somebody else who works here is this patient already"),
        (True, "dana is no patient"),
        (False, "clinic: nobody who works here has the key nobody"),
    ]
