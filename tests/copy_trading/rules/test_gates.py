"""The gates' order, what each skip record says, and that its setting would have let the copy through."""

from itertools import combinations
from uuid import uuid4

import pytest

from plugins.copy_trading.rules.opens import Skip
from plugins.copy_trading.rules.reasons import Reason
from plugins.copy_trading.rules.views import Follower, Link, Opening, Terms

from .build import MARKET, D, copied, decide, follower, master_open, skipped, with_copy

FAILING: list[tuple[Reason, dict[str, object]]] = [
    (Reason.SUBSCRIPTION, {"hold": ("paused by admin", "active")}),
    (Reason.ACCOUNT, {"account_problem": ("close_only", "active")}),
    (Reason.SYMBOL, {"market": MARKET._replace(problem="quote_stale")}),
    (Reason.SIGNAL_AGE, {"market": MARKET._replace(at_ms=1_030_001)}),
    (Reason.MINIMUM_EQUITY, {"terms": Terms(minimum_equity=D(3000))}),
    (Reason.MAX_OPEN_TRADES, {"terms": Terms(max_open_trades=1), "open_trades": 1}),
    (Reason.BELOW_MIN_LOT, {"terms": Terms(copy_ratio=D("0.001"))}),
    (Reason.MARGIN, {"free_margin": D(100)}),
    (Reason.SLIPPAGE, {"market": MARKET._replace(ask=D("1.2"))}),
]


@pytest.mark.parametrize(
    ("reason", "changes"), FAILING, ids=lambda value: str(value) if isinstance(value, Reason) else ""
)
def test_each_gate_writes_its_own_reason(reason: Reason, changes: dict[str, object]) -> None:
    assert skipped(master_open("1"), follower(**changes)).refusal.reason is reason


PAIRS = [(a, b) for a, b in combinations(FAILING, 2) if not set(a[1]) & set(b[1])]


@pytest.mark.parametrize(("earlier", "later"), PAIRS, ids=lambda case: str(case[0]))
def test_the_first_failing_gate_is_the_one_that_is_written(
    earlier: tuple[Reason, dict[str, object]], later: tuple[Reason, dict[str, object]]
) -> None:
    assert skipped(master_open("1"), follower(**earlier[1], **later[1])).refusal.reason is earlier[0]


def test_module_and_master_come_before_everything() -> None:
    broken = follower(hold=("paused", "active"))
    assert skipped(master_open("1"), broken, module="draining", master="paused").refusal.reason is Reason.MODULE
    assert skipped(master_open("1"), broken, master="paused").refusal.reason is Reason.MASTER


def test_a_signal_of_exactly_30_seconds_passes() -> None:
    assert copied(master_open("1"), follower(market=MARKET._replace(at_ms=1_030_000))).volume == D("0.25")


def let_through(one: Follower, skip: Skip) -> Follower:
    """The follower with the setting that the skip record names."""
    name, value = skip.refusal.setting, skip.refusal.setting_value
    assert name is not None
    assert value is not None
    if name == "below_minimum_lot":
        return one._replace(terms=one.terms._replace(round_up=True))
    if name == "symbols":
        return one._replace(terms=one.terms._replace(allowed=frozenset(value.split(", "))))
    kind = int if name == "max_open_trades" else D
    return one._replace(terms=one.terms._replace(**{name: kind(value)}))


@pytest.mark.parametrize(
    "one",
    [
        follower(terms=Terms(minimum_equity=D(3000))),
        follower("2500.123456789012", terms=Terms(minimum_equity=D(3000))),
        follower(terms=Terms(max_open_trades=2), open_trades=7),
        follower("70"),
        follower("33.33"),
        follower(terms=Terms(mode="fixed", fixed_size=D("0.001"))),
        follower(terms=Terms(maximum_lot=D("0.001"))),
        follower(free_margin=D(100)),
        follower(terms=Terms(mode="fixed", fixed_size=D("3")), free_margin=D("333.33")),
        follower(market=MARKET._replace(ask=D("1.08609"))),
        follower(market=MARKET._replace(ask=D("1.086085"))),
        follower(terms=Terms(allowed=frozenset({"XAUUSD"}))),
    ],
)
def test_the_named_setting_lets_the_copy_through(one: Follower) -> None:
    fill = master_open("1")
    skip = skipped(fill, one) if one.equity > 100 else skipped(fill._replace(volume=D("0.1"), filled=D("0.1")), one)
    again = fill if one.equity > 100 else fill._replace(volume=D("0.1"), filled=D("0.1"))
    assert copied(again, let_through(one, skip)).volume > 0


def test_round_up_lifts_half_the_minimum_but_no_less() -> None:
    terms = Terms(round_up=True)
    assert copied(master_open("0.10"), follower("500", terms=terms)).volume == D("0.01")
    assert copied(master_open("0.10"), follower("500", terms=terms)).target == D("0.01")
    assert skipped(master_open("0.10"), follower("499", terms=terms)).refusal.reason is Reason.BELOW_MIN_LOT


