"""Keys by which programs call the API for a person."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index, LargeBinary, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db.base import Base, TenantRow, Timestamp
from tenants.models.subject import OfPerson, person_constraints
from tenants.models.tenant import SCHEMA


class ApiToken(OfPerson, TenantRow, Base):
    """A token of a person. Shown once when made; only its hash and its first characters are kept."""

    __tablename__ = "api_tokens"
    __table_args__ = (
        *person_constraints(),
        UniqueConstraint("tenant_id", "token_hash"),
        Index("ix_api_tokens_staff_id", "tenant_id", "staff_id"),
        Index("ix_api_tokens_customer_id", "tenant_id", "customer_id"),
        {"schema": SCHEMA},
    )

    name: Mapped[str]
    start: Mapped[str]
    """The first characters, by which its owner knows it again."""
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    """SHA-256 of the whole token."""
    scopes: Mapped[list[Any]]
    """Some of ``read``, ``trade``, ``manage``."""
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
    expires_at: Mapped[Timestamp | None]
    revoked_at: Mapped[Timestamp | None]
    last_used_at: Mapped[Timestamp | None]
