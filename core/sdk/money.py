"""Rounding of money: the one function that takes digits from an amount (12 decimals, half-even)."""

from core.trading.rules.money import round_amount

__all__ = ["round_amount"]
