"""A master's past as one follower would have seen it: what a dry run plays.

It is read once, with plain look-ups: the master's fills, what the account was worth before each of its opening orders, and
the stored quotes that the fills were booked on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from core.sdk.data import TenantSession
from core.sdk.events import account_stream
from core.sdk.text import _
from core.sdk.trading import LockedAccounts, MarketView, lock_accounts_with_markets
from plugins.copy_trading.replication import read
from plugins.copy_trading.replication.rows import MasterRow
from plugins.copy_trading.rules.choices import Choices
from plugins.copy_trading.rules.numbers import ZERO, product, quotient
from plugins.copy_trading.rules.rehearsal import Moment
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.rules.slippage import tolerance_class
from plugins.copy_trading.rules.views import Market, MasterClose, MasterOpen
from plugins.copy_trading.services.errors import RefusedError

DAYS = 90
MOST_FILLS = 20_000
"""More fills than this are more than a dry run looks at: the newest count."""
MARKS = 500
"""Looks at each symbol's price in between, evenly spread."""
_DAY_MS = 86_400_000


@dataclass(slots=True)
class Past:
    """A master's past as one follower would have seen it. Times in epoch ms of the feed."""

    currency: str
    start: Decimal
    rate: Decimal
    since_ms: int
    until_ms: int
    moments: list[Moment] = field(default_factory=list)
    orders: int = 0
    without_quote: int = 0
    """Fills whose quote is stored no more: they are taken at the master's own price."""


def read_past(
    session: TenantSession, settings: CopyTradingSettings, master_id: UUID, account_id: UUID, choices: Choices
) -> Past:
    """Read all that a dry run needs. Raises :class:`RefusedError` while the equity or a rate is not known."""
    account = session.scalar(text("select account_id from copy_trading.masters where id = :id"), {"id": master_id})
    master = read.master_of_stream(session, account_stream(account))
    assert master is not None  # noqa: S101 - the caller has found the master
    market = lock_accounts_with_markets(session, [account_id])
    own = market.accounts[account_id]
    fraction = market.middle_rate(master.currency, own.currency)
    if own.equity is None or fraction is None:
        raise RefusedError(
            "no_quote", _("Your equity cannot be told now: a position has no current price. Try again later.")
        )
    until = int(session.scalar(text("select coalesce(max(feed_ts_ms), 0) from core.quotes")) or 0)
    past = Past(own.currency, own.equity, quotient(*fraction), until - DAYS * _DAY_MS, until)
    fills = _fills(session, master.account_id, past.since_ms)
    reader = _Reader(session, settings, market, master, own.account_type_id, choices)
    quotes = reader.quotes_of(fills)
    past.orders = len({row.order_id for row in fills if row.effect in ("open", "add")})
    equity = _MasterEquity(reader, past.rate, _ledger(session, master.account_id, fills))
    moments = list(_moments(past, reader, equity, fills, quotes))
    moments += reader.looks(fills, past)
    past.moments = sorted(moments, key=lambda moment: moment.at_ms)
    return past


def _fills(session: TenantSession, account_id: UUID, since_ms: int) -> Sequence[Row[Any]]:
    """The master's fills since then, the oldest first."""
    rows = session.execute(
        text(
            "select f.fill_no, f.order_id, f.position_id, f.symbol_id, y.code, y.instrument_id, f.side, f.effect, f.volume,"
            " f.position_volume, f.price, f.seq, f.ts_ms, f.booked_at"
            " from core.fills f join core.symbols y on y.id = f.symbol_id"
            " where f.account_id = :account and f.ts_ms >= :since order by f.fill_no desc limit :most"
        ),
        {"account": account_id, "since": since_ms, "most": MOST_FILLS},
    ).all()
    return list(reversed(rows))


