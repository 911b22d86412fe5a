"""How the demo's traders trade by hand: a few positions at a time, opened and closed at a whim."""

from __future__ import annotations

import random
from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from core.sdk.demo import DemoCustomer, DemoScene
from core.trading.services import close_positions, deposit, place_orders
from core.trading.types import OrderRequest
from tenants.db import TenantSession, new_id

MOST_OPEN: Final = 4
_SHARE: Final = Decimal("0.12")
"""Of the balance, what a position is worth at its opening."""
_IDLE: Final = 0.4
"""How likely nothing is done in a turn."""
_LOW: Final = Decimal("0.2")
"""Of the first deposit: below it the account is filled up again."""

_ACCOUNT: Final = text(
    "select a.balance, a.number, t.may_short,"
    " (select e.amount from core.ledger_entries e where e.account_id = a.id and e.key = 'demo:first') as first"
    " from core.accounts a join core.account_types t on t.id = a.account_type_id where a.id = :account"
)
_HELD: Final = text(
    "select id from core.positions where account_id = :account and closed_ts_ms is null and origin = 'manual'"
    " order by opened_ts_ms, id"
)
_SYMBOL: Final = text("select contract_size, lot_step, min_lot, max_lot from core.symbols where id = :symbol")


def trade(session: TenantSession, scene: DemoScene, chance: random.Random) -> None:
    """One of those who trade by hand does something, or nothing."""
    people = scene.who("trader")
    if not people or chance.random() < _IDLE:
        return
    person = chance.choice(people)
    account = session.execute(_ACCOUNT, {"account": person.account_id}).one()
    if account.first is not None and account.balance < account.first * _LOW:
        deposit(session, person.account_id, account.first, key=f"demo:{new_id()}", actor="demo", note="Filled up again")
        return
    held: Sequence[UUID] = session.scalars(_HELD, {"account": person.account_id}).all()
    if len(held) >= MOST_OPEN or (held and chance.random() < 0.4):
        close_positions(session, [(held[0], None, f"demo:{new_id()}")])
    else:
        _open(session, scene, person, account, chance)


def _open(session: TenantSession, scene: DemoScene, person: DemoCustomer, account: Any, chance: random.Random) -> None:
    code = chance.choice(sorted(scene.prices))
    symbol = session.execute(_SYMBOL, {"symbol": scene.symbols[code]}).one()
    worth = account.balance * _SHARE * Decimal(chance.choice(("0.5", "1", "1.5")))
    lots = worth / (scene.prices[code] * symbol.contract_size)
    volume = (lots / symbol.lot_step).to_integral_value(ROUND_DOWN) * symbol.lot_step
    if volume < symbol.min_lot:
        return
    short = account.may_short and chance.random() < 0.3
    # A refusal (a closed market, no free margin) is an answer like any other: the next turn tries something else.
    place_orders(
        session,
        [
            OrderRequest(
                client_order_id=f"demo:{new_id()}",
                account_id=person.account_id,
                symbol_id=scene.symbols[code],
                side="sell" if short else "buy",
                volume=min(volume, symbol.max_lot),
            )
        ],
    )
