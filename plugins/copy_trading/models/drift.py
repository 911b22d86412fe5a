"""What the reconciler has found: links that do not say what is held."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from core.sdk.data import Base, TenantRow, Timestamp, Volume, tenant_key
from plugins.copy_trading.models.master import SCHEMA


class Drift(TenantRow, Base):
    """A difference between the books of copying and the positions, from the first snapshot that showed it."""

    __tablename__ = "drifts"
    __table_args__ = (
        Index(
            "uq_drifts_open",
            "tenant_id",
            "subscription_id",
            "subject_id",
            "kind",
            unique=True,
            postgresql_where=text("ended_at is null"),
        ),
        tenant_key("copy_trading.subscriptions", "subscription_id"),
        tenant_key("core.symbols", "symbol_id"),
        {"schema": SCHEMA},
    )

    subscription_id: Mapped[UUID]
    subject_id: Mapped[UUID]
    """The link, or for a position without one the position."""
    symbol_id: Mapped[UUID]
    kind: Mapped[str]
    """``missing`` (less is held than the link says), ``excess`` (more), ``target`` (the target is off by a step or more),
    ``unlinked`` (a copied position without a link) or ``late`` (the master is flat, the copy is not)."""
    expected: Mapped[Volume]
    found: Mapped[Volume]
    flying: Mapped[Volume]
    """Lots in orders under way at a venue."""
    snapshots: Mapped[int] = mapped_column(server_default="1")
    """How many snapshots in a row have shown it unchanged."""
    first_seen: Mapped[Timestamp] = mapped_column(server_default=func.now())
    last_seen: Mapped[Timestamp] = mapped_column(server_default=func.now())
    ended_at: Mapped[Timestamp | None]
    ended_by: Mapped[str | None]
    """Who repaired it; null where it went by itself."""
