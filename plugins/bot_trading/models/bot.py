"""Bots."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Numeric, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from core.sdk.data import Amount, Base, TenantRow, Timestamp, Volume, tenant_key

SCHEMA = "bot_trading"

LIVE = ("waiting_trigger", "running", "paused", "stopping", "halted", "error")
"""States of bots that have not ended."""


class Bot(TenantRow, Base):
    """A customer's bot on one account and symbol. Its id is the id of the reactor's subject too.

    The figures are those after its last event, in the symbol's quote currency; only the floating part moves with prices.
    """

    __tablename__ = "bots"
    __table_args__ = (
        UniqueConstraint("tenant_id", "launch_key"),
        Index(None, "tenant_id", "account_id", "symbol_id"),
        Index(None, "tenant_id", "customer_id"),
        Index("ix_bots_live", "tenant_id", "status", postgresql_where=text("status <> 'stopped'")),
        tenant_key("core.accounts", "account_id"),
        tenant_key("core.symbols", "symbol_id"),
        tenant_key("tenants.customers", "customer_id"),
        CheckConstraint(
            "status in ('waiting_trigger', 'running', 'paused', 'stopping', 'stopped', 'halted', 'error')",
            name="status",
        ),
        {"schema": SCHEMA, "postgresql_with": {"fillfactor": 80}},
    )

    customer_id: Mapped[UUID]
    account_id: Mapped[UUID]
    symbol_id: Mapped[UUID]
    strategy: Mapped[str]
    """Key of the strategy."""
    settings: Mapped[dict[str, Any]]
    """As the customer chose them."""
    market: Mapped[dict[str, Any]]
    """The symbol's rules for the account at the launch."""
    launch_key: Mapped[str]
    """Idempotency key of the launch."""
    status: Mapped[str]
    pauses: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    """Reasons that hold the bot: ``reason``, ``actor``, ``note``, ``at``. It resumes when none is left."""
    halt: Mapped[str] = mapped_column(server_default="")
    """Why it is halted: ``kill_switch``, ``module``, ``risk``, ``feed`` or ``symbol``."""
    stop: Mapped[str] = mapped_column(server_default="")
    """How it is being, or was, stopped: ``close``, ``keep`` or ``wind_down``."""
    end_reason: Mapped[str] = mapped_column(server_default="")
    currency: Mapped[str]
    """Of the figures."""
    investment: Mapped[Amount]
    cash: Mapped[Amount] = mapped_column(server_default="0")
    base: Mapped[Volume] = mapped_column(server_default="0")
    """Lots held, bought ones."""
    short: Mapped[Volume] = mapped_column(server_default="0")
    """Lots sold short."""
    invested: Mapped[Amount] = mapped_column(server_default="0")
    """What the held lots cost, commission included, less what those sold short brought."""
    cycle_profit: Mapped[Amount] = mapped_column(server_default="0")
    inventory_realised: Mapped[Amount] = mapped_column(server_default="0")
    fees: Mapped[Amount] = mapped_column(server_default="0")
    fills: Mapped[int] = mapped_column(server_default="0")
    cycles: Mapped[int] = mapped_column(server_default="0")
    wins: Mapped[int] = mapped_column(server_default="0")
    blocked: Mapped[int] = mapped_column(server_default="0")
    """Orders that wait for money."""
    last_floating: Mapped[Amount] = mapped_column(server_default="0")
    """At the last event; the figure that stays once the bot has ended."""
    peak: Mapped[Amount] = mapped_column(server_default="0")
    """Highest total so far, at events and marks; at least 0."""
    drawdown: Mapped[Decimal] = mapped_column(Numeric(12, 6), server_default="0")
    """Worst fall from a peak of the equity, as a fraction of that peak."""
    last_code: Mapped[str] = mapped_column(server_default="")
    """Code of the last decision."""
    last_facts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    last_ts_ms: Mapped[int] = mapped_column(BigInteger, server_default="0")
    launched_ts_ms: Mapped[int] = mapped_column(BigInteger)
    """The feed's time at the launch."""
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
    ended_at: Mapped[Timestamp | None]
