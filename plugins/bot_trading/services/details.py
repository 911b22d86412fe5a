"""What a bot's own page shows: its orders, its log, and what a command would do now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text

from core.sdk.data import TenantSession
from plugins.bot_trading.models import Bot, BotCommand, Decision
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.running import Running
from plugins.bot_trading.services.commands import current_quote
from plugins.bot_trading.strategies.protocol import Intent, Order, Quote
from plugins.bot_trading.texts import decision_text

__all__ = [
    "BotFill",
    "Closing",
    "DecisionRow",
    "bot_fills",
    "closing_now",
    "commands_of",
    "decision_codes",
    "decisions",
    "load_bot",
    "positions_of",
    "resting_orders",
    "resuming_now",
]


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """An entry of a decision log in words."""

    id: UUID
    at: Any
    ts_ms: int
    code: str
    text: str
    alert: bool
    actor: str


@dataclass(frozen=True, slots=True)
class Closing:
    """What closing everything now is estimated to bring; it may differ, since prices move."""

    volume: Decimal
    positions: int
    price: Decimal
    result: Decimal
    """Realised by the closes: negative is a loss."""
    total: Decimal
    """The bot's whole result afterwards."""
    currency: str


def load_bot(session: TenantSession, strategies: Strategies, bot_id: UUID) -> tuple[Bot, Running, Quote]:
    """A bot in memory, without locks, for looking at. Raises ``LookupError``."""
    bot = session.scalar(select(Bot).where(Bot.id == bot_id))
    state = session.scalar(text("select state from core.reactor_states where id = :id"), {"id": bot_id})
    if bot is None or state is None:
        raise LookupError(f"there is no bot {bot_id}")
    return bot, Running.load(strategies, state), current_quote(session, bot)


def resting_orders(running: Running) -> tuple[Order, ...]:
    """The bot's orders, highest price first."""
    orders = running.strategy.orders(running.setup, running.state)
    return tuple(sorted(orders, key=lambda order: order.price, reverse=True))


def closing_now(bot: Bot, running: Running, quote: Quote) -> Closing:
    """The estimate of a stop that closes all."""
    before = running.figures(quote)
    step = running.on_command("stop_close", quote)
    after = running.took(step).figures(quote)
    return Closing(
        volume=before.base + before.short,
        positions=len(step.intents),
        price=quote.ask if before.short > before.base else quote.bid,
        result=after.realised - before.realised,
        total=after.total,
        currency=bot.currency,
    )


def resuming_now(running: Running, quote: Quote) -> tuple[Intent, ...]:
    """The orders that would execute at once if the bot were resumed now."""
    return running.on_command("resume", quote).intents


def decisions(
    session: TenantSession, bot_id: UUID, *, offset: int = 0, size: int = 25, code: str = "", by: str = ""
) -> tuple[list[DecisionRow], int]:
    """The newest entries of the log, and how many there are.

    :param code: only entries of this code.
    :param by: ``bot`` for the strategy's own decisions, ``person`` for what somebody commanded, ``alert`` for what a person
        should look at.
    """
    wanted = [Decision.bot_id == bot_id]
    if code:
        wanted.append(Decision.code == code)
    if by == "alert":
        wanted.append(Decision.alert.is_(True))
    elif by:
        wanted.append(Decision.actor == "" if by == "bot" else Decision.actor != "")
    total = session.scalar(select(func.count()).select_from(Decision).where(*wanted)) or 0
    found = session.scalars(select(Decision).where(*wanted).order_by(Decision.id.desc()).offset(offset).limit(size))
    rows = [
        DecisionRow(one.id, one.at, one.ts_ms, one.code, decision_text(one.code, one.facts), one.alert, one.actor)
        for one in found
    ]
    return rows, total


def decision_codes(session: TenantSession, bot_id: UUID) -> list[str]:
    """The codes that a bot's log has."""
    own = select(Decision.code).where(Decision.bot_id == bot_id).distinct().order_by(Decision.code)
    return list(session.scalars(own))


def commands_of(session: TenantSession, bot_id: UUID, *, limit: int = 50) -> list[BotCommand]:
    """What was commanded of a bot, the newest first."""
    own = select(BotCommand).where(BotCommand.bot_id == bot_id)
    return list(session.scalars(own.order_by(BotCommand.created_at.desc(), BotCommand.id.desc()).limit(limit)))


def positions_of(session: TenantSession, bot_id: UUID) -> Sequence[Any]:
    """The open positions that the bot has opened; ``released``: it ended and has handed them over to the customer."""
    return session.execute(
        text(
            "select id, side, volume, open_price, opened_ts_ms, released_by is not null as released from core.positions"
            " where ((origin = 'bot' and origin_id = :id) or released_by = :id) and closed_ts_ms is null"
            " order by opened_ts_ms desc, id"
        ),
        {"id": bot_id},
    ).all()


@dataclass(frozen=True, slots=True)
class BotFill:
    """An execution of a bot's order. Money in the account's currency, ``ts_ms`` the feed's time."""

    fill_no: int
    ts_ms: int
    side: str
    effect: str
    volume: Decimal
    price: Decimal
    profit: Decimal
    commission: Decimal


def bot_fills(session: TenantSession, account_id: UUID, bot_id: UUID, *, limit: int = 200) -> list[BotFill]:
    """The bot's newest fills, newest first; what others did to its positions is not among them."""
    rows = session.execute(
        text(
            "select fill_no, ts_ms, side, effect, volume, price, profit, commission from core.fills"
            " where account_id = :account and origin = 'bot' and origin_id = :bot order by fill_no desc limit :limit"
        ),
        {"account": account_id, "bot": bot_id, "limit": limit},
    )
    return [BotFill(*row) for row in rows]
