"""What a booking writes: one statement for each table, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.trading.booking.arrays import documents, flags, numbers, texts, uuids
from core.trading.booking.bands import TriggerRow, triggers_of
from core.trading.booking.batch import Batch
from tenants.db import TenantSession

_Writer = Callable[[Iterable[Any]], str]

# Column, its array type, and how its values become a literal.
_Column = tuple[str, str, _Writer]

_ORDER: tuple[_Column, ...] = (
    ("id", "uuid", uuids),
    ("account_id", "uuid", uuids),
    ("symbol_id", "uuid", uuids),
    ("client_order_id", "text", texts),
    ("side", "text", texts),
    ("kind", "text", texts),
    ("volume", "numeric", numbers),
    ("price", "numeric", numbers),
    ("stop_loss", "numeric", numbers),
    ("take_profit", "numeric", numbers),
    ("position_id", "uuid", uuids),
    ("reduce_only", "bool", flags),
    ("status", "text", texts),
    ("origin", "text", texts),
    ("origin_id", "uuid", uuids),
    ("venue", "text", texts),
    ("placed_seq", "bigint", numbers),
    ("placed_ts_ms", "bigint", numbers),
    ("reason", "text", texts),
    ("detail", "jsonb", documents),
    ("filled", "numeric", numbers),
    ("average_price", "numeric", numbers),
    ("venue_ref", "text", texts),
    ("close_reason", "text", texts),
)
_ORDER_CHANGES = ("status", "reason", "detail", "filled", "average_price", "venue_ref", "volume", "price")
_POSITION: tuple[_Column, ...] = (
    ("id", "uuid", uuids),
    ("account_id", "uuid", uuids),
    ("symbol_id", "uuid", uuids),
    ("side", "text", texts),
    ("volume", "numeric", numbers),
    ("opened_volume", "numeric", numbers),
    ("open_price", "numeric", numbers),
    ("margin", "numeric", numbers),
    ("leverage", "numeric", numbers),
    ("stop_loss", "numeric", numbers),
    ("take_profit", "numeric", numbers),
    ("realised", "numeric", numbers),
    ("commission", "numeric", numbers),
    ("swap", "numeric", numbers),
    ("origin", "text", texts),
    ("origin_id", "uuid", uuids),
    ("opened_ts_ms", "bigint", numbers),
    ("closed_ts_ms", "bigint", numbers),
    ("close_reason", "text", texts),
)
_POSITION_CHANGES = (
    "volume", "opened_volume", "open_price", "margin", "stop_loss", "take_profit", "realised", "commission", "swap",
    "origin", "origin_id", "closed_ts_ms", "close_reason",
)  # fmt: skip
_FILL: tuple[_Column, ...] = (
    ("id", "uuid", uuids),
    ("account_id", "uuid", uuids),
    ("fill_no", "bigint", numbers),
    ("order_id", "uuid", uuids),
    ("venue_fill_id", "text", texts),
    ("symbol_id", "uuid", uuids),
    ("position_id", "uuid", uuids),
    ("side", "text", texts),
    ("effect", "text", texts),
    ("volume", "numeric", numbers),
    ("position_volume", "numeric", numbers),
    ("price", "numeric", numbers),
    ("profit", "numeric", numbers),
    ("commission", "numeric", numbers),
    ("origin", "text", texts),
    ("origin_id", "uuid", uuids),
    ("seq", "bigint", numbers),
    ("ts_ms", "bigint", numbers),
)
_ENTRY: tuple[_Column, ...] = (
    ("id", "uuid", uuids),
    ("account_id", "uuid", uuids),
    ("entry_no", "bigint", numbers),
    ("kind", "text", texts),
    ("amount", "numeric", numbers),
    ("commission", "numeric", numbers),
    ("swap", "numeric", numbers),
    ("balance", "numeric", numbers),
    ("fill_id", "uuid", uuids),
    ("key", "text", texts),
    ("origin", "text", texts),
    ("origin_id", "uuid", uuids),
    ("actor", "text", texts),
    ("note", "text", texts),
    ("ts_ms", "bigint", numbers),
)
_ACCOUNT: tuple[_Column, ...] = (
    ("id", "uuid", uuids),
    ("balance", "numeric", numbers),
    ("margin", "numeric", numbers),
    ("reserved", "numeric", numbers),
    ("fill_no", "bigint", numbers),
    ("ledger_no", "bigint", numbers),
    ("margin_called", "bool", flags),
)


def write(session: TenantSession, batch: Batch) -> None:
    """Write everything the batch has decided. Order of tables: what others refer to comes first."""
    _insert(session, "orders", _ORDER, batch.orders)
    _update(session, "orders", _ORDER, _ORDER_CHANGES, batch.changed_orders, versioned=True)
    _insert(session, "positions", _POSITION, batch.positions)
    _update(session, "positions", _POSITION, _POSITION_CHANGES, batch.changed_positions, versioned=True)
    _insert(session, "fills", _FILL, batch.fills)
    _insert(session, "ledger_entries", _ENTRY, batch.entries)
    accounts = [account.row for account in batch.touched.values()]
    _update(session, "accounts", _ACCOUNT, [column[0] for column in _ACCOUNT[1:]], accounts)
    _write_reservations(session, batch)
    write_triggers(session, *triggers_of(batch))
    _write_alerts(session, batch)


def _insert(session: TenantSession, table: str, columns: Sequence[_Column], rows: Sequence[Any]) -> None:
    if not rows:
        return
    names = ", ".join(column[0] for column in columns)
    arrays = ", ".join(f"cast(:{name} as {kind}[])" for name, kind, _ in columns)
    session.execute(
        text(f"insert into core.{table} ({names}) select * from unnest({arrays})"),  # noqa: S608 - constants of this module
        _literals(columns, rows),
    )


def _update(
    session: TenantSession,
    table: str,
    columns: Sequence[_Column],
    changes: Sequence[str],
    rows: Sequence[Any],
    *,
    versioned: bool = False,
) -> None:
    if not rows:
        return
    used = [column for column in columns if column[0] == "id" or column[0] in changes]
    names = ", ".join(column[0] for column in used)
    arrays = ", ".join(f"cast(:{name} as {kind}[])" for name, kind, _ in used)
    values = ", ".join(f"{name} = new.{name}" for name in changes)
    if versioned:
        values += ", version = t.version + 1"
    session.execute(
        text(
            f"update core.{table} t set {values} from unnest({arrays}) as new({names}) where t.id = new.id"  # noqa: S608 - constants of this module
        ),
        _literals(used, rows),
    )


def _literals(columns: Sequence[_Column], rows: Sequence[Any]) -> dict[str, str]:
    return {name: literal(map(attrgetter(name), rows)) for name, _, literal in columns}


def _write_reservations(session: TenantSession, batch: Batch) -> None:
    kept: list[tuple[UUID, Any]] = []
    gone: list[tuple[UUID, Any]] = []
    for account in batch.touched.values():
        for row in account.reservations.values():
            if row.changed:
                (kept if row.amount else gone).append((account.row.id, row))
    if gone:
        session.execute(
            text(
                "delete from core.reservations r using unnest(cast(:accounts as uuid[]), cast(:owners as uuid[]))"
                " as g(account_id, owner_id) where r.account_id = g.account_id and r.owner_id = g.owner_id"
            ),
            {"accounts": uuids([key for key, _ in gone]), "owners": uuids([row.owner_id for _, row in gone])},
        )
    if kept:
        session.execute(
            text(
                "insert into core.reservations (id, account_id, owner_kind, owner_id, amount)"
                " select gen_random_uuid(), t.* from unnest(cast(:accounts as uuid[]), cast(:kinds as text[]),"
                " cast(:owners as uuid[]), cast(:amounts as numeric[])) as t"
                " on conflict (tenant_id, account_id, owner_kind, owner_id) do update set amount = excluded.amount"
            ),
            {
                "accounts": uuids([key for key, _ in kept]),
                "kinds": texts([row.owner_kind for _, row in kept]),
                "owners": uuids([row.owner_id for _, row in kept]),
                "amounts": numbers([row.amount for _, row in kept]),
            },
        )


def write_triggers(session: TenantSession, gone: Sequence[tuple[str, UUID]], rows: Sequence[TriggerRow]) -> None:
    """Take subjects' triggers away and write others, unarmed: the lane takes them up before its next quote."""
    if gone:
        session.execute(
            text(
                "delete from core.triggers t using unnest(cast(:kinds as text[]), cast(:subjects as uuid[]))"
                " as g(kind, subject_id) where t.kind = g.kind and t.subject_id = g.subject_id"
            ),
            {"kinds": texts([kind for kind, _ in gone]), "subjects": uuids([subject for _, subject in gone])},
        )
    if rows:
        # The transaction's own number grows from change to change of a subject, since its account's lock puts them in
        # order; so a version never comes back, not even for a row that was deleted in between.
        session.execute(
            text(
                "insert into core.triggers (kind, subject_id, instrument_id, account_id, ask_le, ask_ge, bid_ge, bid_le,"
                " since_seq, version, armed)"
                " select t.*, pg_current_xact_id()::text::bigint, false from unnest(cast(:kinds as text[]),"
                " cast(:subjects as uuid[]), cast(:instruments as uuid[]), cast(:accounts as uuid[]),"
                " cast(:ask_le as bigint[]), cast(:ask_ge as bigint[]), cast(:bid_ge as bigint[]),"
                " cast(:bid_le as bigint[]), cast(:since as bigint[])) as t"
            ),
            {
                "kinds": texts([row.kind for row in rows]),
                "subjects": uuids([row.subject_id for row in rows]),
                "instruments": uuids([row.instrument_id for row in rows]),
                "accounts": uuids([row.account_id for row in rows]),
                "ask_le": numbers([row.band.ask_le for row in rows]),
                "ask_ge": numbers([row.band.ask_ge for row in rows]),
                "bid_ge": numbers([row.band.bid_ge for row in rows]),
                "bid_le": numbers([row.band.bid_le for row in rows]),
                "since": numbers([row.since_seq for row in rows]),
            },
        )


