"""Commands on bots: stored first, then carried out once, by whoever comes to it; one alone or many together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.sdk.data import TenantSession, new_id
from core.sdk.prices import quotes_of_pairs
from core.sdk.reactors import lock_subjects
from plugins.bot_trading.models import Bot, BotCommand
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.running import Running
from plugins.bot_trading.services.acting import Acting, act
from plugins.bot_trading.services.locking import lock_accounts
from plugins.bot_trading.services.market import quote_of
from plugins.bot_trading.services.moving import carry_out_steps
from plugins.bot_trading.strategies.numbers import ZERO
from plugins.bot_trading.strategies.protocol import Quote

__all__ = [
    "COMMANDS",
    "CommandName",
    "Reason",
    "carry_out",
    "carry_out_many",
    "current_quote",
    "current_quotes",
    "store_command",
    "stored_commands",
]

CommandName = Literal["pause", "resume", "stop_close", "stop_keep", "wind_down", "halt", "lift"]
COMMANDS: tuple[CommandName, ...] = ("pause", "resume", "stop_close", "stop_keep", "wind_down", "halt", "lift")
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
    """Commands that nobody has finished, oldest first: stops before everything else, and those that keep failing last."""
    stops = BotCommand.command.in_(("stop_close", "stop_keep", "halt"))
    failing = BotCommand.detail.has_key("error")
    return list(
        session.scalars(
            select(BotCommand.id)
            .where(BotCommand.status == "stored")
            .order_by(failing, stops.desc(), BotCommand.created_at, BotCommand.id)
            .limit(limit)
        )
    )


def carry_out(session: TenantSession, strategies: Strategies, command_id: UUID) -> BotCommand:
    """Do what a command wants, in one transaction with its mark that it is done. Done before: nothing happens again."""
    found = carry_out_many(session, strategies, [command_id])
    if not found:
        raise LookupError(f"there is no command {command_id}")
    return found[0]


def carry_out_many(session: TenantSession, strategies: Strategies, command_ids: Sequence[UUID]) -> list[BotCommand]:
    """Do what commands want, all of them in this transaction: a fixed number of statements for any number of bots.

    Several commands of one bot are carried out one after the other, in the order given. Ids that do not exist are left out.
    """
    known = {one.id: one for one in session.scalars(select(BotCommand).where(BotCommand.id.in_(command_ids)))}
    commands = [known[command_id] for command_id in command_ids if command_id in known]
    waiting = commands
    while waiting:
        now: dict[UUID, BotCommand] = {}
        later: list[BotCommand] = []
        for command in waiting:
            if command.bot_id in now:
                later.append(command)
            else:
                now[command.bot_id] = command
        _carry_out(session, strategies, now)
        waiting = later
    return commands


def _carry_out(session: TenantSession, strategies: Strategies, commands: Mapping[UUID, BotCommand]) -> None:
    """Commands by bot, one of each."""
    fresh = {"populate_existing": True}
    bots = {bot.id: bot for bot in session.scalars(select(Bot).where(Bot.id.in_(commands)))}
    if not bots:
        return
    # Always in this order: the module's switch, the accounts, the subjects, the bots, the commands.
    locked = lock_accounts(session, {bot.account_id for bot in bots.values()})
    subjects = lock_subjects(session, list(bots))
    own = select(Bot).where(Bot.id.in_(bots)).order_by(Bot.id).with_for_update()
    session.scalars(own.execution_options(**fresh)).all()
    ids = [commands[bot_id].id for bot_id in bots]
    wanted = select(BotCommand).where(BotCommand.id.in_(ids)).order_by(BotCommand.id).with_for_update()
    open_now = [one for one in session.scalars(wanted.execution_options(**fresh)) if one.status == "stored"]
    prices = current_quotes(session, [bots[command.bot_id] for command in open_now])
    moves = []
    for command in open_now:
        bot = bots[command.bot_id]
        acting = Acting(session, bot, Running.load(strategies, subjects[bot.id].state), prices[bot.id], command)
        refused = act(acting)
        command.status = "refused" if refused else "done"
        if refused:
            command.result = refused.code
            command.detail = {**command.detail, "message": refused.message, **refused.facts}
        command.done_at = datetime.now(UTC)
        if acting.move is not None:
            moves.append(acting.move)
    if moves:
        carry_out_steps(session, locked, moves)
    session.flush()


def current_quote(session: TenantSession, bot: Bot) -> Quote:
    """The bot's quote as its account sees it now."""
    return current_quotes(session, [bot])[bot.id]


def current_quotes(session: TenantSession, bots: Collection[Bot]) -> dict[UUID, Quote]:
    """Bots' quotes as their accounts see them now."""
    views = quotes_of_pairs(session, {(bot.account_id, bot.symbol_id) for bot in bots})
    found = {}
    for bot in bots:
        view = views.get((bot.account_id, bot.symbol_id))
        # No bot is launched without a quote; a symbol that has lost its price is measured at what was paid.
        found[bot.id] = Quote(ZERO, ZERO, bot.last_ts_ms) if view is None else quote_of(view)
    return found
