"""The API: the same services as the pages."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from litestar import get, post
from pydantic import BaseModel

from core.sdk.web import FromPath, JSONBody, NotFoundError, Web
from plugins.copy_trading.rules.choices import Choices
from plugins.copy_trading.rules.states import By, IllegalMoveError, Pause
from plugins.copy_trading.services import following, lists
from plugins.copy_trading.services.errors import RefusedError
from plugins.copy_trading.services.stopping import stop as stop_copies

_COPY: dict[str, Any] = {"permission": "copy_trading.copy"}
_PUBLIC = (
    "id",
    "name",
    "about",
    "currency",
    "followers",
    "win_rate",
    "trades",
    "index_return",
    "drawdown",
    "sharpe",
    "risk",
)
_OWN = (
    "id", "master_id", "master", "account_id", "account", "currency", "status", "reasons", "mode", "copy_ratio",
    "fixed_size", "fixed_basis", "max_open_trades", "minimum_equity", "slippage_tolerance", "reverse", "copied_pnl",
    "open_copies", "skips", "created_at", "stopped_at",
)  # fmt: skip


class Follow(BaseModel):
    """A follow. ``confirmed`` says that the risk notice and the fee have been read and accepted."""

    master_id: UUID
    account_id: UUID
    confirmed: bool
    choices: Choices = Choices()
    invite_code: str = ""


class Stop(BaseModel):
    """How a copy is left: ``close_all`` or ``keep``."""

    choice: str


@get("/masters", opt=_COPY, sync_to_thread=True, summary="Masters that may be followed")
def masters(web: Web) -> list[dict[str, Any]]:
    """Public, active masters with their figures; percentages as 0–100."""
    with web.session() as session:
        return [{name: getattr(row, name) for name in _PUBLIC} for row in lists.masters(session, findable=True)]


@get("/masters/{master_id:uuid}", opt=_COPY, sync_to_thread=True, summary="One master")
def master(web: Web, master_id: FromPath[UUID]) -> dict[str, Any]:
    """A public, active master; anybody else is 404."""
    with web.session() as session:
        rows = lists.masters(session, only=[master_id], findable=True)
    if not rows:
        raise NotFoundError
    return {name: getattr(rows[0], name) for name in _PUBLIC}


@get("/copies", opt=_COPY, sync_to_thread=True, summary="My copies")
def copies(web: Web) -> list[dict[str, Any]]:
    """The customer's subscriptions, the newest first, stopped ones too."""
    with web.session() as session:
        rows = lists.followers(session, web.settings().leverage_limits, customer_id=web.person_id, stopped=True)
    return [{name: getattr(row, name) for name in _OWN} for row in rows]


@post("/copies", opt=_COPY, sync_to_thread=True, summary="Follow a master")
def follow(web: Web, data: JSONBody[Follow]) -> dict[str, Any]:
    """Start copying; refused with 409 where a gate or a bound holds."""
    with web.session() as session:
        made = following.follow(
            session,
            web.settings(),
            customer_id=web.person_id,
            account_id=data.account_id,
            master_id=data.master_id,
            choices=data.choices,
            confirmed=data.confirmed,
            invite_code=data.invite_code,
        )
        web.audit(session, "copy.follow", f"subscription:{made.id}", after={"master": str(data.master_id)})
        return {"id": made.id, "status": made.status}


@post("/copies/{copy_id:uuid}/pause", opt=_COPY, sync_to_thread=True, status_code=200, summary="Pause copying")
def pause(web: Web, copy_id: FromPath[UUID]) -> dict[str, Any]:
    """Nothing new is copied; closes still follow the master."""
    with web.session() as session:
        _mine(web, session, copy_id)
        following.pause(session, [copy_id], Pause.FOLLOWER)
        web.audit(session, "copy.pause", f"subscription:{copy_id}")
        return _mine(web, session, copy_id)


@post("/copies/{copy_id:uuid}/resume", opt=_COPY, sync_to_thread=True, status_code=200, summary="Resume copying")
def resume(web: Web, copy_id: FromPath[UUID]) -> dict[str, Any]:
    """Lifts the customer's own pause and the module's; staff's stays."""
    with web.session() as session:
        _mine(web, session, copy_id)
        following.resume_copying(session, [copy_id], By.FOLLOWER)
        web.audit(session, "copy.resume", f"subscription:{copy_id}")
        return _mine(web, session, copy_id)


@post("/copies/{copy_id:uuid}/stop", opt=_COPY, sync_to_thread=True, status_code=200, summary="Stop copying")
def stop(web: Web, copy_id: FromPath[UUID], data: JSONBody[Stop]) -> dict[str, Any]:
    """End a copy for good; asking again changes nothing."""
    try:
        with web.session() as session:
            _mine(web, session, copy_id)
            stop_copies(session, [copy_id], data.choice)
            web.audit(session, "copy.stop", f"subscription:{copy_id}", after={"choice": data.choice})
            return _mine(web, session, copy_id)
    except IllegalMoveError as error:
        raise RefusedError("choice_missing", str(error)) from None


@get("/copies/{copy_id:uuid}/skips", opt=_COPY, sync_to_thread=True, summary="What was not copied, and why")
def skips(web: Web, copy_id: FromPath[UUID]) -> list[dict[str, Any]]:
    """Skip records, the newest first: reason, both values compared, the setting that would have let it through."""
    with web.session() as session:
        _mine(web, session, copy_id)
        rows = lists.skips(session, subscription_id=copy_id)
    return [{key: value for key, value in asdict(row).items() if key not in ("customer", "account")} for row in rows]


def _mine(web: Web, session: Any, copy_id: UUID) -> dict[str, Any]:
    rows = lists.followers(
        session, web.settings().leverage_limits, customer_id=web.person_id, ids=[copy_id], stopped=True
    )
    if not rows:
        raise NotFoundError
    return {name: getattr(rows[0], name) for name in _OWN}


ROUTES = [masters, master, copies, follow, pause, resume, stop, skips]
