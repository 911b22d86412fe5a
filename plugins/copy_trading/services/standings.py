"""Reading and writing masters' running figures: whole sets of rows, a fixed number of statements."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from core.sdk.arrays import uuids
from core.sdk.data import TenantSession
from plugins.copy_trading.rules.statistics import ClosedDay, Fall, Spread, Standing, Trades


@dataclass(frozen=True, slots=True)
class Kept:
    """A master's row: the figures, the trades, and up to which ledger entry, fill and point they know the account."""

    figures: Standing
    trades: Trades
    ledger_no: int
    fill_no: int
    round_the_clock: bool
    point_ms: int


_COLUMNS: Sequence[tuple[str, str]] = (
    ("master_id", "uuid"), ("at_ms", "bigint"), ("point_ms", "bigint"), ("equity", "numeric"), ("funded", "numeric"),
    ("notional", "numeric"), ("index", "numeric"), ("peak", "numeric"), ("peak_ms", "bigint"), ("fall_depth", "numeric"),
    ("fall_peak", "numeric"), ("fall_peak_ms", "bigint"), ("fall_trough_ms", "bigint"), ("fall_recovered_ms", "bigint"),
    ("first_day", "integer"), ("day", "integer"), ("day_base", "numeric"), ("weekday_base", "numeric"),
    ("day_high", "numeric"), ("day_low", "numeric"), ("day_fall", "double precision"),
    ("day_leverage", "double precision"), ("daily_count", "integer"), ("daily_mean", "double precision"),
    ("daily_squares", "double precision"), ("weekday_count", "integer"), ("weekday_mean", "double precision"),
    ("weekday_squares", "double precision"), ("ledger_no", "bigint"), ("fill_no", "bigint"),
    ("round_the_clock", "boolean"), ("closed", "integer"), ("won", "integer"), ("gains", "numeric"),
    ("losses", "numeric"), ("losing", "integer"),
)  # fmt: skip
NAMES = ", ".join(name for name, _ in _COLUMNS)


def unnested(columns: Sequence[tuple[str, str]]) -> str:
    """The columns as a set of rows, each handed in as an array under its own name."""
    return "unnest(" + ", ".join(f"cast(:{name} as {kind}[])" for name, kind in columns) + ")"


_SAVE = text(
    f"insert into copy_trading.standings ({NAMES}) select * from {unnested(_COLUMNS)}"  # noqa: S608 - made of constants
    " on conflict (tenant_id, master_id) do update set "
    + ", ".join(f"{name} = excluded.{name}" for name, _ in _COLUMNS[1:])
)


def save(session: TenantSession, kept: Mapping[UUID, Kept]) -> None:
    """Write the rows of masters, new and known alike."""
    rows = [_values(master_id, row) for master_id, row in kept.items()]
    session.execute(_SAVE, {name: [row[at] for row in rows] for at, (name, _) in enumerate(_COLUMNS)})


def _values(master_id: UUID, kept: Kept) -> tuple[Any, ...]:
    own, fall, trades = kept.figures, kept.figures.fall, kept.trades
    return (
        master_id, own.at_ms, kept.point_ms, own.equity, own.funded, own.notional, own.index, own.peak, own.peak_ms,
        fall.depth, fall.peak, fall.peak_ms, fall.trough_ms, fall.recovered_ms, own.first_day, own.day, own.day_base,
        own.weekday_base, own.day_high, own.day_low, own.day_fall, own.day_leverage, own.daily.count, own.daily.mean,
        own.daily.squares, own.weekdays.count, own.weekdays.mean, own.weekdays.squares, kept.ledger_no, kept.fill_no,
        kept.round_the_clock, trades.closed, trades.won, trades.gains, trades.losses, trades.losing,
    )  # fmt: skip


def read(row: Row[Any]) -> Kept:
    """A row with all columns of a standing, by their names."""
    return Kept(
        Standing(
            row.at_ms, row.equity, row.funded, row.notional, row._mapping["index"], row.peak, row.peak_ms,
            Fall(row.fall_depth, row.fall_peak, row.fall_peak_ms, row.fall_trough_ms, row.fall_recovered_ms),
            row.first_day, row.day, row.day_base, row.weekday_base, row.day_high, row.day_low, row.day_fall,
            row.day_leverage, Spread(row.daily_count, row.daily_mean, row.daily_squares),
            Spread(row.weekday_count, row.weekday_mean, row.weekday_squares),
        ),
        Trades(row.closed, row.won, row.gains, row.losses, row.losing),
        row.ledger_no,
        row.fill_no,
        row.round_the_clock,
        row.point_ms,
    )  # fmt: skip


def standing_of(session: TenantSession, master_id: UUID) -> Kept | None:
    """The figures of one master; none before the first look."""
    row = session.execute(
        text(f"select {NAMES} from copy_trading.standings where master_id = :id"),  # noqa: S608 - made of constants
        {"id": master_id},
    ).first()
    return None if row is None else read(row)


_DAY_COLUMNS: Sequence[tuple[str, str]] = (
    ("master_id", "uuid"), ("day", "integer"), ("equity", "numeric"), ("funded", "numeric"), ("index", "numeric"),
    ("high", "numeric"), ("low", "numeric"), ("fall", "double precision"), ("leverage", "double precision"),
    ("change", "double precision"), ("weekday_change", "double precision"),
)  # fmt: skip
_SAVE_DAYS = text(
    f"insert into copy_trading.master_days ({', '.join(name for name, _ in _DAY_COLUMNS)})"  # noqa: S608 - made of constants
    f" select * from {unnested(_DAY_COLUMNS)} on conflict do nothing"
)


def save_days(session: TenantSession, days: Sequence[tuple[UUID, ClosedDay]]) -> None:
    """Write days that are over; a day is written once."""
    rows = [
        (
            master_id, day.day, day.equity, day.funded, day.index, day.high, day.low, day.fall, day.leverage, day.change,
            day.weekday_change,
        )
        for master_id, day in days
    ]  # fmt: skip
    session.execute(_SAVE_DAYS, {name: [row[at] for row in rows] for at, (name, _) in enumerate(_DAY_COLUMNS)})


_POINT_COLUMNS: Sequence[tuple[str, str]] = (
    ("master_id", "uuid"), ("at_ms", "bigint"), ("equity", "numeric"), ("funded", "numeric"), ("notional", "numeric"),
    ("index", "numeric"),
)  # fmt: skip
_SAVE_POINTS = text(
    f"insert into copy_trading.equity_points ({', '.join(name for name, _ in _POINT_COLUMNS)})"  # noqa: S608 - made of constants
    f" select * from {unnested(_POINT_COLUMNS)} on conflict (tenant_id, master_id, at_ms) do update set"
    " equity = excluded.equity, funded = excluded.funded, notional = excluded.notional, index = excluded.index"
)


def save_points(session: TenantSession, points: Sequence[tuple[UUID, Standing]]) -> None:
    """Keep points of the curve; of several at one moment of the feed the last stands."""
    rows = [(master_id, own.at_ms, own.equity, own.funded, own.notional, own.index) for master_id, own in points]
    session.execute(_SAVE_POINTS, {name: [row[at] for row in rows] for at, (name, _) in enumerate(_POINT_COLUMNS)})


def lock(session: TenantSession, master_ids: Collection[UUID]) -> None:
    """Hold the rows of masters until the transaction ends, in the order of their ids: looks come one after the other."""
    session.execute(
        text(
            "select from copy_trading.standings where master_id = any(cast(:ids as uuid[])) order by master_id for update"
        ),
        {"ids": uuids(master_ids)},
    )
