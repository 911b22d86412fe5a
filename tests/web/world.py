"""Two brokerages with staff, customers, accounts, orders and positions, as pages and the API meet them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from litestar.testing import TestClient
from sqlalchemy import select

from core.feeds.models import Tick
from core.lanes.models import Quote
from core.onboarding import DEFAULT_TYPES, make_brokerage, open_account
from core.platform import Platform
from core.runtime.modules import toggle_on
from core.trading.models import AccountType, Instrument, Symbol
from core.trading.services import deposit, place_orders
from core.trading.types import OrderRequest
from tenants.db import new_id
from tenants.models import Customer, GroupMember, Staff
from tenants.services import groups, people, tokens
from tenants.services.actor import OPERATOR
from tenants.services.making import NewTenant
from tenants.services.passwords import hash_password

PASSWORD = "two brokerages and a test"
NOW_MS = 1_790_000_000_000


@dataclass
class Person:
    """Somebody who can sign in."""

    id: UUID
    email: str
    account: UUID | None = None


@dataclass
class Brokerage:
    """A brokerage and what there is of it, by names that tests use."""

    key: str
    host: str
    tenant_id: UUID
    staff: dict[str, Person] = field(default_factory=dict)
    customers: dict[str, Person] = field(default_factory=dict)
    ids: dict[str, UUID] = field(default_factory=dict)
    """Objects by kind: ``account``, ``position``, ``order``, ``customer``, ``token``, ``symbol``."""


@dataclass
class World:
    """Both brokerages of an installation."""

    platform: Platform
    north: Brokerage
    south: Brokerage


def build_world(platform: Platform, modules: tuple[str, ...] = ()) -> World:
    """Make both brokerages; ``modules`` are switched on in each."""
    hashed = hash_password(PASSWORD)
    with platform.database.system() as session:
        instrument = Instrument(
            id=new_id(), feed="test", feed_symbol="EURUSD", title="Euro / US dollar", tick=Decimal("0.00001"),
            label="Prices made for tests",
        )  # fmt: skip
        session.add(instrument)
        session.flush()
        session.add(
            Quote(instrument_id=instrument.id, seq=60, ts_ms=NOW_MS, bid=110_000, ask=110_010, feed_ts_ms=NOW_MS)
        )
        session.add_all(
            Tick(
                instrument_id=instrument.id,
                seq=n + 1,
                ts_ms=NOW_MS - (59 - n) * 20_000,
                bid=110_000 + n % 7,
                ask=110_010 + n % 7,
            )
            for n in range(60)
        )
    return World(platform, *(_brokerage(platform, key, hashed, modules) for key in ("north", "south")))


def _brokerage(platform: Platform, key: str, hashed: str, modules: tuple[str, ...]) -> Brokerage:
    host = f"{key}.localhost"
    new = NewTenant(key, f"{key.title()} Markets", [host], f"owner@{key}.example", "Olive Owner", PASSWORD)
    made = make_brokerage(platform.database, new, OPERATOR, types=DEFAULT_TYPES)
    found = Brokerage(key, host, made.tenant_id, {"owner": Person(made.owner_id, f"owner@{key}.example")})
    with platform.database.tenant(made.tenant_id) as session:
        for role in ("admin", "risk", "support"):
            person = Staff(
                id=new_id(),
                email=f"{role}@{key}.example",
                name=f"{role.title()} Person",
                status="active",
                password_hash=hashed,
            )
            session.add(person)
            session.flush()
            session.add(GroupMember(group_id=groups.by_key(session, role).id, staff_id=person.id))
            found.staff[role] = Person(person.id, person.email)
        standard = session.scalars(select(AccountType).where(AccountType.name == "Standard")).one()
        symbol = session.scalars(select(Symbol)).one()
        for name in ("ann", "ben"):
            customer = Customer(
                id=new_id(),
                email=f"{name}@{key}.example",
                name=f"{name.title()} Trader",
                status="verified",
                password_hash=hashed,
            )
            session.add(customer)
            session.flush()
            account = open_account(session, customer.id, standard.id, OPERATOR)
            deposit(session, account.id, Decimal(10_000), key="first", actor="test", note="Opening deposit")
            found.customers[name] = Person(customer.id, customer.email, account.id)
        newcomer = Customer(
            id=new_id(), email=f"new@{key}.example", name="Nia Newcomer", status="new", password_hash=hashed
        )
        session.add(newcomer)
        found.customers["new"] = Person(newcomer.id, newcomer.email)
        found.ids["symbol"] = symbol.id
    ann = found.customers["ann"]
    assert ann.account is not None
    with platform.database.tenant(made.tenant_id) as session:
        market = place_orders(
            session, [OrderRequest("first", ann.account, found.ids["symbol"], "buy", Decimal("0.20"))]
        )[0]
        resting = place_orders(
            session,
            [
                OrderRequest(
                    "second",
                    ann.account,
                    found.ids["symbol"],
                    "buy",
                    Decimal("0.10"),
                    kind="limit",
                    price=Decimal("1.05000"),
                )
            ],
        )[0]
        row, _ = tokens.make_token(session, people.customer(session, ann.id), "first", ["read"], OPERATOR)
        found.ids |= {
            "account_id": ann.account, "position_id": market.fills[0].position_id, "order_id": resting.order_id,
            "customer_id": ann.id, "token_id": row.id,
        }  # fmt: skip
    for module in modules:
        with platform.database.tenant(made.tenant_id) as session:
            toggle_on(session, module, OPERATOR)
    return found


def token_of(
    world: World, brokerage: Brokerage, who: str, scopes: tuple[str, ...] = ("read", "trade", "manage")
) -> str:
    """A bearer token of a person of the brokerage."""
    with world.platform.database.tenant(brokerage.tenant_id) as session:
        if who in brokerage.staff:
            person: Any = people.staff_member(session, brokerage.staff[who].id)
        else:
            person = people.customer(session, brokerage.customers[who].id)
        return tokens.make_token(session, person, f"of {who}", scopes, OPERATOR)[1]


class Browser:
    """A test client that fills in forms as a browser does."""

    def __init__(self, client: TestClient[Any], brokerage: Brokerage) -> None:
        self.client, self.brokerage = client, brokerage

    def get(self, path: str, **headers: str) -> Any:
        """A page; redirects are not followed."""
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        return self.client.get(f"http://{self.brokerage.host}{path}", headers=named, follow_redirects=False)

    def post(self, path: str, page: str = "", data: dict[str, Any] | None = None, **headers: str) -> Any:
        """Send a form that was found on ``page`` (by default the address itself)."""
        csrf = _csrf(self.get(page or path).text)
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        return self.client.post(
            f"http://{self.brokerage.host}{path}",
            data={"_csrf": csrf, **(data or {})},
            headers=named,
            follow_redirects=False,
        )

    def sign_in(self, who: str) -> Browser:
        """Sign in as staff (by role) or as a customer (by name)."""
        staff = who in self.brokerage.staff
        email = (self.brokerage.staff if staff else self.brokerage.customers)[who].email
        answer = self.post("/admin/sign-in" if staff else "/sign-in", data={"email": email, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        return self


def _csrf(text: str) -> str:
    found = re.search(r'name="csrf-token" content="([^"]+)"', text) or re.search(r'name="_csrf" value="([^"]+)"', text)
    assert found, text[:500]
    return found[1]
