"""Lists of masters with their figures: filtered, sorted and paged by the database, two statements for any number of masters.

Figures come from the masters' standings, which every fill, every payment and a look every few seconds move on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from core.sdk.data import TenantSession
from core.sdk.money import reporting_currency
from core.sdk.prices import middle_rates
from core.sdk.text import _
from plugins.copy_trading.rules.figures import EXCHANGE_DAYS, MIN_SHARPE_DAYS, ROUND_THE_CLOCK_DAYS
from plugins.copy_trading.rules.risk import LEAST_DAYS, PROVISIONAL_DAYS, level_of


@dataclass(frozen=True, slots=True)
class MasterLine:
    """A master in a list. Money in ``currency``; percentages as 0–100. Figures are none before the first look at the account."""

    id: UUID
    name: str
    about: str
    account_id: UUID
    account: str
    currency: str
    demo: bool
    customer_id: UUID
    customer: str
    email: str
    status: str
    public: bool
    follower_cap: int | None
    fee_percent: Decimal
    followers: int
    assets: Decimal | None
    """Assets under copy: equity of the accounts that follow, as of the last round over them; none without a rate."""
    total_pnl: Decimal | None
    win_rate: Decimal | None
    profit_factor: Decimal | None
    trades: int
    index_return: Decimal | None
    drawdown: Decimal | None
    sharpe: float | None
    leverage: Decimal | None
    risk: int | None
    provisional: bool
    since: datetime | None
    created_at: datetime

    @property
    def visibility(self) -> str:
        """``public`` or ``private``."""
        return "public" if self.public else "private"

    @property
    def cap_note(self) -> str:
        """The cap in words; empty without one."""
        return _("at most {cap} followers", cap=self.follower_cap) if self.follower_cap else ""

    @property
    def risk_level(self) -> str:
        """``low``, ``medium`` or ``high``; empty without a score."""
        return level_of(self.risk) if self.risk is not None else ""


@dataclass(frozen=True, slots=True)
class MasterQuery:
    """What is asked of the list. ``findable`` leaves out whom nobody may find: private, paused, deactivated ones.

    ``most_drawdown`` and ``least_return`` in percent; ``most_risk`` and the like leave out masters without the figure.
    """

    search: str = ""
    status: str = ""
    visibility: str = ""
    findable: bool = False
    only: Sequence[UUID] | None = None
    customer_id: UUID | None = None
    most_risk: int | None = None
    most_drawdown: Decimal | None = None
    least_return: Decimal | None = None
    sort: str = "name"
    descending: bool = False
    offset: int = 0
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class MasterPage:
    """A page of masters, how many match in all, and how many of the brokerage's there are by status (whatever the filters)."""

    rows: Sequence[MasterLine]
    total: int
    statuses: Mapping[str, int] = field(default_factory=dict)


# A deviation of none is what floating point leaves of it: see rules.figures.sharpe.
_RATIO = (
    f"case when {{0}}_count >= {MIN_SHARPE_DAYS} and {{0}}_squares > 1e-22 * {{0}}_count"
    " then {0}_mean / sqrt({0}_squares / ({0}_count - 1)) * sqrt({1}) end"
)
_WIN_RATE = "case when s.closed > 0 then 100.0 * s.won / s.closed end"
_PROFIT_FACTOR = "case when s.losses > 0 then s.gains / s.losses end"
_SHARPE = (
    f"case when s.round_the_clock then {_RATIO.format('s.daily', ROUND_THE_CLOCK_DAYS)}"
    f" else {_RATIO.format('s.weekday', EXCHANGE_DAYS)} end"
)
_RISK = f"case when s.day - s.first_day >= {LEAST_DAYS} then s.score end"

_ACCOUNTS = " join core.accounts a on a.id = m.account_id"
_CUSTOMERS = " join tenants.customers c on c.id = m.customer_id"
_STANDINGS = " left join copy_trading.standings s on s.master_id = m.id"
_RATES = "rates as (select * from unnest(cast(:currencies as text[]), cast(:rates as numeric[])) as r(currency, rate))"
_RATED = " left join rates r on r.currency = a.currency"
_COUNTED = " left join followers f on f.master_id = m.id"

SORTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "name": ("lower(m.name)", ()),
    "account": ("a.number", (_ACCOUNTS,)),
    "followers": ("coalesce(f.followers, 0)", (_COUNTED,)),
    "assets": ("coalesce(f.assets, 0)", (_COUNTED,)),
    "total_pnl": ("(s.equity - s.funded) * r.rate", (_ACCOUNTS, _STANDINGS, _RATED)),
    "win_rate": (_WIN_RATE, (_STANDINGS,)),
    "profit_factor": (_PROFIT_FACTOR, (_STANDINGS,)),
    "index_return": ("s.index", (_STANDINGS,)),
    "drawdown": ("s.fall_depth", (_STANDINGS,)),
    "sharpe": (_SHARPE, (_STANDINGS,)),
    "risk": (_RISK, (_STANDINGS,)),
    "status": ("m.status", ()),
    "visibility": ("m.public", ()),
    "since": ("m.since", ()),
}
"""What a list may be sorted by, and the tables that takes. Money is compared in the brokerage's main currency."""

