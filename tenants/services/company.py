"""A tenant's own settings, its hosts and its status."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from tenants.db import SystemSession, TenantSession
from tenants.models import Tenant, TenantHost
from tenants.services import audit, validation
from tenants.services.actor import Actor
from tenants.services.errors import ConflictError, InvalidError, NotFoundError, TakenError
from tenants.text import _, languages

_CHECKS = {
    "name": validation.name,
    "legal_entity": lambda value: validation.name(value, "legal_entity") if value.strip() else "",
    "language": validation.language,
    "time_zone": validation.time_zone,
}


def tenant(session: TenantSession) -> Tenant:
    """The session's tenant."""
    return session.get_one(Tenant, session.tenant_id)


def find_tenant(session: SystemSession, key: str) -> Tenant:
    """A tenant by its short name. :raises NotFoundError: for an unknown one."""
    found = session.scalar(select(Tenant).where(Tenant.key == key))
    if found is None:
        raise NotFoundError(_("There is no tenant {key}.", key=key))
    return found


def change_company(session: TenantSession, actor: Actor, **changes: Any) -> Tenant:
    """Change some of ``name``, ``legal_entity``, ``language``, ``time_zone``, ``currencies``, ``registration``
    and ``staff_second_factor``.

    :raises InvalidError: for what cannot be taken.
    """
    found = tenant(session)
    cleaned = {field: _clean(field, value) for field, value in changes.items()}
    before = {field: getattr(found, field) for field in cleaned}
    if before == cleaned:
        return found
    if cleaned.get("language", found.language) not in (found.language, *languages()):
        raise InvalidError("language", _("Pages cannot be read in this language yet."))
    for field, value in cleaned.items():
        setattr(found, field, value)
    session.flush()
    audit.record(session, actor, "company.change", "tenant", found.id, before=before, after=cleaned)
    return found


def hosts(session: TenantSession | SystemSession, tenant_id: UUID) -> Sequence[TenantHost]:
    """A tenant's hosts, the main one first."""
    return session.scalars(
        select(TenantHost).where(TenantHost.tenant_id == tenant_id).order_by(TenantHost.main.desc(), TenantHost.host)
    ).all()


def add_host(session: SystemSession, tenant_id: UUID, host: str, actor: Actor, *, main: bool = False) -> TenantHost:
    """Let a tenant be reached under a host name. Hosts are the installation's, so only the platform's session writes them.

    :raises TakenError: where a tenant has it already.
    :raises InvalidError: where it is no host name.
    """
    host = validation.host(host)
    if session.get(TenantHost, host) is not None:
        raise TakenError("host", _("{host} is in use already.", host=host))
    if main:
        session.execute(update(TenantHost).where(TenantHost.tenant_id == tenant_id).values(main=False))
    made = TenantHost(host=host, tenant_id=tenant_id, main=main)
    session.add(made)
    session.flush()
    audit.record(session, actor, "host.add", "host", host, after={"host": host, "main": main}, tenant_id=tenant_id)
    return made


def check_own_host(session: SystemSession, tenant_id: UUID, host: str, reserved: Collection[str]) -> str:
    """A host name as a tenant's own staff may add it.

    :param reserved: names of the installation. They and whatever is below them are given by its operator, but what is
        below a host that the tenant has is its own.
    :raises InvalidError: for a reserved name.
    """
    found = validation.host(host)
    own = [row.host for row in hosts(session, tenant_id)]
    if any(found.endswith("." + mine) for mine in own):
        return found
    for name in reserved:
        if found == name or found.endswith("." + name):
            raise InvalidError("host", _("Names below {name} are given by the operator of the platform.", name=name))
    return found


def set_main_host(session: SystemSession, tenant_id: UUID, host: str, actor: Actor) -> None:
    """Let addresses in mails name this host from now on. :raises NotFoundError: where the tenant has no such host."""
    found = _host(session, tenant_id, host)
    before = session.scalar(select(TenantHost.host).where(TenantHost.tenant_id == tenant_id, TenantHost.main))
    if found.main:
        return
    session.execute(update(TenantHost).where(TenantHost.tenant_id == tenant_id).values(main=False))
    found.main = True
    session.flush()
    audit.record(
        session, actor, "host.main", "host", found.host, before={"main": before}, after={"main": found.host}, tenant_id=tenant_id
    )  # fmt: skip


def remove_host(session: SystemSession, tenant_id: UUID, host: str, actor: Actor, *, in_use: str = "") -> None:
    """Take a host name from a tenant; where it was the main one, the next by name takes its place.

    :param in_use: the host that whoever asks has come by, which would shut the door behind them.
    :raises NotFoundError: where the tenant has no such host.
    :raises ConflictError: for its last one, and for the one in use.
    """
    found = _host(session, tenant_id, host)
    if found.host == in_use:
        raise ConflictError(
            _("You are at {host} yourself: open another of your domains to remove it.", host=found.host)
        )
    # Locked, so that two who each remove one of the last two do not remove both.
    query = select(TenantHost).where(TenantHost.tenant_id == tenant_id).order_by(TenantHost.host).with_for_update()
    left = [row for row in session.scalars(query).all() if row.host != found.host]
    if not left:
        raise ConflictError(_("{host} is the last domain: add another one first.", host=found.host))
    session.delete(found)
    session.flush()
    if found.main:
        left[0].main = True
        session.flush()
    audit.record(
        session, actor, "host.remove", "host", found.host, before={"host": found.host, "main": found.main}, tenant_id=tenant_id
    )  # fmt: skip


def _host(session: SystemSession, tenant_id: UUID, host: str) -> TenantHost:
    found = session.get(TenantHost, host.strip().lower())
    if found is None or found.tenant_id != tenant_id:
        raise NotFoundError(_("The tenant has no host {host}.", host=host))
    return found


def suspend(session: SystemSession, tenant_id: UUID, actor: Actor, reason: str) -> None:
    """Close a tenant's doors: its hosts answer that it is closed. What is open keeps being looked after."""
    _set_status(session, tenant_id, "suspended", actor, reason)


def resume(session: SystemSession, tenant_id: UUID, actor: Actor) -> None:
    """Open a suspended tenant's doors again."""
    _set_status(session, tenant_id, "active", actor, "")


def _set_status(session: SystemSession, tenant_id: UUID, status: str, actor: Actor, reason: str) -> None:
    found = session.get_one(Tenant, tenant_id)
    if found.status != status:
        before, found.status = found.status, status
        session.flush()
        audit.record(
            session,
            actor,
            "tenant.status",
            "tenant",
            tenant_id,
            before={"status": before},
            after={"status": status},
            note=reason,
            tenant_id=tenant_id,
        )


def _clean(field: str, value: Any) -> Any:
    if field in _CHECKS:
        return _CHECKS[field](value)
    if field == "currencies":
        found = list(dict.fromkeys(validation.currency(code) for code in value))
        if not found:
            raise InvalidError("currencies", _("Choose at least one currency."))
        return found
    if field == "registration":
        if value not in ("open", "invited"):
            raise InvalidError("registration", _("Choose open or invited."))
        return value
    if field == "staff_second_factor":
        return bool(value)
    raise InvalidError(field, _("{field} is not one of the company's settings.", field=field))
