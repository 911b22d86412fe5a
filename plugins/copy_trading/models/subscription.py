"""Subscriptions: a follower's account tied to a master."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Numeric, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.sdk.data import CURRENT_TENANT, Amount, Base, TenantRow, Timestamp, tenant_key
from plugins.copy_trading.models.master import SCHEMA


class Subscription(TenantRow, Base):
    """What a follower copies and how. The hot numbers are the cursor's, so that this wide row is seldom written."""

    __tablename__ = "subscriptions"
    __table_args__ = (
        Index(
            "ix_subscriptions_shard", "tenant_id", "master_id", "shard", postgresql_where=text("status <> 'stopped'")
        ),
        Index(
            "uq_subscriptions_live",
            "tenant_id",
            "master_id",
            "account_id",
            "mock",
            unique=True,
            postgresql_where=text("status <> 'stopped'"),
        ),
        Index(None, "tenant_id", "account_id"),
        Index(None, "tenant_id", "customer_id"),
        tenant_key("copy_trading.masters", "master_id"),
        tenant_key("core.accounts", "account_id"),
        tenant_key("tenants.customers", "customer_id"),
        CheckConstraint("status in ('active', 'paused', 'stopping', 'stopped')", name="status"),
        CheckConstraint("fixed_basis in ('lots', 'margin', 'notional')", name="fixed_basis"),
        {"schema": SCHEMA},
    )

    master_id: Mapped[UUID]
    account_id: Mapped[UUID]
    customer_id: Mapped[UUID]
    mock: Mapped[bool] = mapped_column(server_default=text("false"))
    """A paper copy: decides as a live one does, sends no order, is no follower and no asset under copy."""
    shard: Mapped[int] = mapped_column(server_default="0")
    """Followers of a master are worked off in shards, side by side."""
    status: Mapped[str] = mapped_column(server_default="active")
    reasons: Mapped[int] = mapped_column(server_default="0")
    """Why it is paused, the bits of ``rules.states.Pause``."""
    mode: Mapped[str] = mapped_column(server_default="proportional")
    """Key of the sizing mode."""
    mode_settings: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    """What the sizing mode asks for beyond the settings that all have, as JSON."""
    copy_ratio: Mapped[Decimal] = mapped_column(Numeric(18, 8), server_default="1")
    fixed_size: Mapped[Amount] = mapped_column(server_default="0.01")
    fixed_basis: Mapped[str] = mapped_column(server_default="lots")
    max_open_trades: Mapped[int] = mapped_column(server_default="10")
    minimum_equity: Mapped[Amount] = mapped_column(server_default="0")
    slippage_tolerance: Mapped[Decimal | None] = mapped_column(Numeric(12, 6))
    """Percent; null: the tenant's default of the symbol's class."""
    round_up: Mapped[bool] = mapped_column(server_default=text("false"))
    maximum_lot: Mapped[Decimal | None] = mapped_column(Numeric(28, 12))
    existing_positions: Mapped[str] = mapped_column(server_default="ignore")
    stop_loss_percent: Mapped[Decimal | None] = mapped_column(Numeric(12, 6))
    symbols: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Allow-list of the master's symbols; null: all."""
    symbol_map: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    reverse: Mapped[bool] = mapped_column(server_default=text("false"))
    start_equity: Mapped[Amount] = mapped_column(server_default="0")
    """Of the follower's account when the copy started."""
    fee_percent: Mapped[Decimal] = mapped_column(Numeric(12, 6), server_default="0")
    """Performance fee that the follower has confirmed; never more is charged."""
    fee_settled: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether the fee of a stopped copy has been reckoned up for the last time."""
    stop_choice: Mapped[str | None]
    stop_tries: Mapped[int] = mapped_column(server_default="0")
    """How often the closes of a stop have been tried in vain."""
    stop_retry_at: Mapped[Timestamp | None]
    stop_error: Mapped[str | None]
    """Why positions of a stopping copy are still open."""
    notice_version: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
    stopped_at: Mapped[Timestamp | None]


class Cursor(Base):
    """How far a subscription has applied its master's fills: closes and opens apart. Narrow, for it moves with each fill."""

    __tablename__ = "cursors"
    __table_args__ = (
        tenant_key("copy_trading.subscriptions", "subscription_id"),
        Index("ix_cursors_parked", "tenant_id", postgresql_where=text("parked_at is not null")),
        {"schema": SCHEMA, "postgresql_with": {"fillfactor": 60}},
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    subscription_id: Mapped[UUID] = mapped_column(primary_key=True)
    last_close: Mapped[int] = mapped_column(BigInteger)
    """Number of the master's last fill up to which closes are applied; never behind ``last_open``."""
    last_open: Mapped[int] = mapped_column(BigInteger)
    """Number of the master's last fill up to which opens are decided."""
    parked_at: Mapped[Timestamp | None]
    """Since when its bookings fail; it is retried alone, the others go on."""
    parked_after: Mapped[int | None] = mapped_column(BigInteger)
    """Number in the master's stream of the last event that it has surely applied, from which the retry reads again."""
    error: Mapped[str | None]
    short_of_equity: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether the follower has been told of the present episode below the minimum equity."""


class Confirmation(TenantRow, Base):
    """A customer's confirmation of the risk notice and the fee, kept with the text's version."""

    __tablename__ = "confirmations"
    __table_args__ = (
        Index(None, "tenant_id", "customer_id"),
        tenant_key("tenants.customers", "customer_id"),
        {"schema": SCHEMA},
    )

    customer_id: Mapped[UUID]
    master_id: Mapped[UUID]
    notice_version: Mapped[str]
    notice: Mapped[str]
    fee_percent: Mapped[Decimal] = mapped_column(Numeric(12, 6))
    confirmed_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
