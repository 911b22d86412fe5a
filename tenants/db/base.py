"""What every table is made of: keys, exact column types and the tenant of a row."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import (
    DateTime,
    ForeignKeyConstraint,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils.compat import uuid7

CURRENT_TENANT = text("nullif(current_setting('app.tenant_id', true), '')::uuid")
"""The tenant of the running transaction; null outside one, so that an insert without a tenant fails."""

Amount = Annotated[Decimal, mapped_column(Numeric(38, 12))]
"""Money in its currency's unit, 12 decimals."""
Price = Annotated[Decimal, mapped_column(Numeric(28, 12))]
"""A price in the quote currency for one unit of the base."""
Volume = Annotated[Decimal, mapped_column(Numeric(28, 12))]
"""A size in lots."""
Timestamp = Annotated[datetime, mapped_column(DateTime(timezone=True))]
"""A moment of the wall clock, UTC."""


def new_id() -> UUID:
    """A new identifier, ordered by the time it was made (UUID version 7)."""
    return uuid7()


class Base(DeclarativeBase):
    """All tables of the tenants' and the core's schemas."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {dict[str, Any]: JSONB(none_as_null=True), list[Any]: JSONB(none_as_null=True), str: Text}  # noqa: RUF012 - SQLAlchemy reads it as a plain dict


class TenantRow:
    """A row that belongs to a tenant. The primary key is ``(tenant_id, id)``, so that every foreign key carries the tenant."""

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=CURRENT_TENANT, sort_order=-2)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id, sort_order=-1)


def tenant_key(target: str, *columns: str, ondelete: str | None = None) -> ForeignKeyConstraint:
    """A foreign key to another table of the same tenant.

    :param target: the table with its schema, for example ``core.accounts``.
    :param columns: the referring columns after ``tenant_id``, in the order of the target's key (mostly one, its ``id``).
    """
    names = ["id"] if len(columns) == 1 else list(columns)
    return ForeignKeyConstraint(
        ["tenant_id", *columns], [f"{target}.tenant_id", *(f"{target}.{name}" for name in names)], ondelete=ondelete
    )


def has_tenant(table: Table) -> bool:
    """Whether rows of ``table`` belong to a tenant."""
    return "tenant_id" in table.columns


__all__ = [
    "CURRENT_TENANT",
    "Amount",
    "Base",
    "Price",
    "PrimaryKeyConstraint",
    "TenantRow",
    "Timestamp",
    "Volume",
    "has_tenant",
    "new_id",
    "tenant_key",
]
