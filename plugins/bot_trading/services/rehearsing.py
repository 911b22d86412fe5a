"""Runs of a launch preview over recorded prices: asked for by a page or the API, done by a job, kept for some minutes."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from core.sdk import JobContext
from core.sdk.data import TenantSession, new_id
from core.sdk.history import Span, recorded_quotes, recorded_span
from core.sdk.jobs import enqueue, run_state
from plugins.bot_trading.models import PreviewRun
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.running import dump_market, load_market
from plugins.bot_trading.services.errors import BotRefusedError, refusal
from plugins.bot_trading.services.launching import Launch
from plugins.bot_trading.services.market import Place
from plugins.bot_trading.services.moving import MODULE
from plugins.bot_trading.settings import BotTradingSettings
from plugins.bot_trading.strategies.protocol import Quote, Setup
from plugins.bot_trading.strategies.rehearsal import dump, rehearse

__all__ = ["DAYS", "JOB", "ask_rehearsal", "find_rehearsal", "known_rehearsal", "offered_days", "work_rehearsal"]

LOG = logging.getLogger(__name__)
JOB = "rehearse"
DAYS = (1, 3, 7, 14, 30, 90, 365)
"""How far back a run may begin, where the brokerage allows so much and so much is stored."""
MOST_QUOTES = 2_000_000
"""Quotes of one run, the newest: some seconds of work."""
FRESH = timedelta(minutes=15)
"""So long a result stands for the same question."""
KEPT = timedelta(days=1)
AT_ONCE = 3
"""Runs of one customer that may be under way."""
CHUNK = 20_000
_DAY_MS = 86_400_000


def offered_days(session: TenantSession, symbol_id: UUID, limits: BotTradingSettings) -> list[int]:
    """The lengths that can be asked for: no longer than allowed, and none that another covers already. Empty without prices."""
    span = recorded_span(session, symbol_id, most=MOST_QUOTES)
    if span is None or span.quotes < 2:
        return []
    stored = (span.last_ms - span.first_ms) / _DAY_MS
    allowed = [days for days in DAYS if days <= limits.preview_days] or [limits.preview_days]
    enough = next((days for days in allowed if days >= stored), allowed[-1])
    return [days for days in allowed if days <= enough]


def ask_rehearsal(
    session: TenantSession, limits: BotTradingSettings, place: Place, wish: Launch, days: int
) -> PreviewRun:
    """The run for these parameters: one that is there already, else a new one whose job begins when this is committed.

    :raises BotRefusedError: where ``days`` is more than allowed, or the customer has too many under way.
    """
    if not 1 <= days <= limits.preview_days:
        raise BotRefusedError([refusal("preview_too_long", field="days", most=str(limits.preview_days))])
    request = _request(place, wish, days)
    known = _known(session, wish, request)
    if known is not None:
        return known
    _make_room(session, wish.customer_id)
    values = {
        "id": new_id(),
        "customer_id": wish.customer_id,
        "account_id": wish.account_id,
        "symbol_id": wish.symbol_id,
        "strategy": wish.strategy,
        "request": request,
        "digest": _digest(wish, request),
        "run_id": None,
        "result": None,
        "asked_at": func.now(),
    }
    # The id changes with the run, so that nobody takes an old page for the new result.
    renewed = {name: values[name] for name in ("id", "request", "run_id", "result", "asked_at")}
    statement = (
        insert(PreviewRun)
        .values(values)
        .on_conflict_do_update(index_elements=["tenant_id", "customer_id", "digest"], set_=renewed)
        .returning(PreviewRun)
    )
    made = session.scalars(statement, execution_options={"populate_existing": True}).one()
    made.run_id = enqueue(session, MODULE, JOB, {"preview": str(made.id)})
    session.flush()
    return made


def known_rehearsal(session: TenantSession, place: Place, wish: Launch, days: int) -> PreviewRun | None:
    """The run for these parameters that is done or under way; none where it would have to be made."""
    return _known(session, wish, _request(place, wish, days))


def find_rehearsal(session: TenantSession, customer_id: UUID, preview_id: UUID) -> PreviewRun | None:
    """A customer's own run; none where there is no such."""
    return session.scalar(select(PreviewRun).where(PreviewRun.id == preview_id, PreviewRun.customer_id == customer_id))


