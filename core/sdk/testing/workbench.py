"""A workbench for plugins' tests: two brokerages, a clock, a scripted market, and everything done that waits.

The whole platform is there, in one process: orders are booked as ever, quotes go through the lane, events through the
drains, pages through the application with its guards. Only the waiting is left out.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import text

from core.addresses import resolve
from core.events.reading import settled
from core.feeds.store import append_ticks
from core.feeds.ticks import Ticks
from core.jobs.queues import CLASSES
from core.jobs.schedules import run_schedules
from core.jobs.sweep import work_without_queues
from core.onboarding import make_brokerage, open_account
from core.permissions import all_permissions
from core.platform import Platform
from core.runtime import Runtime
from core.runtime.draining import settle_draining
from core.runtime.modules import toggle_off, toggle_on
from core.trading.models import AccountType, Instrument, Symbol
from core.trading.services import deposit, place_orders
from core.trading.types import OrderRequest, OrderResult, Side
from tenants.db import TenantSession, new_id
from tenants.models import Customer, Staff
from tenants.services import products
from tenants.services.actor import OPERATOR, SYSTEM, Actor
from tenants.services.making import NewTenant
from tenants.services.permissions import declare
from tenants.services.sessions import open_session
from tenants.snapshot import wait_acknowledged

if TYPE_CHECKING:
    from core.sdk.testing.browsing import Browser

STAFF = Actor("staff", "owner")
PATIENCE_S = 30.0
SYMBOLS: Mapping[str, str] = {"EURUSD": "0.00001", "BTCUSD": "0.01"}
"""Symbols of the market with their ticks."""


@dataclass
class Market:
    """A market that does what the test says, and its clock: time goes on with quotes alone.

    :ivar now_ms: time of the newest quote, epoch milliseconds.
    """

    platform: Platform
    now_ms: int = 1_700_000_000_000
    instruments: dict[str, UUID] = field(default_factory=dict)

    def quote(self, code: str, bid: str, ask: str | None = None, *, after_s: float = 1) -> None:
        """The next quote of a symbol, ``after_s`` later than the last of all, worked off with all that it fires."""
        self.now_ms += int(after_s * 1000)
        tick = Decimal(SYMBOLS[code])
        row = (self.now_ms, int(Decimal(bid) / tick), int(Decimal(ask or bid) / tick))
        instrument = self.instruments[code]
        with self.platform.database.system() as session:
            last = append_ticks(session, instrument, Ticks.of([row])).last_seq
        lane = self.platform.lanes.lane(0)
        lane.run(PATIENCE_S, lambda: lane.position(instrument) >= last)


@dataclass
class Brokerage:
    """A brokerage with an owner, and customers and accounts as the test makes them."""

    platform: Platform
    tenant_id: UUID
    host: str
    owner_id: UUID
    numbers: int = 0

    def session(self) -> AbstractContextManager[TenantSession]:
        """A transaction of the brokerage."""
        return self.platform.database.tenant(self.tenant_id)

    def switch_on(self, module: str) -> None:
        """Switch a module on, and wait until every process knows."""
        with self.session() as session:
            toggle_on(session, module, STAFF)
        wait_acknowledged(self.platform.database)

    def switch_off(self, module: str, leave: str | None = None) -> str:
        """Switch a module off; the state that follows: ``off`` or ``draining``."""
        with self.session() as session:
            after = toggle_off(session, module, leave, STAFF).after
        wait_acknowledged(self.platform.database)
        return after

    def set(self, module: str, **values: Any) -> None:
        """Set settings of a module."""
        model = self.platform.runtime.plugins[module].settings
        with self.session() as session:
            stored = model.model_validate({**products.settings_of(session, module), **values})
            products.set_settings(session, module, stored.model_dump(mode="json"), STAFF)

    def customer(self, name: str = "Kim") -> UUID:
        """A new verified customer."""
        self.numbers += 1
        with self.session() as session:
            made = Customer(
                id=new_id(),
                email=f"{name.lower()}{self.numbers}@example.test",
                name=name,
                password_hash="-",  # noqa: S106 - no password has this hash
                status="verified",
            )
            session.add(made)
        return made.id

    def account(self, customer_id: UUID | None = None, *, balance: str = "10000", kind: str = "Standard") -> UUID:
        """A new account with money on it, by default of a new customer. ``kind``: name of the account type."""
        owner = customer_id or self.customer()
        with self.session() as session:
            type_id = session.query(AccountType.id).filter(AccountType.name == kind).scalar()
            account = open_account(session, owner, type_id, SYSTEM)
            deposit(session, account.id, Decimal(balance), key="first")
        return account.id

    def symbol(self, code: str) -> UUID:
        """The brokerage's symbol of that code."""
        with self.session() as session:
            found: UUID = session.query(Symbol.id).filter(Symbol.code == code).scalar()
            return found

    def trade(self, account_id: UUID, side: Side, volume: str, code: str = "EURUSD", **values: Any) -> OrderResult:
        """An order by hand at the market; further fields of the request as keywords."""
        request = OrderRequest(
            client_order_id=str(new_id()), account_id=account_id, symbol_id=self.symbol(code), side=side,
            volume=Decimal(volume), **values,
        )  # fmt: skip
        with self.session() as session:
            return place_orders(session, [request])[0]


