"""Carries out a step of a bot outside the lane: its orders, its new state, its reservation, its row and its log."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from core.sdk.data import TenantSession
from core.sdk.money import round_amount
from core.sdk.reactors import NewState, change_subjects, order_requests
from core.sdk.trading import LockedAccounts, OrderResult, Origin, place_orders, reserve_many
from plugins.bot_trading.models import Bot
from plugins.bot_trading.recording import write_records
from plugins.bot_trading.running import Running, reactor_orders
from plugins.bot_trading.services.releasing import release_positions
from plugins.bot_trading.strategies.protocol import Command, LogEntry, Quote, Step

__all__ = ["MODULE", "OWNER_KIND", "REACTOR", "carry_out_step", "keep_reservation"]

MODULE = "bot_trading"
REACTOR = "bots"
OWNER_KIND = "bot"


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
    """Place the step's orders and keep what became of them. The account and the subject are locked by the caller.

    :param entries: log entries that go before the step's own.
    :param refuse: looks at the results before they are taken, and may raise.
    """
    if step.intents:
        origin = Origin(kind="bot", id=bot.id, module=MODULE, actor=actor or None)
        wanted = [(bot.id, bot.account_id, bot.symbol_id, order) for order in reactor_orders(step.intents)]
        results = place_orders(session, order_requests(session, wanted, {bot.id: origin}))
        refuse(results)
        running, step = running.settled(step, results, quote, command)
    else:
        running = running.took(step)
    change_subjects(session, [NewState(bot.id, running.dump(), running.triggers, active=not running.ended)])
    keep_reservation(session, locked, bot, running)
    if running.ended:
        release_positions(session, [running])
    session.flush()
    write_records(session, [(bot.id, running.record(quote, [*entries, *step.log], actor=actor))])
    session.refresh(bot)
    return running


def keep_reservation(session: TenantSession, locked: LockedAccounts, bot: Bot, running: Running) -> None:
    """Set aside what the bot's state says, in the account's currency."""
    account = locked.accounts[bot.account_id]
    rate = locked.market(account.account_type_id, bot.symbol_id).money_rate
    if running.setup.market.currency == running.setup.market.account_currency:
        amount = running.reserved
    else:
        amount = round_amount(running.reserved * rate)
    reserve_many(session, [(bot.account_id, OWNER_KIND, bot.id, amount)], checked=False)
