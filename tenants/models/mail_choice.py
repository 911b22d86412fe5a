"""What people want to be mailed."""

from __future__ import annotations

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db.base import Base, TenantRow
from tenants.models.subject import OfPerson, person_constraints
from tenants.models.tenant import SCHEMA


class MailChoice(OfPerson, TenantRow, Base):
    """Whether one person is mailed what a source tells them. Without a row they are."""

    __tablename__ = "mail_choices"
    __table_args__ = (
        *person_constraints(),
        UniqueConstraint("tenant_id", "staff_id", "source", name="uq_mail_choices_staff"),
        UniqueConstraint("tenant_id", "customer_id", "source", name="uq_mail_choices_customer"),
        {"schema": SCHEMA},
    )

    source: Mapped[str]
    """``core`` or a plugin's key."""
    wanted: Mapped[bool] = mapped_column()
