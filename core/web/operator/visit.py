"""What is known of a request to the operators' surface. It belongs to no brokerage: its sessions are the system's."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, cast
from uuid import UUID

from litestar.connection import ASGIConnection

from core.operator.signing import SignedInOperator
from core.web.visit import Visit
from tenants.services.actor import Actor
from tenants.snapshot import BrandView, TenantView

__all__ = ["OPERATOR_COOKIE", "PLACE", "OperatorVisit", "operator_visit"]

OPERATOR_COOKIE = "operator_session"

PLACE = TenantView(
    # Nobody's: a tenant's session of this identifier would see no row at all.
    id=UUID(int=0),
    key="",
    name="Tradeyard",
    legal_entity="",
    status="active",
    language="en",
    time_zone="UTC",
    currencies=(),
    registration="invited",
    staff_second_factor=False,
    hosts=(),
    brand=BrandView("#0f766e", "#5eead4", "#334155", "#94a3b8", "auto", "", "", None, None, None),
    modules=MappingProxyType({}),
    staff=MappingProxyType({}),
)
"""How the surface looks and speaks: what a brokerage's settings say on its own."""


@dataclass
class OperatorVisit(Visit):
    """One request to the operators' surface."""

    operator: SignedInOperator | None = None

    @property
    def known(self) -> bool:
        """Whether the browser's own sign-in is good."""
        return self.operator is not None

    @property
    def actor(self) -> Actor:
        """The operator as logs name them.

        :raises LookupError: where nobody is signed in.
        """
        if self.operator is None:
            raise LookupError("nobody is signed in on this page; its route says sign_in: False")
        return Actor("operator", self.operator.email, self.operator.person_id, self.address, self.request_id)


def operator_visit(connection: ASGIConnection[Any, Any, Any, Any]) -> OperatorVisit:
    """The visit that the surface's middleware has put into the request."""
    return cast(OperatorVisit, connection.scope["state"]["visit"])
