"""One-time tickets sent by mail: invitations, password resets, changes of the address itself."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, LargeBinary, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db.base import Base, TenantRow, Timestamp
from tenants.models.subject import OfPerson, person_constraints
from tenants.models.tenant import SCHEMA


class PersonTicket(OfPerson, TenantRow, Base):
    """The right to set a password, or to confirm an address, once; proven by a token that only its receiver has."""

    __tablename__ = "person_tickets"
    __table_args__ = (
        *person_constraints(),
        UniqueConstraint("tenant_id", "token_hash"),
        CheckConstraint("purpose in ('invitation', 'reset', 'email')", name="purpose"),
        {"schema": SCHEMA},
    )

    purpose: Mapped[str]
    new_email: Mapped[str | None]
    """The address that the ticket was sent to and confirms; for the purpose ``email``."""
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    """SHA-256 of the token."""
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
    expires_at: Mapped[Timestamp]
    used_at: Mapped[Timestamp | None]
