"""Measuring a plugin on an installation of its own: real servers, real worker processes, rows that are thrown away.

A plugin offers a benchmark as a click command by an entry point of the group ``tradeyard.benchmarks``.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import psycopg
from psycopg import sql
from sqlalchemy import text

from core.events.reading import pending
from core.lanes.models import Quote
from core.platform import Platform, build_platform
from core.preparation import prepare
from core.runtime import load_runtime
from core.servers.embedded import EmbeddedServers
from core.servers.postgres import SUPERUSER
from core.settings import Settings, load_settings
from core.trading.models import AccountType, AccountTypeSymbol, Instrument, Symbol
from tenants.db import TenantSession, new_id
from tenants.models import ProductConfig, Tenant

__all__ = ["Brokerage", "Yard", "installation"]

_POLL_S = 0.002
_TICK = Decimal("0.00001")


@dataclass(frozen=True, slots=True)
class Brokerage:
    """A brokerage with one symbol, EURUSD in lots of 100,000, and one hedging account type in USD with leverage 100."""

    tenant_id: UUID
    symbol_id: UUID
    account_type_id: UUID


class Yard:
    """An installation for measuring."""

    def __init__(self, settings: Settings, platform: Platform, superuser: str) -> None:
        self.settings, self.platform, self._superuser = settings, platform, superuser

    def brokerage(self, module: str) -> Brokerage:
        """A brokerage with a module on, and a quote of 1.08500/1.08500."""
        made = Brokerage(new_id(), new_id(), new_id())
        instrument_id = new_id()
        with self.platform.database.system() as session:
            session.add(Tenant(id=made.tenant_id, key="bench", name="Bench"))
            session.add(Instrument(id=instrument_id, feed="bench", feed_symbol="EURUSD", tick=_TICK))
            session.flush()
            session.add(ProductConfig(tenant_id=made.tenant_id, module=module, state="on"))
            price = int(Decimal("1.085") / _TICK)
            session.add(Quote(instrument_id=instrument_id, seq=1, ts_ms=1000, feed_ts_ms=1000, bid=price, ask=price))
        with self.session(made) as tenant:
            tenant.add(
                Symbol(
                    id=made.symbol_id, instrument_id=instrument_id, code="EURUSD", asset_class="fx", base="EUR", quote="USD",
                    contract_size=Decimal(100_000), tick=_TICK, pip=Decimal("0.0001"), lot_step=Decimal("0.01"),
                    min_lot=Decimal("0.01"), max_lot=Decimal(100),
                )
            )  # fmt: skip
            tenant.add(
                AccountType(
                    id=made.account_type_id, name="Bench", currency="USD", mode="hedging", leverage=Decimal(100)
                )
            )
            tenant.flush()
            tenant.add(AccountTypeSymbol(account_type_id=made.account_type_id, symbol_id=made.symbol_id))
        return made

    def accounts(self, brokerage: Brokerage, count: int, balance: Decimal) -> list[tuple[UUID, UUID]]:
        """So many accounts of verified customers of their own, with a first deposit: (account, customer)."""
        made = [(new_id(), new_id()) for _ in range(count)]
        with self.session(brokerage) as session:
            values = {
                "customers": [customer for _, customer in made],
                "accounts": [account for account, _ in made],
                "type": brokerage.account_type_id,
                "balance": balance,
                "ids": [new_id() for _ in made],
            }
            for statement in (
                "insert into tenants.customers (id, email, name, password_hash, status)"
                " select id, id || '@example.com', 'Bench', '-', 'verified' from unnest(cast(:customers as uuid[])) as id",
                "insert into core.accounts (id, number, customer_id, account_type_id, currency, mode, balance, ledger_no)"
                " select account, account::text, customer, :type, 'USD', 'hedging', :balance, 1"
                " from unnest(cast(:accounts as uuid[]), cast(:customers as uuid[])) as t(account, customer)",
                "insert into core.ledger_entries (id, account_id, entry_no, kind, amount, balance, key, ts_ms)"
                " select id, account, 1, 'deposit', :balance, :balance, 'first', 0"
                " from unnest(cast(:ids as uuid[]), cast(:accounts as uuid[])) as t(id, account)",
            ):
                session.execute(text(statement), {key: values[key] for key in values if f":{key}" in statement})
        return made

    def session(self, brokerage: Brokerage) -> AbstractContextManager[TenantSession]:
        """A transaction of the brokerage."""
        return self.platform.database.tenant(brokerage.tenant_id)

    @contextmanager
    def workers(self, *queues: Sequence[str]) -> Iterator[None]:
        """RQ worker processes, one for each group of queue classes, ready to take jobs."""
        environment = {
            **os.environ,
            "TRADEYARD_DATA_DIR": str(self.settings.data_dir),
            "TRADEYARD_DATABASE_URL": self.settings.database_url,
            "TRADEYARD_REDIS_URL": self.settings.redis_url,
            "TRADEYARD_FEED": "none",
        }
        processes = [
            subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-m", "core.cli", "worker", *(word for queue in group for word in ("--queue", queue))],
                env=environment,
                stdout=subprocess.DEVNULL,
            )
            for group in queues
        ]
        try:
            self._wait(lambda: self._registered() >= len(processes), 60, "the workers did not come up")
            yield
        finally:
            for process in processes:
                process.send_signal(signal.SIGTERM)
            for process in processes:
                process.wait(30)

    def _registered(self) -> int:
        with self.platform.database.system() as session:
            return session.scalar(text("select count(*) from tenants.processes where kind = 'worker'")) or 0

    def wait_settled(
        self, brokerage: Brokerage, timeout_s: float = 120, handlers: Collection[str] | None = None
    ) -> None:
        """Wait until handlers (``plugin.name``; none: all) have worked off what happened at the brokerage."""
        platform = self.platform

        def done() -> bool:
            waiting = pending(platform.database, platform.runtime, brokerage.tenant_id)
            return all(item.parked or (handlers is not None and item.handler not in handlers) for item in waiting)

        self._wait(done, timeout_s, "the events were not worked off in time")

    @staticmethod
    def _wait(done: Callable[[], bool], timeout_s: float, why: str) -> None:
        until = time.monotonic() + timeout_s
        while not done():
            if time.monotonic() > until:
                raise TimeoutError(why)
            time.sleep(_POLL_S)

    def copy_seconds(self, tables: Sequence[tuple[str, str]]) -> tuple[float, int]:
        """Seconds that binary COPY takes for rows of the given tables (schema.table and a condition), in one transaction,

        into tables of the same shape and indexes; and how many rows they were. It is the floor: the rows and nothing else.
        """
        with psycopg.connect(self._superuser, autocommit=True) as connection:
            connection.execute("drop schema if exists bench cascade")
            connection.execute("create schema bench")
            chunks: list[tuple[sql.Identifier, list[bytes]]] = []
            for at, (table, condition) in enumerate(tables):
                source = sql.Identifier(*table.split("."))
                target = sql.Identifier("bench", f"t{at}")
                connection.execute(sql.SQL("create table {} (like {} including all)").format(target, source))
                query = sql.SQL("copy (select * from {} where {}) to stdout (format binary)").format(
                    source, sql.SQL(condition)
                )  # fmt: skip
                with connection.cursor().copy(query) as out:
                    chunks.append((target, [bytes(part) for part in out]))
            started = time.perf_counter()
            rows = 0
            with connection.transaction():
                for target, parts in chunks:
                    cursor = connection.cursor()
                    with cursor.copy(sql.SQL("copy {} from stdin (format binary)").format(target)) as into:
                        for part in parts:
                            into.write(part)
                    rows += cursor.rowcount
            return time.perf_counter() - started, rows


@contextmanager
def installation() -> Iterator[Yard]:
    """An installation in a temporary folder with embedded servers that keep what they commit (fsync on)."""
    with tempfile.TemporaryDirectory(prefix="tyb-") as folder:
        given = load_settings({}, data_dir=Path(folder) / "d", feed="none", demo=False)
        servers = EmbeddedServers(given, durable=True)
        settings = servers.start()
        try:
            runtime = prepare(settings, load_runtime())
            assert servers.postgres is not None  # noqa: S101 - no address was given, so it is embedded
            superuser = servers.postgres.url(SUPERUSER, "tradeyard").replace("+psycopg", "", 1)
            with build_platform(settings, runtime) as platform:
                yield Yard(settings, platform, superuser)
        finally:
            servers.stop()