class _Reader:
    """Markets as the follower would have seen them."""

    def __init__(
        self,
        session: TenantSession,
        settings: CopyTradingSettings,
        market: LockedAccounts,
        master: MasterRow,
        account_type_id: UUID,
        choices: Choices,
    ) -> None:
        self._session, self._settings, self.market, self._master = session, settings, market, master
        self._type_id = account_type_id
        self._map = dict(choices.symbol_map)
        self._views: dict[str, tuple[MarketView, Decimal] | None] = {}

    def view(self, code: str) -> tuple[MarketView, Decimal] | None:
        """A symbol of the master as the follower's account type sees it today, and the mark-up on each side."""
        if code not in self._views:
            symbol_id = self.market.symbol_id(self._map.get(code, code))
            found = None
            if symbol_id is not None:
                seen = self.market.market(self._type_id, symbol_id)
                found = seen, self._markup(seen)
            self._views[code] = found
        return self._views[code]

    def _markup(self, seen: MarketView) -> Decimal:
        raw = self._session.execute(
            text(
                "select q.bid * y.tick as bid from core.symbols y join core.quotes q on q.instrument_id = y.instrument_id"
                " where y.id = :id"
            ),
            {"id": seen.symbol_id},
        ).one_or_none()
        return Decimal(0) if raw is None or not seen.bid else raw.bid - seen.bid

    def masters_margin(self, symbol_id: UUID, price: Decimal) -> Decimal:
        """What one lot binds for the master, in the master's currency; 0 without a rate."""
        rate = self.market.middle_rate(self.market.quote_currency(symbol_id), self._master.currency)
        if rate is None:
            return ZERO
        value = product(self.market.contract_size(symbol_id), price, rate[0])
        return quotient(value, product(rate[1], self._master.leverage_of(symbol_id)))

    def quotes_of(self, fills: Sequence[Row[Any]]) -> dict[tuple[UUID, int], tuple[int, int]]:
        """The stored quotes that fills were booked on, by instrument and number, one statement for each instrument."""
        wanted: dict[UUID, set[int]] = {}
        for row in fills:
            wanted.setdefault(row.instrument_id, set()).add(row.seq)
        found: dict[tuple[UUID, int], tuple[int, int]] = {}
        for instrument, numbers in wanted.items():
            rows = self._session.execute(
                text("select seq, bid, ask from core.ticks where instrument_id = :id and seq = any(:numbers)"),
                {"id": instrument, "numbers": list(numbers)},
            )
            found |= {(instrument, row.seq): (row.bid, row.ask) for row in rows}
        return found

    def at(self, code: str, bid: Decimal, ask: Decimal, at_ms: int) -> Market | None:
        """A market with raw prices of then and today's conditions."""
        known = self.view(code)
        if known is None:
            return None
        seen, markup = known
        return Market(
            code=seen.code,
            contract=seen.contract_size,
            step=seen.lot_step,
            minimum=seen.min_lot,
            maximum=seen.max_lot,
            tick=seen.tick,
            bid=bid - markup,
            ask=ask + markup,
            at_ms=at_ms,
            tolerance=self._settings.tolerance(tolerance_class(seen.asset_class, seen.base)),
            money_rate=seen.money_rate,
            leverage=seen.leverage,
            cost_per_lot=seen.margin_per_lot + seen.commission_per_lot,
            # What is closed or stale now was traded then.
            problem=None if seen.problem in ("market_closed", "quote_stale") else seen.problem,
        )

    def looks(self, fills: Sequence[Row[Any]], past: Past) -> list[Moment]:
        """Prices in between, so that the curve and the drawdown know what happened between two fills."""
        looks = []
        for code, instrument in {row.code: row.instrument_id for row in fills}.items():
            known = self.view(code)
            if known is None or self._map.get(code, code) != code:
                continue
            first = min(row.seq for row in fills if row.code == code)
            rows = self._session.execute(
                text(
                    "with span as (select max(seq) as last from core.ticks where instrument_id = :id and ts_ms <= :until)"
                    " select ts_ms, bid, ask from core.ticks, span where instrument_id = :id and seq >= :first"
                    " and seq <= span.last and (span.last - seq) % greatest((span.last - :first) / :marks, 1) = 0"
                ),
                {"id": instrument, "first": first, "until": past.until_ms, "marks": MARKS},
            )
            seen, _markup = known
            for row in rows:
                market = self.at(code, row.bid * seen.tick, row.ask * seen.tick, row.ts_ms)
                looks.append(Moment(row.ts_ms, code, market))
        return looks


