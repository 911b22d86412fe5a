"""Launching a bot: checked, its investment reserved and its first orders placed, all in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import func, select, text

from core.sdk.data import TenantSession, new_id
from core.sdk.money import round_amount
from core.sdk.reactors import NewState, lock_subjects, start_subject
from core.sdk.trading import (
    FundsError,
    LockedAccounts,
    OrderResult,
    account_states,
    lock_accounts_with_markets,
    reserve,
    watch_account,
)
from plugins.bot_trading.models import Bot
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.running import Running, dump_market
from plugins.bot_trading.services.access import allowed_strategies
from plugins.bot_trading.services.errors import BotRefusedError, refusal
from plugins.bot_trading.services.locking import module_is_on
from plugins.bot_trading.services.market import Place, find_place
from plugins.bot_trading.services.moving import MODULE, OWNER_KIND, REACTOR, carry_out_step
from plugins.bot_trading.settings import BotTradingSettings
from plugins.bot_trading.strategies.numbers import ZERO, plain
from plugins.bot_trading.strategies.protocol import LogEntry, Market, Preview, Quote, Refusal, Setup
from plugins.bot_trading.strategies.words import bounded_by

__all__ = ["Launch", "check_at", "check_launch", "free_now", "launch", "open_place"]


@dataclass(frozen=True, slots=True)
class Launch:
    """What a customer wants to launch. ``key`` makes it happen once, however often it is sent."""

    customer_id: UUID
    account_id: UUID
    symbol_id: UUID
    strategy: str
    settings: BaseModel
    key: str
    actor: str


def check_launch(
    session: TenantSession, strategies: Strategies, limits: BotTradingSettings, wish: Launch
) -> tuple[Place, Preview]:
    """A dry launch: where the bot would run and what it would be, with every reason against it.

    :raises BotRefusedError: where there is nothing to show: no such account, symbol, strategy or price.
    """
    place = _place(session, strategies, limits, wish)
    return place, check_at(session, strategies, limits, wish, place, free_now(session, place))


def check_at(
    session: TenantSession,
    strategies: Strategies,
    limits: BotTradingSettings,
    wish: Launch,
    place: Place,
    funds: Decimal | None,
) -> Preview:
    """The preview at a place that is open, with every reason against it."""
    preview = strategies[wish.strategy].preview(Setup(wish.settings, place.market), _quote(place), funds)
    found = [*_standing(session, limits, wish, place), *preview.refusals, *_limits(limits, wish, preview)]
    return replace(preview, refusals=tuple(found))


def launch(session: TenantSession, strategies: Strategies, limits: BotTradingSettings, wish: Launch) -> Bot:
    """Launch a bot, or give the one that the same key has launched already.

    The module's switch and the account are locked first: nothing is launched into a module that goes off, and of two
    launches against the same money one is accepted.

    :raises BotRefusedError: with every reason; nothing is kept then.
    """
    place = _place(session, strategies, limits, wish)
    if not module_is_on(session):
        raise BotRefusedError([refusal("module_off")])
    # One launch of a customer at a time: the limit on bots counts over all accounts.
    session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"bots:{wish.customer_id}"}
    )
    locked = lock_accounts_with_markets(session, [wish.account_id])
    known = session.scalar(select(Bot).where(Bot.launch_key == wish.key))
    if known is not None:
        return known
    strategy, setup, quote = strategies[wish.strategy], Setup(wish.settings, place.market), _quote(place)
    preview = strategy.preview(setup, quote, _funds(locked, place))
    found = [*_standing(session, limits, wish, place), *preview.refusals, *_limits(limits, wish, preview)]
    if found:
        raise BotRefusedError(found)
    bot = _bot(wish, place, quote, preview)
    running = Running(strategy, setup, strategy.start(setup, quote).state, {})
    session.add(bot)
    session.flush()
    try:
        reserve(session, wish.account_id, OWNER_KIND, bot.id, _in_account(locked, place, preview.needed))
    except FundsError as error:
        short = Decimal(error.detail.get("needed", "0")) - Decimal(error.detail.get("free", "0"))
        raise BotRefusedError([refusal(error.reason, field="investment", short=plain(short))]) from error
    watch_account(session, wish.account_id, MODULE)
    start_subject(
        session,
        plugin=MODULE,
        reactor=REACTOR,
        account_id=wish.account_id,
        symbol_id=wish.symbol_id,
        state=NewState(bot.id, running.dump(), running.triggers),
    )
    lock_subjects(session, [bot.id])
    entry = LogEntry("launched", {"investment": plain(preview.needed)})
    carry_out_step(
        session, locked, bot, running, running.on_quote(quote), quote, entries=[entry], actor=wish.actor, refuse=_refuse
    )
    return bot


def free_now(session: TenantSession, place: Place) -> Decimal | None:
    """What is free on the account, in the symbol's quote currency; none where it cannot be told now."""
    if place.market.currency == place.account_currency:
        return account_states(session, [place.account_id])[place.account_id].free_margin
    return _funds(lock_accounts_with_markets(session, [place.account_id]), place)


