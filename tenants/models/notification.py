"""What people are told about what concerns them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db.base import Base, TenantRow, Timestamp, tenant_key
from tenants.models.tenant import SCHEMA


class Notification(TenantRow, Base):
    """A message to one person, kept until it is read and some time after."""

    __tablename__ = "notifications"
    __table_args__ = (
        CheckConstraint("(staff_id is null) <> (customer_id is null)", name="one_person"),
        CheckConstraint("mail in ('none', 'wanted', 'sent', 'failed')", name="mail"),
        Index("ix_notifications_staff", "tenant_id", "staff_id", "id", postgresql_where=text("staff_id is not null")),
        Index(
            "ix_notifications_customer",
            "tenant_id",
            "customer_id",
            "id",
            postgresql_where=text("customer_id is not null"),
        ),
        Index(
            "ix_notifications_unread_staff",
            "tenant_id",
            "staff_id",
            postgresql_where=text("staff_id is not null and read_at is null"),
        ),
        Index(
            "ix_notifications_unread_customer",
            "tenant_id",
            "customer_id",
            postgresql_where=text("customer_id is not null and read_at is null"),
        ),
        Index("ix_notifications_mail", "tenant_id", postgresql_where=text("mail = 'wanted'")),
        tenant_key("tenants.staff", "staff_id", ondelete="CASCADE"),
        tenant_key("tenants.customers", "customer_id", ondelete="CASCADE"),
        {"schema": SCHEMA},
    )

    staff_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]
    source: Mapped[str]
    """``core`` or a plugin's key."""
    code: Mapped[str]
    """What kind of message it is; people choose by it what they are mailed."""
    tone: Mapped[str] = mapped_column(server_default="info")
    """``info``, ``success``, ``warning`` or ``danger``."""
    words: Mapped[dict[str, Any]]
    """The text as :func:`tenants.text.freeze` keeps it."""
    href: Mapped[str] = mapped_column(server_default="")
    """Where it leads on the person's surface."""
    mail: Mapped[str] = mapped_column(server_default="none")
    """``none``, ``wanted``, ``sent`` or ``failed``: given up after many tries."""
    mail_tries: Mapped[int] = mapped_column(server_default="0")
    mail_after: Mapped[Timestamp | None]
    """Not tried before then; none: at once."""
    at: Mapped[Timestamp] = mapped_column(server_default=func.now())
    read_at: Mapped[Timestamp | None]
