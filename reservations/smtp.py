"""The town's mail server: gives it one letter, and says in one word what came of it.

Only letters to people go this way; the ledger's mailboxes are mail.py. What a letter says is not
known here. A letter whose last answer was lost is given again under the same Message-ID.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reservations.config import Settings
from reservations.errors import Outage

if TYPE_CHECKING:
    from collections.abc import Iterator

_ADDRESS = re.compile(r"[^\s@<>,;:\"\\]{1,64}@[^\s@<>,;:\"\\]{1,255}")
_PERMANENT = 500
WHY_MAX = 300


class Unwanted(Exception):  # noqa: N818 - an answer: this letter is never taken, others may be
    """The server said no for ever, to this address or these words."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One message. `name` and `at` are its own for ever: given twice, it is the same message."""

    name: str
    to: str
    subject: str
    text: str
    language: str
    at: datetime


def address_of(*candidates: str) -> str:
    """The first of these that is a mail address; empty if none is."""
    plain = (each.strip() for each in candidates)
    return next((each for each in plain if each.isascii() and _ADDRESS.fullmatch(each)), "")


def send(settings: Settings, mail: Mail) -> None:
    """Give a message to the server; when this returns, the server has it.

    raises   Outage where there is no answer in time, or not now; Unwanted where it is not taken
    """
    message = _message(settings, mail)
    try:
        with _server(settings) as server:
            server.send_message(message, from_addr=settings.smtp_from, to_addrs=[mail.to])
    except smtplib.SMTPRecipientsRefused as error:
        code, words = next(iter(error.recipients.values()))
        raise _refused(code, words) from error
    except (smtplib.SMTPDataError, smtplib.SMTPSenderRefused) as error:
        raise _refused(error.smtp_code, error.smtp_error) from error
    except smtplib.SMTPResponseException as error:
        # Who may not sign in today has a setting to mend; the letter is none the worse.
        raise Outage(_said(error.smtp_code, error.smtp_error)) from error
    except (smtplib.SMTPException, OSError) as error:
        raise Outage(f"{type(error).__name__}: {error}"[:WHY_MAX]) from error


@contextmanager
def _server(settings: Settings) -> Iterator[smtplib.SMTP]:
    host, port, seconds = settings.smtp_host, settings.smtp_port, settings.smtp_seconds
    trusted = ssl.create_default_context(cafile=settings.smtp_ca_file or None)
    if settings.smtp_security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=seconds, context=trusted)
    else:
        server = smtplib.SMTP(host, port, timeout=seconds)
    try:
        if settings.smtp_security == "starttls":
            server.starttls(context=trusted)
        if settings.smtp_user:
            password = Path(settings.smtp_password_file).read_text(encoding="utf-8").strip()
            server.login(settings.smtp_user, password)
        yield server
    finally:
        # The letter is there or it is not; how the server says goodbye changes nothing.
        server.close()


def _message(settings: Settings, mail: Mail) -> EmailMessage:
    message = EmailMessage()
    message["From"] = settings.smtp_from
    message["To"] = mail.to
    message["Subject"] = " ".join(mail.subject.split())
    message["Date"] = format_datetime(mail.at)
    message["Message-ID"] = f"<{mail.name}@{settings.smtp_from.partition('@')[2]}>"
    # No holiday answers to a letter that nobody reads the answers of.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    message["Content-Language"] = mail.language
    return message


def _refused(code: int, words: bytes | str) -> Exception:
    said = _said(code, words)
    return Unwanted(said) if code >= _PERMANENT else Outage(said)


def _said(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"{code} {' '.join(text.split())}"[:WHY_MAX]
