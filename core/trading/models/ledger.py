"""The ledger: the only way a balance changes."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import BigInteger, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from core.schema import SCHEMA
from tenants.db import Amount, Base, TenantRow, Timestamp, tenant_key


class LedgerEntry(TenantRow, Base):
    """A change of a balance. ``amount`` is the whole change; ``commission`` and ``swap`` are parts of it, shown apart."""

    __tablename__ = "ledger_entries"
    __table_args__ = (
        UniqueConstraint("tenant_id", "account_id", "entry_no"),
        Index(
            "uq_ledger_entries_key",
            "tenant_id",
            "account_id",
            "key",
            unique=True,
            postgresql_where=text("key is not null"),
        ),
        tenant_key("core.accounts", "account_id"),
        {"schema": SCHEMA},
    )

    account_id: Mapped[UUID]
    entry_no: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    """``deposit``, ``withdrawal``, ``correction``, ``trade``, ``swap``, ``fee`` or ``negative_balance``."""
    amount: Mapped[Amount]
    commission: Mapped[Amount] = mapped_column(server_default="0")
    swap: Mapped[Amount] = mapped_column(server_default="0")
    balance: Mapped[Amount]
    """After the entry."""
    fill_id: Mapped[UUID | None]
    key: Mapped[str | None]
    """Idempotency key of an operation: a second entry with it is refused. A fill's entry has none: it is the fill's."""
    origin: Mapped[str] = mapped_column(server_default="manual")
    origin_id: Mapped[UUID | None]
    actor: Mapped[str | None]
    note: Mapped[str | None]
    ts_ms: Mapped[int] = mapped_column(BigInteger)
    """The feed's time for trades; the wall clock's for operations by hand."""
    booked_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
