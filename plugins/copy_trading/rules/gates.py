"""The gates of an open or an increase, in the order the domain gives them; closes pass none of these."""

from decimal import Decimal
from functools import lru_cache

from plugins.copy_trading.rules.modes import MODES
from plugins.copy_trading.rules.numbers import ceil_to_places, floor_to_places, product, quotient
from plugins.copy_trading.rules.reasons import Reason, Refusal, plain
from plugins.copy_trading.rules.sizing import ROUND_UP_LIMIT, Size
from plugins.copy_trading.rules.slippage import adverse_percent, cap_price
from plugins.copy_trading.rules.views import Follower, Market, MasterOpen, Terms

cached_cap = lru_cache(maxsize=4096)(cap_price)


def status_gate(module: str, master: str, follower: Follower) -> Refusal | None:
    """Module, master, subscription, account and symbol: whether this follower may open at all."""
    if module != "on":
        return Refusal(Reason.MODULE, module, "on")
    if master != "active":
        return Refusal(Reason.MASTER, master, "active")
    if follower.hold is not None:
        return Refusal(Reason.SUBSCRIPTION, *follower.hold)
    if follower.account_problem is not None:
        return Refusal(Reason.ACCOUNT, *follower.account_problem)
    return _symbol_gate(follower)


def _symbol_gate(follower: Follower) -> Refusal | None:
    terms, market = follower.terms, follower.market
    if terms.allowed is not None and follower.symbol not in terms.allowed:
        wanted = ", ".join(sorted({*terms.allowed, follower.symbol}))
        return Refusal(Reason.SYMBOL, follower.symbol, "allow_list", "symbols", wanted)
    if market is None:
        return Refusal(Reason.SYMBOL, follower.symbol, "account_symbol")
    if market.problem is not None:
        return Refusal(Reason.SYMBOL, market.problem, "tradable")
    if follower.owner is not None:
        return Refusal(Reason.SYMBOL_OWNED, follower.owner, "this_copy")
    return None


def condition_gate(fill: MasterOpen, follower: Follower, market: Market, max_age_ms: int) -> Refusal | None:
    """Signal age, minimum equity and, for a new position, the number of open trades."""
    age = market.at_ms - fill.at_ms
    if age > max_age_ms:
        return Refusal(Reason.SIGNAL_AGE, f"{age} ms", f"{max_age_ms} ms")
    terms = follower.terms
    if follower.equity < terms.minimum_equity:
        found = plain(follower.equity)
        needed = plain(floor_to_places(follower.equity, 2))
        return Refusal(Reason.MINIMUM_EQUITY, found, plain(terms.minimum_equity), "minimum_equity", needed)
    if follower.link is None and follower.open_trades >= terms.max_open_trades:
        found, limit = str(follower.open_trades), str(terms.max_open_trades)
        return Refusal(Reason.MAX_OPEN_TRADES, found, limit, "max_open_trades", str(follower.open_trades + 1))
    return None


def size_gate(size: Size, follower: Follower, market: Market) -> Refusal | None:
    """The minimum lot, judged on the opening order's cumulative size."""
    if not size.too_small:
        return None
    terms = follower.terms
    if size.cut:
        needed = plain(market.minimum)
        return Refusal(Reason.MAXIMUM_LOT, plain(size.lots), needed, "maximum_lot", needed)
    found, needed = plain(floor_to_places(size.raw, 12)), plain(market.minimum)
    if size.raw <= 0:
        return Refusal(Reason.BELOW_MIN_LOT, found, needed)
    if not terms.round_up and product(size.raw, ROUND_UP_LIMIT) >= market.minimum:
        return Refusal(Reason.BELOW_MIN_LOT, found, needed, "below_minimum_lot", "round_up")
    setting, value = _size_setting(terms, quotient(market.minimum, size.raw), up=True)
    return Refusal(Reason.BELOW_MIN_LOT, found, needed, setting, value)


def margin_gate(volume: Decimal, follower: Follower, market: Market) -> Refusal | None:
    """Margin and commission of the order against the free margin, both in the account's currency."""
    needed = product(volume, market.cost_per_lot)
    if needed <= follower.free_margin:
        return None
    found = plain(ceil_to_places(follower.free_margin, 12))
    setting, value = None, None
    if follower.free_margin > 0:
        setting, value = _size_setting(follower.terms, quotient(follower.free_margin, needed), up=False)
    return Refusal(Reason.MARGIN, found, plain(ceil_to_places(needed, 12)), setting, value)


def slippage_gate(fill: MasterOpen, side: int, follower: Follower, market: Market) -> tuple[Decimal, Refusal | None]:
    """The limit of the order, and the refusal if the executable side is already past it."""
    own = follower.terms.slippage_tolerance
    tolerance = market.tolerance if own is None else own
    cap = cached_cap(fill.price, side, tolerance, market.tick)
    price = market.ask if side > 0 else market.bid
    if (price - cap) * side <= 0:
        return cap, None
    adverse = ceil_to_places(adverse_percent(fill.price, price, side), 6)
    # Rounding the cap to the tick may refuse a price just inside the tolerance: one more tick is what it takes.
    one_tick = ceil_to_places(quotient(product(market.tick, Decimal(100)), fill.price), 6)
    wanted = plain(ceil_to_places(max(adverse, tolerance + one_tick if adverse <= tolerance else adverse), 4))
    return cap, Refusal(Reason.SLIPPAGE, plain(adverse), plain(tolerance), "slippage_tolerance", wanted)


def _size_setting(terms: Terms, factor: Decimal, *, up: bool) -> tuple[str | None, str | None]:
    """The setting that the mode's sizes are proportional to, scaled by ``factor`` and rounded to the side that lets the copy
    through; none where the mode has no such setting.
    """
    mode = MODES.get(terms.mode)
    name = None if mode is None else mode.scales_with
    if name is None:
        return None, None
    shared = {"copy_ratio": terms.copy_ratio, "fixed_size": terms.fixed_size}
    scaled = product(shared.get(name) or Decimal(str(terms.mode_settings.get(name, 0))), factor)
    return name, plain(ceil_to_places(scaled, 4) if up else floor_to_places(scaled, 4))
