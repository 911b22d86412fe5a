"""Random histories through the database against the model: fills, partial closes, flips, pauses, stops, deposits, closes by
hand, doubled and reordered deliveries, and crashes before any statement. Positions and ledgers must agree at the end.

``TRADEYARD_TEST_HISTORIES`` sets how many (default 12).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import Engine, event, text

from core.trading.services import deposit
from plugins.copy_trading.rules.states import By, Pause
from plugins.copy_trading.services import following
from plugins.copy_trading.services.stopping import stop
from tests.copy_trading.model import FollowerModel, MasterModel
from tests.copy_trading.scene import Scene

STEPS = 30
HISTORIES = int(os.environ.get("TRADEYARD_TEST_HISTORIES", "12"))


class KilledError(BaseException):
    """The worker is gone."""


class History:
    """One random history: what happens, to the product and to the model alike."""

    def __init__(self, scene: Scene, seed: int) -> None:
        self.scene, self.random = scene, Random(seed)
        scene.place.account_type("random", mode="netting", leverage=Decimal(1000), commission=Decimal(7))
        self.master = scene.master("20000", "random")
        self.account = scene.master_account(self.master)
        self.model = MasterModel(Fraction(20_000))
        self.events = 0
        self.read = {"closes": 0, "opens": 0}
        self.followers: list[tuple[UUID, UUID, FollowerModel]] = []
        for balance, choices, model in (
            ("3000", {}, FollowerModel(Fraction(3000), Fraction(1))),
            ("777.77", {"copy_ratio": Decimal("2.5")}, FollowerModel(Fraction("777.77"), Fraction("2.5"))),
            (
                "5000",
                {"mode": "fixed", "fixed_size": Decimal("0.07")},
                FollowerModel(Fraction(5000), None, Fraction("0.07")),
            ),
        ):
            account = scene.account(balance, "random")
            settings = {"max_open_trades": 100, **choices}
            self.followers.append((account, scene.follow(self.master, account, **settings), model))

    def run(self) -> None:
        """Let things happen, then deliver everything and compare."""
        steps: list[tuple[Callable[[], None], int]] = [
            (self.trade, 10),
            (self.deliver_closes, 5),
            (self.deliver_opens, 5),
            (self.crash, 3),
            (self.again, 2),
            (self.money, 1),
            (self.pause_or_resume, 2),
            (self.close_by_hand, 1),
        ]
        actions, weights = zip(*steps, strict=True)
        for _ in range(STEPS):
            self.random.choices(actions, weights)[0]()
        if self.random.random() < 0.5:
            self.stop()
        self.deliver_closes(everything=True)
        self.deliver_opens(everything=True)
        self.compare()

    def trade(self) -> None:
        lots = Fraction(self.random.randint(1, 300), 100)
        if abs(self.model.position) > 5 or (self.model.position and self.random.random() < 0.5):
            lots = -lots if self.model.position > 0 else lots
        elif self.random.random() < 0.5:
            lots = -lots
        self.scene.trade(self.account, "buy" if lots > 0 else "sell", f"{float(abs(lots)):.2f}")
        self.model.trade(lots)

    def deliver_closes(self, *, everything: bool = False) -> None:
        self._deliver("closes", 1000 if everything else self.random.randint(1, 4))

    def deliver_opens(self, *, everything: bool = False) -> None:
        self._deliver("opens", 1000 if everything else self.random.randint(1, 4))

    def _deliver(self, handler: str, limit: int) -> None:
        first = self.read[handler]
        upto = min(first + limit, len(self.model.events))
        if upto == first:
            return
        self.scene.run(handler, self.master, limit=limit)
        self.read[handler] = upto
        for _, _, model in self.followers:
            if handler == "closes":
                model.deliver_closes(self.model, upto)
            else:
                model.deliver_opens(self.model, first, upto)

    def crash(self) -> None:
        """A delivery that is killed before one of its statements, so that nothing of it may be seen."""
        left = [self.random.randint(0, 25)]

        def kill(*_arguments: object) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise KilledError

        handler, limit = self.random.choice(["closes", "opens"]), self.random.randint(1, 4)
        event.listen(Engine, "before_cursor_execute", kill)
        try:
            done = self.scene.run(handler, self.master, limit=limit)
        except KilledError:
            return
        finally:
            event.remove(Engine, "before_cursor_execute", kill)
        if done:
            first, self.read[handler] = self.read[handler], self.read[handler] + done
            for _, _, model in self.followers:
                if handler == "closes":
                    model.deliver_closes(self.model, first + done)
                else:
                    model.deliver_opens(self.model, first, first + done)

    def again(self) -> None:
        """What has been delivered is delivered once more."""
        handler = self.random.choice(["closes", "opens"])
        if self.read[handler]:
            self.scene.run(handler, self.master, again=True, limit=self.read[handler])
            # An opens' delivery carries every close that is known, whatever it is called for.
            for _, _, model in self.followers:
                if handler == "opens":
                    model.deliver_opens(self.model, 0, self.read[handler])
                else:
                    model.deliver_closes(self.model, self.read[handler])

    def money(self) -> None:
        amount = self.random.randint(100, 5000)
        who = self.random.randrange(4)
        self.events += 1
        with self.scene.place.session() as session:
            account = self.account if who == 3 else self.followers[who][0]
            deposit(session, account, Decimal(amount), key=f"money-{self.events}")
        if who == 3:
            self.model.balance += amount
        else:
            self.followers[who][2].balance += amount

    def pause_or_resume(self) -> None:
        _, subscription, model = self.random.choice(self.followers)
        with self.scene.place.session() as session:
            if model.paused:
                following.resume_copying(session, [subscription], By.FOLLOWER)
            else:
                following.pause(session, [subscription], Pause.FOLLOWER)
        model.paused = not model.paused

    def close_by_hand(self) -> None:
        account, _, model = self.random.choice(self.followers)
        if not model.position:
            return
        lots = min(Fraction(self.random.randint(1, 10), 100), abs(model.position))
        self.scene.trade(account, "sell" if model.position > 0 else "buy", f"{float(lots):.2f}")
        model.close_by_hand(lots)

    def stop(self) -> None:
        _, subscription, model = self.random.choice(self.followers)
        close = self.random.random() < 0.5
        with self.scene.place.session() as session:
            stop(session, [subscription], "close_all" if close else "keep")
        model.stop(close=close)

    def compare(self) -> None:
        for account, subscription, model in self.followers:
            assert Fraction(self.scene.held(account)) == model.position
            assert Fraction(self.scene.own(account).balance) == model.balance
            with self.scene.place.session() as session:
                orders = session.scalar(
                    text("select count(*) from core.orders where origin_id = :id and status = 'filled'"),
                    {"id": subscription},
                )
            assert orders == model.orders, "exactly one order for each decision"
        self.scene.place.check_ledger()


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_every_followers_position_and_ledger_agree_with_the_model(scene: Scene, seed: int) -> None:
    History(scene, seed).run()
