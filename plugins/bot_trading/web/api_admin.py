"""The API for staff: figures, usage, bulk actions and the kill switch, by the same services as the pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from litestar import get, post
from litestar.types import ControllerRouterHandler

from core.sdk.data import new_id
from core.sdk.web import FromPath, FromQuery, JSONBody, NotFoundError, RefusedError, Web
from plugins.bot_trading.services.access import usage
from plugins.bot_trading.services.batches import BatchState, batch_state
from plugins.bot_trading.services.stats import Sums, read_stats
from plugins.bot_trading.services.watching import open_alerts
from plugins.bot_trading.web.admin_bulk import begin, only_own
from plugins.bot_trading.web.admin_mission import WORD, halt_all
from plugins.bot_trading.web.commanding import command_named
from plugins.bot_trading.web.permissions import KILL, MANAGE, VIEW

__all__ = ["staff_routes"]

_SEE: Final[dict[str, Any]] = {"permission": VIEW, "audience": "staff"}
_ACT: Final[dict[str, Any]] = {"permission": MANAGE, "audience": "staff"}
_KILL: Final[dict[str, Any]] = {"permission": KILL, "audience": "staff"}
_MOST: Final = 10_000


@dataclass(frozen=True)
class NewBatch:
    """``command``: pause, resume, stop_close, stop_keep or wind_down, for each bot of ``bots``; the same key acts once."""

    command: str
    bots: list[UUID] = field(default_factory=list)
    key: str = ""
    note: str = ""
    confirmed: bool = False


@dataclass(frozen=True)
class KillSwitch:
    """``word`` is HALT; ``reason`` is kept."""

    word: str = ""
    reason: str = ""
    key: str = ""


def staff_routes() -> list[ControllerRouterHandler]:
    """The handlers."""

    @get("/stats", opt=_SEE, sync_to_thread=True)
    def stats(web: Web) -> dict[str, Any]:
        """Bot Stats: all bots, by strategy in the main currency, and by strategy and currency as they are."""
        with web.session() as session:
            found = read_stats(session)
        return {
            "currency": found.rates.currency,
            "rates": {code: str(rate) for code, rate in found.rates.rates.items()},
            "without_rate": list(found.rates.missing),
            "total": _sums(found.total),
            "by_strategy": [_sums(one) for one in found.by_strategy],
            "parts": [_sums(one) for one in found.parts],
        }

    @get("/usage", opt=_SEE, sync_to_thread=True)
    def used(web: Web, strategy: FromQuery[str] = "") -> list[dict[str, Any]]:
        """Which customer runs which strategy."""
        with web.session() as session:
            rows = usage(session, web.settings(), strategy=strategy)
        names = ("customer", "email", "strategy", "currency", "allowed", "ruling", "active", "historical")
        return [
            {
                "customer_id": str(row.customer_id),
                **{name: getattr(row, name) for name in names},
                "invested": str(row.invested),
                "total": str(row.total),
            }
            for row in rows
        ]

    @get("/alerts", opt=_SEE, sync_to_thread=True)
    def alerts(web: Web) -> list[dict[str, Any]]:
        """Open alerts about bots."""
        with web.session() as session:
            found, _total = open_alerts(session, limit=200)
        return [
            {
                "code": one.code,
                "severity": one.severity,
                "text": str(one.text),
                "bot_id": str(bot_id) if bot_id else None,
                "at": one.at.isoformat(),
            }
            for one, bot_id in found
        ]

    @post("/bulk", opt=_ACT, sync_to_thread=True, status_code=202)
    def bulk(web: Web, data: JSONBody[NewBatch]) -> dict[str, Any]:
        """Command many bots at once; ask for the batch to see how far it is."""
        if not data.key:
            raise RefusedError("key_missing", "Send a key of your own, so that a repeated request acts once.")
        detail = '{"confirmed": true}' if data.confirmed else "{}"
        command = command_named(data.command)
        with web.session() as session:
            only_own(session, data.bots)
            batch_id = begin(
                web, session, command, data.bots[:_MOST], key=data.key[:64], note=data.note[:200], detail=detail
            )
        return _load(web, batch_id)

    @get("/batches/{batch_id:uuid}", opt=_SEE, sync_to_thread=True)
    def batch(web: Web, batch_id: FromPath[UUID]) -> dict[str, Any]:
        """How far a bulk action is."""
        return _load(web, batch_id)

    @post("/kill-switch", opt=_KILL, sync_to_thread=True, status_code=202)
    def kill(web: Web, data: JSONBody[KillSwitch]) -> dict[str, Any]:
        """Halt all bots."""
        if data.word != WORD or not data.reason.strip():
            raise RefusedError("confirmation_needed", f"Send the word {WORD} and a reason.")
        return _load(web, halt_all(web, data.key[:64] or str(new_id()), data.reason.strip()[:200]))

    return [stats, used, alerts, bulk, batch, kill]


def _load(web: Web, batch_id: UUID) -> dict[str, Any]:
    with web.session() as session:
        state = batch_state(session, batch_id)
    if state is None:
        raise NotFoundError(str(batch_id))
    return _batch(state)


def _batch(state: BatchState) -> dict[str, Any]:
    return {
        "id": str(state.id),
        "kind": state.kind,
        "command": state.command,
        "total": state.total,
        "done": state.done,
        "over": state.over,
        "worked": state.worked,
        "refused": dict(state.refused),
        "otherwise": dict(state.notes),
        "failing": state.failing,
    }


def _sums(sums: Sums) -> dict[str, Any]:
    counts = (
        "running",
        "paused",
        "waiting_trigger",
        "stopping",
        "halted",
        "error",
        "active",
        "historical",
        "cycles",
        "wins",
    )
    money = ("invested", "invested_now", "realised", "floating", "total", "fees", "drawdown")
    return {
        "strategy": sums.strategy,
        "currency": sums.currency,
        **{name: getattr(sums, name) for name in counts},
        **{name: format(getattr(sums, name), "f") for name in money},
        "win_rate": None if sums.win_rate is None else f"{sums.win_rate:.2f}",
    }