_ALERTS = {
    "margin_call": ("warning", "Margin call: equity is below the margin call level. New positions are refused."),
    "late_fill": ("critical", "A venue has filled an order that had ended here. It is booked; look at the account."),
    "venue_mismatch": (
        "critical",
        "A venue has filled a close of what is not held here. Compare the books with the venue.",
    ),
}


def _write_alerts(session: TenantSession, batch: Batch) -> None:
    """One alert for each code and account; one that is open already is kept."""
    if not batch.alerts:
        return
    session.execute(
        text(
            "insert into core.alerts (id, source, code, severity, message, subject, detail)"
            " select gen_random_uuid(), 'core', t.code, t.severity, t.message, t.subject, t.detail"
            " from unnest(cast(:codes as text[]), cast(:severities as text[]), cast(:messages as text[]), cast(:subjects as text[]),"
            " cast(:details as jsonb[])) as t(code, severity, message, subject, detail)"
            " where not exists (select from core.alerts a where a.source = 'core' and a.code = t.code"
            " and a.subject = t.subject and a.closed_at is null)"
        ),
        {
            "codes": texts([code for code, _, _ in batch.alerts]),
            "messages": texts([_ALERTS[code][1] for code, _, _ in batch.alerts]),
            "severities": texts([_ALERTS[code][0] for code, _, _ in batch.alerts]),
            "subjects": texts([f"account:{account_id}" for _, account_id, _ in batch.alerts]),
            "details": documents([detail for _, _, detail in batch.alerts]),
        },
    )
