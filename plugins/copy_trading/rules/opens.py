"""The decision on one opening fill of a master for many followers at once."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from plugins.copy_trading.rules.gates import condition_gate, margin_gate, size_gate, slippage_gate, status_gate
from plugins.copy_trading.rules.modes import MODES, MasterOrder, Sizing, SizingMode
from plugins.copy_trading.rules.numbers import ZERO, product
from plugins.copy_trading.rules.reasons import Reason, Refusal
from plugins.copy_trading.rules.sizing import RATIO_CAP, Size, limited, lots_per_master_lot
from plugins.copy_trading.rules.targets import after_open, opposite, surviving, to_open
from plugins.copy_trading.rules.views import Follower, Market, MasterOpen, Opening


class Copy(NamedTuple):
    """Bring the link to ``target`` by an order of ``volume`` lots (0: the target moves, no order is due).

    ``limit`` is the worst price allowed, sent as an immediate-or-cancel limit. ``cut_from`` is the exact size that the
    maximum lot has cut, for the flag on the copy.
    """

    subscription: UUID
    side: int
    volume: Decimal
    limit: Decimal
    target: Decimal
    opening: Opening
    cut_from: Decimal | None
    asked: Decimal = ZERO
    """Exact lots that the fill asks for, before rounding and limits."""


class Skip(NamedTuple):
    """The fill is not copied. ``opening`` is what later fills of the same order need to know."""

    subscription: UUID
    refusal: Refusal
    opening: Opening
    asked: Decimal | None = None
    """Exact lots that the fill would have asked for; none where that cannot be told."""


class Decisions(NamedTuple):
    """What one fill means for a chunk of followers; who appears in neither list is not touched by it."""

    copies: list[Copy]
    skips: list[Skip]


_GIVEN_UP = Opening(ZERO, fixed=False, counted=ZERO, over=True)


MAX_SIGNAL_AGE_MS = 30_000
"""A signal older than this, in the feed's time, is not opened any more, unless the tenant says otherwise."""


def decide_opens(
    module: str, master: str, fill: MasterOpen, followers: Iterable[Follower], max_age_ms: int = MAX_SIGNAL_AGE_MS
) -> Decisions:
    """Decide an opening fill for each follower; ``module`` and ``master`` are their states, ``on`` and ``active`` pass."""
    copies: list[Copy] = []
    skips: list[Skip] = []
    concerned = [follower for follower in followers if concerns(fill, follower)]
    openings = new_openings(fill, concerned)
    for follower in concerned:
        outcome = _decide(module, master, fill, follower, openings.get(follower.subscription), max_age_ms)
        if isinstance(outcome, Copy):
            copies.append(outcome._replace(asked=_asked(fill, outcome.opening, follower)))
        else:
            skips.append(outcome._replace(asked=_asked_of_skip(fill, outcome.opening, follower, openings)))
    return Decisions(copies, skips)


def concerns(fill: MasterOpen, follower: Follower) -> bool:
    """Whether the fill can touch this follower: a new position, an add to a linked one, or an order still too small.

    A position skipped at its open, or one that was there before the follower joined, stays uncopied through its adds.
    """
    opening = follower.opening
    if opening is not None and opening.over:
        return False
    if follower.link is not None:
        return True
    return fill.new if opening is None else opening.counted == 0


def new_openings(fill: MasterOpen, followers: Sequence[Follower]) -> dict[UUID, Opening | Refusal]:
    """The ratios that an opening order freezes, by subscription: each sizing mode is asked once, for all who chose it.

    A mode that is gone or fails gives a refusal: nobody is copied at a size that nobody can tell.
    """
    chosen: dict[str, list[tuple[Follower, Market]]] = {}
    for one in followers:
        if one.opening is None and one.market is not None:
            chosen.setdefault(one.terms.mode, []).append((one, one.market))
    openings: dict[UUID, Opening | Refusal] = {}
    for key, group in chosen.items():
        mode = MODES.get(key)
        if mode is None:
            openings |= {one.subscription: Refusal(Reason.SIZING, key, "sizing_mode", "mode") for one, _ in group}
            continue
        try:
            sizes = _sizes(mode, fill, group)
        except Exception as error:  # noqa: BLE001 - another plugin's mode holds nobody else back
            refusal = Refusal(Reason.SIZING, type(error).__name__, "size", "mode")
            openings |= {one.subscription: refusal for one, _ in group}
            continue
        for (one, _market), size in zip(group, sizes, strict=True):
            openings[one.subscription] = Opening(size, mode.per_order, ZERO, False)
    return openings


def _sizes(mode: SizingMode, fill: MasterOpen, group: Sequence[tuple[Follower, Market]]) -> list[Decimal]:
    order = MasterOrder(fill.symbol, fill.side, fill.price, fill.equity, fill.contract, fill.margin_per_lot)
    sizes = list(mode.size(order, [_sizing(fill, one, market) for one, market in group]))
    if len(sizes) != len(group) or not all(isinstance(size, Decimal) and size.is_finite() for size in sizes):
        raise ValueError(f"the sizing mode {mode.key} must give a number for each follower")
    if mode.per_order:
        return [max(size, ZERO) for size in sizes]
    most = {market.contract: lots_per_master_lot(RATIO_CAP, fill.contract, market.contract) for _one, market in group}
    return [min(max(size, ZERO), most[market.contract]) for size, (_one, market) in zip(sizes, group, strict=True)]


