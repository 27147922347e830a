"""Both channels keep one contract; the mail channel tells faults apart."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from email import message_from_bytes
from pathlib import Path

import pytest

from clinic.messaging.base import (
    DeliveryError,
    Mail,
    PermanentFailure,
    Sender,
    TemporaryFailure,
    UnconfirmedDelivery,
)
from clinic.messaging.console import ConsoleSender
from clinic.messaging.smtp import SmtpSender
from tests.integration.messages.mail_server import LOOPBACK, free_port, mail_server

CLINIC = "desk@clinic.test"
MAIL = Mail(
    message_id="m1@clinic",
    to="pat@home.test",
    subject="Reminder from Main Street Clínica",
    text="Hello,\n\n    Monday 9 March, 8:00 AM\n\n.\nlunes, miércoles\n",
    language="en",
)
Delivered = Callable[[], list[bytes]]


@pytest.fixture(params=["console", "smtp"])
def channel(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Sender, Delivered]]:
    """Yield each channel and a way to read what it delivered."""
    if request.param == "console":
        folder = tmp_path / "outbox"
        yield (
            ConsoleSender(folder=folder, mail_from=CLINIC),
            lambda: [path.read_bytes() for path in sorted(folder.glob("*.eml"))],
        )
        return
    with mail_server() as (url, answers):
        yield (
            SmtpSender(url=url, mail_from=CLINIC),
            lambda: [bytes(one.content or b"") for one in answers.taken],
        )


def test_channel_delivers_the_mail_with_its_fixed_id(channel: tuple[Sender, Delivered]) -> None:
    sender, delivered = channel

    sender.send(MAIL, before_data=lambda: None)

    (raw,) = delivered()
    message = message_from_bytes(raw)
    body = message.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert body.decode().replace("\r\n", "\n") == MAIL.text
    assert (message["Message-ID"], message["To"], message["From"]) == (
        "<m1@clinic>",
        "pat@home.test",
        CLINIC,
    )


def test_channel_says_so_before_the_text_goes(channel: tuple[Sender, Delivered]) -> None:
    sender, delivered = channel
    seen: list[int] = []

    sender.send(MAIL, before_data=lambda: seen.append(len(delivered())))

    assert seen == [0]


def test_channel_sends_nothing_when_the_lease_is_lost(channel: tuple[Sender, Delivered]) -> None:
    sender, delivered = channel

    def lose() -> None:
        raise KeyError("lease_lost")

    with pytest.raises(KeyError):
        sender.send(MAIL, before_data=lose)

    assert delivered() == []


@pytest.mark.parametrize("address", ["nobody", "a\r\nBcc: all@home.test", "b\nX: y@home.test"])
def test_channel_refuses_a_bad_address_for_good(
    channel: tuple[Sender, Delivered], address: str
) -> None:
    sender, delivered = channel

    with pytest.raises(PermanentFailure):
        sender.send(replace(MAIL, to=address), before_data=lambda: None)

    assert delivered() == []


def test_console_that_cannot_write_is_a_temporary_failure(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file, not a folder")
    sender = ConsoleSender(folder=tmp_path / "outbox", mail_from=CLINIC)

    with pytest.raises(TemporaryFailure, match="folder_unwritable"):
        sender.send(MAIL, before_data=lambda: None)


def _try(url: str, timeout_s: float = 5.0) -> DeliveryError | None:
    try:
        SmtpSender(url=url, mail_from=CLINIC, timeout_s=timeout_s).send(
            MAIL, before_data=lambda: None
        )
    except DeliveryError as failure:
        return failure
    return None


@pytest.mark.parametrize(
    ("answers", "kind", "code"),
    [
        ({"on_recipient": "450 later"}, TemporaryFailure, "smtp_450"),
        ({"on_recipient": "550 unknown"}, PermanentFailure, "smtp_550"),
        ({"on_data": "451 later"}, TemporaryFailure, "smtp_451"),
        ({"on_data": "554 refused"}, PermanentFailure, "smtp_554"),
        ({"drop": True}, UnconfirmedDelivery, "no_answer_after_data"),
    ],
)
def test_mail_channel_tells_faults_apart(
    answers: dict[str, str | bool], kind: type[DeliveryError], code: str
) -> None:
    with mail_server() as (url, server):
        for name, value in answers.items():
            setattr(server, name, value)

        failure = _try(url)

    assert (type(failure), str(failure)) == (kind, code)


def test_a_server_that_is_away_is_a_temporary_failure() -> None:
    failure = _try(f"smtp://{LOOPBACK}:{free_port()}")

    assert (type(failure), str(failure)) == (TemporaryFailure, "server_unreachable")


def test_a_server_that_says_nothing_is_given_up() -> None:
    with socket.socket() as silent:
        silent.bind((LOOPBACK, 0))
        silent.listen()

        failure = _try(f"smtp://{LOOPBACK}:{silent.getsockname()[1]}", timeout_s=0.3)

    assert (type(failure), str(failure)) == (TemporaryFailure, "server_unreachable")


def test_next_mail_goes_after_a_refused_one() -> None:
    with mail_server() as (url, answers):
        answers.refused.add("gone@home.test")
        sender = SmtpSender(url=url, mail_from=CLINIC)
        with pytest.raises(PermanentFailure):
            sender.send(replace(MAIL, to="gone@home.test"), before_data=lambda: None)

        sender.send(MAIL, before_data=lambda: None)

    assert [one.rcpt_tos for one in answers.taken] == [["pat@home.test"]]
