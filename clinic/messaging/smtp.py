"""The mail channel: plain SMTP with a short time-out, and a clear answer to what went wrong."""

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from clinic.messaging.base import (
    Mail,
    PermanentFailure,
    TemporaryFailure,
    UnconfirmedDelivery,
    as_email,
)

TIMEOUT_S = 10.0
OK = 250


@dataclass(frozen=True, slots=True)
class SmtpSender:
    """Sends through one mail server.

    `url` is smtp://host:port, smtp+starttls://user:password@host:port or smtps://...
    """

    url: str
    mail_from: str
    timeout_s: float = TIMEOUT_S

    def send(self, mail: Mail, *, before_data: Callable[[], None]) -> None:
        """Hand the mail over, or raise one of the three failures."""
        message = as_email(mail, sender=self.mail_from)
        with self._connection() as server:
            _address(server, mail_from=self.mail_from, to=mail.to)
            before_data()
            _hand_over(server, message)

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        try:
            server = self._connect()
        except smtplib.SMTPAuthenticationError as error:
            raise TemporaryFailure("login_refused") from error
        except smtplib.SMTPResponseException as error:
            raise TemporaryFailure(f"smtp_{error.smtp_code}") from error
        except (OSError, smtplib.SMTPException) as error:
            raise TemporaryFailure("server_unreachable") from error
        try:
            yield server
        finally:
            _leave(server)

    def _connect(self) -> smtplib.SMTP:
        parts = urlsplit(self.url)
        host, is_tls = parts.hostname or "localhost", parts.scheme == "smtps"
        port = parts.port or (465 if is_tls else 25)
        server: smtplib.SMTP = (
            smtplib.SMTP_SSL(host, port, timeout=self.timeout_s, context=_trust())
            if is_tls
            else smtplib.SMTP(host, port, timeout=self.timeout_s)
        )
        if parts.scheme == "smtp+starttls":
            server.starttls(context=_trust())
        if parts.username and parts.password:
            server.login(unquote(parts.username), unquote(parts.password))
        return server


def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


def _leave(server: smtplib.SMTP) -> None:
    """Say goodbye; the mail is settled by now, so a lost goodbye changes nothing."""
    with suppress(OSError, smtplib.SMTPException):
        server.quit()
    server.close()


def _address(server: smtplib.SMTP, *, mail_from: str, to: str) -> None:
    """Name sender and recipient. Nothing is handed over yet, so a lost line is temporary."""
    try:
        server.ehlo_or_helo_if_needed()
        _check(*server.mail(mail_from))
        _check(*server.rcpt(to))
    except UnicodeEncodeError as error:
        raise PermanentFailure("address_invalid") from error
    except smtplib.SMTPResponseException as error:
        raise _refusal(error.smtp_code) from error
    except (OSError, smtplib.SMTPException) as error:
        raise TemporaryFailure("connection_lost") from error


def _hand_over(server: smtplib.SMTP, message: EmailMessage) -> None:
    """Send the text. An answer settles it; without an answer nobody knows."""
    try:
        _check(*server.data(message.as_bytes()))
    except smtplib.SMTPResponseException as error:
        raise _refusal(error.smtp_code) from error
    except (OSError, smtplib.SMTPException) as error:
        raise UnconfirmedDelivery("no_answer_after_data") from error


def _check(code: int, _reply: bytes) -> None:
    if code not in {OK, 251}:
        raise smtplib.SMTPResponseException(code, b"")


def _refusal(code: int) -> TemporaryFailure | PermanentFailure:
    """Return the failure for a reply: 5xx is for good, everything else may pass."""
    if 500 <= code < 600:
        return PermanentFailure(f"smtp_{code}")
    return TemporaryFailure(f"smtp_{code}")
