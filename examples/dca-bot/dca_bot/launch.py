"""Before a launch: what a plan needs, what speaks against it, and how a form begins."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Any

from pydantic import ValidationError

from core.sdk.text import _
from dca_bot.settings import DcaSettings
from dca_bot.state import ZERO
from plugins.bot_trading.sdk import (
    Fact,
    Limit,
    Market,
    Order,
    Preview,
    Quote,
    Refusal,
    Searched,
    Setup,
    ceil_to,
    exact,
    floor_to,
    limits_by_preview,
    plain,
)

__all__ = ["limits", "needed", "preview", "suggest", "volume"]

_CENT = Decimal("0.01")


def needed(settings: DcaSettings) -> Decimal:
    """What all purchases together may cost."""
    return settings.amount * settings.purchases


@exact
def volume(market: Market, amount: Decimal, price: Decimal) -> Decimal:
    """Lots that an amount pays for, commission included; nothing where the symbol allows no order so small."""
    lots = floor_to(amount / market.lot_cost(price), market.lot_step)
    return lots if lots >= least_volume(market, price) else ZERO


@exact
def least_volume(market: Market, price: Decimal) -> Decimal:
    """The smallest order that the symbol allows."""
    by_value = ceil_to(market.min_notional / (market.contract * price), market.lot_step)
    return max(market.min_lot, market.lot_step, by_value)


@exact
def preview(setup: Setup[DcaSettings], quote: Quote, funds: Decimal | None) -> Preview:
    """The plan at ``quote``. ``funds``: what is free on the account; none: not looked at."""
    settings, market, whole = setup.settings, setup.market, needed(setup.settings)
    lots = volume(market, settings.amount, quote.ask)
    refusals = []
    if lots <= ZERO:
        least = ceil_to(least_volume(market, quote.ask) * market.lot_cost(quote.ask), _CENT)
        refusals.append(
            Refusal(
                "order_below_minimum",
                _("A purchase would be smaller than the symbol allows."),
                _("Buy for at least {least} each time.", least=plain(least)),
                "amount",
                {"least": plain(least)},
            )
        )
    if funds is not None and funds < whole:
        refusals.append(
            Refusal(
                "insufficient_funds",
                _(
                    "The account is short by {amount} {currency}.",
                    amount=plain(whole - funds),
                    currency=market.currency,
                ),
                _("Choose a smaller amount or fewer purchases, or deposit first."),
                "amount",
                {"short": plain(whole - funds)},
            )
        )
    hours = Decimal(settings.every_minutes) * (settings.purchases - 1) / 60
    target = settings.take_profit_percent
    paid = market.notional(lots, quote.ask) + market.fee(lots, quote.ask)
    even = paid / (lots * market.contract) if lots > ZERO else quote.ask
    orders: tuple[Order, ...] = ()
    if target is not None and lots > ZERO:
        price = ceil_to(even * (1 + target / 100), market.tick)
        orders = (Order("sell", price, lots, "take_profit", "1"),)
    return Preview(
        tuple(refusals),
        levels=(quote.ask,),
        quantity=lots,
        needed=whole,
        first_purchase=lots,
        orders=orders,
        facts={"worst_loss": plain(whole), "multiplier": "1"},
        summary=(
            Fact(_("First purchase, at once"), lots, "volume"),
            Fact(_("Hours until the last purchase"), hours.quantize(_CENT), "number"),
            Fact(_("Break-even after the first purchase"), ceil_to(even, market.tick), "price"),
            Fact(_("Worst case, were the price to fall to nothing"), whole, loss=True),
        ),
    )


def suggest(market: Market, quote: Quote, capital: Decimal) -> Mapping[str, Any]:
    """Ten purchases, a day apart, that use ``capital``."""
    return {"amount": max((capital / 10).quantize(_CENT, rounding=ROUND_DOWN), _CENT), "purchases": 10}


def limits(values: Mapping[str, Any], market: Market, quote: Quote, funds: Decimal | None) -> Mapping[str, Limit]:
    """The ends of what the preview accepts."""

    def shown(wanted: Mapping[str, Any]) -> Preview | None:
        try:
            return preview(Setup(DcaSettings.model_validate(wanted), market), quote, funds)
        except ValidationError:
            return None

    money = frozenset({"insufficient_funds"})
    small = frozenset({"order_below_minimum"})
    return limits_by_preview(
        shown,
        values,
        {
            "amount": Searched(_CENT, Decimal(10) ** 9, _CENT, below=small, above=money),
            "purchases": Searched(Decimal(1), Decimal(1000), above=money),
        },
    )
