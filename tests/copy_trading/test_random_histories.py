"""Random histories through the database against the model: fills, partial closes, flips, prices, pauses, stops, deposits,
closes by hand, monthly fees, doubled and reordered deliveries, and crashes before any statement. Positions and ledgers must
agree at the end.

One master's history is that of each of its followers, and each of them goes through something else: with 20 masters of 100
followers 2,000 histories are compared. ``TRADEYARD_TEST_HISTORIES`` sets how many masters.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import NamedTuple
from uuid import UUID

import pytest
from sqlalchemy import Engine, event, text

from core.sdk.trading import Payment, close_positions, pay
from plugins.copy_trading.models import Master
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.rules.states import By, Pause
from plugins.copy_trading.services import fees, following
from plugins.copy_trading.services.stopping import stop
from tests.copy_trading.model import FollowerModel, MasterModel, Price
from tests.copy_trading.scene import Context, Scene

STEPS = 30
MASTERS = int(os.environ.get("TRADEYARD_TEST_HISTORIES", "20"))
FOLLOWERS = 100
KINDS = (("3000", "1", None), ("7777.77", "2.5", None), ("900", "0.3", None), ("5000", "1", "0.07"))
"""Balance, copy ratio, and for one in four the fixed size."""


class KilledError(BaseException):
    """The worker is gone."""


class Follower(NamedTuple):
    """A follower in the product and in the model."""

    account: UUID
    subscription: UUID
    model: FollowerModel


class History:
    """One random history: what happens, to the product and to the model alike."""

    def __init__(self, scene: Scene, seed: int) -> None:
        self.scene, self.random = scene, Random(seed)
        scene.settings = CopyTradingSettings(max_signal_age_s=1_000_000)
        scene.place.account_type(
            "random", mode="netting", leverage=Decimal(1000), commission_kind="per_lot", commission=Decimal(7)
        )
        self.price = Price()
        self.master = scene.master("20000", "random")
        scene.place.change(Master, (scene.place.tenant_id, self.master), fee_percent=Decimal(20))
        self.account = scene.master_account(self.master)
        self.model = MasterModel(self.price, Fraction(20_000))
        self.payments, self.month = 0, 0
        self.read = {"closes": 0, "opens": 0}
        self.followers = [one for kind in KINDS for one in self._follow(FOLLOWERS // len(KINDS), *kind)]

    def _follow(self, count: int, balance: str, ratio: str, fixed: str | None) -> list[Follower]:
        """Many at once: this is about copying, not about following."""
        accounts = self.scene.place.accounts("random", count, balance=balance)
        with self.scene.place.session() as session:
            rows = session.execute(
                text(
                    "with made as (insert into copy_trading.subscriptions (id, master_id, account_id, customer_id, mode,"
                    " copy_ratio, fixed_size, max_open_trades, slippage_tolerance, fee_percent, start_equity)"
                    " select gen_random_uuid(), :master, a.id, a.customer_id, :mode, :ratio, :fixed, 100, 50, 20, a.balance"
                    " from core.accounts a where a.id = any(:accounts) returning id, account_id), cursors as (insert into"
                    " copy_trading.cursors (subscription_id, last_close, last_open) select id, 0, 0 from made)"
                    " select account_id, id from made"
                ),
                {
                    "master": self.master,
                    "mode": "proportional" if fixed is None else "fixed",
                    "ratio": Decimal(ratio),
                    "fixed": Decimal(fixed or "0.01"),
                    "accounts": accounts,
                },
            ).all()
        scale = None if fixed is not None else Fraction(ratio)
        size = Fraction(fixed or 0)
        return [Follower(row[0], row[1], FollowerModel(self.price, Fraction(balance), scale, size)) for row in rows]

    def run(self) -> None:
        """Let things happen, then deliver everything and compare."""
        steps: list[tuple[Callable[[], None], int]] = [
            (self.trade, 10),
            (self.deliver_closes, 5),
            (self.deliver_opens, 5),
            (self.crash, 3),
            (self.again, 2),
            (self.move, 4),
            (self.money, 1),
            (self.pause_or_resume, 2),
            (self.close_by_hand, 2),
            (self.stop, 1),
            (self.charge, 2),
        ]
        actions, weights = zip(*steps, strict=True)
        for _ in range(STEPS):
            self.random.choices(actions, weights)[0]()
        self.deliver_closes(everything=True)
        self.deliver_opens(everything=True)
        self.charge()
        self.compare()

    def some(self, share: float) -> list[Follower]:
        """Followers that still copy, each with a chance of its own."""
        return [one for one in self.followers if not one.model.stopped and self.random.random() < share]

    def trade(self) -> None:
        lots = Fraction(self.random.randint(1, 300), 100)
        if abs(self.model.position) > 5 or (self.model.position and self.random.random() < 0.5):
            lots = -lots if self.model.position > 0 else lots
        elif self.random.random() < 0.5:
            lots = -lots
        self.scene.trade(self.account, "buy" if lots > 0 else "sell", f"{float(abs(lots)):.2f}")
        self.model.trade(lots)

    def move(self) -> None:
        """The price moves by up to ten pips about where it began."""
        self.price.now = Fraction(108_500 + self.random.randint(-100, 100), 100_000)
        shown = f"{float(self.price.now):.5f}"
        self.scene.place.quote("EURUSD", shown, shown)

    def deliver_closes(self, *, everything: bool = False) -> None:
        self._deliver("closes", 1000 if everything else self.random.randint(1, 4))

    def deliver_opens(self, *, everything: bool = False) -> None:
        self._deliver("opens", 1000 if everything else self.random.randint(1, 4))

    def _deliver(self, handler: str, limit: int) -> None:
        if self.read[handler] < len(self.model.events):
            self._delivered(handler, self.scene.run(handler, self.master, limit=limit))

    def _delivered(self, handler: str, events: int) -> None:
        first = self.read[handler]
        self.read[handler] = upto = first + events
        for one in self.followers:
            if handler == "closes":
                one.model.deliver_closes(self.model, upto)
            elif events:
                one.model.deliver_opens(self.model, first, upto)

    def crash(self) -> None:
        """A delivery or a reckoning that is killed before one of its statements, so that nothing of it may be seen."""
        what = self.random.choice(["closes", "opens", "fees"])
        left = [self.random.randint(0, 25)]

        def kill(*_arguments: object) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise KilledError

        event.listen(Engine, "before_cursor_execute", kill)
        try:
            if what == "fees":
                self._charge(self.month + 1)
            else:
                done = self.scene.run(what, self.master, limit=self.random.randint(1, 4))
        except KilledError:
            return
        finally:
            event.remove(Engine, "before_cursor_execute", kill)
        if what == "fees":
            self._charged()
        else:
            self._delivered(what, done)

    def again(self) -> None:
        """What has been delivered is delivered once more."""
        handler = self.random.choice(["closes", "opens"])
        if self.read[handler]:
            self.scene.run(handler, self.master, again=True, limit=self.read[handler])
            # An opens' delivery carries every close that is known, whatever it is called for.
            for one in self.followers:
                if handler == "opens":
                    one.model.deliver_opens(self.model, 0, self.read[handler])
                else:
                    one.model.deliver_closes(self.model, self.read[handler])

    def money(self) -> None:
        """Deposits, also the master's."""
        self.payments += 1
        amount = self.random.randint(100, 5000)
        chosen = self.some(0.2)
        accounts = [one.account for one in chosen] + [self.account] * (self.random.random() < 0.5)
        with self.scene.place.session() as session:
            pay(session, [Payment(one, Decimal(amount), f"money-{self.payments}", "deposit") for one in accounts])
        for one in chosen:
            one.model.balance += amount
        self.model.balance += amount * (self.account in accounts)

    def pause_or_resume(self) -> None:
        chosen = self.some(0.3)
        paused = [one.subscription for one in chosen if one.model.paused]
        with self.scene.place.session() as session:
            following.resume_copying(session, paused, By.FOLLOWER)
            following.pause(session, [one.subscription for one in chosen if not one.model.paused], Pause.FOLLOWER)
        for one in chosen:
            one.model.paused = not one.model.paused

    def close_by_hand(self) -> None:
        chosen = {one.account: one for one in self.some(0.2) if one.model.position}
        if not chosen:
            return
        self.payments += 1
        with self.scene.place.session() as session:
            held = session.execute(
                text(
                    "select account_id, id from core.positions where account_id = any(:ids) and closed_ts_ms is null"
                    " order by account_id"
                ),
                {"ids": list(chosen)},
            ).all()
            lots = {row.account_id: Fraction(self.random.randint(1, 10), 100) for row in held}
            lots = {key: min(size, abs(chosen[key].model.position)) for key, size in lots.items()}
            closes = [(row.id, Decimal(f"{float(lots[row.account_id]):.2f}"), f"hand-{self.payments}") for row in held]
            assert all(result.status == "filled" for result in close_positions(session, closes))
        for key, size in lots.items():
            chosen[key].model.close_by_hand(size)

    def stop(self) -> None:
        chosen, close = self.some(0.1), self.random.random() < 0.5
        with self.scene.place.session() as session:
            stop(session, [one.subscription for one in chosen], "close_all" if close else "keep")
        for one in chosen:
            one.model.stop(close=close)

    def charge(self) -> None:
        """The next month begins."""
        self._charge(self.month + 1)
        self._charged()

    def _charge(self, month: int) -> None:
        with self.scene.place.session() as session:
            context = Context(session, self.scene.place.tenant_id, "on", self.scene.settings)
            fees.charge(context, datetime(2033 + month // 12, month % 12 + 1, 2, tzinfo=UTC))

    def _charged(self) -> None:
        self.month += 1
        for one in self.followers:
            self.model.balance += one.model.reckon(self.month)

    def compare(self) -> None:
        ids = {"ids": [one.account for one in self.followers]}
        with self.scene.place.session() as session:
            held = dict(
                session.execute(
                    text(
                        "select account_id, sum(case side when 'buy' then volume else -volume end) from core.positions"
                        " where account_id = any(:ids) and closed_ts_ms is null group by account_id"
                    ),
                    ids,
                ).all()
            )
            balances = dict(
                session.execute(text("select id, balance from core.accounts where id = any(:ids)"), ids).all()
            )
            orders = dict(
                session.execute(
                    text(
                        "select origin_id, count(*) from core.orders where origin = 'copy' and status = 'filled'"
                        " group by origin_id"
                    )
                ).all()
            )
        for one in self.followers:
            assert Fraction(held.get(one.account, 0)) == one.model.position
            assert Fraction(balances[one.account]) == one.model.balance
            assert orders.get(one.subscription, 0) == one.model.orders, "exactly one order for each decision"
        assert Fraction(self.scene.own(self.account).balance) == self.model.balance
        self.scene.place.check_ledger()


@pytest.mark.parametrize("seed", range(MASTERS))
def test_every_followers_position_and_ledger_agree_with_the_model(scene: Scene, seed: int) -> None:
    History(scene, seed).run()
