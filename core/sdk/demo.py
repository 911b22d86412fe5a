"""A plugin's part of the demo brokerages: what it shows a newcomer at once, and what keeps it alive."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from tenants.db import TenantSession

__all__ = ["Demo", "DemoCustomer", "DemoPart", "DemoScene"]

DemoPart = Literal["master", "follower", "bots", "trader"]


@dataclass(frozen=True, slots=True)
class DemoCustomer:
    """A verified customer of a demo brokerage with an account that has money on it.

    :ivar part: what the customer is there for; those of the part ``trader`` are left to the core.
    """

    customer_id: UUID
    account_id: UUID
    name: str
    email: str
    part: DemoPart


@dataclass(frozen=True, slots=True)
class DemoScene:
    """A demo brokerage.

    :ivar symbols: its symbols by code.
    :ivar prices: middle prices of the symbols that have a quote now, by code.
    """

    customers: tuple[DemoCustomer, ...]
    symbols: Mapping[str, UUID]
    prices: Mapping[str, Decimal]

    def who(self, part: DemoPart) -> tuple[DemoCustomer, ...]:
        """The customers of a part, always in the same order."""
        return tuple(customer for customer in self.customers if customer.part == part)


def _nothing(_session: TenantSession, _scene: DemoScene, _settings: Any) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Demo:
    """Both are given the tenant's settings of the plugin, run in a transaction of their own, and may fail: it is logged.

    :ivar prepare: called at each start, before there are prices: makes what is missing and leaves what is there alone.
    :ivar play: called every few seconds while the demo runs and the module is on: looks after what should be going on.
        One booking in a call: a second would lock its accounts after the first has locked its events.
    :ivar settings: what a demo brokerage sets otherwise than the defaults, since its prices are played fast. Written once, when
        the module is first switched on.
    """

    prepare: Callable[[TenantSession, DemoScene, Any], None] = _nothing
    play: Callable[[TenantSession, DemoScene, Any], None] = _nothing
    settings: Mapping[str, Any] = field(default_factory=dict)
