"""How a tenant looks."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, func
from sqlalchemy.orm import Mapped, deferred, mapped_column

from tenants.db.base import CURRENT_TENANT, Base, Timestamp
from tenants.models.tenant import SCHEMA

_COLOUR = "~ '^#[0-9a-f]{6}$'"


class Brand(Base):
    """A tenant's colours and images. There is no tenant CSS and no tenant HTML: these values are all that varies."""

    __tablename__ = "brands"
    __table_args__ = (
        *(
            CheckConstraint(f"{column} {_COLOUR}", name=column)
            for column in ("primary_light", "primary_dark", "accent_light", "accent_dark")
        ),
        CheckConstraint("theme in ('auto', 'light', 'dark')", name="theme"),
        {"schema": SCHEMA},
    )

    tenant_id: Mapped[UUID] = mapped_column(
        ForeignKey("tenants.tenants.id"), primary_key=True, server_default=CURRENT_TENANT
    )
    primary_light: Mapped[str] = mapped_column(server_default="#1f5fbf")
    """Six-digit hexadecimal colours in lower case. The primary one is used for buttons and links."""
    primary_dark: Mapped[str] = mapped_column(server_default="#6ea8fe")
    accent_light: Mapped[str] = mapped_column(server_default="#0f766e")
    accent_dark: Mapped[str] = mapped_column(server_default="#2dd4bf")
    theme: Mapped[str] = mapped_column(server_default="auto")
    """What a visitor gets who has not chosen: ``auto`` follows the device."""
    tagline: Mapped[str] = mapped_column(server_default="")
    support_email: Mapped[str] = mapped_column(server_default="")
    logo: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    """PNG, re-encoded by us, at most 600 × 160 pixels."""
    logo_dark: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    """The logo on dark ground; without it ``logo`` is used there too."""
    favicon: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    """PNG, re-encoded by us, 64 × 64 pixels."""
    logo_digest: Mapped[str | None]
    """First 16 hexadecimal digits of the image's SHA-256: its address changes when it does."""
    logo_dark_digest: Mapped[str | None]
    favicon_digest: Mapped[str | None]
    changed_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
