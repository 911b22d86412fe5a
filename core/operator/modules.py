"""Modules across tenants: how they are, what quarantines them, and the halt that only an operator sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from core.operator import log
from core.runtime import LoadedPlugin, Runtime, quarantine
from core.runtime.calls import Health, check_health
from core.runtime.gate import Gate
from tenants.db import Database, SystemSession
from tenants.services import products
from tenants.services.actor import Actor
from tenants.services.company import find_tenant


@dataclass(frozen=True, slots=True)
class Standing:
    """A quarantine. ``brokerage`` is none where it holds for all; ``lifted_at`` is none while it is in force."""

    plugin: str
    brokerage: str | None
    reason: str
    trace: str
    since: datetime
    lifted_at: datetime | None
    lifted_by: str | None


@dataclass(frozen=True, slots=True)
class Fault:
    """An error of something that a module contributed."""

    id: UUID
    plugin: str
    brokerage: str | None
    contribution: str
    error: str
    trace: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ModuleRow:
    """An installed module.

    :ivar states: how many brokerages have it in each state; those that never touched it count as ``off``.
    """

    plugin: LoadedPlugin
    states: Mapping[str, int]
    forbidden: int
    quarantined: int
    everywhere: bool
    faults: int

    @property
    def condition(self) -> str:
        """``quarantined``, ``failing`` or ``healthy``."""
        if self.everywhere or self.quarantined:
            return "quarantined"
        return "failing" if self.faults else "healthy"


@dataclass(frozen=True, slots=True)
class Checked:
    """What a module's health checks say at a brokerage."""

    brokerage: str
    state: str
    health: Sequence[Health]


_FAULTS_HOURS = 24
_STATES = text(
    "select p.module, p.state, p.allowed, count(*) as tenants from tenants.product_configs p group by 1, 2, 3"
)
_RECENT = text(
    "select plugin, count(*) as faults from core.plugin_faults where at > now() - make_interval(hours => :hours) group by 1"
)
_QUARANTINES = text("""
select q.plugin, t.key as brokerage, q.reason, q.trace, q.since, q.lifted_at, q.lifted_by
from core.quarantines q left join tenants.tenants t on t.id = q.tenant_id
where (cast(:plugin as text) is null or q.plugin = :plugin) and (q.lifted_at is null or not :standing)
order by q.lifted_at desc nulls first, q.since desc limit 100
""")
_ERRORS = text("""
select f.id, f.plugin, t.key as brokerage, f.contribution, f.error, f.trace, f.at
from core.plugin_faults f left join tenants.tenants t on t.id = f.tenant_id
where (cast(:plugin as text) is null or f.plugin = :plugin) and (cast(:id as uuid) is null or f.id = :id)
order by f.at desc limit :limit
""")
_HOLDERS = text("""
select t.id, t.key, p.state from tenants.product_configs p join tenants.tenants t on t.id = p.tenant_id
where p.module = :module and p.state <> 'off' order by t.key
""")


def listed(session: SystemSession, runtime: Runtime) -> list[ModuleRow]:
    """All installed modules."""
    tenants = int(session.scalar(text("select count(*) from tenants.tenants")) or 0)
    states: dict[str, Counter[str]] = {key: Counter() for key in runtime.plugins}
    forbidden: Counter[str] = Counter()
    for row in session.execute(_STATES):
        if row.module in states:
            states[row.module][row.state] += row.tenants
            forbidden[row.module] += 0 if row.allowed else row.tenants
    faults = {row.plugin: row.faults for row in session.execute(_RECENT, {"hours": _FAULTS_HOURS})}
    standing = quarantine.standing(session)
    rows = []
    for key, plugin in runtime.plugins.items():
        found = states[key]
        found["off"] += tenants - sum(found.values())
        held = {tenant for module, tenant in standing if module == key}
        rows.append(ModuleRow(plugin, found, forbidden[key], len(held - {None}), None in held, faults.get(key, 0)))
    return rows


def quarantines(session: SystemSession, plugin: str | None = None, *, standing: bool = False) -> list[Standing]:
    """Quarantines, those in force first; ``standing``: only those."""
    return [Standing(*row) for row in session.execute(_QUARANTINES, {"plugin": plugin, "standing": standing})]


def faults(session: SystemSession, plugin: str | None = None, limit: int = 50) -> list[Fault]:
    """Recent errors of modules, the newest first."""
    return [Fault(*row) for row in session.execute(_ERRORS, {"plugin": plugin, "id": None, "limit": limit})]


def fault(session: SystemSession, fault_id: UUID) -> Fault | None:
    """One error with its trace."""
    row = session.execute(_ERRORS, {"plugin": None, "id": fault_id, "limit": 1}).one_or_none()
    return None if row is None else Fault(*row)


def health(database: Database, gate: Gate, plugin: LoadedPlugin) -> list[Checked]:
    """The module's health checks at each brokerage that has it, each in a transaction of that brokerage's own."""
    with database.system() as session:
        holders = session.execute(_HOLDERS, {"module": plugin.key}).all()
    return [
        Checked(row.key, row.state, check_health(gate, row.id, plugin) if row.state == "on" else ()) for row in holders
    ]


def lift(session: SystemSession, plugin: str, brokerage: str | None, reason: str, actor: Actor) -> bool:
    """End a quarantine, for one brokerage or the one for all; whether there was one. Modules stay as they are until staff
    switch them on."""
    tenant_id = find_tenant(session, brokerage).id if brokerage else None
    lifted = quarantine.lift(session, plugin, tenant_id, actor)
    if lifted:
        log.record(session, actor, "quarantine.lift", brokerage=brokerage or "", subject=plugin, note=reason)
    return lifted


def halt(database: Database, brokerage: str, module: str, reason: str, actor: Actor) -> None:
    """Stop everything a module does for a brokerage, closes by the system too.

    :raises InvalidError: without a reason.
    :raises TransitionError: where the module is neither on nor draining.
    """
    _set(database, brokerage, module, "halted", reason, actor)


def end_halt(database: Database, brokerage: str, module: str, reason: str, actor: Actor) -> None:
    """Let a halted module wind down again; staff switch it on when they want to. Raises as :func:`halt`."""
    _set(database, brokerage, module, "draining", reason, actor)


def _set(database: Database, brokerage: str, module: str, state: products.State, reason: str, actor: Actor) -> None:
    with database.system() as session:
        tenant_id = find_tenant(session, brokerage).id
    with database.tenant(tenant_id) as tenant_session:
        change = products.set_state(tenant_session, module, state, actor, reason=reason.strip())
    if change.changed:
        with database.system() as session:
            action = "module.halt" if state == "halted" else "module.end_halt"
            log.record(session, actor, action, brokerage=brokerage, subject=module, note=reason.strip())