# In the brokerage's main currency; what has no rate is left out.
_FOLLOWERS = """
select b.master_id, count(*) as followers, coalesce(sum(g.equity * r.rate), 0) as assets
from copy_trading.subscriptions b
left join copy_trading.follower_figures g on g.subscription_id = b.id
left join rates r on r.currency = g.currency
where b.status <> 'stopped' and not b.mock{only} group by b.master_id
"""
_HEADS = (
    "select master_id, count(*) as followers from copy_trading.subscriptions"
    " where status <> 'stopped' and not mock group by master_id"
)
_LINES = f"""
with {_RATES}, followers as materialized ({_FOLLOWERS.format(only=" and b.master_id = any(:ids)")})
select m.id, m.name, m.about, m.account_id, a.number as account, a.currency, t.demo, m.customer_id, c.name as customer,
  c.email, m.status, m.public, m.follower_cap, m.fee_percent, coalesce(f.followers, 0) as followers,
  coalesce(f.assets, 0) / r.rate as assets, s.equity - s.funded as total_pnl, coalesce(s.closed, 0) as trades,
  (s.index - 1) * 100 as index_return, s.fall_depth * 100 as drawdown,
  case when s.equity > 0 then s.notional / s.equity end as leverage, m.since, m.created_at, {_WIN_RATE} as win_rate,
  {_PROFIT_FACTOR} as profit_factor, {_SHARPE} as sharpe, {_RISK} as risk,
  s.day - s.first_day < {PROVISIONAL_DAYS} as provisional
from copy_trading.masters m{_ACCOUNTS} join core.account_types t on t.id = a.account_type_id{_CUSTOMERS}{_STANDINGS}{_RATED}
{_COUNTED}
where m.id = any(:ids)
"""  # noqa: S608 - made of constants


def page_of_masters(session: TenantSession, query: MasterQuery) -> MasterPage:
    """The masters that a list shows, how many there are in all, and how many by status.

    Which masters these are is found first, with the tables alone that the filters and the order need; the rest of their
    figures is read for the page.
    """
    main = reporting_currency(session)
    used = session.scalars(text("select distinct currency from core.account_types")).all()
    rates = middle_rates(session, used, main)
    known = {"currencies": list(rates), "rates": list(rates.values())}
    statement, values = _search(query)
    found = session.execute(text(statement), {**values, **known, "offset": query.offset, "limit": query.limit}).all()
    places = {row.id: at for at, row in enumerate(found)}
    rows = session.execute(text(_LINES), {**known, "ids": list(places)}).all()
    lines = sorted((_line(row) for row in rows), key=lambda line: places[line.id])
    return MasterPage(lines, found[0].total if found else 0, statuses_of(session))


def _search(query: MasterQuery) -> tuple[str, dict[str, Any]]:
    conditions, values = _conditions(query)
    order, needed = SORTS.get(query.sort, SORTS["name"])
    wanted = set(needed)
    if query.search and not query.findable:
        wanted |= {_ACCOUNTS, _CUSTOMERS}
    if {"risk", "drawdown", "least"} & set(values):
        wanted.add(_STANDINGS)
    parts = [_RATES]
    if _COUNTED in wanted:
        counted = _FOLLOWERS.format(only="") if query.sort == "assets" else _HEADS
        parts.append(f"followers as materialized ({counted})")
    joins = "".join(join for join in (_ACCOUNTS, _CUSTOMERS, _STANDINGS, _RATED, _COUNTED) if join in wanted)
    return (
        f"with {', '.join(parts)} select m.id, count(*) over () as total from copy_trading.masters m{joins}"  # noqa: S608 - made of constants
        f" where {' and '.join(conditions)} order by {order} {'desc' if query.descending else 'asc'} nulls last,"
        f" lower(m.name), m.id offset :offset{' limit :limit' if query.limit is not None else ''}",
        values,
    )


def statuses_of(session: TenantSession) -> dict[str, int]:
    """How many masters there are by status."""
    rows = session.execute(text("select status, count(*) from copy_trading.masters group by status"))
    return {row[0]: row[1] for row in rows}


def masters(
    session: TenantSession,
    *,
    only: Sequence[UUID] | None = None,
    findable: bool = False,
    customer_id: UUID | None = None,
) -> list[MasterLine]:
    """Masters with their figures, by name."""
    return list(page_of_masters(session, MasterQuery(only=only, findable=findable, customer_id=customer_id)).rows)


def _conditions(query: MasterQuery) -> tuple[list[str], dict[str, Any]]:
    conditions, values = ["true"], dict[str, Any]()
    if query.findable:
        conditions.append("m.public and m.status = 'active'")
    if query.visibility:
        conditions.append("m.public" if query.visibility == "public" else "not m.public")
    # Customers find masters by what those say of themselves, and not by who they are.
    searched = (
        "concat_ws(' ', m.name, m.about)" if query.findable else "concat_ws(' ', m.name, c.name, c.email, a.number)"
    )
    for name, condition, value in (
        ("search", f"{searched} ilike :search", pattern(query.search)),
        ("status", "m.status = :status", query.status or None),
        ("only", "m.id = any(:only)", list(query.only) if query.only is not None else None),
        ("customer", "m.customer_id = :customer", query.customer_id),
        ("risk", f"s.day - s.first_day >= {LEAST_DAYS} and s.score <= :risk", query.most_risk),
        ("drawdown", "s.fall_depth * 100 <= :drawdown", query.most_drawdown),
        ("least", "(s.index - 1) * 100 >= :least", query.least_return),
    ):
        if value is not None:
            conditions.append(condition)
            values[name] = value
    return conditions, values


def pattern(search: str) -> str | None:
    """What to compare with ``ilike``: the text anywhere; none for no text."""
    if not search:
        return None
    escaped = search.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%"


def _line(row: Row[Any]) -> MasterLine:
    values = dict(row._mapping)
    values["provisional"] = bool(values["provisional"])
    return MasterLine(**values)
