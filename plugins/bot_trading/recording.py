"""Writes what became of bots into their rows and decision logs, set-based: two statements for any number of bots."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.sdk.data import TenantSession, new_id

__all__ = ["write_decisions", "write_records"]

Record = tuple[UUID, Mapping[str, Any]]

_UPDATE = text("""
with new as (
  select * from jsonb_to_recordset(cast(:records as jsonb)) as t(
    bot uuid, stage text, reason text, halt text, blocked int, cash numeric, base numeric, short numeric, invested numeric,
    cycle_profit numeric, inventory_realised numeric, fees numeric, floating numeric, total numeric,
    fills int, cycles int, wins int, ts_ms bigint, last_code text, last_facts jsonb)
)
update bot_trading.bots b set
  status = case
    when new.stage = 'ended' then 'stopped'
    when new.stage = 'closing' then 'stopping'
    when new.halt is not null then 'halted'
    when b.status = 'waiting_trigger' and new.stage = 'active' then 'running'
    else b.status end,
  halt = coalesce(new.halt, b.halt),
  end_reason = case when new.stage in ('closing', 'ended') and b.end_reason = '' then new.reason else b.end_reason end,
  ended_at = case when new.stage = 'ended' then coalesce(b.ended_at, now()) else b.ended_at end,
  blocked = new.blocked, cash = new.cash, base = new.base, short = new.short, invested = new.invested,
  cycle_profit = new.cycle_profit, inventory_realised = new.inventory_realised, fees = new.fees,
  last_floating = new.floating, fills = new.fills, cycles = new.cycles, wins = new.wins,
  peak = greatest(b.peak, new.total),
  drawdown = greatest(b.drawdown, round(
    (greatest(b.peak, new.total) - new.total) / nullif(b.investment + greatest(b.peak, new.total), 0), 6)),
  last_ts_ms = new.ts_ms,
  last_code = coalesce(new.last_code, b.last_code),
  last_facts = coalesce(new.last_facts, b.last_facts)
from new where b.id = new.bot
""")

_DECIDE = text("""
insert into bot_trading.decisions (id, bot_id, code, facts, alert, seq, ts_ms, actor)
select t.id, t.bot_id, t.code, t.facts, t.alert, t.seq, t.ts_ms, t.actor
from jsonb_to_recordset(cast(:decisions as jsonb)) as t(
  id uuid, bot_id uuid, code text, facts jsonb, alert boolean, seq bigint, ts_ms bigint, actor text)
""")


def write_records(session: TenantSession, records: Sequence[Record]) -> None:
    """Bring bots' rows up to date and append to their decision logs; of several records of one bot the last one counts."""
    if not records:
        return
    latest: dict[UUID, dict[str, Any]] = {}
    decisions: list[dict[str, Any]] = []
    for bot_id, record in records:
        row = {name: value for name, value in record.items() if name not in ("log", "seq")}
        before = latest.get(bot_id, {})
        row["bot"] = str(bot_id)
        for entry in record["log"]:
            row["last_code"], row["last_facts"] = entry["code"], entry["facts"]
            told = {"bot_id": str(bot_id), "seq": record["seq"], "ts_ms": record["ts_ms"]}
            decisions.append({**entry, **told, "actor": record.get("actor", "")})
        for name in ("last_code", "last_facts", "halt"):
            if name in before and name not in row:
                row[name] = before[name]
        latest[bot_id] = row
    session.execute(_UPDATE, {"records": json.dumps(list(latest.values()))})
    write_decisions(session, decisions)


def write_decisions(session: TenantSession, decisions: Sequence[Mapping[str, Any]]) -> None:
    """Append entries (``bot_id``, ``code``, ``facts``, ``alert``, ``seq``, ``ts_ms``, ``actor``) to decision logs."""
    if decisions:
        rows = [{"actor": "", "alert": False, **decision, "id": str(new_id())} for decision in decisions]
        session.execute(_DECIDE, {"decisions": json.dumps(rows)})
