"""Which symbols a customer has marked."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from core.schema import SCHEMA
from tenants.db import Base, tenant_key
from tenants.db.base import CURRENT_TENANT


class FavouriteSymbol(Base):
    """A symbol that stands first in a customer's list."""

    __tablename__ = "favourite_symbols"
    __table_args__ = (
        tenant_key("tenants.customers", "customer_id", ondelete="CASCADE"),
        tenant_key("core.symbols", "symbol_id", ondelete="CASCADE"),
        {"schema": SCHEMA},
    )

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey("tenants.tenants.id"), primary_key=True, server_default=CURRENT_TENANT
    )
    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    symbol_id: Mapped[UUID] = mapped_column(primary_key=True)
