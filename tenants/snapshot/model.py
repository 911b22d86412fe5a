"""The snapshot's shape: plain frozen data, so that it can be read from any thread without a lock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

State = Literal["off", "on", "draining", "halted"]


@dataclass(frozen=True, slots=True)
class BrandView:
    """How a tenant looks. An image's digest is part of its address; none where the tenant has no such image."""

    primary_light: str
    primary_dark: str
    accent_light: str
    accent_dark: str
    theme: str
    tagline: str
    support_email: str
    logo_digest: str | None
    logo_dark_digest: str | None
    favicon_digest: str | None


PLAIN_BRAND = BrandView("#1f5fbf", "#6ea8fe", "#0f766e", "#2dd4bf", "auto", "", "", None, None, None)
"""What a tenant looks like that has not chosen yet."""


@dataclass(frozen=True, slots=True)
class ModuleView:
    """A module of a tenant. ``version`` moves with its state and its settings; ``reason`` says why it is halted or was
    drained by the platform."""

    state: State
    allowed: bool
    version: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TenantView:
    """A tenant as pages and guards need it.

    :ivar hosts: the main one first.
    :ivar modules: by key; a module that is missing is off.
    :ivar staff: effective permissions of active staff.
    """

    id: UUID
    key: str
    name: str
    legal_entity: str
    status: Literal["active", "suspended"]
    language: str
    time_zone: str
    currencies: tuple[str, ...]
    registration: str
    staff_second_factor: bool
    hosts: tuple[str, ...]
    brand: BrandView
    modules: Mapping[str, ModuleView]
    staff: Mapping[UUID, frozenset[str]]

    def state(self, module: str) -> State:
        """The module's state; ``off`` where the tenant has no row of it."""
        found = self.modules.get(module)
        return "off" if found is None else found.state

    def is_on(self, module: str) -> bool:
        """Whether the module's pages, navigation and API are there."""
        return self.state(module) == "on"

    def modules_on(self) -> frozenset[str]:
        """The modules whose pages, navigation and API are there."""
        return frozenset(key for key, module in self.modules.items() if module.state == "on")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All tenants at one version."""

    version: int
    tenants: Mapping[UUID, TenantView]
    hosts: Mapping[str, UUID]
    customer_defaults: frozenset[str]
    """Permissions that customers hold unless denied."""

    def by_host(self, host: str) -> TenantView | None:
        """The tenant of a request by its host header, with or without a port; none for an unknown one."""
        name = host.strip().lower()
        if not name.endswith("]"):  # an IPv6 address without a port
            name = name.rsplit(":", 1)[0] if name.rpartition(":")[2].isdigit() else name
        tenant_id = self.hosts.get(name.rstrip("."))
        return None if tenant_id is None else self.tenants.get(tenant_id)

    def by_key(self, key: str) -> TenantView | None:
        """A tenant by its short name."""
        return next((tenant for tenant in self.tenants.values() if tenant.key == key), None)

    def state(self, tenant_id: UUID, module: str) -> State:
        """A module's state for a tenant; ``off`` where either is unknown."""
        tenant = self.tenants.get(tenant_id)
        return "off" if tenant is None else tenant.state(module)