def _moments(
    past: Past,
    reader: _Reader,
    equity: _MasterEquity,
    fills: Sequence[Row[Any]],
    quotes: Mapping[tuple[UUID, int], tuple[int, int]],
) -> Iterator[Moment]:
    """The master's fills as the rules read them, each with the market of its moment."""
    filled: dict[UUID, tuple[Decimal, Decimal]] = {}
    stamped: dict[UUID, Decimal] = {}
    for row in fills:
        known = reader.view(row.code)
        quote = quotes.get((row.instrument_id, row.seq))
        tick = known[0].tick if known else Decimal(1)
        if quote is None or (known is not None and known[0].code != row.code):
            # The quote is stored no more, or is another symbol's: the master's own price stands for it.
            past.without_quote += quote is None
            bid = ask = row.price
        else:
            bid, ask = quote[0] * tick, quote[1] * tick
        market = reader.at(row.code, bid, ask, row.ts_ms)
        terms = (known[0].margin_per_lot, known[0].commission_per_lot) if known else (ZERO, ZERO)
        # Stamped once for an order, as the platform does on its event.
        basis = stamped.setdefault(row.order_id, equity.before(row, bid, ask))
        if row.effect in ("open", "add"):
            volume, worth = filled.get(row.order_id, (ZERO, ZERO))
            volume, worth = volume + row.volume, worth + row.volume * row.price
            filled[row.order_id] = volume, worth
            opened = MasterOpen(
                seq=row.fill_no,
                order=row.order_id,
                position=row.position_id,
                symbol=row.code,
                side=1 if row.side == "buy" else -1,
                volume=row.volume,
                filled=volume,
                price=worth / volume,
                at_ms=row.ts_ms,
                equity=basis,
                contract=reader.market.contract_size(row.symbol_id),
                new=row.effect == "open",
                margin_per_lot=reader.masters_margin(row.symbol_id, row.price),
            )
            yield Moment(row.ts_ms, row.code, market, opened=opened, margin=terms[0], commission=terms[1])
        else:
            closed = MasterClose(row.fill_no, row.position_id, row.position_volume + row.volume, row.position_volume)
            yield Moment(row.ts_ms, row.code, market, closed=closed, margin=terms[0], commission=terms[1])
        equity.after(row)


def _ledger(session: TenantSession, account_id: UUID, fills: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
    """The account's ledger entries from its first fill here on, and the last one before, in their order."""
    if not fills:
        return []
    return session.execute(
        text(
            "select e.entry_no, e.amount, e.balance, e.booked_at, f.fill_no from core.ledger_entries e"
            " left join core.fills f on f.id = e.fill_id and f.account_id = e.account_id"
            " where e.account_id = :account and e.entry_no >= coalesce((select max(entry_no) from core.ledger_entries"
            "  where account_id = :account and booked_at < :since), 0) order by e.entry_no"
        ),
        {"account": account_id, "since": fills[0].booked_at},
    ).all()


class _MasterEquity:
    """What the master's account was worth before each fill: the ledger's balance and the positions opened since.

    Positions from before the window have no opening fill in it, so that their floating P&L is not known.
    """

    def __init__(self, reader: _Reader, rate: Decimal, ledger: Sequence[Row[Any]]) -> None:
        self._reader, self._rate, self._ledger = reader, rate, ledger
        self._at = 0
        self._balance = ledger[0].balance - ledger[0].amount if ledger else ZERO
        self._open: dict[UUID, tuple[str, int, Decimal, Decimal]] = {}
        self._prices: dict[str, tuple[Decimal, Decimal]] = {}

    def before(self, row: Row[Any], bid: Decimal, ask: Decimal) -> Decimal:
        """Equity just before a fill, at the prices of its quote, in the master's currency."""
        self._prices[row.code] = (bid, ask)
        while self._at < len(self._ledger) and self._earlier(self._ledger[self._at], row):
            self._balance = self._ledger[self._at].balance
            self._at += 1
        floating = ZERO
        for code, side, volume, price in self._open.values():
            known = self._reader.view(code)
            if known is not None:
                mark = self._prices[code][0 if side > 0 else 1]
                floating += (mark - price) * side * volume * known[0].contract_size * known[0].money_rate
        return self._balance + floating / self._rate

    @staticmethod
    def _earlier(entry: Row[Any], row: Row[Any]) -> bool:
        """Whether a ledger entry was booked before a fill; within one booking the numbers of the fills say so."""
        if entry.booked_at != row.booked_at:
            return bool(entry.booked_at < row.booked_at)
        return entry.fill_no is not None and entry.fill_no < row.fill_no

    def after(self, row: Row[Any]) -> None:
        """Take note of a fill."""
        side = 1 if row.side == "buy" else -1
        held = self._open.get(row.position_id)
        if row.effect in ("open", "add"):
            code, side, volume, price = held or (row.code, side, ZERO, ZERO)
            price = (price * volume + row.price * row.volume) / (volume + row.volume)
            self._open[row.position_id] = code, side, volume + row.volume, price
        elif held is not None:
            if row.position_volume:
                self._open[row.position_id] = held[0], held[1], row.position_volume, held[3]
            else:
                del self._open[row.position_id]
