"""What staff and customers have in common: a name, an address and ways to prove who they are."""

from __future__ import annotations

from sqlalchemy import BigInteger, func
from sqlalchemy.orm import Mapped, mapped_column

from tenants.db.base import TenantRow, Timestamp


class Person(TenantRow):
    """Somebody who signs in at a tenant."""

    email: Mapped[str]
    """Lower case; unique among the tenant's staff, and among its customers."""
    name: Mapped[str]
    status: Mapped[str]
    password_hash: Mapped[str | None]
    """Argon2id in PHC form; null until an invitation is accepted."""
    totp_secret: Mapped[str | None]
    """Base32 secret of the second factor, sealed; also while it waits to be confirmed."""
    totp_confirmed_at: Mapped[Timestamp | None]
    """When the second factor was first proven; null means it is not asked for."""
    totp_last_step: Mapped[int | None] = mapped_column(BigInteger)
    """The 30-second step of the last code that was taken: no code works twice."""
    language: Mapped[str | None]
    """The language of their pages and mails (BCP 47); the tenant's where none is chosen."""
    time_zone: Mapped[str | None]
    """The IANA zone in which they read times; the tenant's where none is chosen."""
    last_sign_in_at: Mapped[Timestamp | None]
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
