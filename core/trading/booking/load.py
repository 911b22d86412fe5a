"""What a booking reads: a fixed number of statements, whatever the number of orders and accounts.

Accounts are locked first, in the order of their ids, so that two bookings never deadlock; everything of an account
(positions, orders, reservations, triggers) is only changed under its account's lock, so what is read after it stays true.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.trading.booking.arrays import texts, uuids
from core.trading.booking.rows import AccountRow, OrderRow, PositionRow, ReservationRow
from core.trading.booking.views import CurrentQuote, Enabled, SymbolView, TypeView, World
from core.trading.rules.hours import Hours
from core.trading.rules.risk import Levels
from tenants.db import TenantSession

_HUNDRED = Decimal(100)


def module_states(session: TenantSession, modules: Collection[str]) -> dict[str, str]:
    """The states of modules, held until the transaction ends: a switch waits for it, or it for the switch.

    A module that the tenant's plan does not allow, or that has no row, is off.
    """
    if not modules:
        return {}
    rows = session.execute(
        text(
            "select module, case when allowed then state else 'off' end from tenants.product_configs"
            " where module = any(cast(:modules as text[])) order by module for share"
        ),
        {"modules": texts(sorted(modules))},
    )
    found = {row[0]: row[1] for row in rows}
    return {module: found.get(module, "off") for module in modules}


def lock_accounts(session: TenantSession, ids: Iterable[UUID]) -> dict[UUID, AccountRow]:
    """The accounts, locked until the transaction ends, in the order of their ids. Unknown ids are left out."""
    rows = session.execute(
        text(
            "select a.id, a.account_type_id, a.currency, a.mode, a.balance, a.margin, a.reserved, a.fill_no, a.ledger_no,"
            " a.margin_called, a.watched, a.status, c.status"
            " from core.accounts a join tenants.customers c on c.tenant_id = a.tenant_id and c.id = a.customer_id"
            " where a.id = any(cast(:ids as uuid[])) order by a.id for update of a"
        ),
        {"ids": uuids(ids)},
    )
    return {row[0]: AccountRow(*row) for row in rows}


def tenant_active(session: TenantSession) -> bool:
    """Whether the session's tenant may open new risk."""
    status = session.execute(
        text("select status from tenants.tenants where id = nullif(current_setting('app.tenant_id', true), '')::uuid")
    ).scalar_one()
    return bool(status == "active")


def load_world(
    session: TenantSession, type_ids: Collection[UUID], at: Mapping[UUID, CurrentQuote] | None = None
) -> World:
    """The tenant's symbols with their quotes, and the account types' conditions.

    :param at: quotes that stand in for the stored ones, by instrument: the one that a lane is working off.
    """
    symbols: dict[UUID, SymbolView] = {}
    quotes: dict[UUID, CurrentQuote] = {}
    rows = session.execute(
        text(
            "select s.id, s.instrument_id, s.code, s.class, s.base, s.quote, s.contract_size, s.tick, s.pip, s.lot_step,"
            " s.min_lot, s.max_lot, s.min_notional, s.hours, s.staleness_ms, s.swap_long, s.swap_short, s.venue, s.status,"
            " q.seq, q.ts_ms, q.bid, q.ask, q.feed_ts_ms"
            " from core.symbols s left join core.quotes q on q.instrument_id = s.instrument_id"
        )
    )
    for row in rows:
        values = list(row)
        values[13] = Hours.from_week(values[13])
        symbols[row[0]] = SymbolView(*values[:19])
        if row[19] is not None:
            quotes[row[1]] = CurrentQuote(row[1], *row[19:])
    quotes.update(at or {})
    types, enabled = _load_types(session, type_ids)
    return World(symbols, quotes, types, enabled)


def _load_types(
    session: TenantSession, type_ids: Collection[UUID]
) -> tuple[dict[UUID, TypeView], dict[tuple[UUID, UUID], Enabled]]:
    types: dict[UUID, TypeView] = {}
    enabled: dict[tuple[UUID, UUID], Enabled] = {}
    rows = session.execute(
        text(
            "select t.id, t.currency, t.mode, t.leverage, t.may_short, t.commission_kind, t.commission, t.markup,"
            " t.margin_call_level, t.stop_out_level, t.negative_balance_protection, t.swap_free,"
            " e.symbol_id, e.leverage, e.markup, e.enabled"
            " from core.account_types t left join core.account_type_symbols e"
            " on e.tenant_id = t.tenant_id and e.account_type_id = t.id"
            " where t.id = any(cast(:ids as uuid[]))"
        ),
        {"ids": uuids(type_ids)},
    )
    for row in rows:
        if row[0] not in types:
            levels = Levels(row[8] / _HUNDRED, row[9] / _HUNDRED)
            types[row[0]] = TypeView(
                row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], levels, row[10], row[11]
            )  # fmt: skip
        if row[12] is not None:
            enabled[row[0], row[12]] = Enabled(row[13], row[14], row[15])
    return types, enabled


