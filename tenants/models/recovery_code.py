"""Codes for who has lost the device of their second factor."""

from __future__ import annotations

from sqlalchemy import LargeBinary, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db.base import Base, TenantRow, Timestamp
from tenants.models.subject import OfPerson, person_constraints
from tenants.models.tenant import SCHEMA


class RecoveryCode(OfPerson, TenantRow, Base):
    """A code that stands in for the second factor once. Shown when made; a keyed digest of it is kept."""

    __tablename__ = "recovery_codes"
    __table_args__ = (
        *person_constraints(),
        UniqueConstraint("tenant_id", "code_hash"),
        {"schema": SCHEMA},
    )

    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    """HMAC-SHA-256 under the installation's key, of the person and the code."""
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
    used_at: Mapped[Timestamp | None]
