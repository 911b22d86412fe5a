"""The demo's two brokerages in this process, with every module on, some prices and some trades."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from litestar.testing import TestClient
from sqlalchemy import select, text

from core.app import create_app
from core.demo.password import demo_password
from core.demo.playing import play
from core.demo.seeding import seed
from core.lanes.models import Quote
from core.platform import Platform, build_platform
from core.preparation import prepare
from core.runtime import load_runtime
from core.settings import Settings
from core.trading.models import Instrument
from core.trading.services import place_orders
from core.trading.types import OrderRequest
from tenants.models import Customer, Staff, Tenant
from tests.web.world import Brokerage, Browser, Person

OURS, THEIRS = "aurora", "meridian"
OPEN_MS = 1_118_847_600_000
"""A Wednesday afternoon, when all markets are open: 15 June 2005, 15:00 UTC."""


@pytest.fixture(scope="module")
def module_settings(servers_for_tests: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with servers_for_tests.fresh_database() as name:
        yield servers_for_tests.settings(tmp_path_factory.mktemp("walk"), name)


@pytest.fixture(scope="module")
def platform(module_settings: Settings) -> Iterator[Platform]:
    """The demo's two brokerages with every module on, some prices, and what the modules' own demo makes of them."""
    runtime = load_runtime()
    prepare(module_settings, runtime)
    with build_platform(module_settings, runtime) as built:
        seed(built)
        with built.database.system() as session:
            for instrument in session.scalars(select(Instrument)):
                price = int(100 / instrument.tick)
                session.add(
                    Quote(
                        instrument_id=instrument.id, seq=1, ts_ms=OPEN_MS, feed_ts_ms=OPEN_MS, bid=price, ask=price + 2
                    )
                )
        chance = random.Random(7)
        for _ in range(3):
            play(built, chance, modules=True)
        _trade(built)
        yield built


def _trade(platform: Platform) -> None:
    """A position and a resting order at the other brokerage."""
    with platform.database.system() as session:
        tenant = session.scalars(select(Tenant.id).where(Tenant.key == THEIRS)).one()
    with platform.database.tenant(tenant) as session:
        account, symbol = session.execute(
            text(
                "select a.id, s.id from core.accounts a join tenants.customers c on c.id = a.customer_id, core.symbols s"
                " where c.email like 'trader@%' order by s.code limit 1"
            )
        ).one()
        wanted = OrderRequest("walk-1", account, symbol, "buy", Decimal(1))
        results = place_orders(
            session, [wanted, replace(wanted, client_order_id="walk-2", kind="limit", price=Decimal(90))]
        )
        assert [result.status for result in results] == ["filled", "resting"], results


@pytest.fixture(scope="module")
def client(platform: Platform) -> Iterator[TestClient[Any]]:
    with TestClient(create_app(platform), base_url=f"http://{OURS}.localhost") as opened:
        yield opened


def _browser(platform: Platform, client: TestClient[Any], who: str) -> Browser:
    with platform.database.system() as session:
        tenant = session.scalars(select(Tenant.id).where(Tenant.key == OURS)).one()
    with platform.database.tenant(tenant) as session:
        model = Staff if who == "owner" else Customer
        person = session.scalars(select(model).where(model.email == f"{who}@{OURS}.example")).one()
    people = {who: Person(person.id, person.email)}
    brokerage = Brokerage(OURS, f"{OURS}.localhost", tenant, *((people, {}) if who == "owner" else ({}, people)))
    client.cookies.clear()
    return Browser(client, brokerage)


def signed_in(platform: Platform, client: TestClient[Any], who: str) -> Browser:
    found = _browser(platform, client, who)
    data = {"email": f"{who}@{OURS}.example", "password": demo_password(platform.settings)}
    assert found.post("/admin/sign-in" if who == "owner" else "/sign-in", data=data).status_code == 303
    return found
