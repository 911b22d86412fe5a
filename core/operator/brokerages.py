"""Brokerages as their operator sees them: numbers and states, never people; made, suspended, and what their plan has."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from core.onboarding import make_brokerage
from core.operator import log
from core.settings import Settings
from tenants.db import Database, SystemSession
from tenants.services import company, products, validation
from tenants.services.actor import Actor
from tenants.services.errors import InvalidError, TakenError
from tenants.services.making import MadeTenant, NewTenant
from tenants.text import _

_ROWS = text("""
select t.id, t.key, t.name, t.status, t.created_at, t.language,
  coalesce((select array_agg(h.host order by h.main desc, h.host) from tenants.hosts h where h.tenant_id = t.id), '{}')
    as hosts,
  (select count(*) from tenants.customers c where c.tenant_id = t.id) as customers,
  (select count(*) from core.accounts a where a.tenant_id = t.id) as accounts,
  (select count(*) from core.positions p where p.tenant_id = t.id and p.closed_ts_ms is null) as positions,
  (select count(*) from core.orders o where o.tenant_id = t.id
    and o.status in ('pending', 'resting', 'waiting', 'unknown')) as orders,
  coalesce((select jsonb_object_agg(p.module, jsonb_build_array(p.state, p.allowed, p.reason))
    from tenants.product_configs p where p.tenant_id = t.id), '{}') as modules
from tenants.tenants t
where (cast(:key as text) is null or t.key = :key)
  and (cast(:text as text) is null or t.key ilike :text or t.name ilike :text)
  and (cast(:status as text) is null or t.status = :status)
order by t.key
""")


@dataclass(frozen=True, slots=True)
class ModuleOfBrokerage:
    """A module at a brokerage. ``reason``: why it is halted or was drained by the platform."""

    state: str = "off"
    allowed: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Brokerage:
    """A brokerage and how much there is of it. ``orders``: those that still live; ``positions``: open ones."""

    id: UUID
    key: str
    name: str
    status: str
    created_at: datetime
    language: str
    hosts: Sequence[str]
    customers: int
    accounts: int
    positions: int
    orders: int
    modules: Mapping[str, ModuleOfBrokerage]

    @property
    def host(self) -> str:
        """The main host."""
        return self.hosts[0] if self.hosts else ""

    def module(self, key: str) -> ModuleOfBrokerage:
        """A module; off and allowed where the brokerage has no row of it."""
        return self.modules.get(key, ModuleOfBrokerage())

    def on(self, modules: Collection[str]) -> int:
        """How many of the installed modules are on."""
        return sum(1 for key in modules if self.module(key).state == "on")


def listed(session: SystemSession, *, search: str = "", status: str = "") -> list[Brokerage]:
    """All brokerages by their short name, or those that a search finds."""
    escaped = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    values = {"key": None, "text": f"%{escaped}%" if search else None, "status": status or None}
    return [_brokerage(row) for row in session.execute(_ROWS, values)]


def find(session: SystemSession, key: str) -> Brokerage | None:
    """A brokerage by its short name."""
    row = session.execute(_ROWS, {"key": key, "text": None, "status": None}).one_or_none()
    return None if row is None else _brokerage(row)


def make(database: Database, settings: Settings, new: NewTenant, actor: Actor) -> MadeTenant:
    """Make a brokerage that can take customers at once.

    :raises InvalidError: for what cannot be taken, such as a key or a host in use; ``field`` names it.
    """
    for host in new.hosts:
        refuse_own_host(settings, host)
    made = make_brokerage(database, new, actor)
    with database.system() as session:
        log.record(
            session, actor, "tenant.make", brokerage=new.key, subject=new.name, detail={"hosts": list(new.hosts)}
        )
    return made


def add_host(session: SystemSession, settings: Settings, key: str, host: str, actor: Actor, *, main: bool) -> None:
    """Let a brokerage be reached under a host name. :raises InvalidError: for one that cannot be taken."""
    refuse_own_host(settings, host)
    company.add_host(session, company.find_tenant(session, key).id, host, actor, main=main)
    log.record(session, actor, "host.add", brokerage=key, subject=host)


def remove_host(session: SystemSession, key: str, host: str, actor: Actor) -> None:
    """Take a host name from a brokerage. :raises NotFoundError: where it has no such host."""
    company.remove_host(session, company.find_tenant(session, key).id, host, actor)
    log.record(session, actor, "host.remove", brokerage=key, subject=host)


def suspend(session: SystemSession, key: str, reason: str, actor: Actor) -> None:
    """Close a brokerage's doors: nothing is opened any more; what is open keeps being looked after, and closes go on.

    :raises InvalidError: without a reason.
    """
    if not reason.strip():
        raise InvalidError("reason", _("Say why."))
    company.suspend(session, company.find_tenant(session, key).id, actor, reason.strip())
    log.record(session, actor, "tenant.suspend", brokerage=key, note=reason.strip())


def resume(session: SystemSession, key: str, reason: str, actor: Actor) -> None:
    """Open a suspended brokerage's doors again."""
    company.resume(session, company.find_tenant(session, key).id, actor)
    log.record(session, actor, "tenant.resume", brokerage=key, note=reason.strip())


def set_plan(session: SystemSession, key: str, allowed: Mapping[str, bool], actor: Actor) -> list[str]:
    """Say which modules a brokerage's plan has; the ones that changed. One that is on stays so until it is switched off."""
    company.find_tenant(session, key)
    found = find(session, key)
    assert found is not None  # noqa: S101 - the line before has found it
    changed = [module for module, may in allowed.items() if found.module(module).allowed != may]
    for module in changed:
        products.allow(session, found.id, module, allowed[module], actor)
    if changed:
        log.record(session, actor, "tenant.plan", brokerage=key, detail={module: allowed[module] for module in changed})
    return changed


def refuse_own_host(settings: Settings, host: str) -> None:
    """:raises TakenError: for the host of the operators' own surface."""
    if validation.host(host) == settings.operator_host:
        raise TakenError("host", _("{host} is the operator's own host.", host=host))


def _brokerage(row: object) -> Brokerage:
    values = dict(row._mapping)  # type: ignore[attr-defined]  # a row of the statement above
    modules = {
        module: ModuleOfBrokerage(state, allowed, reason or "")
        for module, (state, allowed, reason) in values.pop("modules").items()
    }
    return Brokerage(**values, modules=modules)