def test_the_maximum_lot_cuts_the_cumulative_order_and_flags_it() -> None:
    one, order = follower(terms=Terms(maximum_lot=D("0.20"))), uuid4()
    first = copied(master_open("0.4", order=order), one)
    assert (first.volume, first.cut_from) == (D("0.10"), None)
    second = copied(master_open("0.6", order=order, filled=D("1.0")), with_copy(one, first))
    assert (second.volume, second.cut_from) == (D("0.10"), D("0.25"))


def test_fills_below_the_minimum_lot_pass_once_their_order_has_come_far_enough() -> None:
    one, order = follower("200"), uuid4()
    first = skipped(master_open("0.3", order=order), one)
    assert first.refusal.reason is Reason.BELOW_MIN_LOT
    second = copied(master_open("0.3", order=order, filled=D("0.6"), new=True), with_copy(one, first))
    assert (second.volume, second.target) == (D("0.01"), D("0.012"))


def test_a_position_skipped_at_its_open_stays_uncopied_through_later_fills_and_adds() -> None:
    one, order = follower(market=MARKET._replace(ask=D("1.2"))), uuid4()
    first = skipped(master_open("0.5", order=order), one)
    later = with_copy(one, first)._replace(market=MARKET)
    assert decide(master_open("0.5", order=order, filled=D("1.0")), later) is None
    assert decide(master_open("0.5", new=False), later._replace(opening=None)) is None


def test_a_fixed_add_whose_first_fill_was_skipped_is_not_made_up_for() -> None:
    linked = follower(terms=Terms(mode="fixed", fixed_size=D("0.1")), link=Link(D("0.1"), D("0.1"), MARKET.step))
    order = uuid4()
    first = skipped(master_open("0.5", order=order, new=False), linked._replace(market=MARKET._replace(ask=D("1.2"))))
    assert decide(master_open("0.5", order=order, filled=D(1), new=False), with_copy(linked, first)) is None


def test_a_skipped_fill_of_an_order_already_copied_is_given_up_and_the_next_one_copied() -> None:
    opening = Opening(D("0.25"), fixed=False, counted=D("0.10"), over=False)
    linked = follower(link=Link(D("0.10"), D("0.10"), MARKET.step), opening=opening)
    lost = skipped(master_open("0.4", filled=D("0.8")), linked._replace(market=MARKET._replace(ask=D("1.2"))))
    assert lost.opening.counted == D("0.2")
    made = copied(master_open("0.4", filled=D("1.2")), with_copy(linked, lost))
    assert (made.volume, made.target) == (D("0.10"), D("0.20"))


def test_reverse_copies_the_other_side_within_its_own_slippage() -> None:
    made = copied(master_open("1"), follower(terms=Terms(reverse=True)))
    assert (made.side, made.limit) == (-1, D("1.08392"))


def test_contract_sizes_of_mapped_symbols_are_respected() -> None:
    small = MARKET._replace(contract=D(1000))
    assert copied(master_open("1"), follower(market=small)).volume == D("25.00")


@pytest.mark.parametrize(("basis", "lots"), [("margin", "0.92"), ("notional", "0.00")])
def test_fixed_money_is_sized_by_margin_or_by_notional(basis: str, lots: str) -> None:
    terms = Terms(mode="fixed", fixed_size=D(1000), fixed_basis=basis)
    if D(lots):
        assert copied(master_open("1"), follower(terms=terms)).volume == D(lots)
    else:
        assert skipped(master_open("1"), follower(terms=terms)).refusal.found == "0.009216589861"


def test_an_open_handled_after_its_close_finds_nothing_left() -> None:
    late = master_open("1", closes=((D(1), D(0)),))
    assert skipped(late, follower()).refusal.reason is Reason.MASTER_CLOSED
    half = copied(master_open("1", closes=((D(1), D("0.5")),)), follower())
    assert (half.volume, half.target) == (D("0.12"), D("0.125"))


def test_the_ratio_is_capped_at_ten() -> None:
    assert copied(master_open("1", equity=D(100)), follower("10000")).volume == D("10.00")


def test_an_increment_below_the_minimum_lot_waits_for_the_orders_next_fill() -> None:
    coarse = MARKET._replace(minimum=D("0.10"))
    one, order, volumes = follower("2500", market=coarse), uuid4(), []
    for volume, filled in (("0.5", "0.5"), ("0.2", "0.7"), ("0.3", "1.0")):
        made = copied(master_open(volume, order=order, filled=D(filled)), one)
        volumes.append(made.volume)
        one = with_copy(one, made)
    assert volumes == [D("0.12"), D(0), D("0.13")]


def test_the_symbols_own_maximum_cuts_like_the_followers() -> None:
    made = copied(master_open("1"), follower(market=MARKET._replace(maximum=D("0.2"))))
    assert (made.volume, made.cut_from) == (D("0.20"), D("0.25"))
