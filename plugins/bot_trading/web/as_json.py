"""What the API sends, made of what the services give: decimals as text, times in ISO 8601."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from plugins.bot_trading.services.checking import Check
from plugins.bot_trading.services.views import BotRow
from plugins.bot_trading.strategies.numbers import plain
from plugins.bot_trading.strategies.protocol import Level, Order, Preview, Refusal

__all__ = ["bot_json", "check_json", "order_json", "preview_json", "refusal_json"]


def bot_json(row: BotRow) -> dict[str, Any]:
    """A bot."""
    words = ("customer", "account", "strategy", "symbol", "status", "halt", "stop", "end_reason", "currency", "last")
    money = (
        *("investment", "base", "cycle_profit", "inventory_realised", "floating", "total", "share", "drawdown"),
        *("worst_drawdown", "fees"),
    )
    found: dict[str, Any] = {"id": str(row.id), "account_id": str(row.account_id), "symbol_id": str(row.symbol_id)}
    found |= {name: getattr(row, name) for name in (*words, "fills", "cycles", "wins", "blocked")}
    found |= {name: format(Decimal(getattr(row, name)), "f") for name in money}
    found["pauses"] = [item["reason"] for item in row.pauses]
    found["settings"] = dict(row.settings)
    found["created_at"] = row.created_at.isoformat()
    found["ended_at"] = row.ended_at.isoformat() if row.ended_at else None
    return found


def order_json(order: Order) -> dict[str, Any]:
    """A resting order."""
    return {
        "side": order.side,
        "price": str(order.price),
        "volume": str(order.volume),
        "state": order.state,
        "label": order.label,
    }


def refusal_json(item: Refusal) -> dict[str, Any]:
    """Why something is refused."""
    return {
        "code": item.code,
        "message": item.message,
        "remedy": item.remedy,
        "field": item.field,
        "facts": dict(item.facts),
    }


def preview_json(found: Preview) -> dict[str, Any]:
    """What a launch would do."""
    return {
        "refusals": [refusal_json(item) for item in found.refusals],
        "levels": [str(level) for level in found.levels],
        "quantity": str(found.quantity),
        "needed": str(found.needed),
        "margin": str(found.margin),
        "first_purchase": str(found.first_purchase),
        "orders": [order_json(order) for order in found.orders],
        "table": [_level(level) for level in found.table],
        "facts": dict(found.facts),
    }


def check_json(check: Check, errors: dict[str, str]) -> dict[str, Any]:
    """A dry validation. ``errors``: what could not be read, by field."""
    return {
        "limits": {
            name: {
                "least": None if limit.least is None else plain(limit.least),
                "most": None if limit.most is None else plain(limit.most),
                "why": limit.why,
            }
            for name, limit in check.limits.items()
        },
        "errors": {**check.errors, **errors},
        "refusals": [refusal_json(item) for item in check.refusals],
        "preview": None if check.preview is None else preview_json(check.preview),
    }


def _level(level: Level) -> dict[str, Any]:
    prices = ("take_profit", "break_even", "profit", "loss")
    return {
        "label": level.label,
        "side": level.side,
        "price": str(level.price),
        "volume": str(level.volume),
        **{name: None if getattr(level, name) is None else str(getattr(level, name)) for name in prices},
    }
