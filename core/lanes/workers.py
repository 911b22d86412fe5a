"""Who works off what a quote fires: trading for the core's own subjects, plugins' reactors for theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar
from uuid import UUID

from core.lanes import triggers
from core.lanes.crossing import Work, Worked
from core.lanes.reacting import ReactorWork
from core.lanes.reactor import Reactor
from core.lanes.reserving import reserve_for_subjects
from core.lanes.subject import LaneQuote, SubjectRef
from core.runtime.alarm import time_limit
from core.runtime.gate import Contribution, Gate, PluginError
from core.trading.booking import book
from core.trading.booking.fire import fire
from core.trading.types import OrderRequest, OrderResult
from tenants.db import TenantSession

T = TypeVar("T")


class Reactors(Protocol):
    """Where reactors are found: the runtime."""

    def reactor(self, plugin: str, name: str) -> Reactor | None:
        """A reactor, none where its plugin is not loaded."""
        ...


@dataclass(frozen=True, slots=True)
class LaneWorkers:
    """The workers of a lane, over the loaded plugins.

    :ivar gate: runs reactors and counts their errors; none: they run within their time, uncounted.
    """

    reactors: Reactors
    gate: Gate | None = None

    def core(self) -> Work:
        """Positions' stops and targets, orders, accounts: the trading core's, apart from all plugins."""
        return _fire_core

    def reactor(self, plugin: str, name: str) -> Work:
        """The subjects of a plugin's reactor."""
        reactor = self.reactors.reactor(plugin, name)
        if self.gate is None:
            return ReactorWork(plugin, name, reactor, _book, reserve_for_subjects, _within_time)
        gate = self.gate
        guard = partial(gate.call, Contribution(plugin, "reactor", name))
        quarantined = partial(gate.is_quarantined, plugin)
        return ReactorWork(plugin, name, reactor, _book, reserve_for_subjects, guard, quarantined)

    def failed(self, error: Exception) -> None:
        """A plugin's error goes to the gate, which counts it."""
        if self.gate is not None and isinstance(error, PluginError):
            self.gate.record(error)


def _within_time(_tenant_id: UUID, function: Callable[[], T], budget_s: float) -> T:
    with time_limit(budget_s):
        return function()


def _fire_core(session: TenantSession, quote: LaneQuote, subjects: triggers.Subjects, *, armed: bool) -> Worked:
    del armed  # what booking rewrites always comes back unarmed
    by_kind: dict[str, list[SubjectRef]] = {}
    for ref, _ in subjects:
        by_kind.setdefault(ref.kind, []).append(ref)
    ids = {kind: [ref.subject_id for ref in refs] for kind, refs in by_kind.items()}
    fire(
        session,
        quote.current(),
        positions=ids.get("position", ()),
        orders=ids.get("order", ()),
        accounts=ids.get("account", ()),
    )
    return Worked()


def _book(session: TenantSession, requests: Sequence[OrderRequest], quote: LaneQuote) -> Sequence[OrderResult]:
    return book(session, requests, at={quote.instrument_id: quote.current()})
