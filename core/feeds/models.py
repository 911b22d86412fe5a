"""Ticks, the numbered quotes of each instrument, and replays."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from core.schema import SCHEMA
from tenants.db import Base, Timestamp, new_id


class Tick(Base):
    """A quote as the feed sent it: the truth from which a lane asks again. Prices count in the instrument's ticks."""

    __tablename__ = "ticks"
    __table_args__ = {"schema": SCHEMA}  # noqa: RUF012 - SQLAlchemy reads it as a plain dict

    instrument_id: Mapped[UUID] = mapped_column(ForeignKey("core.instruments.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    ts_ms: Mapped[int] = mapped_column(BigInteger)
    bid: Mapped[int] = mapped_column(BigInteger)
    ask: Mapped[int] = mapped_column(BigInteger)


class Replay(Base):
    """A price file that is being driven through an instrument in lockstep, or has been."""

    __tablename__ = "replays"
    __table_args__ = (Index(None, "instrument_id"), {"schema": SCHEMA})

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    instrument_id: Mapped[UUID] = mapped_column(ForeignKey("core.instruments.id"))
    name: Mapped[str]
    """The file's name."""
    digest: Mapped[str]
    """Of the file's content and of how its rows become quotes: the same again goes on where it stopped."""
    first_seq: Mapped[int] = mapped_column(BigInteger)
    """Number of the file's first quote."""
    quotes: Mapped[int] = mapped_column(BigInteger)
    """How many there are."""
    shift_ms: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Added to the file's times, whole weeks, where the instrument had later quotes already."""
    started_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
    finished_at: Mapped[Timestamp | None]
