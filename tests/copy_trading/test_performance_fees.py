"""Performance fee: percent × max(0, P − HWM), then HWM := P; monthly and on stop, from follower to master, through the ledger.

P is the cumulative net realised P&L of the copy. The follower of these tests has 2,500 and copies 0.25 lot at 1.08500: each
0.01000 that the price moves is worth 250 to them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, event, text

from core.trading.models import AccountType, LedgerEntry
from plugins.copy_trading.models import Confirmation, Fee, FeeMark, Master
from plugins.copy_trading.rules.choices import Choices
from plugins.copy_trading.rules.fees import fee_on, reckon
from plugins.copy_trading.services import fee_lines, fees, following
from plugins.copy_trading.services.errors import RefusedError
from plugins.copy_trading.services.stopping import stop
from tenants.models import Tenant
from tests.copy_trading.scanning import Alerting
from tests.copy_trading.scene import Scene

D = Decimal
NEXT_MONTH = datetime(2033, 2, 1, 0, 5, tzinfo=UTC)


def charged(scene: Scene, now: datetime | None = None) -> int:
    """Let the job run at a moment; how many payments it made."""
    with scene.place.session() as session:
        context = Alerting(session, scene.place.tenant_id, scene.module_state, scene.settings)
        return fees.charge(context, now)


def month(number: int) -> datetime:
    """The first of a month after the follow."""
    return datetime(2033, number, 1, 0, 5, tzinfo=UTC)


def asking(scene: Scene, percent: str, **values: Any) -> UUID:
    """A master who asks for a fee."""
    master = scene.master(**values)
    scene.place.change(Master, (scene.place.tenant_id, master), fee_percent=D(percent))
    return master


def earn(scene: Scene, master: UUID, close_at: str) -> None:
    """A round trip of the master that is copied, from 1.08500 to a price."""
    scene.place.quote("EURUSD", "1.08500", "1.08500")
    position = scene.trade(scene.master_account(master), "buy", "1.00").fills[0].position_id
    scene.copy(master)
    scene.place.quote("EURUSD", close_at, close_at)
    scene.trade(scene.master_account(master), "sell", "1.00", position_id=position)
    scene.copy(master)


def entries(scene: Scene, account: UUID) -> list[Decimal]:
    """Amounts of the fees in an account's ledger."""
    with scene.place.session() as session:
        rows = (
            session.query(LedgerEntry.amount).filter_by(account_id=account, kind="fee").order_by(LedgerEntry.entry_no)
        )
        return [row[0] for row in rows]


def book(scene: Scene) -> list[Fee]:
    with scene.place.session() as session:
        return list(session.query(Fee).order_by(Fee.number))


@pytest.mark.parametrize(
    ("pnl", "mark", "fee"), [("1000", "0", "200"), ("1000", "1000", "0"), ("900", "1000", "0"), ("-5", "0", "0"), ("1500", "1000", "100")]
)  # fmt: skip
def test_the_fee_is_on_new_profit_alone(pnl: str, mark: str, fee: str) -> None:
    assert fee_on(D(pnl), D(mark), D(20)) == D(fee)


def test_the_mark_only_rises_and_what_is_not_free_stays_owed() -> None:
    assert reckon(D(100), D(0), D(20), D(0), D(15)) == (D(20), D(15), D(5), D(100))
    assert reckon(D(50), D(100), D(20), D(5), D(100)) == (D(0), D(5), D(0), D(100))
    assert reckon(D(150), D(100), D(20), D(0), D(-3)) == (D(10), D(0), D(10), D(150))


def test_a_month_is_charged_once_from_follower_to_master_both_in_the_ledger(scene: Scene) -> None:
    master = asking(scene, "20")
    follower = scene.account("2500")
    subscription = scene.follow(master, follower)
    earn(scene, master, "1.09500")
    assert scene.own(follower).balance == D(2750)
    assert charged(scene) == 0, "the month is running"
    assert charged(scene, NEXT_MONTH) == 1
    assert charged(scene, NEXT_MONTH) == 0
    assert (entries(scene, follower), entries(scene, scene.master_account(master))) == ([D(-50)], [D(50)])
    [fee] = book(scene)
    assert (fee.cause, fee.pnl, fee.mark, fee.due, fee.charged, fee.owed) == ("month", D(250), D(0), D(50), D(50), D(0))
    assert fee.period == f"{datetime.now(UTC):%Y-%m}", "the month that is over"
    with scene.place.session() as session:
        line = fee_lines.fees_of(session, [subscription])[subscription]
        assert (line.percent, line.pnl, line.mark, line.charged, line.accrued) == (D(20), D(250), D(250), D(50), D(0))
        [entry] = fee_lines.fee_entries(session, master_id=master)
        assert (entry.charged, entry.credited, entry.account) == (D(50), D(50), scene.own(follower).number)
        now = f"{datetime.now(UTC):%Y-%m}"
        assert fee_lines.earnings_of(session, [master], now)[master] == fee_lines.Earnings(D(50), D(50))
        [told] = session.scalars(text("select words from tenants.notifications where code = 'fee_charged'")).all()
        assert "50.00" in str(told)
    scene.place.check_ledger()


