"""The demo brokerages' bots: a few of each kind that go on for as long as the demo runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from sqlalchemy import func, select

from core.sdk.data import TenantSession
from core.sdk.demo import Demo, DemoCustomer, DemoScene
from core.sdk.prices import recent_prices
from core.sdk.trading import account_states
from plugins.bot_trading.models import Bot
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.services.access import allowed_strategies
from plugins.bot_trading.services.errors import BotRefusedError
from plugins.bot_trading.services.launching import Launch, launch
from plugins.bot_trading.services.market import Place, find_place
from plugins.bot_trading.settings import BotTradingSettings
from plugins.bot_trading.strategies.numbers import ZERO, ceil_to, plain, to_tick
from plugins.bot_trading.strategies.protocol import Market, Quote, Setup, Strategy

__all__ = ["demo_of"]

BOTS_EACH = 3
_CENT = Decimal("0.01")
_WIDER = Decimal(2)
Made = Callable[[Market, Quote, Decimal, Decimal], list[dict[str, Any]]]
"""Settings to try in turn: (market, quote, half the width of the recent prices, capital)."""


def demo_of(strategies: Strategies) -> Demo:
    """The module's part of the demo."""

    def play(session: TenantSession, scene: DemoScene, settings: Any) -> None:
        for number, customer in enumerate(scene.who("bots")):
            # One launch in a transaction: a second would lock its account after the first has locked its events.
            if _keep_running(session, strategies, settings, scene, customer, number):
                return

    return Demo(play=play)


def _keep_running(
    session: TenantSession,
    strategies: Strategies,
    settings: BotTradingSettings,
    scene: DemoScene,
    customer: DemoCustomer,
    number: int,
) -> bool:
    """See that a customer has so many live bots; one that a visitor has stopped is followed by another.

    Whether one was launched.
    """
    own = select(func.count()).select_from(Bot).where(Bot.customer_id == customer.customer_id)
    live = session.scalar(own.where(Bot.status != "stopped")) or 0
    launched = session.scalar(own) or 0
    codes = sorted(scene.prices)
    if live >= BOTS_EACH or not codes:
        return False
    code = codes[(number * BOTS_EACH + launched) % len(codes)]
    place = find_place(session, customer.account_id, scene.symbols[code])
    allowed = allowed_strategies(session, strategies, settings, customer.customer_id)
    kinds = [kind for kind in _KINDS if kind.partition(" ")[0] in allowed]
    if place is None or place.quote is None or place.problem is not None or not kinds:
        return False
    capital = account_states(session, [customer.account_id])[customer.account_id].free_margin / 4
    if capital <= ZERO:
        return False
    capital = capital.quantize(_CENT, rounding=ROUND_DOWN)
    first = (number + launched) % len(kinds)
    for kind in (*kinds[first:], *kinds[:first]):
        strategy = strategies[kind.partition(" ")[0]]
        chosen = _lively(session, strategy, kind, place, place.quote, capital)
        if chosen is not None:
            break
    else:
        return False
    wish = Launch(
        customer_id=customer.customer_id,
        account_id=customer.account_id,
        symbol_id=place.symbol_id,
        strategy=strategy.key,
        settings=chosen,
        key=f"demo:{customer.customer_id}:{launched}",
        actor=customer.email,
    )
    try:
        with session.begin_nested():
            launch(session, strategies, settings, wish)
    except BotRefusedError:
        # The market may be closed, or the price may have leapt: the next look comes in a few seconds.
        return False
    return True


def _lively(
    session: TenantSession, strategy: Strategy[Any, Any], kind: str, place: Place, quote: Quote, capital: Decimal
) -> BaseModel | None:
    """Settings about as wide as the recent prices were, wider where commission, spread or lot step ask for it."""
    seen = [price for _, price in recent_prices(session, place.symbol_id, ticks=2_000)]
    width = max(max(seen) - min(seen), quote.ask / 1000) if seen else quote.ask / 100
    for _ in range(10):
        for values in _KINDS[kind](place.market, quote, width, capital):
            try:
                settings: BaseModel = strategy.settings_model.model_validate(values)
            except ValidationError:
                continue
            preview = strategy.preview(Setup(settings, place.market), quote, capital)
            if not preview.refusals:
                return settings
        width *= _WIDER
    return None


def _grid(market: Market, quote: Quote, width: Decimal, capital: Decimal) -> list[dict[str, Any]]:
    lower, upper = to_tick(quote.ask - width, market.tick), to_tick(quote.ask + width, market.tick)
    # Years of daily prices pass by in an hour of the demo: the grid goes along with them.
    along = {"investment": capital, "trailing_up": True, "trailing_down": True}
    return [{"lower": max(lower, market.tick), "upper": upper, "cells": cells, **along} for cells in (20, 12, 8, 5)]


def _pips(market: Market, quote: Quote, width: Decimal, capital: Decimal) -> list[dict[str, Any]]:
    """A stop of an eighth of the width, a take-profit 2.5 times as far; ever smaller lots until the capital is enough."""
    stop = ceil_to(max(width / 8, 4 * (quote.ask - quote.bid)), market.pip_size) / market.pip_size
    distances = {"stop_loss_pips": stop, "take_profit_pips": stop * Decimal("2.5"), "levels": 4, "cooldown_s": 300}
    largest = capital * market.leverage / (market.contract * quote.ask * 32)
    sizes = [ceil_to(max(largest / part, market.min_lot), market.lot_step) for part in (1, 4, 16, 10**9)]
    return [{"initial_lot": plain(size), **distances} for size in sizes]


def _safety(market: Market, quote: Quote, width: Decimal, capital: Decimal) -> list[dict[str, Any]]:
    step = max(width / quote.ask * 10, Decimal("0.05")).quantize(_CENT)
    plan: Mapping[str, Any] = {"profile": "safety_orders", "step_percent": step, "take_profit_percent": step * 2}
    found = []
    for orders in (4, 2):
        # Each safety order is twice the one before it: 1, and 1 + 2 + 4 + …
        amount = (capital / 2**orders).quantize(_CENT, rounding=ROUND_DOWN)
        sizes = {"first_order": amount, "safety_order": amount, "safety_orders": orders}
        found.append({**plan, **sizes, "step_multiplier": Decimal("1.5")})
    return found


_KINDS: Final[Mapping[str, Made]] = {
    "spot_grid": _grid,
    "martingale": _pips,
    "reverse_martingale": _pips,
    "martingale safety orders": _safety,
}
"""Kinds of bots, by the strategy's key and what is told apart within it."""
