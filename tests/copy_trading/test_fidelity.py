"""Copy fidelity: expected against real size, price and P&L of each copy, and the parts of the gap, to the cent."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from plugins.copy_trading.rules.fidelity import Gap, Leg, Trade, average, copied, missed
from plugins.copy_trading.services.fidelity import Fidelity, fidelity_of
from tests.copy_trading.scene import Scene
from tests.copy_trading.test_dry_run import tick

D = Decimal


def fidelity(scene: Scene, subscription: UUID, account: UUID, *, mock: bool = False) -> Fidelity:
    with scene.place.session() as session:
        return fidelity_of(session, subscription, account, "USD", mock=mock)


def rounded(gap: Gap) -> dict[str, Decimal]:
    return {name: getattr(gap, name).quantize(D("0.01")) for name in Gap.__slots__}


def test_the_gap_of_a_copy_is_told_as_latency_rounding_and_skips(scene: Scene) -> None:
    master, follower = scene.master(), scene.account("2500")
    subscription, account = scene.follow(master, follower), scene.master_account(master)
    tick(scene, "1.08500")
    first = scene.trade(account, "buy", "0.50").fills[0].position_id
    tick(scene, "1.08510")  # the copy is booked on the next quote
    scene.copy(master)
    small = scene.trade(account, "buy", "0.01").fills[0].position_id
    scene.copy(master)
    tick(scene, "1.08700")
    scene.trade(account, "sell", "0.50", position_id=first, reduce_only=True)
    scene.trade(account, "sell", "0.01", position_id=small, reduce_only=True)
    tick(scene, "1.08690")
    scene.copy(master)
    found = fidelity(scene, subscription, follower)
    [line] = found.lines
    assert (line.asked, line.size, line.master_price, line.price) == (D("0.125"), D("0.12"), D("1.085"), D("1.0851"))
    assert rounded(line.gap) == {
        "expected": D("25.00"),  # 0.125 lots and 20 pips
        "real": D("21.60"),  # 0.12 lots and 18 pips
        "latency": D("-2.40"),  # one pip at each end
        "slippage": D("0.00"),
        "rounding": D("-1.00"),  # half a step short over 20 pips
        "skipped": D("0.00"),
        "fees": D("0.00"),
    }
    assert found.missed == 1
    # The skipped one: 0.0025 lots over 19 pips.
    assert (rounded(found.total)["skipped"], rounded(found.total)["expected"]) == (D("-0.47"), D("25.47"))
    assert found.percent == 96
    assert found.delay_ms is not None


def test_mark_ups_are_slippage_and_commission_is_a_fee(scene: Scene) -> None:
    scene.place.account_type("dear", markup=D(1), commission_kind="per_lot", commission=D(7))
    master, follower = scene.master(), scene.account("2500", "dear")
    subscription, account = scene.follow(master, follower), scene.master_account(master)
    tick(scene, "1.08500")
    position = scene.trade(account, "buy", "1.00").fills[0].position_id
    scene.copy(master)
    tick(scene, "1.08600")
    scene.trade(account, "sell", "1.00", position_id=position, reduce_only=True)
    scene.copy(master)
    [line] = fidelity(scene, subscription, follower).lines
    parts = rounded(line.gap)
    assert (parts["expected"], parts["fees"], parts["rounding"], parts["latency"]) == (25, D("-3.50"), 0, 0)
    assert parts["slippage"] < 0
    assert parts["expected"] + parts["slippage"] + parts["fees"] == parts["real"]


def test_an_open_reversed_copy_is_valued_at_the_quote_of_now(scene: Scene) -> None:
    master, follower = scene.master(), scene.account("2500")
    subscription = scene.follow(master, follower, reverse=True)
    tick(scene, "1.08500")
    scene.trade(scene.master_account(master), "buy", "1.00")
    scene.copy(master)
    tick(scene, "1.08400")
    [line] = fidelity(scene, subscription, follower).lines
    assert (line.side, line.state) == ("sell", "open")
    assert (rounded(line.gap)["expected"], rounded(line.gap)["real"]) == (25, 25)


def test_later_fills_of_an_order_that_was_too_small_at_first_count_once(scene: Scene) -> None:
    gap = missed(D("0.5"), -1, D(100_000), Trade(Leg(D(1), D("1.1")), Leg(D(1), D("1.2"))))
    assert (gap.expected, gap.skipped, gap.difference) == (-5000, 5000, 5000)
    assert average([Leg(D(1), D(2), D(2)), Leg(D(3), D(4))]) == Leg(D(4), D("3.5"), None)
    assert average([]) is None


prices = st.decimals("0.5", "2", places=5)
lots = st.decimals("0.01", "5", places=4)
middles = st.none() | prices


@given(lots, lots, st.sampled_from([1, -1]), st.tuples(*[prices] * 4), st.tuples(*[middles] * 4), prices, prices)
def test_the_parts_of_a_gap_add_up(
    asked: Decimal, size: Decimal, side: int, at: tuple[Decimal, ...], middle: tuple[Decimal | None, ...],
    real: Decimal, fees: Decimal,
) -> None:  # fmt: skip
    master = Trade(Leg(D(1), at[0], middle[0]), Leg(D(1), at[1], middle[1]))
    own = Trade(Leg(size, at[2], middle[2]), Leg(size, at[3], middle[3]))
    gap = copied(asked, side, D(100_000), master, own, real, -fees)
    parts = gap.latency + gap.slippage + gap.rounding + gap.skipped + gap.fees
    assert abs(gap.expected + parts - gap.real) < D("1e-15")