def _sizing(fill: MasterOpen, one: Follower, market: Market) -> Sizing:
    terms = one.terms
    buys = (fill.side > 0) != terms.reverse
    return Sizing(
        terms.mode_settings, terms.copy_ratio, terms.fixed_size, terms.fixed_basis, one.basis, one.equity, one.free_margin,
        one.rate, market.contract, market.ask if buys else market.bid, market.money_rate, market.leverage,
    )  # fmt: skip


def _decide(
    module: str, master: str, fill: MasterOpen, follower: Follower, fresh: Opening | Refusal | None, max_age_ms: int
) -> Copy | Skip:
    if fill.closes and not surviving(fill.volume, fill.closes):
        refusal = Refusal(Reason.MASTER_CLOSED, "0", "open_position")
        return Skip(follower.subscription, refusal, follower.opening or _GIVEN_UP)
    refused = status_gate(module, master, follower)
    market = follower.market
    if refused is None and market is not None:
        refused = condition_gate(fill, follower, market, max_age_ms)
    if refused is not None or market is None:
        return _given_up(fill, follower, refused or Refusal(Reason.SYMBOL, follower.symbol, "account_symbol"))
    opening = follower.opening or fresh
    if not isinstance(opening, Opening):
        return _given_up(fill, follower, opening or Refusal(Reason.SIZING, follower.terms.mode, "size", "mode"))
    return _sized(fill, follower, market, opening)


def _sized(fill: MasterOpen, follower: Follower, market: Market, opening: Opening) -> Copy | Skip:
    side = opposite(fill.side) if follower.terms.reverse else fill.side
    size = _size(fill, opening, follower, market)
    refused = size_gate(size, follower, market)
    if refused is not None:
        # Only a size below the minimum lot stays open to the order's later fills.
        over = refused.reason is not Reason.BELOW_MIN_LOT or opening.counted > 0
        return Skip(follower.subscription, refused, opening._replace(over=over))
    added = surviving(size.lots - opening.counted, fill.closes)
    held, target = (follower.link.held, follower.link.target) if follower.link else (ZERO, ZERO)
    target = after_open(target, added)
    volume = to_open(target, held, market.step)
    if volume < market.minimum:
        # A venue takes no open below the minimum lot. The target keeps it, so that it goes with the next fill that opens.
        volume = ZERO
    refused = margin_gate(volume, follower, market)
    cap, slipped = slippage_gate(fill, side, follower, market)
    refused = refused or slipped
    if refused is not None and volume:
        return _given_up(fill, follower, refused, opening, size)
    counted = opening._replace(counted=size.lots)
    return Copy(follower.subscription, side, volume, cap, target, counted, size.raw if size.cut else None)


def _asked(fill: MasterOpen, opening: Opening, follower: Follower) -> Decimal:
    """What this fill asks for at the order's frozen ratio; the first that is copied brings with it what was too small."""
    first = follower.opening is None or not follower.opening.counted
    if opening.fixed:
        return opening.ratio if first else ZERO
    return product(opening.ratio, fill.filled if first and follower.opening is not None else fill.volume)


def _asked_of_skip(
    fill: MasterOpen, opening: Opening, follower: Follower, fresh: Mapping[UUID, Opening | Refusal]
) -> Decimal | None:
    """The same for a fill that is not copied, also where a gate before the sizes has refused it."""
    if not opening.ratio:
        found = fresh.get(follower.subscription)
        return _asked(fill, found, follower) if isinstance(found, Opening) else None
    return _asked(fill, opening, follower)


def _size(fill: MasterOpen, opening: Opening, follower: Follower, market: Market) -> Size:
    raw = opening.ratio if opening.fixed else product(opening.ratio, fill.filled)
    own = follower.terms.maximum_lot
    maximum = market.maximum if own is None else min(own, market.maximum)
    return limited(raw, market.minimum, maximum, follower.terms.round_up)


def _given_up(
    fill: MasterOpen, follower: Follower, refused: Refusal, opening: Opening | None = None, size: Size | None = None
) -> Skip:
    """A refused fill adds nothing, for good; if the order has contributed before, its later fills may still."""
    opening = opening or follower.opening or _GIVEN_UP
    if not opening.counted:
        return Skip(follower.subscription, refused, opening._replace(over=True))
    if size is not None:
        return Skip(follower.subscription, refused, opening._replace(counted=size.lots))
    # The gate failed before the size was known: what this fill asks for counts as given up at the frozen ratio.
    market = follower.market
    if market is not None:
        return Skip(
            follower.subscription, refused, opening._replace(counted=_size(fill, opening, follower, market).lots)
        )
    return Skip(follower.subscription, refused, opening)