def test_a_loss_is_made_good_before_the_next_fee(scene: Scene) -> None:
    master = asking(scene, "20")
    follower = scene.account("2500")
    scene.follow(master, follower, mode="fixed", fixed_size=D("0.25"))
    earn(scene, master, "1.09500")
    charged(scene, month(2))
    earn(scene, master, "1.08100")  # −100: P 150, mark 250
    assert charged(scene, month(3)) == 0
    earn(scene, master, "1.08900")  # +100: P 250
    assert charged(scene, month(4)) == 0
    earn(scene, master, "1.08700")  # +50: P 300
    charged(scene, month(5))
    assert entries(scene, follower) == [D(-50), D(-10)]
    assert [fee.mark for fee in book(scene)] == [D(0), D(250)]


def test_the_fee_is_reckoned_up_on_stop_and_the_mark_survives_a_new_start(scene: Scene) -> None:
    master = asking(scene, "20")
    follower = scene.account("2500")
    fixed = {"mode": "fixed", "fixed_size": D("0.25")}
    first = scene.follow(master, follower, **fixed)
    earn(scene, master, "1.09500")
    with scene.place.session() as session:
        stop(session, [first], "close_all")
    assert charged(scene) == 1
    assert charged(scene) == 0
    assert [fee.cause for fee in book(scene)] == ["stop"]
    # Who stops after a loss and follows anew owes nothing before the loss is made good.
    second = scene.follow(master, follower, **fixed)
    earn(scene, master, "1.08100")
    with scene.place.session() as session:
        stop(session, [second], "close_all")
    scene.follow(master, follower, **fixed)
    earn(scene, master, "1.08900")
    charged(scene, NEXT_MONTH)
    assert entries(scene, follower) == [D(-50)]


def test_floating_profit_is_not_reckoned(scene: Scene) -> None:
    master = asking(scene, "20")
    follower = scene.account("2500")
    scene.follow(master, follower)
    scene.trade(scene.master_account(master), "buy", "1.00")
    scene.copy(master)
    scene.place.quote("EURUSD", "1.09500", "1.09500")
    assert charged(scene, NEXT_MONTH) == 0


def test_no_more_is_taken_than_is_free_and_the_rest_follows_once_it_is(scene: Scene) -> None:
    master = asking(scene, "20")
    follower = scene.account("2500")
    scene.follow(master, follower, max_open_trades=1)
    earn(scene, master, "1.09500")
    # All but 20 of the 2,750 is bound: 2.50 lots at 1.09200 bind 2,730 at a leverage of 100.
    scene.place.quote("EURUSD", "1.09200", "1.09200")
    position = scene.trade(follower, "buy", "2.50").fills[0].position_id
    assert charged(scene, NEXT_MONTH) == 1
    assert entries(scene, follower) == [D(-20)]
    assert charged(scene, NEXT_MONTH) == 0, "there is nothing more to take"
    scene.place.close(position)
    assert charged(scene, NEXT_MONTH) == 1
    assert entries(scene, follower) == [D(-20), D(-30)]
    assert [(fee.cause, fee.due, fee.owed) for fee in book(scene)] == [("month", D(50), D(30)), ("owed", D(0), D(0))]


def test_the_master_is_paid_in_the_currency_of_their_account(scene: Scene) -> None:
    """EURUSD at 1.25: 50 dollars are 40 euros at the middle."""
    scene.place.account_type("euro", currency="EUR")
    master = asking(scene, "20", type_name="euro")
    follower = scene.account("2500")
    scene.follow(master, follower, mode="fixed", fixed_size=D("0.25"))
    earn(scene, master, "1.09500")
    scene.place.quote("EURUSD", "1.25000", "1.25000")
    charged(scene, NEXT_MONTH)
    assert entries(scene, follower) == [D(-50)]
    assert entries(scene, scene.master_account(master)) == [D(40)]


