"""Copy fidelity of one subscription: expected against real size, price and P&L of each copy, and what the gap is made of."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from statistics import median
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, text

from core.sdk.arrays import uuids
from core.sdk.data import TenantSession
from core.sdk.prices import middle_rates, quotes_of_pairs
from core.sdk.trading import QuoteView, floating_by_position
from plugins.copy_trading.rules.fidelity import Gap, Leg, Trade, average, copied, missed
from plugins.copy_trading.rules.numbers import ZERO

MOST = 500
"""Copies and skips that are compared, the newest."""


@dataclass(frozen=True, slots=True)
class CopyLine:
    """A copied position beside its master's. Volumes in lots of the follower's symbol, money in the follower's currency."""

    symbol: str
    side: str
    state: str
    opened_ms: int
    closed_ms: int | None
    asked: Decimal
    size: Decimal
    master_price: Decimal
    price: Decimal
    tick: Decimal
    delay_ms: int | None
    gap: Gap

    @property
    def expected(self) -> Decimal:
        """P&L of the exact size at the master's prices."""
        return self.gap.expected

    @property
    def real(self) -> Decimal:
        """What the copy has come to, net."""
        return self.gap.real

    @property
    def difference(self) -> Decimal:
        """Real less expected."""
        return self.gap.difference


@dataclass(frozen=True, slots=True)
class Fidelity:
    """All copies of a subscription. ``delay_ms`` the median time from the master's booking to the copy's."""

    lines: Sequence[CopyLine] = ()
    total: Gap = field(default_factory=Gap)
    missed: int = 0
    delay_ms: int | None = None

    @property
    def percent(self) -> Decimal | None:
        """How much of the sizes that were asked for was copied, in percent; none before anything was asked for."""
        asked = sum((line.asked for line in self.lines), ZERO)
        return Decimal(100) * sum((line.size for line in self.lines), ZERO) / asked if asked else None


_LINKS = text("""
select l.master_position_id, l.symbol_id, l.side, l.asked, l.position_ids, l.state, y.code, y.tick, y.contract_size, y.quote
from copy_trading.links l join core.symbols y on y.id = l.symbol_id
where l.subscription_id = :id and l.state <> 'detached' order by l.opened_no desc limit :most
""")
_SKIPS = text("""
select x.reason, x.asked, f.position_id, f.volume, f.price, y.contract_size, y.quote,
  case when s.reverse then -x.side else x.side end as side
from copy_trading.skips x
join copy_trading.subscriptions s on s.id = x.subscription_id
join copy_trading.masters m on m.id = s.master_id
join core.fills f on f.account_id = m.account_id and f.fill_no = x.fill_no
join core.symbols y on y.id = x.symbol_id
where x.subscription_id = :id and x.asked is not null order by x.fill_no desc limit :most
""")
_FILLS = text("""
select f.position_id, f.symbol_id, f.side, f.effect, f.volume, f.price, f.booked_at, f.ts_ms, (t.bid + t.ask) * i.tick / 2 as middle
from core.fills f join core.symbols y on y.id = f.symbol_id join core.instruments i on i.id = y.instrument_id
left join core.ticks t on t.instrument_id = y.instrument_id and t.seq = f.seq
where f.position_id = any(cast(:ids as uuid[])) order by f.position_id, f.fill_no
""")
_REAL = text("""
select id, volume, opened_volume, realised, commission, swap, opened_ts_ms, closed_ts_ms from core.positions
where id = any(cast(:ids as uuid[]))
""")
_PAPER = text("""
select id, volume, opened_volume, open_price, close_price, realised, commission, opened_ts_ms, closed_ts_ms
from copy_trading.mock_positions where id = any(cast(:ids as uuid[]))
""")


class _Own(NamedTuple):
    """A position of the copy, live or on paper: how it went, its net P&L, and commission and swap as one sum."""

    trade: Trade
    real: Decimal
    fees: Decimal
    opened_ms: int
    closed_ms: int | None
    booked_at: datetime | None


class _Scene(NamedTuple):
    """What all lines of a copy share."""

    fills: Mapping[UUID, Sequence[Row[Any]]]
    quotes: Mapping[UUID, QuoteView]
    rates: Mapping[str, Decimal]
    positions: Mapping[UUID, Row[Any]]
    floating: Mapping[UUID, Decimal]
    mock: bool


def fidelity_of(
    session: TenantSession, subscription_id: UUID, account_id: UUID, currency: str, *, mock: bool
) -> Fidelity:
    """The fidelity of a live or a paper copy; a fixed number of statements."""
    links = session.execute(_LINKS, {"id": subscription_id, "most": MOST}).all()
    skips = session.execute(_SKIPS, {"id": subscription_id, "most": MOST}).all()
    masters = {row.master_position_id for row in links} | {row.position_id for row in skips}
    own_ids = {one for row in links for one in row.position_ids}
    fills: dict[UUID, list[Row[Any]]] = {}
    for row in session.execute(_FILLS, {"ids": uuids(masters if mock else masters | own_ids)}):
        fills.setdefault(row.position_id, []).append(row)
    symbols = {row.symbol_id for row in links} | {fill.symbol_id for rows in fills.values() for fill in rows}
    quotes = quotes_of_pairs(session, {(account_id, one) for one in symbols})
    positions = session.execute(_PAPER if mock else _REAL, {"ids": uuids(own_ids)}).all()
    scene = _Scene(
        fills,
        {key[1]: view for key, view in quotes.items()},
        middle_rates(session, {row.quote for row in (*links, *skips)}, currency),
        {row.id: row for row in positions},
        {} if mock else floating_by_position(session, [account_id]),
        mock,
    )
    lines = [line for row in links if (line := _line(row, scene)) is not None]
    gaps = _missed(skips, {row.master_position_id for row in links}, scene)
    total = Gap()
    for gap in (*(line.gap for line in lines), *gaps):
        total += gap
    delays = [line.delay_ms for line in lines if line.delay_ms is not None]
    return Fidelity(lines, total, len(gaps), int(median(delays)) if delays else None)


