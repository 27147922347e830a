"""A real SMTP server on loopback whose answers a test can turn bad."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

LOOPBACK = "127.0.0.1"


@dataclass
class Answers:
    """What the server says, and what it has taken so far. `drop` cuts the line after the text."""

    on_recipient: str = "250 OK"
    on_data: str = "250 OK"
    drop: bool = False
    refused: set[str] = field(default_factory=set)
    taken: list[Envelope] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 -- the server calls this name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Answer RCPT TO."""
        if address in self.refused:
            return "550 no such person"
        if self.on_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.on_recipient

    async def handle_DATA(  # noqa: N802 -- the server calls this name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Answer the text, after taking it or not."""
        if self.drop:
            self.taken.append(envelope)
            server.transport.abort()
            return "250 lost"
        if self.on_data.startswith("250"):
            self.taken.append(envelope)
        return self.on_data


def free_port() -> int:
    """Return a port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


@contextmanager
def mail_server() -> Iterator[tuple[str, Answers]]:
    """Yield the address of a running server and the answers it gives."""
    answers = Answers()
    controller = Controller(answers, hostname=LOOPBACK, port=free_port())
    controller.start()
    try:
        yield f"smtp://{LOOPBACK}:{controller.port}", answers
    finally:
        controller.stop()
