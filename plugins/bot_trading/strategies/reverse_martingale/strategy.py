"""Reverse Martingale as a strategy."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from core.sdk.text import _
from plugins.bot_trading.strategies.cycles.ladder import Ladder, grown
from plugins.bot_trading.strategies.cycles.limits import limits_of, pips_fields
from plugins.bot_trading.strategies.cycles.pips import check_ladder, suggest_pips
from plugins.bot_trading.strategies.cycles.settings import MAX_LEVELS, CycleSettings
from plugins.bot_trading.strategies.cycles.strategy import CycleStrategy
from plugins.bot_trading.strategies.protocol import Market, Preview, Quote, Refusal, Setup
from plugins.bot_trading.strategies.reverse_martingale.anti import Streak
from plugins.bot_trading.strategies.reverse_martingale.preview import check_streak
from plugins.bot_trading.strategies.reverse_martingale.settings import ReverseMartingaleSettings
from plugins.bot_trading.strategies.words import Limit, Words

__all__ = ["ReverseMartingale"]

Reverse = Setup[ReverseMartingaleSettings]


class ReverseMartingale(CycleStrategy[ReverseMartingaleSettings]):
    """Sizes grow with a winning streak, or grow and turn with each loss."""

    key: ClassVar[str] = "reverse_martingale"
    title: ClassVar[str] = _("Reverse Martingale")
    summary: ClassVar[str] = _(
        "Doubles after a win and begins anew after a loss, so that losses stay small and a streak pays;"
        " or doubles and turns round after a loss."
    )
    settings_model: type[ReverseMartingaleSettings] = ReverseMartingaleSettings
    words: ClassVar[Words] = Words(
        outcome=_("The result of the whole cycle when it ends at that level, without spreads."),
        reference="bot_trading/shared/reference_reverse.html",
    )

    def guards(self, setup: Reverse) -> CycleSettings:
        """Its own settings."""
        return setup.settings

    def rules(self, setup: Reverse) -> Ladder | Streak:
        """Those of the variant."""
        return _streak(setup) if setup.settings.variant == "anti" else _ladder(setup)

    def preview(self, setup: Reverse, quote: Quote, funds: Decimal | None) -> Preview:
        """What the streak or the ladder comes to at each level, what it needs, and every reason against a launch."""
        settings, market = setup.settings, setup.market
        if settings.variant == "anti":
            return check_streak(market, _streak(setup), settings.initial_lot, settings.multiplier, quote, funds)
        more = [] if market.hedging else [_hedging()]
        return check_ladder(market, _ladder(setup), settings.initial_lot, settings.multiplier, quote, funds, more)

    def limits(
        self, values: Mapping[str, Any], market: Market, quote: Quote, funds: Decimal | None
    ) -> Mapping[str, Limit]:
        """Sizes, distances and levels that the symbol allows and the free funds pay for."""

        def shown(settings: ReverseMartingaleSettings) -> Preview:
            return self.preview(Setup(settings, market), quote, funds)

        return limits_of(self.settings_model, shown, values, pips_fields(market, MAX_LEVELS))

    def suggest(self, market: Market, quote: Quote, capital: Decimal) -> Mapping[str, Any]:
        """A lot that suits the capital, at distances that suit the price."""
        return suggest_pips(market, quote, capital)


def _hedging() -> Refusal:
    return Refusal(
        "hedging_needed",
        _("Levels in both directions stay open side by side, which needs a hedging account."),
        _("Use a hedging account, or the variant Anti."),
        "variant",
    )


def _distances(setup: Reverse) -> tuple[Decimal, Decimal]:
    pip = setup.market.pip_size
    return setup.settings.take_profit_pips * pip, setup.settings.stop_loss_pips * pip


def _volumes(setup: Reverse) -> tuple[Decimal, ...]:
    settings = setup.settings
    return grown(setup.market, settings.initial_lot, settings.multiplier, settings.levels)


def _streak(setup: Reverse) -> Streak:
    return Streak(setup.settings.direction, _volumes(setup), *_distances(setup))


def _ladder(setup: Reverse) -> Ladder:
    return Ladder(setup.settings.direction, _volumes(setup), *_distances(setup), turns=True)