def _line(row: Row[Any], scene: _Scene) -> CopyLine | None:
    """One copy; none while nothing of it is held, or where a quote currency has no rate."""
    rate = scene.rates.get(row.quote)
    own = [made for one in row.position_ids if (made := _own(one, row, scene)) is not None]
    theirs = scene.fills.get(row.master_position_id, ())
    # Of a reversed copy the master stands on the other side.
    master = _trade(theirs, _side_of(theirs), scene.quotes.get(theirs[0].symbol_id)) if theirs else None
    if rate is None or master is None or not own:
        return None
    opened = average(one.trade.opened for one in own)
    left = average(one.trade.left for one in own)
    assert opened is not None  # noqa: S101 - each of them has volume
    assert left is not None  # noqa: S101 - as much as was opened
    gap = copied(
        row.asked,
        row.side,
        row.contract_size * rate,
        master,
        Trade(opened, left),
        sum((one.real for one in own), ZERO),
        sum((one.fees for one in own), ZERO),
    )
    first = own[0]
    delay = None
    if first.booked_at is not None:
        # A position that was taken over at the start was the master's long before.
        delay = max(0, round((first.booked_at - theirs[0].booked_at).total_seconds() * 1000))
    closed = [one.closed_ms for one in own if one.closed_ms is not None]
    return CopyLine(
        symbol=row.code,
        side="buy" if row.side > 0 else "sell",
        state=row.state if row.state != "live" else "open",
        opened_ms=first.opened_ms,
        closed_ms=max(closed) if len(closed) == len(own) else None,
        asked=row.asked,
        size=opened.volume,
        master_price=master.opened.price,
        price=opened.price,
        tick=row.tick,
        delay_ms=delay,
        gap=gap,
    )


def _side_of(fills: Sequence[Row[Any]]) -> int:
    return 1 if fills[0].side == "buy" else -1


def _own(position_id: UUID, link: Row[Any], scene: _Scene) -> _Own | None:
    row = scene.positions.get(position_id)
    if row is None:
        return None
    quote = scene.quotes.get(link.symbol_id)
    if scene.mock:
        opened = Leg(row.opened_volume, row.open_price)
        rate = scene.rates.get(link.quote)
        legs = [Leg(row.opened_volume - row.volume, row.close_price)] if row.close_price is not None else []
        floating = ZERO
        if row.volume and rate is not None:
            legs.append(_now(row.volume, link.side, quote, opened))
            # On paper there is no ledger: what is open is worth what its price says.
            floating = (legs[-1].price - opened.price) * link.side * row.volume * link.contract_size * rate
        left = average(legs)
        if left is None or rate is None:
            return None
        real = row.realised - row.commission + floating
        return _Own(Trade(opened, left), real, -row.commission, row.opened_ts_ms, row.closed_ts_ms, None)
    fills = scene.fills.get(position_id, ())
    trade = _trade(fills, link.side, quote) if fills else None
    if trade is None:
        return None
    fees = row.swap - row.commission
    real = row.realised + fees + scene.floating.get(row.id, ZERO)
    return _Own(trade, real, fees, row.opened_ts_ms, row.closed_ts_ms, fills[0].booked_at)


def _trade(fills: Sequence[Row[Any]], side: int, quote: QuoteView | None) -> Trade | None:
    """A position from its fills; what is open is valued at the quote of now, on the side that would close it."""
    opened = average(Leg(row.volume, row.price, row.middle) for row in fills if row.effect in ("open", "add"))
    if opened is None:
        return None
    legs = [Leg(row.volume, row.price, row.middle) for row in fills if row.effect in ("reduce", "close")]
    rest = opened.volume - sum((leg.volume for leg in legs), ZERO)
    if rest > 0:
        legs.append(_now(rest, side, quote, opened))
    left = average(legs)
    return None if left is None else Trade(opened, left)


def _now(volume: Decimal, side: int, quote: QuoteView | None, opened: Leg) -> Leg:
    if quote is None or not quote.bid:
        return Leg(volume, opened.price, opened.middle)
    return Leg(volume, quote.bid if side > 0 else quote.ask, (quote.bid + quote.ask) / 2)


def _missed(skips: Sequence[Row[Any]], linked: Collection[UUID], scene: _Scene) -> list[Gap]:
    """The gaps of what was skipped. What was too small at first and went with a later fill is in its copy already."""
    gaps = []
    for row in skips:
        rate = scene.rates.get(row.quote)
        fills = scene.fills.get(row.position_id, ())
        if rate is None or not fills or (row.reason == "below_min_lot" and row.position_id in linked):
            continue
        whole = _trade(fills, _side_of(fills), scene.quotes.get(fills[0].symbol_id))
        if whole is None:
            continue
        trade = Trade(Leg(row.volume, row.price), whole.left)
        gaps.append(missed(row.asked, row.side, row.contract_size * rate, trade))
    return gaps
