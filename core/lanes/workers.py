"""Who works off what a quote fires: trading for the core's own subjects, plugins' reactors for theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from core.lanes import triggers
from core.lanes.crossing import Work
from core.lanes.reacting import ReactorWork
from core.lanes.reactor import Reactor, Subject
from core.lanes.reserving import reserve_for_subjects
from core.lanes.subject import Armed, LaneQuote, SubjectRef
from core.trading.booking import book
from core.trading.booking.fire import fire
from core.trading.types import OrderRequest, OrderResult
from tenants.db import TenantSession


class Reactors(Protocol):
    """Where reactors are found: the runtime."""

    def reactor(self, plugin: str, name: str) -> Reactor | None:
        """A reactor, none where its plugin is not loaded."""
        ...


@dataclass(frozen=True, slots=True)
class LaneWorkers:
    """The workers of a lane, over the loaded plugins."""

    reactors: Reactors

    def core(self) -> Work:
        """Positions' stops and targets, orders, accounts: the trading core's, apart from all plugins."""
        return _fire_core

    def reactor(self, plugin: str, name: str) -> Work:
        """The subjects of a plugin's reactor."""
        return ReactorWork(plugin, name, self.reactors.reactor(plugin, name), _book, _reserve)


def _fire_core(
    session: TenantSession, quote: LaneQuote, subjects: triggers.Subjects, *, armed: bool
) -> Mapping[SubjectRef, Armed]:
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
    return {}


def _book(session: TenantSession, requests: Sequence[OrderRequest], quote: LaneQuote) -> Sequence[OrderResult]:
    return book(session, requests, at={quote.instrument_id: quote.current()})


def _reserve(session: TenantSession, wanted: Sequence[tuple[Subject, Decimal]], quote: LaneQuote) -> None:
    reserve_for_subjects(session, wanted, quote)
