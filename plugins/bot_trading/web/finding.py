"""Finding a bot for a person: staff see all of their brokerage's, customers their own."""

from __future__ import annotations

from uuid import UUID

from core.sdk.data import TenantSession
from core.sdk.web import NotFoundError, Web
from plugins.bot_trading.services.views import BotRow, bot_row
from plugins.bot_trading.web.permissions import VIEW

__all__ = ["find_bot", "own_only", "reason_of"]


def own_only(web: Web) -> UUID | None:
    """The customer whose bots alone the person may see; none for staff."""
    return None if web.may(VIEW) else web.person_id


def find_bot(web: Web, session: TenantSession, bot_id: UUID) -> BotRow:
    """The bot. Raises ``NotFoundError`` where it does not exist for this person."""
    row = bot_row(session, bot_id, own_only(web))
    if row is None:
        raise NotFoundError(str(bot_id))
    return row


def reason_of(web: Web) -> str:
    """Whose pause or stop it is: staff's or the customer's."""
    return "admin" if web.may(VIEW) else "customer"
