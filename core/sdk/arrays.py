"""Columns for set-based statements: lists as PostgreSQL array literals, to be used as ``cast(:name as uuid[])``."""

from core.trading.booking.arrays import flags, numbers, texts, uuids

__all__ = ["flags", "numbers", "texts", "uuids"]
