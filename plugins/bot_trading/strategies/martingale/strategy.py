"""Martingale as a strategy."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from core.sdk.text import _
from plugins.bot_trading.strategies.cycles.ladder import Ladder, grown
from plugins.bot_trading.strategies.cycles.limits import limits_of, pips_fields, safety_fields
from plugins.bot_trading.strategies.cycles.pips import check_ladder, suggest_pips
from plugins.bot_trading.strategies.cycles.settings import MAX_LEVELS, CycleSettings
from plugins.bot_trading.strategies.cycles.strategy import CycleStrategy
from plugins.bot_trading.strategies.martingale.preview import check_safety, suggest_amounts
from plugins.bot_trading.strategies.martingale.safety import SafetyOrders, amounts_of, steps_of
from plugins.bot_trading.strategies.martingale.settings import MAX_SAFETY_ORDERS, MartingaleSettings
from plugins.bot_trading.strategies.protocol import Market, Preview, Quote, Setup
from plugins.bot_trading.strategies.words import Limit, Words

__all__ = ["Martingale"]


class Martingale(CycleStrategy[MartingaleSettings]):
    """Sizes grow while a cycle goes against it, so that one move back pays for all: a ladder, or safety orders."""

    key: ClassVar[str] = "martingale"
    title: ClassVar[str] = _("Martingale")
    summary: ClassVar[str] = _(
        "Opens larger levels while the price goes against it, so that one move back wins the whole cycle;"
        " wins small and often, loses rarely and much."
    )
    settings_model: type[MartingaleSettings] = MartingaleSettings
    words: ClassVar[Words] = Words(
        outcome=_("The result of the whole cycle when it ends at that level, without spreads."),
        reference="bot_trading/shared/reference_martingale.html",
    )

    def guards(self, setup: Setup[MartingaleSettings]) -> CycleSettings:
        """Its own settings."""
        return setup.settings

    def rules(self, setup: Setup[MartingaleSettings]) -> Ladder | SafetyOrders:
        """Those of the profile."""
        settings = setup.settings
        return _ladder(setup) if settings.profile == "ladder" else _safety(setup)

    def preview(self, setup: Setup[MartingaleSettings], quote: Quote, funds: Decimal | None) -> Preview:
        """Profit of each level, worst-case loss, needed margin or capital, and every reason against a launch."""
        if setup.settings.profile == "ladder":
            return check_ladder(
                setup.market, _ladder(setup), setup.settings.initial_lot, setup.settings.multiplier, quote, funds
            )
        return check_safety(setup, _safety(setup), quote, funds)

    def limits(
        self, values: Mapping[str, Any], market: Market, quote: Quote, funds: Decimal | None
    ) -> Mapping[str, Limit]:
        """Sizes, distances and levels that the symbol allows and the free funds pay for."""
        ladder = values.get("profile", "ladder") == "ladder"
        fields = pips_fields(market, MAX_LEVELS) if ladder else safety_fields(MAX_SAFETY_ORDERS)

        def shown(settings: MartingaleSettings) -> Preview:
            return self.preview(Setup(settings, market), quote, funds)

        return limits_of(self.settings_model, shown, values, fields)

    def suggest(self, market: Market, quote: Quote, capital: Decimal) -> Mapping[str, Any]:
        """A ladder at distances that suit the price, and safety orders, that use the capital."""
        amount = suggest_amounts(Setup(MartingaleSettings(), market), capital)
        return {**suggest_pips(market, quote, capital), "first_order": amount, "safety_order": amount}


def _ladder(setup: Setup[MartingaleSettings]) -> Ladder:
    settings, pip = setup.settings, setup.market.pip_size
    return Ladder(
        settings.direction,
        grown(setup.market, settings.initial_lot, settings.multiplier, settings.levels),
        settings.take_profit_pips * pip,
        settings.stop_loss_pips * pip,
    )


def _safety(setup: Setup[MartingaleSettings]) -> SafetyOrders:
    settings = setup.settings
    stop = settings.stop_loss_percent
    return SafetyOrders(
        setup.market,
        settings.direction,
        amounts_of(settings.first_order, settings.safety_order, settings.size_multiplier, settings.safety_orders),
        steps_of(settings.step_percent, settings.step_multiplier, settings.safety_orders),
        settings.take_profit_percent / 100,
        None if stop is None else stop / 100,
    )
