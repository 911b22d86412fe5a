"""Whatever is done to accounts in whatever order: balance is the ledger's sum, margin the positions', triggers complete."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from core.lanes.models import Trigger
from core.trading.booking import book
from core.trading.models import Fill, LedgerEntry, Order, Position
from core.trading.rules.margin import Bound, account_margin
from core.trading.rules.money import ZERO, total
from core.trading.services import (
    FundsError,
    ProtectionError,
    account_states,
    cancel_orders,
    correct,
    deposit,
    release,
    reserve,
    set_protection,
    withdraw,
)
from core.trading.types import AccountState
from tests.trading.market import MarketPlace

OWNERS = [UUID(int=number) for number in range(1, 4)]


class Player:
    """Does one random thing after the other to a few accounts; the seed decides all of it."""

    def __init__(self, market: MarketPlace, seed: int) -> None:
        self.market, self.random = market, random.Random(seed)
        market.account_type("net", mode="netting", commission=Decimal(7), markup=Decimal("0.4"))
        market.account_type(
            "euro", currency="EUR", commission_kind="percent", commission=Decimal("0.01"), leverage=Decimal(30)
        )
        self.accounts = [
            *market.accounts("standard", 2, balance="2000"),
            *market.accounts("net", 2, balance="2000"),
            *market.accounts("euro", 1, balance="2000"),
        ]
        self.bids = {"EURUSD": 110_000, "GBPUSD": 125_000, "BTCUSD": 2_000_000}
        for code in self.bids:
            self.move(code, 0)

    def move(self, code: str, by: int) -> None:
        tick = Decimal("0.01") if code == "BTCUSD" else Decimal("0.00001")
        self.bids[code] = max(1000, self.bids[code] + by)
        bid = self.bids[code] * tick
        self.market.cross(code, str(bid), str(bid + self.random.randint(0, 20) * tick))

    def step(self) -> None:
        name = self.random.choices(
            ["order", "close", "cancel", "protect", "quote", "gap", "funds", "reserve"], [8, 4, 2, 3, 8, 1, 2, 2]
        )[0]
        try:
            getattr(self, name)()
        except (FundsError, ProtectionError):
            return

    def quote(self) -> None:
        self.move(self.random.choice(list(self.bids)), self.random.randint(-150, 150))

    def gap(self) -> None:
        self.move(self.random.choice(list(self.bids)), self.random.randint(-6000, 6000))

    def order(self) -> None:
        code = self.random.choice(list(self.bids))
        tick = Decimal("0.01") if code == "BTCUSD" else Decimal("0.00001")
        kind = self.random.choice(["market", "market", "limit", "stop", "ioc"])
        values: dict[str, Any] = {"kind": kind}
        if kind != "market":
            values["price"] = (self.bids[code] + self.random.randint(-300, 300)) * tick
        if self.random.random() < 0.3:
            values["stop_loss"] = (self.bids[code] + self.random.choice([-400, 400])) * tick
            values["client_order_id"] = f"repeat-{self.random.randint(0, 5)}"
        volume = str(self.random.randint(1, 60) * Decimal("0.01"))
        picked = self.random.sample(self.accounts, self.random.randint(1, 3))
        side = self.random.choice(["buy", "sell"])
        with self.market.session() as session:
            book(session, [self.market.order(account, side, volume, code, **values) for account in picked])

    def _pick(self, query: Any) -> UUID | None:
        with self.market.session() as session:
            ids = list(session.scalars(query))
        return self.random.choice(ids) if ids else None

    def close(self) -> None:
        position = self._pick(select(Position.id).where(Position.closed_ts_ms.is_(None)).order_by(Position.id))
        if position is not None:
            self.market.close(position, self.random.choice([None, "0.01", "0.05"]))

    def cancel(self) -> None:
        order = self._pick(select(Order.id).order_by(Order.id))
        if order is not None:
            with self.market.session() as session:
                cancel_orders(session, [order])

    def protect(self) -> None:
        position = self._pick(select(Position.id).where(Position.closed_ts_ms.is_(None)).order_by(Position.id))
        if position is not None:
            with self.market.session() as session:
                row = session.get_one(Position, (self.market.tenant_id, position))
                tick = Decimal("0.01") if row.open_price > 100 else Decimal("0.00001")
                price = (int(row.open_price / tick) + self.random.randint(-500, 500)) * tick
                set_protection(session, position, price, None, checked=self.random.random() < 0.5)

    def funds(self) -> None:
        account, amount = self.random.choice(self.accounts), Decimal(self.random.randint(1, 900))
        key = f"key-{self.random.randint(0, 20)}"
        with self.market.session() as session:
            match self.random.randint(0, 2):
                case 0:
                    deposit(session, account, amount, key=key)
                case 1:
                    withdraw(session, account, amount, key=key)
                case _:
                    correct(session, account, -amount, key=key, actor="staff", note="test")

    def reserve(self) -> None:
        owner = self.random.choice(OWNERS)
        with self.market.session() as session:
            if self.random.random() < 0.3:
                release(session, owner)
            else:
                reserve(session, self.random.choice(self.accounts), "bot", owner, Decimal(self.random.randint(0, 500)))


def check(market: MarketPlace) -> None:
    """What must hold after every step."""
    market.check_ledger()
    with market.session() as session:
        states = account_states(
            session, session.scalars(text("select id from core.accounts").columns(id=Position.id.type))
        )
        rows = session.execute(
            text("select a.id, a.margin, a.fill_no, a.ledger_no, a.margin_called, t.margin_call_level, t.stop_out_level"
                 " from core.accounts a join core.account_types t on t.id = a.account_type_id")
        ).all()  # fmt: skip
        for row in rows:
            held = session.scalars(
                select(Position).where(Position.account_id == row.id, Position.closed_ts_ms.is_(None))
            ).all()
            assert row.margin == account_margin(Bound(one.symbol_id, one.side, one.margin) for one in held)
            numbers = session.scalars(
                select(Fill.fill_no).where(Fill.account_id == row.id).order_by(Fill.fill_no)
            ).all()
            assert numbers == list(range(1, row.fill_no + 1))
            entries = session.scalars(
                select(LedgerEntry).where(LedgerEntry.account_id == row.id).order_by(LedgerEntry.entry_no)
            ).all()
            assert [entry.entry_no for entry in entries] == list(range(1, row.ledger_no + 1))
            running = ZERO
            for entry in entries:
                running += entry.amount
                assert entry.balance == running
            realised = total(entry.amount for entry in entries if entry.kind == "trade")
            fills = session.scalars(select(Fill).where(Fill.account_id == row.id)).all()
            assert realised == total(fill.profit - fill.commission for fill in fills)
            if held:
                _check_risk(session, row, states[row.id])
        _check_triggers(session)


def _check_risk(session: Any, row: Any, state: AccountState) -> None:
    """What could still happen to an account at the current quotes is either told already or fires on the next one."""
    assert state.level is not None
    below = state.level < row.margin_call_level and not row.margin_called
    if below or state.level < row.stop_out_level or (row.margin_called and state.level >= row.margin_call_level):
        fires = session.execute(
            text(
                "select count(*) from core.triggers t join core.quotes q on q.instrument_id = t.instrument_id"
                " where t.kind = 'account' and t.subject_id = :id and (q.ask <= t.ask_le or q.ask >= t.ask_ge"
                " or q.bid <= t.bid_le or q.bid >= t.bid_ge)"
            ),
            {"id": row.id},
        ).scalar_one()
        assert fires, state


def _check_triggers(session: Any) -> None:
    wanted = {
        *(
            (("order", key))
            for key in session.scalars(select(Order.id).where(Order.status.in_(["resting", "waiting"])))
        ),
        *(
            ("position", key)
            for key in session.scalars(
                select(Position.id).where(
                    Position.closed_ts_ms.is_(None),
                    Position.stop_loss.is_not(None) | Position.take_profit.is_not(None),
                )
            )
        ),
        *(
            ("account", key)
            for key in session.scalars(select(Position.account_id).where(Position.closed_ts_ms.is_(None)).distinct())
        ),
    }
    found = {(row.kind, row.subject_id) for row in session.scalars(select(Trigger))}
    assert found == wanted


@pytest.mark.parametrize("seed", range(4))
def test_the_books_balance_after_every_step(market: MarketPlace, seed: int) -> None:
    player = Player(market, seed)
    for _ in range(70):
        player.step()
        check(market)
    with market.session() as session:
        assert session.scalars(select(Fill.id)).first() is not None
