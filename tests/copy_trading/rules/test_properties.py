"""Properties of targets and sizes that hold for any history, checked against fractions."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from plugins.copy_trading.rules.closes import Held, decide_closes
from plugins.copy_trading.rules.numbers import floor_to_step, round_half_down_to_step
from plugins.copy_trading.rules.opens import Copy
from plugins.copy_trading.rules.sizing import RATIO_CAP, proportional_ratio
from plugins.copy_trading.rules.slippage import cap_price
from plugins.copy_trading.rules.targets import after_close, after_open, surviving
from plugins.copy_trading.rules.views import Link, MasterClose, Terms

from .build import MARKET, POSITION, D, decide, follower, master_open, with_copy

STEP = D("0.01")
lots = st.decimals("0.01", "50", places=2)
money = st.decimals("1", "1000000", places=12)


@given(money, money, lots)
def test_a_proportional_size_is_the_exact_quotient_rounded_down(
    own: Decimal, masters: Decimal, volume: Decimal
) -> None:
    ratio = proportional_ratio(D(1), own, masters, D(1))
    exact = min(Fraction(own) / Fraction(masters), Fraction(RATIO_CAP)) * Fraction(volume)
    expected = (exact / Fraction(STEP)).__floor__() * Fraction(STEP)
    assert Fraction(floor_to_step(ratio * volume, STEP)) == expected or abs(exact / Fraction(STEP) % 1) < Fraction(
        1, 10**25
    )


@given(st.integers(1, 10**6), st.integers(1, 400), st.integers(1, 400))
def test_thirds_and_sevenths_do_not_lose_a_step(steps: int, own: int, masters: int) -> None:
    """A size that is a whole number of steps in fractions is that number, however the quotient ends in decimals."""
    ratio = proportional_ratio(D(1), D(own), D(masters) * 10, D(1))
    volume = STEP * steps * masters * 10
    if ratio < RATIO_CAP:
        assert floor_to_step(ratio * volume, STEP) == STEP * steps * own


@given(st.fractions(0, 100, max_denominator=10**9))
def test_half_down_is_the_nearest_step_and_the_smaller_of_two(value: Fraction) -> None:
    given_ = Decimal(value.numerator) / Decimal(value.denominator)
    rounded = Fraction(round_half_down_to_step(given_, STEP))
    error = rounded - Fraction(given_)
    assert -Fraction(STEP) / 2 <= error <= Fraction(STEP) / 2
    assert error != Fraction(STEP) / 2, "exactly between two steps it is the smaller"


step_of_history = st.one_of(
    st.tuples(st.just("open"), lots, st.decimals("10", "50000", places=2)),
    st.tuples(st.just("close"), st.decimals("0.01", "1", places=2), st.just(D(0))),
)


@given(st.lists(step_of_history, min_size=1, max_size=25))
def test_the_error_never_exceeds_half_a_step_after_a_close_whatever_the_ratios(
    history: list[tuple[str, Decimal, Decimal]],
) -> None:
    master = Fraction(0)
    exact = Fraction(0)
    half = Fraction(STEP) / 2 + Fraction(1, 10**30)
    one = follower()
    for seq, (kind, amount, equity) in enumerate(history):
        if kind == "open":
            one = one._replace(basis=equity, equity=equity, opening=None)
            made = decide(master_open(str(amount), new=one.link is None, seq=seq), one)
            if isinstance(made, Copy):
                exact += min(Fraction(equity) / 10_000, Fraction(10)) * Fraction(amount)
                one = with_copy(one, made)
                assert one.link is not None
                assert -half <= exact - Fraction(one.link.held) < Fraction(STEP)
            elif one.link is None:
                continue
            master += Fraction(amount)
        elif one.link is not None and master:
            after = (master * (1 - Fraction(amount)) / Fraction(STEP)).__floor__() * Fraction(STEP)
            exact = exact * after / master
            close = MasterClose(seq, POSITION, Decimal(str(float(master))), Decimal(str(float(after))))
            state = Held(uuid4(), one.link.target, one.link.held, one.link.held, STEP)
            [closed] = decide_closes(close, [state])
            error = Fraction(closed.held) - exact
            # Opens round down, so that up to a step may be missing; a close never leaves more than half a step too much,
            # and where it orders anything it is right to half a step.
            assert -Fraction(STEP) < error <= half
            if closed.volume:
                assert abs(error) <= half
            master = after
            one = one._replace(link=None if closed.ended else Link(closed.target, closed.held, STEP))
            exact = exact if one.link else Fraction(0)


@given(st.lists(st.tuples(lots, st.booleans()), min_size=1, max_size=20), st.integers(0, 20))
def test_closes_handled_ahead_of_their_opens_give_the_same_target(
    history: list[tuple[Decimal, bool]], ahead: int
) -> None:
    """In order, or with all closes up to any point before the opens: the target is the same."""
    ratio = D("0.3")
    fills: list[tuple[Decimal, Decimal]] = [(D(0), D(0))]
    for volume, opens in history:
        before = fills[-1][1]
        fills.append((before, before + volume if opens else max(before - volume, D(0))))
    steps = list(pairwise(after for _, after in fills))
    in_order = D(0)
    for before, after in steps:
        in_order = (
            after_open(in_order, ratio * (after - before)) if after > before else after_close(in_order, before, after)
        )
    late = D(0)
    cursor = min(ahead, len(steps))
    for at, (before, after) in enumerate(steps):
        if after > before:
            passed = [(b, a) for b, a in steps[at + 1 : cursor] if a < b]
            late = after_open(late, surviving(ratio * (after - before), passed))
        elif at >= cursor:
            late = after_close(late, before, after)
    assert abs(late - in_order) < D("1e-40")


@given(st.lists(lots, min_size=1, max_size=8), st.sampled_from(["proportional", "fixed"]))
def test_an_order_in_parts_is_copied_as_the_whole_order_would_be(parts: list[Decimal], mode: str) -> None:
    terms = Terms(mode=mode, fixed_size=D("0.07"))
    whole = decide(master_open(str(sum(parts))), follower("777", terms=terms))
    one, order, filled = follower("777", terms=terms), uuid4(), D(0)
    for volume in parts:
        filled += volume
        made = decide(master_open(str(volume), order=order, filled=filled), one)
        if made is not None:
            one = with_copy(one, made)
    held = one.link.held if one.link else D(0)
    assert held == (whole.volume if isinstance(whole, Copy) else D(0))


@given(st.decimals("0.0001", "99999", places=5), st.sampled_from([1, -1]), st.decimals("0", "5", places=4))
def test_the_slippage_cap_is_within_the_tolerance_and_no_tick_short_of_it(
    price: Decimal, side: int, percent: Decimal
) -> None:
    tick = D("0.00001")
    cap = cap_price(price, side, percent, tick)
    limit = Fraction(price) * (1 + Fraction(percent) / 100 * side)
    assert (limit - Fraction(cap)) * side >= 0
    assert (limit - Fraction(cap)) * side < Fraction(tick)


@given(st.lists(st.tuples(lots, st.booleans()), max_size=6), lots)
def test_a_close_is_reduce_only_and_never_more_than_is_really_held(
    _: list[tuple[Decimal, bool]], real: Decimal
) -> None:
    state = Held(uuid4(), D("10"), D("10"), min(real, D("10")), STEP)
    [closed] = decide_closes(MasterClose(1, POSITION, D(1), D(0)), [state])
    assert closed.volume == min(real, D("10"))
    assert closed.ended


def test_the_market_of_these_tests_has_the_step_they_assume() -> None:
    assert MARKET.step == STEP
