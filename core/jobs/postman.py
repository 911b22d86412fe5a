"""Mails what people are told, as far as they want it by mail: beside whatever else the process does."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from core.jobs.alerts import raise_alert, settle_alert
from core.mail import Mail, try_to_send
from tenants.services.notifications import Outgoing, mail_failed, mail_sent, take_mails
from tenants.text import _, speaking

if TYPE_CHECKING:
    from uuid import UUID

    from core.platform import Platform

__all__ = ["Postman", "send_waiting"]

_log = logging.getLogger(__name__)
_SUBJECT = 90
_GIVEN_UP = "mail_given_up"


class Postman:
    """Sends in a thread of its own, one round at a time: a slow mail server holds nothing else up."""

    def __init__(self) -> None:
        self._round: threading.Thread | None = None

    def start_round(self, platform: Platform) -> None:
        """Begin a round, unless the last one still runs."""
        if self._round is None or not self._round.is_alive():
            self._round = threading.Thread(target=self._send, args=(platform,), name="mails", daemon=True)
            self._round.start()

    @staticmethod
    def _send(platform: Platform) -> None:
        try:
            send_waiting(platform)
        except SQLAlchemyError:
            _log.exception("mails are interrupted; those that wait are sent in the next round")


def send_waiting(platform: Platform) -> int:
    """Send what is due, of all brokerages; how many mails are on their way. What fails is tried again in a later round."""
    sent = 0
    while not platform.stopping.is_set():
        with platform.database.system() as session:
            batch = take_mails(session)
            brokerages = _brokerages(platform, batch or [])
        if batch is None:
            break
        for item in batch:
            problem = try_to_send(platform.settings, _written(item, *brokerages[item.tenant_id]))
            _keep(platform, item, problem)
            sent += not problem
    return sent


def _keep(platform: Platform, item: Outgoing, problem: str) -> None:
    """What became of a mail; the brokerage hears of an address that nothing reaches, until something does."""
    with platform.database.tenant(item.tenant_id) as session:
        if not problem:
            mail_sent(session, item)
            settle_alert(session, "core", _GIVEN_UP, _subject(item))
        elif mail_failed(session, item):
            raise_alert(
                session, "core", _GIVEN_UP,
                _("A mail to {email} could not be sent for a day and is given up. The last problem: {problem}",
                  email=item.email, problem=problem),
                subject=_subject(item), detail={"notification": item.id, "tries": item.tries},
            )  # fmt: skip


def _subject(item: Outgoing) -> str:
    return f"mail:{item.email}"


def _brokerages(platform: Platform, batch: list[Outgoing]) -> dict[UUID, tuple[str, str, str]]:
    """Name, language and address of each brokerage in the batch."""
    settings = platform.settings
    plain = settings.https or settings.port in (80, 443)
    ending = "" if plain else f":{settings.port}"
    with platform.database.system() as session:
        rows = session.execute(
            text(
                "select t.id, t.name, t.language, h.host from tenants.tenants t"
                " join tenants.hosts h on h.tenant_id = t.id and h.main where t.id = any(cast(:ids as uuid[]))"
            ),
            {"ids": list({item.tenant_id for item in batch})},
        ).all()
    start = "https" if settings.https else "http"
    return {row.id: (row.name, row.language, f"{start}://{row.host}{ending}") for row in rows}


def _written(item: Outgoing, brokerage: str, language: str, origin: str) -> Mail:
    own = f"{origin}{'/admin' if item.staff else ''}/settings/notifications"
    with speaking(item.language or language):
        said = str(item.text)
        body = _(
            "Hello {name},\n\n{text}\n\n{link}\n\n{brokerage}\n\nYou choose what you are mailed: {settings}\n",
            name=item.name, text=said, link=f"{origin}{item.href}" if item.href else origin, brokerage=brokerage, settings=own,
        )  # fmt: skip
        subject = said if len(said) <= _SUBJECT else said[: _SUBJECT - 1] + "…"
        return Mail(item.email, subject, f"{body}", brokerage)
