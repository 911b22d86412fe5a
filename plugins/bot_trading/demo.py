"""The demo brokerages' bots: a few grids that go on for as long as the demo runs."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import Any

from sqlalchemy import func, select

from core.sdk.data import TenantSession
from core.sdk.demo import Demo, DemoCustomer, DemoScene
from core.sdk.prices import recent_prices
from core.sdk.trading import account_states
from plugins.bot_trading.models import Bot
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.services.errors import BotRefusedError
from plugins.bot_trading.services.launching import Launch, launch
from plugins.bot_trading.services.market import Place, find_place
from plugins.bot_trading.settings import BotTradingSettings
from plugins.bot_trading.strategies.numbers import ZERO, to_tick
from plugins.bot_trading.strategies.protocol import Quote, Setup, Strategy
from plugins.bot_trading.strategies.spot_grid.settings import SpotGridSettings

__all__ = ["demo_of"]

BOTS_EACH = 2


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
    if place is None or place.quote is None or place.problem is not None:
        return False
    quote = place.quote
    strategy = strategies["spot_grid"]
    capital = account_states(session, [customer.account_id])[customer.account_id].free_margin / 4
    if capital <= ZERO:
        return False
    suggested = _lively(session, strategy, place, quote, capital.quantize(Decimal("0.01"), rounding=ROUND_DOWN))
    if suggested is None:
        return False
    wish = Launch(
        customer_id=customer.customer_id,
        account_id=customer.account_id,
        symbol_id=place.symbol_id,
        strategy=strategy.key,
        settings=suggested,
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
    session: TenantSession, strategy: Strategy[Any, Any], place: Place, quote: Quote, capital: Decimal
) -> SpotGridSettings | None:
    """A grid about as wide as the recent prices were, wider where commission or lot step ask for it."""
    seen = [price for _, price in recent_prices(session, place.symbol_id, ticks=2_000)]
    width = max(max(seen) - min(seen), quote.ask / 1000) if seen else quote.ask / 100
    for _ in range(10):
        lower, upper = to_tick(quote.ask - width, place.market.tick), to_tick(quote.ask + width, place.market.tick)
        for cells in (20, 12, 8, 5):
            settings = SpotGridSettings(
                lower=max(lower, place.market.tick),
                upper=upper,
                cells=cells,
                investment=capital,
                # Years of daily prices pass by in an hour of the demo: the grid goes along with them.
                trailing_up=True,
                trailing_down=True,
            )
            if not strategy.preview(Setup(settings, place.market), quote, None).refusals:
                return settings
        width *= 2
    return None
