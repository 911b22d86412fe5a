"""Plugins made up for tests, and a platform that has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from core.addresses import resolve
from core.platform import Platform
from core.runtime import Runtime, Source, load_runtime
from core.runtime.loading import Candidate
from core.sdk import ExposureReport, Job, Manifest, OrderCheck, Slot, Subscription, hookimpl
from core.settings import Settings
from tenants.db import Database, new_id
from tenants.db.isolation import grant_schema, protect_table


def manifest(key: str = "probe", **changes: Any) -> Manifest:
    """A manifest that fits."""
    values: dict[str, Any] = {
        "key": key,
        "title": key.title(),
        "summary": "A plugin for tests.",
        "version": "1.0",
        "support": "nobody@example.test",
    }
    return Manifest(**(values | changes))


class Probe:
    """A plugin whose contributions are given to it."""

    def __init__(
        self,
        key: str = "probe",
        *,
        jobs: Sequence[Job] = (),
        subscriptions: Sequence[Subscription] = (),
        exposure: ExposureReport | None = None,
        slots: Sequence[Slot] = (),
        order_checks: Sequence[OrderCheck] = (),
        **changes: Any,
    ) -> None:
        self._manifest = manifest(key, **changes)
        self._jobs, self._subscriptions, self._exposure = jobs, subscriptions, exposure or ExposureReport(_nothing)
        self._slots, self._checks = slots, order_checks

    @hookimpl
    def manifest(self) -> Manifest:
        return self._manifest

    @hookimpl
    def jobs(self) -> Sequence[Job]:
        return self._jobs

    @hookimpl
    def subscriptions(self) -> Sequence[Subscription]:
        return self._subscriptions

    @hookimpl
    def exposure(self) -> ExposureReport:
        return self._exposure

    @hookimpl
    def slots(self) -> Sequence[Slot]:
        return self._slots

    @hookimpl
    def order_checks(self) -> Sequence[OrderCheck]:
        return self._checks


def _nothing(_session: object) -> Any:
    from core.sdk import Exposure

    return Exposure()


def candidate(name: str, load: Callable[[], object] | object, distribution: str = "somebody") -> Candidate:
    """A plugin as an entry point would bring it."""
    found = load if callable(load) else lambda: load
    return Candidate(Source(name, f"{distribution}.plugin:Plugin", distribution, "1.0"), found)


def runtime_of(*plugins: Probe) -> Runtime:
    """A runtime of plugins, none of which may be rejected."""
    runtime = load_runtime([candidate(plugin.manifest().key, lambda plugin=plugin: plugin) for plugin in plugins])
    assert not runtime.rejected, runtime.rejected
    return runtime


def platform_of(settings: Settings, *plugins: Probe) -> Platform:
    """A platform with just these plugins."""
    return Platform(settings, resolve(settings), runtime_of(*plugins))


def make_tenant(database: Database, key: str, *modules: str) -> UUID:
    """A tenant that has modules on."""
    tenant_id = new_id()
    with database.system() as session:
        session.execute(
            text("insert into tenants.tenants (id, key, name) values (:id, :key, :key)"), {"id": tenant_id, "key": key}
        )
    for module in modules:
        set_state(database, tenant_id, module, "on")
    return tenant_id


def set_state(database: Database, tenant_id: UUID, module: str, state: str) -> None:
    """Put a module into a state, whatever that would have needed."""
    with database.system() as session:
        session.execute(
            text(
                "insert into tenants.product_configs (tenant_id, module, state) values (:tenant, :module, :state)"
                " on conflict (tenant_id, module) do update set state = excluded.state"
            ),
            {"tenant": tenant_id, "module": module, "state": state},
        )


def make_marks(settings: Settings) -> None:
    """A tenant table ``probe.marks`` for effects of handlers and jobs, protected as a plugin's table would be."""
    addresses = resolve(settings)
    engine = create_engine(addresses.owner, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("create schema probe"))
        connection.execute(
            text(
                "create table probe.marks (tenant_id uuid not null"
                " default nullif(current_setting('app.tenant_id', true), '')::uuid,"
                " no bigserial, handler text not null, stream text not null, shard int not null, seq bigint not null,"
                " at timestamptz not null default clock_timestamp())"
            )
        )
        protect_table(connection, "probe", "marks", addresses.roles)
        grant_schema(connection, "probe", addresses.roles)
    engine.dispose()


def marks(database: Database, handler: str) -> list[tuple[UUID, str, int, int]]:
    """What a handler has marked: tenant, stream, shard and number, in the order of the marks."""
    with database.system() as session:
        rows = session.execute(
            text("select tenant_id, stream, shard, seq from probe.marks where handler = :handler order by no"),
            {"handler": handler},
        )
        return [(row.tenant_id, row.stream, row.shard, row.seq) for row in rows]


def mark(session: Any, handler: str, stream: str, shard: int, seq: int) -> None:
    """Leave a mark."""
    session.execute(
        text("insert into probe.marks (handler, stream, shard, seq) values (:handler, :stream, :shard, :seq)"),
        {"handler": handler, "stream": stream, "shard": shard, "seq": seq},
    )


def marking(name: str, **changes: Any) -> Subscription:
    """A subscription that leaves a mark for each event."""

    def handle(context: Any, events: Any, shard: int) -> None:
        for event in events:
            mark(context.session, name, event.stream, shard, event.seq)

    return Subscription(name, handle, **({"types": ("ping",)} | changes))
