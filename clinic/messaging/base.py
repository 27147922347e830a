"""What every channel shares: the mail, the two kinds of failure, and the shape of a sender."""

from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Mail:
    """One message, ready to go: `message_id` stays the same however often it is tried."""

    message_id: str
    to: str
    subject: str
    text: str
    language: str


class DeliveryError(Exception):
    """A message that did not go; `code` says why, without a word of the message."""

    def __init__(self, code: str) -> None:
        """Keep the code."""
        super().__init__(code)
        self.code = code


class TemporaryFailure(DeliveryError):
    """Not now: the other side was busy or away, and surely did not take the message."""


class PermanentFailure(DeliveryError):
    """Never: the address or the message is refused, and trying again will not help."""


class UnconfirmedDelivery(DeliveryError):
    """The message was handed over and no answer came: it may or may not have arrived."""


class Sender(Protocol):
    """A channel. It calls `before_data` once, just before the text goes over the wire."""

    def send(self, mail: Mail, *, before_data: Callable[[], None]) -> None:
        """Deliver the mail, or raise one of the three failures of this module.

        Whatever `before_data` raises comes through, and then nothing was handed over.
        """


def as_email(mail: Mail, *, sender: str) -> EmailMessage:
    """Return the mail with its headers; PermanentFailure when an address cannot be written."""
    if "@" not in mail.to:
        raise PermanentFailure("address_invalid")
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = sender
        message["To"] = mail.to
        message["Subject"] = mail.subject
    except ValueError as error:
        raise PermanentFailure("address_invalid") from error
    message["Message-ID"] = f"<{mail.message_id}>"
    message["Content-Language"] = mail.language
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    return message
