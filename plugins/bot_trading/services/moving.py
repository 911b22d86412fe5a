"""Carries out steps of bots outside the lane: their orders, new states, reservations, rows and logs, set-based."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.sdk.data import TenantSession
from core.sdk.money import round_amount
from core.sdk.reactors import NewState, change_subjects, order_requests
from core.sdk.trading import LockedAccounts, OrderResult, Origin, place_orders, reserve_many
from plugins.bot_trading.models import Bot
from plugins.bot_trading.recording import write_records
from plugins.bot_trading.running import Running, reactor_orders
from plugins.bot_trading.services.releasing import release_positions
from plugins.bot_trading.strategies.protocol import Command, LogEntry, Quote, Step

__all__ = ["MODULE", "OWNER_KIND", "REACTOR", "Move", "carry_out_step", "carry_out_steps", "keep_reservation"]

MODULE = "bot_trading"
REACTOR = "bots"
OWNER_KIND = "bot"


@dataclass(frozen=True, slots=True)
class Move:
    """A step that a bot is to take. Its account and its subject are locked.

    :ivar entries: log entries that go before the step's own.
    """

    bot: Bot
    running: Running
    step: Step[Any]
    quote: Quote
    command: Command | None = None
    entries: tuple[LogEntry, ...] = ()
    actor: str = ""


def carry_out_steps(
    session: TenantSession,
    locked: LockedAccounts,
    moves: Sequence[Move],
    refuse: Callable[[list[OrderResult]], None] = lambda _results: None,
) -> list[Running]:
    """Place the steps' orders and keep what became of them: a fixed number of statements for any number of bots.

    :param moves: at most one for each bot.
    :param refuse: looks at the orders' results before they are taken, and may raise.
    """
    after, steps = _placed(session, moves, refuse)
    change_subjects(
        session,
        [
            NewState(move.bot.id, running.dump(), running.triggers, active=not running.ended)
            for move, running in zip(moves, after, strict=True)
        ],
    )
    reserve_many(
        session,
        [
            (move.bot.account_id, OWNER_KIND, move.bot.id, _reservation(locked, move.bot, running))
            for move, running in zip(moves, after, strict=True)
        ],
        checked=False,
    )
    release_positions(session, [running for running in after if running.ended])
    session.flush()
    write_records(
        session,
        [
            (move.bot.id, running.record(move.quote, [*move.entries, *step.log], actor=move.actor))
            for move, running, step in zip(moves, after, steps, strict=True)
        ],
    )
    ids = [move.bot.id for move in moves]
    session.scalars(select(Bot).where(Bot.id.in_(ids)).execution_options(populate_existing=True)).all()
    return after


def carry_out_step(
    session: TenantSession,
    locked: LockedAccounts,
    bot: Bot,
    running: Running,
    step: Step[Any],
    quote: Quote,
    *,
    command: Command | None = None,
    entries: Iterable[LogEntry] = (),
    actor: str = "",
    refuse: Callable[[list[OrderResult]], None] = lambda _results: None,
) -> Running:
    """One bot's step; see :func:`carry_out_steps`."""
    move = Move(bot, running, step, quote, command, tuple(entries), actor)
    return carry_out_steps(session, locked, [move], refuse)[0]


def _placed(
    session: TenantSession, moves: Sequence[Move], refuse: Callable[[list[OrderResult]], None]
) -> tuple[list[Running], list[Step[Any]]]:
    """Place all orders in one booking; the bots and the steps that really happened."""
    wanted: list[tuple[UUID, UUID, UUID, Any]] = []
    origins: dict[UUID, Origin] = {}
    for move in moves:
        bot = move.bot
        wanted += [(bot.id, bot.account_id, bot.symbol_id, order) for order in reactor_orders(move.step.intents)]
        origins[bot.id] = Origin(kind="bot", id=bot.id, module=MODULE, actor=move.actor or None)
    results = place_orders(session, order_requests(session, wanted, origins)) if wanted else []
    if results:
        refuse(results)
    after, steps, at = [], [], 0
    for move in moves:
        count = len(move.step.intents)
        if count:
            running, step = move.running.settled(move.step, results[at : at + count], move.quote, move.command)
        else:
            running, step = move.running.took(move.step), move.step
        after.append(running)
        steps.append(step)
        at += count
    return after, steps


def keep_reservation(session: TenantSession, locked: LockedAccounts, bot: Bot, running: Running) -> None:
    """Set aside what the bot's state says, in the account's currency."""
    reserve_many(session, [(bot.account_id, OWNER_KIND, bot.id, _reservation(locked, bot, running))], checked=False)


def _reservation(locked: LockedAccounts, bot: Bot, running: Running) -> Decimal:
    """What the bot's state sets aside, in the account's currency."""
    if running.setup.market.currency == running.setup.market.account_currency:
        return running.reserved
    account = locked.accounts[bot.account_id]
    return round_amount(running.reserved * locked.market(account.account_type_id, bot.symbol_id).money_rate)