def test_without_a_rate_the_fee_waits(scene: Scene) -> None:
    scene.place.account_type("yen", currency="JPY")
    scene.place.change(AccountType, (scene.place.tenant_id, scene.place.types["standard"]), leverage=D(100))
    master = asking(scene, "20")
    follower = scene.account("2500")
    scene.follow(master, follower)
    earn(scene, master, "1.09500")
    with scene.place.database.system() as session:
        session.execute(
            text("update core.accounts set currency = 'JPY' where id = :id"), {"id": scene.master_account(master)}
        )
    assert charged(scene, NEXT_MONTH) == 0
    with scene.place.session() as session:
        mark = session.query(FeeMark).one()
        assert (mark.owed, mark.mark) == (D(50), D(250))


def test_the_month_is_the_tenants(scene: Scene) -> None:
    """At 23:30 UTC on the last of January it is February in Tokyo."""
    master = asking(scene, "20")
    follower = scene.account("2500")
    scene.follow(master, follower)
    earn(scene, master, "1.09500")
    charged(scene, datetime(2033, 1, 15, tzinfo=UTC))
    earn(scene, master, "1.09500")
    late = datetime(2033, 1, 31, 23, 30, tzinfo=UTC)
    assert charged(scene, late) == 0
    scene.place.change(Tenant, scene.place.tenant_id, time_zone="Asia/Tokyo")
    assert charged(scene, late) == 1


def test_the_follower_confirms_the_fee_and_never_pays_more(scene: Scene) -> None:
    master = asking(scene, "20")
    follower = scene.account("2500")
    scene.follow(master, follower)
    with scene.place.session() as session:
        assert session.query(Confirmation).one().fee_percent == D(20)
    scene.place.change(Master, (scene.place.tenant_id, master), fee_percent=D(30))
    earn(scene, master, "1.09500")
    charged(scene, month(2))
    assert entries(scene, follower) == [D(-50)]
    scene.place.change(Master, (scene.place.tenant_id, master), fee_percent=D(10))
    earn(scene, master, "1.09500")
    charged(scene, month(3))
    gain = book(scene)[1].pnl - D(250)
    assert entries(scene, follower)[1] == -gain / 10, "a lower fee holds for all at once"


def test_the_tenants_bound_holds_over_the_masters_wish(scene: Scene) -> None:
    master = asking(scene, "40")
    follower = scene.account("2500")
    scene.follow(master, follower)
    with scene.place.session() as session:
        assert session.query(Confirmation).one().fee_percent == D(30)


def test_a_fee_that_rose_since_it_was_read_is_not_confirmed(scene: Scene) -> None:
    master = asking(scene, "20")
    follower = scene.account("2500")
    with scene.place.session() as session, pytest.raises(RefusedError) as refused:
        following.follow(
            session, scene.settings, customer_id=scene.customer_of(follower), account_id=follower, master_id=master,
            choices=Choices(), confirmed=True, seen_fee=D(10),
        )  # fmt: skip
    assert refused.value.code == "fee_changed"


def test_play_money_never_becomes_real_money(scene: Scene) -> None:
    scene.place.account_type("demo", demo=True)
    master = asking(scene, "20")
    follower = scene.account("2500", "demo")
    scene.follow(master, follower)
    earn(scene, master, "1.09500")
    assert charged(scene, NEXT_MONTH) == 0
    assert entries(scene, scene.master_account(master)) == []


class KilledError(BaseException):
    """The worker is gone."""


def test_a_run_that_is_killed_before_any_of_its_statements_pays_once_in_the_end(scene: Scene) -> None:
    master = asking(scene, "20")
    follower = scene.account("2500")
    scene.follow(master, follower)
    earn(scene, master, "1.09500")
    at = 0
    while True:
        left = [at]

        def kill(*_arguments: object, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise KilledError

        event.listen(Engine, "before_cursor_execute", kill)
        try:
            charged(scene, NEXT_MONTH)
            break
        except KilledError:
            at += 1
        finally:
            event.remove(Engine, "before_cursor_execute", kill)
    assert at > 10
    assert (entries(scene, follower), entries(scene, scene.master_account(master))) == ([D(-50)], [D(50)])
    scene.place.check_ledger()
