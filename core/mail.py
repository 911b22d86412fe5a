"""Mail to people: written to the log by default, sent by SMTP where the settings say so."""

from __future__ import annotations

import logging
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr
from threading import Thread
from urllib.parse import unquote, urlsplit

from core.settings import Settings

__all__ = ["Mail", "mailer_of", "send_now", "try_to_send"]

_TIMEOUT_S = 20.0
_log = logging.getLogger("tradeyard.mail")


@dataclass(frozen=True, slots=True)
class Mail:
    """A message in plain text."""

    to: str
    subject: str
    text: str
    sender: str = ""
    """The name it comes from: the brokerage's. Without one, the settings' own sender."""


Mailer = Callable[[Mail], None]
"""Sends a mail, or sees to it that it is sent; returns at once and never raises."""


def mailer_of(settings: Settings) -> Mailer:
    """How this installation sends mail."""
    if settings.mail == "smtp":
        return lambda mail: _in_background(settings, mail)
    return _to_log


def send_now(settings: Settings, mail: Mail) -> None:
    """Send a mail and wait until it is on its way. Never raises: what is not sent is in the log."""
    try_to_send(settings, mail)


def try_to_send(settings: Settings, mail: Mail) -> str:
    """Send a mail and wait until it is on its way. Never raises.

    :returns: what was in the way, which is in the log too; empty for a mail that is on its way.
    """
    if settings.mail != "smtp":
        _to_log(mail)
        return ""
    try:
        send_by_smtp(settings, mail)
    except (OSError, smtplib.SMTPException, MessageError) as error:
        _log.error("a mail to %s was not sent: %s", mail.to, error)
        return str(error) or type(error).__name__
    return ""


def send_by_smtp(settings: Settings, mail: Mail) -> None:
    """Hand a mail to the server of the settings. :raises OSError: where it cannot be reached or refuses."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = _sender(settings, mail), mail.to, mail.subject
    message.set_content(mail.text)
    server = urlsplit(settings.smtp_url.get_secret_value())
    host, secure = server.hostname or "localhost", ssl.create_default_context()
    with (
        smtplib.SMTP_SSL(host, server.port or 465, timeout=_TIMEOUT_S, context=secure)
        if server.scheme == "smtps"
        else smtplib.SMTP(host, server.port or 587, timeout=_TIMEOUT_S)
    ) as connection:
        if server.scheme != "smtps" and connection.has_extn("starttls"):
            connection.starttls(context=secure)
        if server.username:
            connection.login(unquote(server.username), unquote(server.password or ""))
        connection.send_message(message)


def _sender(settings: Settings, mail: Mail) -> str:
    """The address of the settings under the mail's own name."""
    name, address = parseaddr(settings.mail_from)
    return str(Address(mail.sender or name, addr_spec=address))


def _in_background(settings: Settings, mail: Mail) -> None:
    # Not while the request waits: how long it takes would tell whether the address is known.
    Thread(target=send_now, args=(settings, mail), name="mail", daemon=True).start()


def _to_log(mail: Mail) -> None:
    _log.info("mail to %s from %s: %s\n%s", mail.to, mail.sender or "the platform", mail.subject, mail.text)
