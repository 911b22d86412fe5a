"""What has to be true of every bot that has not ended, compared with what is: the findings of the reconciler.

Nothing is locked here. What looks wrong may merely be on its way, so it is looked at again under the locks before
anything is done about it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, text

from core.sdk.arrays import uuids
from core.sdk.data import TenantSession
from core.sdk.reactors import NewState, unwatched_subjects
from plugins.bot_trading.models import Bot
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.running import Running
from plugins.bot_trading.services.commands import current_quotes
from plugins.bot_trading.strategies.numbers import ZERO, plain
from plugins.bot_trading.strategies.protocol import Figures, Quote

__all__ = ["MENDABLE", "Wrong", "prove"]

MENDABLE: Final = frozenset(
    {"trigger_differs", "figures_differ", "reservation_differs", "position_smaller", "late_open"}
)
"""What the stored policy can put right, since the bot's own state or the account's fills say how."""

_FIGURES: Final = (
    ("cash", "cash"),
    ("base", "base"),
    ("short", "short"),
    ("invested", "invested"),
    ("cycle_profit", "cycle_profit"),
    ("inventory_realised", "inventory_realised"),
    ("fees", "fees"),
    ("fills", "fills"),
    ("cycles", "cycles"),
    ("wins", "wins"),
)


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is not as it has to be.

    ``state_missing`` and ``state_unreadable``: the bot cannot be read; ``two_orders``: a cell or level with more than one
    order; ``trigger_differs``: its next price is not watched; ``figures_differ``: its row is not what its state says;
    ``reservation_differs``: other money is set aside; ``position_smaller``: a close was not noticed; ``position_larger`` and
    ``position_foreign``: it holds what it does not know of; ``late_open``: an order filled after the bot had ended.
    """

    bot_id: UUID
    code: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Held:
    """Open positions by id: lots, and the bot that they are booked for."""

    volumes: Mapping[UUID, Decimal]
    by_bot: Mapping[UUID, Sequence[UUID]]
    reserved: Mapping[UUID, Decimal]


def prove(session: TenantSession, strategies: Strategies, bot_ids: Collection[UUID]) -> list[Wrong]:
    """Everything that is wrong with some bots, in a fixed number of statements."""
    bots = list(session.scalars(select(Bot).where(Bot.id.in_(bot_ids)).execution_options(populate_existing=True)))
    rows = session.execute(
        text("select id, state from core.reactor_states where id = any(:ids)"), {"ids": list(bot_ids)}
    )
    states = {row.id: row.state for row in rows}
    held, prices = _held(session, bots), current_quotes(session, bots)
    wrong: list[Wrong] = []
    expected: list[NewState] = []
    for bot in bots:
        if bot.status == "stopped":
            wrong += [Wrong(bot.id, "late_open", {"position": str(one)}) for one in held.by_bot.get(bot.id, ())]
            continue
        if bot.id not in states:
            wrong.append(Wrong(bot.id, "state_missing"))
            continue
        try:
            running = Running.load(strategies, states[bot.id])
            expected.append(NewState(bot.id, {}, running.triggers))
            wrong += _of_one(bot, running, prices[bot.id], held)
        except Exception as error:  # noqa: BLE001 - whatever a strategy, ours or another's, makes of a broken state
            wrong.append(Wrong(bot.id, "state_unreadable", {"error": str(error)[:200]}))
    wrong += [Wrong(bot_id, "trigger_differs") for bot_id in unwatched_subjects(session, expected)]
    return wrong


def _of_one(bot: Bot, running: Running, quote: Quote, held: _Held) -> list[Wrong]:
    found = []
    orders = running.strategy.orders(running.setup, running.state)
    twice = [label for label, count in Counter((order.label, order.state) for order in orders).items() if count > 1]
    if running.strategy.key == "spot_grid" and twice:
        found.append(Wrong(bot.id, "two_orders", {"cell": twice[0][0]}))
    found += _figures(bot, running.figures(quote))
    found += _positions(bot, running, held)
    market = running.setup.market
    # In another currency the amount follows from the rate of the moment at which it was set aside.
    if market.currency == market.account_currency and held.reserved.get(bot.id, ZERO) != running.reserved:
        reserved = {"reserved": plain(held.reserved.get(bot.id, ZERO)), "expected": plain(running.reserved)}
        found.append(Wrong(bot.id, "reservation_differs", reserved))
    return found


def _figures(bot: Bot, figures: Figures) -> list[Wrong]:
    differing = {
        column: f"{getattr(bot, column)} / {getattr(figures, name)}"
        for column, name in _FIGURES
        if getattr(bot, column) != getattr(figures, name)
    }
    return [Wrong(bot.id, "figures_differ", differing)] if differing else []


def _positions(bot: Bot, running: Running, held: _Held) -> list[Wrong]:
    found = []
    believed: dict[UUID, Decimal] = defaultdict(lambda: ZERO)
    for key, lots in running.strategy.held(running.setup, running.state).items():
        position = running.positions.get(key)
        if position is None:
            found.append(Wrong(bot.id, "position_foreign", {"key": key, "lots": plain(lots)}))
        else:
            believed[position] += lots
    for position, lots in believed.items():
        real = held.volumes.get(position, ZERO)
        if real != lots:
            code = "position_smaller" if real < lots else "position_larger"
            found.append(Wrong(bot.id, code, {"position": str(position), "open": plain(real), "believed": plain(lots)}))
    unknown = set(held.by_bot.get(bot.id, ())) - believed.keys()
    return found + [Wrong(bot.id, "position_foreign", {"position": str(position)}) for position in sorted(unknown)]


def _held(session: TenantSession, bots: Sequence[Bot]) -> _Held:
    ids = uuids([bot.id for bot in bots])
    rows: Sequence[Any] = session.execute(
        text(
            "select id, volume, origin_id from core.positions where closed_ts_ms is null and origin = 'bot'"
            " and origin_id = any(cast(:ids as uuid[]))"
        ),
        {"ids": ids},
    ).all()
    by_bot: dict[UUID, list[UUID]] = defaultdict(list)
    for row in rows:
        by_bot[row.origin_id].append(row.id)
    reserved = session.execute(
        text(
            "select owner_id, amount from core.reservations where owner_kind = 'bot' and owner_id = any(cast(:ids as uuid[]))"
        ),
        {"ids": ids},
    )
    return _Held({row.id: row.volume for row in rows}, by_bot, {row.owner_id: row.amount for row in reserved})
