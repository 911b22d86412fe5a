"""What the journal does: plain functions over a session, used by pages, the handler and the job alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from core.sdk import EventView, JobContext
from core.sdk.data import TenantSession
from core.sdk.web import NotFoundError
from trade_journal.models import Note


def count_fills(context: JobContext, events: Sequence[EventView], _shard: int) -> None:
    """Count the fills that the events tell of.

    An event ``fills_booked`` holds ``ranges``: account, first and last number of its fills. The cursor moves in the same
    transaction, so each fill is counted once, whatever happens to the process. One statement for any number of accounts.
    """
    counts: dict[str, int] = {}
    for event in events:
        for account_id, first, last in event.payload["ranges"]:
            counts[account_id] = counts.get(account_id, 0) + last - first + 1
    context.session.execute(
        text(
            "insert into trade_journal.fill_counts as c (account_id, fills)"
            " select * from unnest(cast(:accounts as uuid[]), cast(:counts as bigint[])) order by 1"
            " on conflict (tenant_id, account_id) do update set fills = c.fills + excluded.fills, last_fill_at = now()"
        ),
        {"accounts": list(counts), "counts": list(counts.values())},
    )
    context.publish("trade_journal", {"accounts": len(counts)})


def forget(context: JobContext, _payload: Mapping[str, Any]) -> None:
    """Delete notes that are older than the tenant wants them."""
    context.session.execute(
        text("delete from trade_journal.notes where written_at < now() - make_interval(days => :days)"),
        {"days": context.settings().keep_days},
    )


def accounts(session: TenantSession, customer_id: UUID | None = None) -> Sequence[Row[Any]]:
    """Accounts (all, or a customer's) with the number of their fills and notes."""
    return session.execute(
        text(
            "select a.id, a.number, coalesce(f.fills, 0) as fills, f.last_fill_at,"
            " (select count(*) from trade_journal.notes n where n.account_id = a.id) as notes"
            " from core.accounts a left join trade_journal.fill_counts f on f.account_id = a.id"
            " where cast(:customer as uuid) is null or a.customer_id = :customer order by a.number"
        ),
        {"customer": customer_id},
    ).all()


def notes(session: TenantSession, customer_id: UUID) -> Sequence[Row[Any]]:
    """A customer's newest notes."""
    return session.execute(
        text(
            "select n.id, n.text, n.written_at, a.number from trade_journal.notes n join core.accounts a on a.id = n.account_id"
            " where n.customer_id = :customer order by n.written_at desc limit 100"
        ),
        {"customer": customer_id},
    ).all()


def write(session: TenantSession, customer_id: UUID, account_id: UUID, words: str) -> Note:
    """Keep a note about one of the customer's own accounts; any other account does not exist for them.

    :raises NotFoundError: for an account of somebody else, of this tenant or another.
    """
    own = session.scalar(
        text("select 1 from core.accounts where id = :account and customer_id = :customer"),
        {"account": account_id, "customer": customer_id},
    )
    if own is None:
        raise NotFoundError
    note = Note(account_id=account_id, customer_id=customer_id, text=words)
    session.add(note)
    session.flush()
    return note