@dataclass
class Workbench:
    """The platform with two brokerages and a market."""

    platform: Platform
    market: Market
    one: Brokerage
    other: Brokerage

    def work(self) -> None:
        """Do all that waits: events, jobs, schedules that are due, modules that drain. Raises TimeoutError if it never ends."""
        until = time.monotonic() + PATIENCE_S
        run_schedules(self.platform)
        while time.monotonic() < until:
            done = work_without_queues(self.platform, CLASSES)
            if not done and settled(self.platform.database, self.platform.runtime):
                settle_draining(self.platform)
                return
            with self.platform.database.system() as session:
                # Pauses before another try are left out as well.
                session.execute(text("update core.handler_cursors set retry_at = null where retry_at is not null"))
        raise TimeoutError("there is always more to do: does a handler cause its own events?")

    @contextmanager
    def browse(self, brokerage: Brokerage, person_id: UUID | None = None) -> Iterator[Browser]:
        """The pages of a brokerage as a customer sees them, or its owner where no customer is given."""
        from core.sdk.testing.browsing import browsing

        with brokerage.session() as session:
            person = (
                session.get_one(Staff, (brokerage.tenant_id, brokerage.owner_id))
                if person_id is None
                else session.get_one(Customer, (brokerage.tenant_id, person_id))
            )
            token = open_session(session, person)
        with browsing(self.platform, brokerage.host, token, staff=person_id is None) as browser:
            yield browser


@contextmanager
def workbench_of(settings: Any, runtime: Runtime) -> Iterator[Workbench]:
    """A workbench on a fresh database with the plugins of ``runtime``, whose tables must be there."""
    platform = Platform(settings, resolve(settings), runtime)
    with platform.start("test"):
        market = Market(platform)
        with platform.database.system() as session:
            declare(session, all_permissions(runtime))
            for code, tick in SYMBOLS.items():
                instrument = Instrument(id=new_id(), feed="manual", feed_symbol=code, tick=Decimal(tick))
                session.add(instrument)
                market.instruments[code] = instrument.id
        one, other = (_brokerage(platform, key) for key in ("north", "south"))
        yield Workbench(platform, market, one, other)


def _brokerage(platform: Platform, key: str) -> Brokerage:
    host = f"{key}.localhost"
    new = NewTenant(key, key.title(), (host,), f"owner@{key}.example.test", owner_password="a password for tests")  # noqa: S106 - it guards nothing
    made = make_brokerage(platform.database, new, OPERATOR)
    return Brokerage(platform, made.tenant_id, host, made.owner_id)
