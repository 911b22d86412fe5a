"""A Spot Grid as a reactor, by the strategy's own code and nothing else of the module: for whole runs through a lane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from core.lanes.reactor import Reaction, Reactor, ReactorOrder, Subject, Triggers
from core.trading.types import OrderResult
from plugins.bot_trading.strategies import protocol
from plugins.bot_trading.strategies.spot_grid.settings import SpotGridSettings
from plugins.bot_trading.strategies.spot_grid.strategy import SpotGrid
from tenants.db import TenantSession

GRID = SpotGrid()
Setup = protocol.Setup[SpotGridSettings]


def grid_setup(golden: Mapping[str, Any]) -> Setup:
    """The setup of an agreed run."""
    market = protocol.Market(
        tick=Decimal(golden["tick"]), lot_step=Decimal(golden["lot_step"]), fee_rate=Decimal(golden["fee"])
    )
    spacing = {"arith": "arithmetic", "geo": "geometric"}[golden["mode"]]
    settings = SpotGridSettings.model_validate(
        {
            "lower": golden["lower"],
            "upper": golden["upper"],
            "cells": golden["cells"],
            "spacing": spacing,
            "investment": str(golden["invest"]),
        }
    )
    return protocol.Setup(settings, market)


class GridReactor(Reactor):
    """Answers quotes as the strategy does. `setups` by subject: what a module keeps in the subject's state."""

    name = "ladder"

    def __init__(self, setups: Mapping[UUID, Setup]) -> None:
        self.setups = setups

    def react(self, subjects: Sequence[Subject]) -> Sequence[Reaction]:
        return [self._answer(subject) for subject in subjects]

    def _answer(self, subject: Subject) -> Reaction:
        setup = self.setups[subject.id]
        quote = subject.quote
        step = GRID.on_quote(
            setup, GRID.load(subject.state), protocol.Quote(quote.bid, quote.ask, quote.ts_ms, quote.seq)
        )
        return Reaction(
            subject.id,
            GRID.dump(step.state),
            triggers_of(setup, step.state),
            tuple(order_of(intent) for intent in step.intents),
            reservation=GRID.reserved(setup, step.state),
        )

    def settle(self, subject: Subject, reaction: Reaction, results: Sequence[OrderResult]) -> Reaction:
        for order, result in zip(reaction.orders, results, strict=True):
            assert result.status == "filled", (order, result)
            assert order.price is None or result.average_price == order.price
        return replace(reaction, orders=())

    def record(self, session: TenantSession, reactions: Sequence[Reaction]) -> None:
        raise AssertionError("nothing was to be recorded")


def triggers_of(setup: Setup, state: Any) -> Triggers:
    """The strategy's triggers as the platform takes them."""
    at = GRID.triggers(setup, state)
    return Triggers(ask_le=at.ask_le, ask_ge=at.ask_ge, bid_ge=at.bid_ge, bid_le=at.bid_le)


def order_of(intent: protocol.Intent) -> ReactorOrder:
    """A wish of the strategy as the platform takes it."""
    return ReactorOrder(
        intent.key,
        intent.side,
        intent.volume,
        intent.price if intent.kind == "limit" else None,
        close_key=intent.closes,
    )
