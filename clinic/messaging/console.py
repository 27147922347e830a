"""The console channel: messages become files in a folder and one line each in the log."""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from clinic.messaging.base import Mail, TemporaryFailure, as_email

log = logging.getLogger(__name__)
UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class ConsoleSender:
    """Writes each message to `folder` as a mail file; for a clinic without a mail server.

    The same message id gives the same file, so a second try overwrites the first.
    """

    folder: Path
    mail_from: str

    def send(self, mail: Mail, *, before_data: Callable[[], None]) -> None:
        """Write the mail file, or raise a failure; the log line names no person."""
        message = as_email(mail, sender=self.mail_from)
        path = self.folder / f"{UNSAFE.sub('-', mail.message_id)}.eml"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            before_data()
            path.write_bytes(message.as_bytes())
            path.chmod(0o600)
        except OSError as error:
            raise TemporaryFailure("folder_unwritable") from error
        log.info("message %s written to the outbox folder", mail.message_id)
