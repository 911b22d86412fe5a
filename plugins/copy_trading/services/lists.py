"""Lists of followers and of what was not copied, for pages and API; masters come with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.sdk.data import TenantSession
from core.sdk.text import _, _n
from core.sdk.trading import AccountState, account_states
from plugins.copy_trading.rules.figures import LeverageLimits, effective_leverage, leverage_warning
from plugins.copy_trading.rules.states import Pause, names
from plugins.copy_trading.services.figures import ZERO, copied_pnl
from plugins.copy_trading.services.master_lists import MasterLine, masters, pattern

__all__ = [
    "PAUSED_BY",
    "FollowerLine",
    "FollowerQuery",
    "MasterLine",
    "SkipLine",
    "followers",
    "masters",
    "page_of_followers",
    "skips",
    "skips_by_reason",
    "subscriptions_of",
]

PAUSED_BY = {
    "follower": _("the follower"),
    "admin": _("staff"),
    "risk": _("risk limits"),
    "master": _("the master's pause"),
    "module": _("the module's switch"),
}
"""Who or what holds a copy paused, as people read it."""


@dataclass(frozen=True, slots=True)
class FollowerLine:
    """A subscription in a list. Money in the follower's ``currency``; leverage as a multiple, margin level in percent."""

    id: UUID
    master_id: UUID
    master: str
    master_status: str
    account_id: UUID
    account: str
    currency: str
    customer_id: UUID
    customer: str
    email: str
    mock: bool
    """A paper copy: neither a follower nor an asset under copy."""
    status: str
    reasons: tuple[str, ...]
    mode: str
    copy_ratio: Decimal
    fixed_size: Decimal
    fixed_basis: str
    max_open_trades: int
    minimum_equity: Decimal
    slippage_tolerance: Decimal | None
    reverse: bool
    copied_pnl: Decimal
    open_copies: int
    skips: int
    equity: Decimal
    leverage: Decimal | None
    margin_level: Decimal | None
    warning: str | None
    parked: bool
    created_at: datetime
    stopped_at: datetime | None

    @property
    def ratio(self) -> str:
        """The copy ratio, or the fixed size with its unit."""
        if self.mode == "proportional":
            return f"× {_short(self.copy_ratio)}"
        size = _short(self.fixed_size)
        if self.fixed_basis == "lots":
            return _("{size} lots", size=size)
        if self.fixed_basis == "margin":
            return _("{amount} {currency} margin", amount=size, currency=self.currency)
        return _("{amount} {currency} notional", amount=size, currency=self.currency)

    @property
    def open_note(self) -> str:
        """How many copied positions are open, in words."""
        return _n("{count} open", "{count} open", self.open_copies)

    @property
    def paused_by(self) -> str:
        """Why it is paused, in words; empty when it is not."""
        return _("by {who}", who=", ".join(str(PAUSED_BY[reason]) for reason in self.reasons)) if self.reasons else ""


_FOLLOWERS = """
select s.id, s.master_id, m.name as master, m.status as master_status, s.account_id, a.number as account, a.currency,
  s.customer_id, c.name as customer, c.email, s.mock, s.status, s.reasons, s.mode, s.copy_ratio, s.fixed_size, s.fixed_basis,
  s.max_open_trades, s.minimum_equity, s.slippage_tolerance, s.reverse, s.created_at, s.stopped_at,
  k.parked_at is not null as parked,
  (select count(*) from core.positions p where p.account_id = s.account_id and p.origin = 'copy' and p.origin_id = s.id
    and p.closed_ts_ms is null) as open_copies,
  (select count(*) from copy_trading.skips x where x.subscription_id = s.id) as skips
from copy_trading.subscriptions s
join copy_trading.masters m on m.id = s.master_id
join copy_trading.cursors k on k.subscription_id = s.id
join core.accounts a on a.id = s.account_id
join tenants.customers c on c.id = s.customer_id
"""


def followers(
    session: TenantSession,
    limits: LeverageLimits,
    *,
    master_id: UUID | None = None,
    customer_id: UUID | None = None,
    ids: Sequence[UUID] | None = None,
    stopped: bool = False,
) -> list[FollowerLine]:
    """Subscriptions of a master or of a customer with their figures, the newest first."""
    conditions, values = ["true"], dict[str, object]()
    for name, column, value in (
        ("master", "s.master_id = :master", master_id),
        ("customer", "s.customer_id = :customer", customer_id),
        ("ids", "s.id = any(:ids)", list(ids) if ids is not None else None),
    ):
        if value is not None:
            conditions.append(column)
            values[name] = value
    if not stopped:
        conditions.append("s.status <> 'stopped'")
    query = f"{_FOLLOWERS} where {' and '.join(conditions)} order by s.created_at desc, s.id"
    rows = session.execute(text(query), values).all()
    states = account_states(session, {row.account_id for row in rows})
    earned = copied_pnl(session, [row.id for row in rows])
    return [_follower(row, states[row.account_id], earned.get(row.id, ZERO), limits) for row in rows]


@dataclass(frozen=True, slots=True)
class FollowerQuery:
    """What is asked of a list of followers. ``warning``: ``any``, or one of them. Paper copies are no followers."""

    master_id: UUID | None = None
    search: str = ""
    status: str = ""
    warning: str = ""
    sort: str = ""
    descending: bool = False
    offset: int = 0
    limit: int | None = None


