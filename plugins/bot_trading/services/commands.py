"""Commands on bots: stored first, then carried out once, by whoever comes to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.sdk.data import TenantSession, new_id
from core.sdk.reactors import lock_subjects
from core.sdk.trading import quotes
from plugins.bot_trading.models import Bot, BotCommand
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.running import Running
from plugins.bot_trading.services.acting import Acting, act
from plugins.bot_trading.services.locking import lock_accounts
from plugins.bot_trading.services.market import quote_of
from plugins.bot_trading.strategies.numbers import ZERO
from plugins.bot_trading.strategies.protocol import Quote

__all__ = ["COMMANDS", "carry_out", "store_command", "stored_commands"]

CommandName = Literal["pause", "resume", "stop_close", "stop_keep", "wind_down", "halt"]
COMMANDS: tuple[CommandName, ...] = ("pause", "resume", "stop_close", "stop_keep", "wind_down", "halt")
Reason = Literal["customer", "admin", "risk", "module", "system"]


def store_command(
    session: TenantSession,
    bot_id: UUID,
    command: CommandName,
    *,
    reason: Reason,
    actor: str,
    key: str,
    note: str = "",
    detail: Mapping[str, Any] | None = None,
) -> UUID:
    """Keep a command; the same key again gives the first one's id. Commit before it is carried out."""
    made = session.execute(
        insert(BotCommand)
        .values(
            id=new_id(),
            bot_id=bot_id,
            command=command,
            reason=reason,
            actor=actor,
            key=key,
            note=note,
            detail=dict(detail or {}),
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "bot_id", "key"])
        .returning(BotCommand.id)
    ).scalar_one_or_none()
    if made is not None:
        return made
    found = session.scalar(select(BotCommand.id).where(BotCommand.bot_id == bot_id, BotCommand.key == key))
    if found is None:
        raise LookupError(f"the command {key} of bot {bot_id} is neither new nor there")
    return found


def stored_commands(session: TenantSession, limit: int = 100) -> list[UUID]:
    """Commands that nobody has finished, oldest first: stops before everything else."""
    stops = BotCommand.command.in_(("stop_close", "stop_keep", "halt"))
    return list(
        session.scalars(
            select(BotCommand.id)
            .where(BotCommand.status == "stored")
            .order_by(stops.desc(), BotCommand.created_at)
            .limit(limit)
        )
    )


def carry_out(session: TenantSession, strategies: Strategies, command_id: UUID) -> BotCommand:
    """Do what a command wants, in one transaction with its mark that it is done. Done before: nothing happens again."""
    command = session.scalar(select(BotCommand).where(BotCommand.id == command_id))
    if command is None:
        raise LookupError(f"there is no command {command_id}")
    bot = session.scalar(select(Bot).where(Bot.id == command.bot_id))
    if bot is None:
        raise LookupError(f"there is no bot {command.bot_id}")
    # Always in this order: the module's switch, the account, the subject, the bot, the command.
    locked = lock_accounts(session, [bot.account_id])
    subject = lock_subjects(session, [bot.id])[bot.id]
    session.refresh(bot, with_for_update=True)
    session.refresh(command, with_for_update=True)
    if command.status != "stored":
        return command
    running = Running.load(strategies, subject.state)
    quote = current_quote(session, bot)
    refused = act(Acting(session, locked, bot, running, quote, command))
    command.status = "refused" if refused else "done"
    if refused:
        command.result = refused.code
        command.detail = {**command.detail, "message": refused.message, **refused.facts}
    command.done_at = datetime.now(UTC)
    session.flush()
    return command


def current_quote(session: TenantSession, bot: Bot) -> Quote:
    """The bot's quote as its account sees it now."""
    view = quotes(session, bot.account_id, [bot.symbol_id]).get(bot.symbol_id)
    if view is None:
        # No bot is launched without a quote; a symbol that has lost its price is measured at what was paid.
        return Quote(ZERO, ZERO, bot.last_ts_ms)
    return quote_of(view)
