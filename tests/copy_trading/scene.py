"""A brokerage with a master and followers, whose fills are carried by the module's own handlers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from core.sdk.events import account_stream, read_events
from core.trading.models import Account, Position
from core.trading.types import OrderResult
from plugins.copy_trading.models import Link, Master, Skip, Subscription
from plugins.copy_trading.replication.handlers import on_closes, on_opens, retry_parked
from plugins.copy_trading.rules.choices import Choices
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.services import following, mastering
from tenants.db import TenantSession, new_id
from tenants.models import Customer, PermissionRow, ProductConfig
from tests.trading.market import MarketPlace

D = Decimal


@dataclass
class Context:
    """A job's context over one open session."""

    session: TenantSession
    tenant_id: UUID
    module_state: str = "on"
    chosen: CopyTradingSettings = field(default_factory=CopyTradingSettings)
    alerts: list[tuple[str, str | None]] = field(default_factory=list)

    def settings(self) -> Any:
        return self.chosen

    def commit(self) -> None:
        """Steps of a job stay in the test's one transaction."""

    def enqueue(self, job: str, payload: Mapping[str, Any], *, delay_s: float = 0) -> UUID:
        raise AssertionError(f"nothing of these tests enqueues {job}")

    def publish(self, topic: str, data: Mapping[str, Any]) -> None:
        raise AssertionError(f"nothing of these tests publishes {topic}")

    def progress(self, done: int, total: int, *, result: Mapping[str, Any] | None = None) -> None:
        raise AssertionError("nothing of these tests tells its progress")

    def settle(self, code: str, subject: str | None = None) -> None:
        self.alerts = [one for one in self.alerts if one != (code, subject)]

    def alert(
        self, code: str, message: str, *, severity: str = "", subject: str | None = None, detail: Any = None
    ) -> None:
        self.alerts.append((code, subject))


@dataclass
class Scene:
    """One master, any number of followers, and how far each handler has read."""

    place: MarketPlace
    settings: CopyTradingSettings = field(default_factory=CopyTradingSettings)
    module_state: str = "on"
    cursors: dict[tuple[str, UUID, int], int] = field(default_factory=dict)
    alerts: list[tuple[str, str | None]] = field(default_factory=list)

    def account(self, balance: str, type_name: str = "standard") -> UUID:
        """An account of a verified customer of its own."""
        customer = new_id()
        with self.place.database.system() as session:
            session.add(
                Customer(
                    id=customer,
                    tenant_id=self.place.tenant_id,
                    email=f"{customer.hex}@example.com",
                    name="Someone",
                    password_hash="-",
                    status="verified",
                )
            )
        before = self.place.customer_id
        self.place.customer_id = customer
        [made] = self.place.accounts(type_name, balance=balance)
        self.place.customer_id = before
        return made

    def customer_of(self, account_id: UUID) -> UUID:
        return self.place.account(account_id).customer_id

    def master(self, balance: str = "10000", type_name: str = "standard") -> UUID:
        """An active master; the master's id."""
        account = self.account(balance, type_name)
        with self.place.session() as session:
            return mastering.grant(session, account_id=account, name="Mia", by="staff@example.com").id

    def master_account(self, master_id: UUID) -> UUID:
        with self.place.session() as session:
            return session.get_one(Master, (self.place.tenant_id, master_id)).account_id

    def follow(self, master_id: UUID, account_id: UUID, **choices: Any) -> UUID:
        """Follow with the default settings but for ``choices``; the subscription's id."""
        with self.place.session() as session:
            return following.follow(
                session,
                self.settings,
                customer_id=self.customer_of(account_id),
                account_id=account_id,
                master_id=master_id,
                choices=Choices(**choices),
                confirmed=True,
            ).id

    # --- trading and replication -----------------------------------------------------------------------------------

    def trade(self, account_id: UUID, side: str, volume: str, code: str = "EURUSD", **values: Any) -> OrderResult:
        """An order by hand, which must fill."""
        result = self.place.place(account_id, side, volume, code, **values)
        assert result.status == "filled", result
        return result

    def run(self, handler: str, master_id: UUID, *, shard: int = 0, limit: int = 1000, again: bool = False) -> int:
        """Let a handler drain what is new of the master, as the platform does. ``again``: deliver all from the start."""
        stream = account_stream(self.master_account(master_id))
        key = (handler, master_id, shard)
        with self.place.session() as session:
            events = read_events(session, stream, after=0 if again else self.cursors.get(key, 0), limit=limit)
            if not events:
                return 0
            context = Context(session, self.place.tenant_id, self.module_state, self.settings)
            (on_closes if handler == "closes" else on_opens)(context, events, shard)
            self.alerts += context.alerts
            session.execute(
                text(
                    "insert into core.handler_cursors as c (handler, stream, shard, seq) values (:handler, :stream, :shard, :seq)"
                    " on conflict (tenant_id, handler, stream, shard) do update set seq = greatest(c.seq, excluded.seq)"
                ),
                {"handler": f"copy_trading.{handler}", "stream": stream, "shard": shard, "seq": events[-1].seq},
            )
        self.cursors[key] = max(events[-1].seq, self.cursors.get(key, 0))
        return len(events)

    def copy(self, master_id: UUID) -> None:
        """Carry everything new to the followers, closes first."""
        self.run("closes", master_id)
        if self.module_state == "on":
            self.run("opens", master_id)

    def retry(self) -> None:
        with self.place.session() as session:
            context = Context(session, self.place.tenant_id, self.module_state, self.settings)
            retry_parked(context, {})

    # --- what there is ---------------------------------------------------------------------------------------------

    def held(self, account_id: UUID) -> D:
        """Lots open on an account, long positive."""
        with self.place.session() as session:
            rows = session.execute(
                select(Position.side, Position.volume).where(
                    Position.account_id == account_id, Position.closed_ts_ms.is_(None)
                )
            )
            return sum((volume if side == "buy" else -volume for side, volume in rows), D(0))

    def orders(self, account_id: UUID) -> list[tuple[str, D, str]]:
        """(side, lots, status) of an account's orders, the oldest first."""
        with self.place.session() as session:
            rows = session.execute(
                text("select side, volume, status from core.orders where account_id = :id order by id"),
                {"id": account_id},
            )
            return [(row[0], row[1], row[2]) for row in rows]

    def skips(self, subscription_id: UUID) -> list[Skip]:
        with self.place.session() as session:
            query = select(Skip).where(Skip.subscription_id == subscription_id).order_by(Skip.fill_no)
            return list(session.scalars(query))

    def links(self, subscription_id: UUID) -> list[Link]:
        with self.place.session() as session:
            return list(session.scalars(select(Link).where(Link.subscription_id == subscription_id).order_by(Link.id)))

    def subscription(self, subscription_id: UUID) -> Subscription:
        with self.place.session() as session:
            return session.get_one(Subscription, (self.place.tenant_id, subscription_id))

    def own(self, account_id: UUID) -> Account:
        return self.place.account(account_id)


def prepare(place: MarketPlace) -> Scene:
    """Switch the module on for the brokerage and let every verified customer copy."""
    with place.database.system() as session:
        session.add(ProductConfig(tenant_id=place.tenant_id, module="copy_trading", state="on"))
        for key in ("copy_trading.copy", "copy_trading.apply"):
            if session.get(PermissionRow, key) is None:
                session.add(
                    PermissionRow(key=key, module="copy_trading", title=key, audience="customer", customer_default=True)
                )
    place.account_type("netting", mode="netting")
    return Scene(place)


__all__ = ["Context", "Scene", "prepare"]
