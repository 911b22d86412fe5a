"""Accounts, their types, and what is reserved on them."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Numeric, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from core.schema import SCHEMA
from tenants.db import Amount, Base, Price, TenantRow, Timestamp, tenant_key


class AccountType(TenantRow, Base):
    """The conditions that accounts of a kind share."""

    __tablename__ = "account_types"
    __table_args__ = (
        UniqueConstraint("tenant_id", "name"),
        CheckConstraint("mode in ('hedging', 'netting')", name="mode"),
        {"schema": SCHEMA},
    )

    name: Mapped[str]
    currency: Mapped[str]
    mode: Mapped[str]
    leverage: Mapped[Decimal] = mapped_column(Numeric(12, 4))
    may_short: Mapped[bool] = mapped_column(server_default=text("true"))
    demo: Mapped[bool] = mapped_column(server_default=text("false"))
    """Play money, marked everywhere."""
    min_deposit: Mapped[Amount] = mapped_column(server_default="0")
    commission_kind: Mapped[str] = mapped_column(server_default="per_lot")
    """``per_lot`` (money in the account's currency for a lot and side) or ``percent`` (of the notional, each side)."""
    commission: Mapped[Amount] = mapped_column(server_default="0")
    markup: Mapped[Price] = mapped_column(server_default="0")
    """Spread mark-up in pips of each symbol, half of it on each side."""
    margin_call_level: Mapped[Decimal] = mapped_column(Numeric(12, 4), server_default="100")
    """Percent."""
    stop_out_level: Mapped[Decimal] = mapped_column(Numeric(12, 4), server_default="50")
    """Percent."""
    negative_balance_protection: Mapped[bool] = mapped_column(server_default=text("true"))
    swap_free: Mapped[bool] = mapped_column(server_default=text("false"))
    copy_allowed: Mapped[bool] = mapped_column(server_default=text("true"))
    status: Mapped[str] = mapped_column(server_default="active")


class AccountTypeSymbol(TenantRow, Base):
    """A symbol enabled for an account type, with its own leverage and mark-up where they differ."""

    __tablename__ = "account_type_symbols"
    __table_args__ = (
        UniqueConstraint("tenant_id", "account_type_id", "symbol_id"),
        tenant_key("core.account_types", "account_type_id"),
        tenant_key("core.symbols", "symbol_id"),
        {"schema": SCHEMA},
    )

    account_type_id: Mapped[UUID]
    symbol_id: Mapped[UUID]
    leverage: Mapped[Decimal | None] = mapped_column(Numeric(12, 4))
    markup: Mapped[Decimal | None] = mapped_column(Numeric(28, 12))
    """Pips; null: the account type's."""
    enabled: Mapped[bool] = mapped_column(server_default=text("true"))


class Account(TenantRow, Base):
    """A customer's account. The balance equals the sum of its ledger entries."""

    __tablename__ = "accounts"
    __table_args__ = (
        UniqueConstraint("tenant_id", "number"),
        Index(None, "tenant_id", "customer_id"),
        tenant_key("tenants.customers", "customer_id"),
        tenant_key("core.account_types", "account_type_id"),
        # Room in each page, so that a booking's update stays there and touches no index.
        {"schema": SCHEMA, "postgresql_with": {"fillfactor": 70}},
    )

    number: Mapped[str]
    customer_id: Mapped[UUID]
    account_type_id: Mapped[UUID]
    currency: Mapped[str]
    mode: Mapped[str]
    balance: Mapped[Amount] = mapped_column(server_default="0")
    margin: Mapped[Amount] = mapped_column(server_default="0")
    """Margin of the open positions."""
    reserved: Mapped[Amount] = mapped_column(server_default="0")
    """Sum of the reservations."""
    fill_no: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Number of the account's last fill; fills are numbered without gaps."""
    ledger_no: Mapped[int] = mapped_column(BigInteger, server_default="0")
    margin_called: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether the alert of the running margin call has been given."""
    watched: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether the account's fills have an event stream of their own."""
    status: Mapped[str] = mapped_column(server_default="active")
    """``active``, ``close_only`` or ``disabled``."""
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.now())


class AccountWatch(TenantRow, Base):
    """A plugin's wish for an account's fills in a stream of their own."""

    __tablename__ = "account_watches"
    __table_args__ = (
        UniqueConstraint("tenant_id", "account_id", "plugin"),
        tenant_key("core.accounts", "account_id"),
        {"schema": SCHEMA},
    )

    account_id: Mapped[UUID]
    plugin: Mapped[str]


class Reservation(TenantRow, Base):
    """Money of an account set aside for an owner: a bot's investment, a resting order's margin."""

    __tablename__ = "reservations"
    __table_args__ = (
        UniqueConstraint("tenant_id", "account_id", "owner_kind", "owner_id"),
        tenant_key("core.accounts", "account_id"),
        CheckConstraint("amount >= 0", name="amount"),
        {"schema": SCHEMA},
    )

    account_id: Mapped[UUID]
    owner_kind: Mapped[str]
    owner_id: Mapped[UUID]
    amount: Mapped[Amount]
    """In the account's currency."""
