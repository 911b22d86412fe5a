"""Subjects whose crossing cannot be worked off rest apart, with their trace, until a person has looked at them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from sqlalchemy import text

from core.jobs.models import Alert
from core.lanes.subject import LaneQuote, SubjectRef
from core.runtime.gate import GATE, Gate
from core.runtime.quarantine import Fault
from tenants.db import TenantSession, new_id

CODE: Final = "subject_parked"


def park(
    session: TenantSession,
    quote: LaneQuote,
    refs: Sequence[SubjectRef],
    owner: tuple[str, str] | None,
    trace: str,
) -> None:
    """Park subjects at a quote and alert the tenant's staff, once for each subject. ``owner``: plugin and reactor."""
    plugin = owner[0] if owner else None
    gate: Gate | None = session.info.get(GATE)
    if owner and gate is not None:
        fault = Fault(owner[0], session.tenant_id, f"reactor {'.'.join(owner)}", trace)
        session.after_commit(partial(gate.blame, fault))
    for ref in refs:
        fresh = session.scalar(
            text(
                "insert into core.parked_subjects (id, kind, subject_id, instrument_id, plugin, seq, error)"
                " values (:id, :kind, :subject, :instrument, :plugin, :seq, :error)"
                " on conflict (tenant_id, kind, subject_id) do nothing returning 1"
            ),
            {
                "id": new_id(),
                "kind": ref.kind,
                "subject": ref.subject_id,
                "instrument": quote.instrument_id,
                "plugin": plugin,
                "seq": quote.seq,
                "error": trace,
            },
        )
        if fresh:
            session.add(_alert(ref, quote, owner, trace))


def unpark(session: TenantSession, ref: SubjectRef) -> bool:
    """Let a subject take part again, from the quote at which it was parked; whether it was parked."""
    gone = session.scalar(
        text("delete from core.parked_subjects where kind = :kind and subject_id = :id returning 1"),
        {"kind": ref.kind, "id": ref.subject_id},
    )
    session.execute(
        text("update core.triggers set armed = false where kind = :kind and subject_id = :id"),
        {"kind": ref.kind, "id": ref.subject_id},
    )
    return gone is not None


def _alert(ref: SubjectRef, quote: LaneQuote, owner: tuple[str, str] | None, trace: str) -> Alert:
    return Alert(
        source=owner[0] if owner else "core",
        code=CODE,
        # A stop that is not honoured is worse than a bot that stands still.
        severity="warning" if owner else "critical",
        message=_message(ref, owner),
        subject=f"{ref.kind}:{ref.subject_id}",
        detail={"quote": quote.seq, "error": trace.strip().splitlines()[-1]},
    )


def _message(ref: SubjectRef, owner: tuple[str, str] | None) -> str:
    if owner:
        return f"The reactor {owner[1]} of {owner[0]} failed on a quote; its subject rests until someone looks at it."
    what = {
        "position": "A position's stop or target",
        "order": "A resting order",
        "account": "An account's margin check",
    }
    return f"{what[ref.kind]} could not be carried out; it rests until someone looks at it."
