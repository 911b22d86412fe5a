"""What Mission Control shows above its table: how many bots there are of each state, and what all of them are worth."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy import text

from core.sdk.arrays import uuids
from core.sdk.data import TenantSession
from plugins.bot_trading.services.conversion import Rates, rates_of
from plugins.bot_trading.services.marks import MARKED, current_prices
from plugins.bot_trading.strategies.numbers import ZERO, exact, round_amount

__all__ = ["Closing", "Overview", "closing_of", "overview", "symbols_of"]

STATES: Final = ("running", "waiting_trigger", "paused", "stopping", "halted", "error")


@dataclass(frozen=True, slots=True)
class Overview:
    """Bots that have not ended. ``total`` is in the main currency; ``left_out`` are bots without a rate to it."""

    counts: Mapping[str, int]
    total: Decimal
    rates: Rates
    left_out: int


@dataclass(frozen=True, slots=True)
class Closing:
    """What closing everything of some bots now is estimated to bring; it may differ, since prices move.

    :ivar realised: by currency, commission of the closes taken off; negative is a loss.
    :ivar total: of them in the main currency; ``left_out``: currencies without a rate.
    """

    bots: int
    holding: int
    realised: Mapping[str, Decimal]
    total: Decimal
    rates: Rates


_OVERVIEW = text(f"""
with {MARKED}
select status, currency, count(*) as number, sum(total) as total from marked m where m.status <> 'stopped' group by 1, 2
""")  # noqa: S608 - constants
# What the closes are charged: as the strategies reckon it, a share of the value and an amount for each lot.
_CLOSING = text(f"""
with {MARKED}
select m.currency, count(*) as bots, count(*) filter (where m.base <> 0 or m.short <> 0) as holding,
  sum(m.floating
    - (m.floating + m.invested + 2 * m.short * cast(m.market ->> 'contract' as numeric) * coalesce(p.ask, 0))
      * cast(m.market ->> 'fee_rate' as numeric)
    - (m.base + m.short) * cast(m.market ->> 'fee_per_lot' as numeric))
    filter (where m.base <> 0 or m.short <> 0) as realised
from marked m
left join prices p on p.type_id = m.account_type_id and p.symbol_id = m.symbol_id
where m.id = any(cast(:ids as uuid[])) and m.status <> 'stopped' group by m.currency order by m.currency
""")  # noqa: S608 - constants


@exact
def overview(session: TenantSession) -> Overview:
    """All bots that have not ended, at the current quotes."""
    rows = session.execute(_OVERVIEW, current_prices(session)).all()
    rates = rates_of(session, {row.currency for row in rows})
    counts = dict.fromkeys(STATES, 0)
    total, left_out = ZERO, 0
    for row in rows:
        counts[row.status] = counts.get(row.status, 0) + row.number
        rate = rates.rates.get(row.currency)
        if rate is None:
            left_out += row.number
        else:
            total += round_amount(row.total * rate)
    return Overview(counts, total, rates, left_out)


@exact
def closing_of(session: TenantSession, bot_ids: Collection[UUID]) -> Closing:
    """The estimate for bots that are stopped with all their positions closed."""
    rows = session.execute(_CLOSING, {**current_prices(session), "ids": uuids(bot_ids)}).all()
    realised = {row.currency: round_amount(row.realised) for row in rows if row.realised is not None}
    rates = rates_of(session, realised)
    total = sum(
        (round_amount(amount * rates.rates[code]) for code, amount in realised.items() if code in rates.rates), ZERO
    )
    return Closing(sum(row.bots for row in rows), sum(row.holding for row in rows), realised, total, rates)


def symbols_of(session: TenantSession) -> list[str]:
    """Codes of the symbols that bots trade now, for a filter."""
    return list(
        session.scalars(
            text(
                "select code from core.symbols where id in"
                " (select symbol_id from bot_trading.bots where status <> 'stopped') order by code"
            )
        )
    )