_POSITION_COLUMNS = (
    "id, account_id, symbol_id, side, volume, opened_volume, open_price, margin, leverage, stop_loss, take_profit,"
    " realised, commission, swap, origin, origin_id, opened_ts_ms"
)


def open_positions(session: TenantSession, account_ids: Collection[UUID]) -> list[PositionRow]:
    """The accounts' open positions, the oldest first."""
    rows = session.execute(
        text(
            f"select {_POSITION_COLUMNS} from core.positions"  # noqa: S608 - a constant of this module
            " where account_id = any(cast(:ids as uuid[])) and closed_ts_ms is null order by opened_ts_ms, id"
        ),
        {"ids": uuids(account_ids)},
    )
    return [PositionRow(*row) for row in rows]


_ORDER_COLUMNS = (
    "o.id, o.account_id, o.symbol_id, o.client_order_id, o.side, o.kind, o.volume, o.price, o.stop_loss, o.take_profit,"
    " o.position_id, o.reduce_only, o.status, o.origin, o.origin_id, o.venue, o.placed_seq, o.placed_ts_ms, o.reason,"
    " o.detail, o.filled, o.average_price, o.venue_ref, o.close_reason"
)


def open_orders(session: TenantSession, account_ids: Collection[UUID]) -> list[OrderRow]:
    """The accounts' orders that still live, the oldest first."""
    rows = session.execute(
        text(
            f"select {_ORDER_COLUMNS} from core.orders o"  # noqa: S608 - a constant of this module
            " where o.account_id = any(cast(:ids as uuid[])) and o.status in ('pending', 'resting', 'waiting', 'unknown')"
            " order by o.placed_seq, o.id"
        ),
        {"ids": uuids(account_ids)},
    )
    return [OrderRow(*row) for row in rows]


def orders_by_id(session: TenantSession, order_ids: Collection[UUID]) -> list[OrderRow]:
    """Orders whatever has become of them. Read under their accounts' locks."""
    rows = session.execute(
        text(f"select {_ORDER_COLUMNS} from core.orders o where o.id = any(cast(:ids as uuid[]))"),  # noqa: S608 - a constant of this module
        {"ids": uuids(order_ids)},
    )
    return [OrderRow(*row) for row in rows]


def earlier_orders(session: TenantSession, keys: Collection[tuple[UUID, str]]) -> list[OrderRow]:
    """Orders that were placed before under (account, client order id)."""
    rows = session.execute(
        text(
            f"select {_ORDER_COLUMNS} from core.orders o"  # noqa: S608 - a constant of this module
            " join unnest(cast(:accounts as uuid[]), cast(:client_ids as text[])) as k(account_id, client_order_id)"
            " on o.account_id = k.account_id and o.client_order_id = k.client_order_id"
        ),
        {"accounts": uuids(key[0] for key in keys), "client_ids": texts(key[1] for key in keys)},
    )
    return [OrderRow(*row) for row in rows]


def fills_of_orders(session: TenantSession, order_ids: Collection[UUID]) -> list[Any]:
    """The fills of orders in the order in which they were booked; `left` is what each left open of its position."""
    return list(
        session.execute(
            text(
                "select f.order_id, f.id, f.fill_no, f.position_id, f.side, f.effect, f.volume, f.price, f.profit,"
                " f.commission, f.position_volume from core.fills f where f.order_id = any(cast(:ids as uuid[]))"
                " order by f.account_id, f.fill_no"
            ),
            {"ids": uuids(order_ids)},
        )
    )


def reservations(session: TenantSession, account_ids: Collection[UUID]) -> dict[UUID, dict[UUID, ReservationRow]]:
    """What is reserved on the accounts, by account and owner."""
    rows = session.execute(
        text(
            "select account_id, owner_kind, owner_id, amount from core.reservations where account_id = any(cast(:ids as uuid[]))"
            " order by account_id, owner_id"
        ),
        {"ids": uuids(account_ids)},
    )
    result: dict[UUID, dict[UUID, ReservationRow]] = {}
    for row in rows:
        result.setdefault(row[0], {})[row[2]] = ReservationRow(row[1], row[2], row[3])
    return result