def _refuse(results: list[OrderResult]) -> None:
    """A launch whose first order is not carried out leaves nothing behind."""
    bad = [result for result in results if not result.fills]
    if bad:
        raise BotRefusedError([refusal(bad[0].reason or bad[0].status, **_texts(bad[0].detail))])


def _texts(detail: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in detail.items() if key not in ("code", "field")}


def _place(session: TenantSession, strategies: Strategies, limits: BotTradingSettings, wish: Launch) -> Place:
    return open_place(session, strategies, limits, wish.strategy, wish.customer_id, wish.account_id, wish.symbol_id)


def open_place(
    session: TenantSession,
    strategies: Strategies,
    limits: BotTradingSettings,
    strategy: str,
    customer_id: UUID,
    account_id: UUID,
    symbol_id: UUID,
) -> Place:
    """Where a strategy would run, with the brokerage's guards.

    :raises BotRefusedError: where the customer may not run the strategy, or has no such account, or there is no price.
    """
    if strategy not in allowed_strategies(session, strategies, limits, customer_id):
        raise BotRefusedError([refusal("strategy_not_allowed")])
    place = find_place(session, account_id, symbol_id)
    if place is None or place.customer_id != customer_id:
        raise BotRefusedError([refusal("account_not_found", field="account")])
    if place.quote is None:
        raise BotRefusedError([refusal("quote_stale")])
    return replace(place, market=_guarded(place.market, limits))


def _guarded(market: Market, limits: BotTradingSettings) -> Market:
    """The market with the brokerage's guards."""
    spread, deviation = limits.max_spread_percent, limits.deviation_percent
    return replace(
        market,
        max_spread=None if spread is None else spread / 100,
        deviation=None if deviation is None else deviation / 100,
    )


def _quote(place: Place) -> Quote:
    if place.quote is None:
        raise BotRefusedError([refusal("quote_stale")])
    return place.quote


def _funds(locked: LockedAccounts, place: Place) -> Decimal | None:
    account = locked.accounts[place.account_id]
    if place.market.currency == account.currency:
        return account.free_margin
    rate = locked.market(account.account_type_id, place.symbol_id).money_rate
    return account.free_margin / rate if rate > ZERO else None


def _in_account(locked: LockedAccounts, place: Place, money: Decimal) -> Decimal:
    account = locked.accounts[place.account_id]
    if place.market.currency == account.currency:
        return money
    return round_amount(money * locked.market(account.account_type_id, place.symbol_id).money_rate)


def _standing(session: TenantSession, limits: BotTradingSettings, wish: Launch, place: Place) -> list[Refusal]:
    """What stands in the way whatever the settings are."""
    found = []
    if place.problem is not None:
        found.append(refusal(place.problem))
    live = select(func.count()).select_from(Bot).where(Bot.customer_id == wish.customer_id, Bot.status != "stopped")
    if (session.scalar(live) or 0) >= limits.bots_per_customer:
        found.append(refusal("too_many_bots", most=str(limits.bots_per_customer)))
    if not place.market.hedging and _owned(session, wish):
        found.append(refusal("symbol_owned", field="symbol"))
    return found


def _owned(session: TenantSession, wish: Launch) -> bool:
    bots = select(Bot.id).where(
        Bot.account_id == wish.account_id, Bot.symbol_id == wish.symbol_id, Bot.status != "stopped"
    )
    held = text(
        "select 1 from core.positions where account_id = :account and symbol_id = :symbol and closed_ts_ms is null limit 1"
    )
    open_now = session.execute(held, {"account": wish.account_id, "symbol": wish.symbol_id}).first()
    return open_now is not None or session.execute(bots.limit(1)).first() is not None


def _limits(limits: BotTradingSettings, wish: Launch, preview: Preview) -> list[Refusal]:
    found = []

    def field(what: str) -> str | None:
        return next(iter(bounded_by(type(wish.settings), what, wish.settings.model_dump())), None)

    if limits.capital_per_bot is not None and preview.needed > limits.capital_per_bot:
        found.append(refusal("capital_above_limit", field=field("capital"), most=plain(limits.capital_per_bot)))
    if len(preview.table) > limits.max_levels:
        found.append(refusal("too_many_levels", field=field("levels"), most=str(limits.max_levels)))
    multiplier = Decimal(preview.facts.get("multiplier", "1"))
    if multiplier > limits.max_multiplier:
        found.append(refusal("multiplier_above_limit", field=field("multiplier"), most=plain(limits.max_multiplier)))
    if limits.max_loss_percent is not None and "worst_loss" in preview.facts:
        most = preview.needed * limits.max_loss_percent / 100
        if Decimal(preview.facts["worst_loss"]) > most:
            found.append(refusal("loss_above_limit", field=field("stop"), most=plain(most)))
    return found


def _bot(wish: Launch, place: Place, quote: Quote, preview: Preview) -> Bot:
    return Bot(
        id=new_id(),
        customer_id=wish.customer_id,
        account_id=wish.account_id,
        symbol_id=wish.symbol_id,
        strategy=wish.strategy,
        settings=wish.settings.model_dump(mode="json"),
        market=dump_market(place.market),
        launch_key=wish.key,
        status="waiting_trigger",
        currency=place.market.currency,
        investment=preview.needed,
        cash=preview.needed,
        launched_ts_ms=quote.ts_ms,
    )
