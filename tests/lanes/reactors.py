"""Small reactors for the lanes' tests."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from core.lanes.reactor import Reaction, Reactor, ReactorOrder, Subject, Triggers
from core.trading.types import OrderResult
from tenants.db import TenantSession

PLUGIN = "probe"


def ladder(step: str, level: str, lots: str = "0.01") -> tuple[dict[str, Any], Triggers]:
    """State and triggers of a subject that buys at each step down and sells that lot again one step up."""
    state = {
        "step": step,
        "low": str(Decimal(level) - Decimal(step)),
        "lots": lots,
        "bought": [],
        "count": 0,
        "refused": [],
    }
    return state, _triggers(state)


def _triggers(state: dict[str, Any]) -> Triggers:
    bought = state["bought"]
    return Triggers(
        ask_le=Decimal(state["low"]),
        bid_ge=Decimal(bought[-1][0]) + Decimal(state["step"]) if bought else None,
    )


@dataclass
class Ladder(Reactor):
    """Buys at its low, again one step lower, and sells each lot one step above where it was bought. Pure."""

    name: str = "ladder"

    def react(self, subjects: Sequence[Subject]) -> Sequence[Reaction]:
        return [self._one(subject) for subject in subjects]

    def _one(self, subject: Subject) -> Reaction:
        state = {**subject.state, "bought": [list(lot) for lot in subject.state["bought"]]}
        step, lots = Decimal(state["step"]), Decimal(state["lots"])
        orders: list[ReactorOrder] = []
        if subject.quote.ask <= Decimal(state["low"]) and not subject.reduce_only:
            price = Decimal(state["low"])
            state["count"] += 1
            orders.append(ReactorOrder(f"b{state['count']}", "buy", lots, price))
            state["bought"].append([str(price), f"b{state['count']}"])
            state["low"] = str(price - step)
        elif state["bought"] and subject.quote.bid >= Decimal(state["bought"][-1][0]) + step:
            price, key = state["bought"].pop()
            orders.append(ReactorOrder(f"s-{key}", "sell", lots, Decimal(price) + step, close_key=key))
            state["low"] = price
        return Reaction(
            subject.id, state, _triggers(state), tuple(orders), records=({"seq": subject.quote.seq},) if orders else ()
        )

    def settle(self, subject: Subject, reaction: Reaction, results: Sequence[OrderResult]) -> Reaction:
        refused = [result.reason for result in results if not result.accepted]
        if not refused:
            return reaction
        # What was refused did not happen: the state stays, and the refusal is remembered.
        state = {**subject.state, "refused": [*subject.state["refused"], *refused], "low": reaction.state["low"]}
        return replace(reaction, state=state, triggers=_triggers(state))

    def record(self, session: TenantSession, reactions: Sequence[Reaction]) -> None:
        session.execute(text("select 1"))


@dataclass
class Breaks(Ladder):
    """A ladder that fails for some subjects, and hangs for others."""

    bad: set[Any] = field(default_factory=set)
    slow: set[Any] = field(default_factory=set)

    def react(self, subjects: Sequence[Subject]) -> Sequence[Reaction]:
        for subject in subjects:
            if subject.id in self.bad:
                raise ZeroDivisionError(f"cannot answer for {subject.id}")
            if subject.id in self.slow:
                time.sleep(60)
        return super().react(subjects)
