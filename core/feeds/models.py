"""Ticks: the numbered quotes of each instrument."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from core.schema import SCHEMA
from tenants.db import Base


class Tick(Base):
    """A quote as the feed sent it: the truth from which a lane asks again. Prices count in the instrument's ticks."""

    __tablename__ = "ticks"
    __table_args__ = {"schema": SCHEMA}  # noqa: RUF012 - SQLAlchemy reads it as a plain dict

    instrument_id: Mapped[UUID] = mapped_column(ForeignKey("core.instruments.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    ts_ms: Mapped[int] = mapped_column(BigInteger)
    bid: Mapped[int] = mapped_column(BigInteger)
    ask: Mapped[int] = mapped_column(BigInteger)