def work_rehearsal(context: JobContext, strategies: Strategies, payload: Mapping[str, Any]) -> None:
    """The job: run the strategy over the recorded prices and keep what it came to. Progress counts quotes."""
    preview_id = UUID(payload["preview"])
    row = context.session.scalar(select(PreviewRun).where(PreviewRun.id == preview_id))
    if row is None or row.result is not None:
        return
    strategy = strategies[row.strategy]
    setup = Setup(strategy.settings_model.model_validate(row.request["settings"]), load_market(row.request["market"]))
    account_id, symbol_id, days = row.account_id, row.symbol_id, int(row.request["days"])
    span = recorded_span(context.session, symbol_id, length_ms=days * _DAY_MS, most=MOST_QUOTES)
    result: dict[str, Any] = {"quotes": 0}
    if span is not None:
        try:
            result = dump(rehearse(strategy, setup, _quotes(context, account_id, symbol_id, span), span.quotes))
        except SQLAlchemyError:
            raise
        except Exception:  # a fault of somebody's strategy is no reason to take the whole module for broken
            LOG.exception("a run of the strategy %s over recorded prices has failed", strategy.key)
            result["failed"] = True
        result["cut"] = span.quotes == MOST_QUOTES
        context.progress(span.quotes, span.quotes)
    result["days"] = days
    found = context.session.scalar(select(PreviewRun).where(PreviewRun.id == preview_id))
    if found is not None:
        found.result = result


def _quotes(context: JobContext, account_id: UUID, symbol_id: UUID, span: Span) -> Iterator[Quote]:
    for first in range(span.first, span.last + 1, CHUNK):
        context.progress(first - span.first, span.quotes)
        # No transaction stays open over a long run.
        context.commit()
        last = min(first + CHUNK - 1, span.last)
        for seq, ts_ms, bid, ask in recorded_quotes(context.session, account_id, symbol_id, first, last):
            yield Quote(bid, ask, ts_ms, seq)


def _request(place: Place, wish: Launch, days: int) -> dict[str, Any]:
    return {"settings": wish.settings.model_dump(mode="json"), "market": dump_market(place.market), "days": days}


def _digest(wish: Launch, request: Mapping[str, Any]) -> str:
    whole = {**request, "strategy": wish.strategy, "account": str(wish.account_id), "symbol": str(wish.symbol_id)}
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def _known(session: TenantSession, wish: Launch, request: Mapping[str, Any]) -> PreviewRun | None:
    found = session.scalar(
        select(PreviewRun).where(
            PreviewRun.customer_id == wish.customer_id,
            PreviewRun.digest == _digest(wish, request),
            PreviewRun.asked_at > datetime.now(UTC) - FRESH,
        )
    )
    if found is None:
        return None
    # One that failed is made anew.
    if found.result is not None:
        return None if found.result.get("failed") else found
    state = run_state(session, found.run_id) if found.run_id is not None else None
    return found if state is not None and not state.over else None


def _make_room(session: TenantSession, customer_id: UUID) -> None:
    """Forget old runs; refuse one more where too many are under way."""
    session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"bot previews:{customer_id}"}
    )
    session.execute(delete(PreviewRun).where(PreviewRun.asked_at < datetime.now(UTC) - KEPT))
    waiting = session.scalars(
        select(PreviewRun.run_id).where(PreviewRun.customer_id == customer_id, PreviewRun.result.is_(None))
    )
    states = [run_state(session, run_id) for run_id in waiting if run_id is not None]
    if sum(state is not None and not state.over for state in states) >= AT_ONCE:
        raise BotRefusedError([refusal("previews_under_way")])