_FOLLOWER_SORTS = {
    "customer": "lower(c.name)",
    "master": "lower(m.name)",
    "mode": "s.mode",
    "copied_pnl": "f.copied_pnl",
    "equity": "f.equity",
    "leverage": "f.leverage",
    "margin_level": "f.margin_level",
    "status": "s.status",
    "warning": "array_position(array['warning', 'high', 'critical'], f.warning)",
}


def page_of_followers(
    session: TenantSession, limits: LeverageLimits, query: FollowerQuery
) -> tuple[list[FollowerLine], int]:
    """A page of followers and how many match in all.

    Found, filtered and sorted by their figures of the last round; shown with those of the moment.
    """
    conditions = ["not s.mock", "s.status <> 'stopped'"]
    values: dict[str, object] = {"offset": query.offset, "limit": query.limit}
    for name, condition, value in (
        ("master", "s.master_id = :master", query.master_id),
        ("search", "concat_ws(' ', c.name, c.email, a.number) ilike :search", pattern(query.search)),
        ("status", "s.status = :status", query.status or None),
        (
            "warning",
            "f.warning is not null" if query.warning == "any" else "f.warning = :warning",
            query.warning or None,
        ),
    ):
        if value is not None:
            conditions.append(condition)
            values[name] = value
    order = _FOLLOWER_SORTS.get(query.sort, "s.created_at")
    turn = "desc" if query.descending or query.sort not in _FOLLOWER_SORTS else "asc"
    found = session.execute(
        text(
            "select s.id, count(*) over () as total from copy_trading.subscriptions s"  # noqa: S608 - made of constants
            " join copy_trading.masters m on m.id = s.master_id join core.accounts a on a.id = s.account_id"
            " join tenants.customers c on c.id = s.customer_id"
            f" left join copy_trading.follower_figures f on f.subscription_id = s.id where {' and '.join(conditions)}"
            f" order by {order} {turn} nulls last, s.id offset :offset limit cast(:limit as integer)"
        ),
        values,
    ).all()
    places = {row.id: at for at, row in enumerate(found)}
    rows = followers(session, limits, ids=list(places)) if places else []
    return sorted(rows, key=lambda row: places[row.id]), found[0].total if found else 0


def _follower(row: Any, state: AccountState, earned: Decimal, limits: LeverageLimits) -> FollowerLine:
    leverage = effective_leverage(state.notional, state.equity)
    values = dict(row._mapping)
    values["reasons"] = tuple(names(Pause(row.reasons) | (Pause.MASTER if row.master_status == "paused" else Pause(0))))
    return FollowerLine(
        **values,
        copied_pnl=earned,
        equity=state.equity,
        leverage=leverage,
        margin_level=state.level,
        warning=leverage_warning(leverage, state.level, limits),
    )


@dataclass(frozen=True, slots=True)
class SkipLine:
    """A skip record as people read it."""

    at: datetime
    customer: str
    account: str
    symbol: str
    side: str
    volume: Decimal
    reason: str
    found: str
    needed: str
    setting: str | None
    setting_value: str | None


def skips(
    session: TenantSession,
    *,
    master_id: UUID | None = None,
    subscription_id: UUID | None = None,
    reason: str = "",
    limit: int = 200,
    offset: int = 0,
) -> list[SkipLine]:
    """The newest skip records of a master's followers, or of one subscription; ``reason`` a code, empty for all."""
    rows = session.execute(
        text(
            "select x.at, c.name, a.number, y.code, x.side, x.volume, x.reason, x.found, x.needed, x.setting, x.setting_value"
            f"{_SKIPS} order by x.at desc, x.fill_no desc, s.id offset :offset limit :limit"
        ),
        {
            "master": master_id,
            "subscription": subscription_id,
            "reason": reason or None,
            "limit": limit,
            "offset": offset,
        },
    )
    return [SkipLine(row[0], row[1], row[2], row[3], "buy" if row[4] > 0 else "sell", *row[5:]) for row in rows]


def skips_by_reason(
    session: TenantSession, *, master_id: UUID | None = None, days: int | None = None
) -> dict[str, int]:
    """How many opens were not copied, by reason code, the most frequent first; of the last ``days``, or of ever."""
    rows = session.execute(
        text(
            f"select x.reason, count(*){_SKIPS}"
            " and (cast(:days as integer) is null or x.at > now() - make_interval(days => :days))"
            " group by x.reason order by count(*) desc, x.reason"
        ),
        {"master": master_id, "subscription": None, "reason": None, "days": days},
    )
    return {row[0]: row[1] for row in rows}


_SKIPS = (
    " from copy_trading.skips x join copy_trading.subscriptions s on s.id = x.subscription_id"
    " join tenants.customers c on c.id = s.customer_id join core.accounts a on a.id = s.account_id"
    " join core.symbols y on y.id = x.symbol_id"
    " where (cast(:master as uuid) is null or s.master_id = :master)"
    " and (cast(:subscription as uuid) is null or s.id = :subscription)"
    " and (cast(:reason as text) is null or x.reason = :reason)"
)


def subscriptions_of(session: TenantSession, master_id: UUID) -> list[str]:
    """The ids of a master's copies, stopped ones too, as text: the subjects of their alerts."""
    return list(
        session.scalars(
            text("select cast(id as text) from copy_trading.subscriptions where master_id = :id"), {"id": master_id}
        )
    )


def _short(value: Decimal) -> str:
    text_ = format(value, "f")
    return text_.rstrip("0").rstrip(".") if "." in text_ else text_
