"""Grid G of the rules, and what tests of grids share."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from plugins.bot_trading.strategies.protocol import Figures, Intent, Market, Quote, Setup, Step
from plugins.bot_trading.strategies.spot_grid.settings import SpotGridSettings
from plugins.bot_trading.strategies.spot_grid.state import GridState
from plugins.bot_trading.strategies.spot_grid.strategy import SpotGrid

GRID = SpotGrid()
MARKET = Market(tick=Decimal("0.01"), lot_step=Decimal("0.0001"), fee_rate=Decimal("0.001"), currency="USD")
G: dict[str, Any] = {"lower": "90", "upper": "110", "cells": 10, "spacing": "arithmetic", "investment": "1000"}


def setup(market: Market = MARKET, **changes: Any) -> Setup[SpotGridSettings]:
    """Grid G with changes."""
    return Setup(SpotGridSettings.model_validate({**G, **changes}), market)


def at(bid: str | Decimal, ask: str | Decimal | None = None) -> Quote:
    """A quote; without an ask both sides are equal."""
    return Quote(Decimal(bid), Decimal(bid if ask is None else ask))


class Bot:
    """A grid that is shown quotes one after the other, by way of its stored form as in the lane."""

    def __init__(self, made: Setup[SpotGridSettings] | None = None, start: str = "100") -> None:
        self.setup = made or setup()
        self.quote = at(start)
        self.state: GridState = GRID.start(self.setup, self.quote).state
        self.step: Step[GridState] = self.show(start)

    def show(self, bid: str, ask: str | None = None) -> Step[GridState]:
        self.quote = at(bid, ask)
        self.step = GRID.on_quote(self.setup, self.state, self.quote)
        self.state = GRID.load(GRID.dump(self.step.state))
        assert self.state == self.step.state
        return self.step

    @property
    def figures(self) -> Figures:
        return GRID.figures(self.setup, self.state, self.quote)

    def resting(self, side: str) -> list[Decimal]:
        return [order.price for order in GRID.orders(self.setup, self.state) if order.side == side]

    def filled(self) -> list[tuple[str, Decimal]]:
        return [(intent.side, intent.price) for intent in self.step.intents]


def recorded(path: Path) -> Iterator[Quote]:
    """The quotes of a price file: ticks as they are, of bars the close with bid = ask."""
    with path.open() as file:
        for row in csv.DictReader(file):
            ts_ms = int(row["ts_ms"])
            if "bid" in row:
                yield Quote(Decimal(row["bid"]), Decimal(row["ask"]), ts_ms)
            else:
                yield Quote(Decimal(row["close"]), Decimal(row["close"]), ts_ms)


def cash_flow(market: Market, intents: tuple[Intent, ...]) -> tuple[Decimal, Decimal]:
    """What orders do to cash and holdings, reckoned apart from the strategy."""
    cash = base = Decimal(0)
    for intent in intents:
        value = intent.volume * market.contract * intent.price
        fee = value * market.fee_rate
        sign = 1 if intent.side == "buy" else -1
        cash -= sign * value + fee
        base += sign * intent.volume
    return cash, base
