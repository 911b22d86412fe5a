"""Bulk actions of Mission Control: Pause, Resume, Stop and Wind down of chosen bots or of all under the filters, with progress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from litestar import get, post
from litestar.response import Response
from litestar.types import ControllerRouterHandler
from sqlalchemy import text

from core.sdk.arrays import uuids
from core.sdk.data import TenantSession, new_id
from core.sdk.jobs import enqueue
from core.sdk.text import _
from core.sdk.web import FromPath, NotFoundError, TableQuery, Web
from plugins.bot_trading.live import announce_all
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.services.batches import batch_state, begin_batch, unfinished
from plugins.bot_trading.services.commands import CommandName
from plugins.bot_trading.services.mission import closing_of, symbols_of
from plugins.bot_trading.services.moving import MODULE
from plugins.bot_trading.services.views import wanted_ids
from plugins.bot_trading.web.commanding import refused_text
from plugins.bot_trading.web.permissions import MANAGE, VIEW
from plugins.bot_trading.web.tables import mission_query, mission_wanted

__all__ = ["begin", "bulk_routes", "only_own"]

_COMMANDS: Final[Mapping[str, CommandName]] = {
    "pause": "pause",
    "resume": "resume",
    "wind-down": "wind_down",
    "lift": "lift",
    "close": "stop_close",
    "keep": "stop_keep",
}
"""The part of an address, or the choice of a dialog → the command."""
_DIALOGS: Final = ("pause", "resume", "wind-down", "stop", "lift")
_FILTERS: Final = ("search", "strategy", "symbol", "status", "losing")


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The bots that a dialog is about: those that were ticked, or all under the filters."""

    ids: Sequence[UUID]
    everything: Sequence[UUID]
    scope: str
    filters: Mapping[str, str]

    @property
    def bots(self) -> Sequence[UUID]:
        return self.everything if self.scope == "all" else self.ids


def bulk_routes(strategies: Strategies) -> list[ControllerRouterHandler]:
    """The dialogs, what they send, and the page that shows how far it is."""
    return [*(route for name in _DIALOGS for route in _dialog(strategies, name)), *_progress()]


def begin(
    web: Web,
    session: TenantSession,
    command: CommandName,
    bots: Sequence[UUID],
    *,
    key: str,
    note: str,
    detail: str = "{}",
) -> UUID:
    """Store the commands, write it down, and wake a worker: all in one transaction."""
    batch_id, new = begin_batch(session, command, bots, actor=web.actor, key=key, note=note, detail=detail)
    if new:
        web.audit(
            session,
            f"bot_trading.bulk.{command}",
            str(batch_id),
            after={"command": command, "bots": len(bots), "note": note},
        )
        enqueue(session, MODULE, "batch", {"batch": str(batch_id)})
        announce_all(session)
    return batch_id


def _dialog(strategies: Strategies, name: str) -> list[ControllerRouterHandler]:
    options: dict[str, Any] = {"permission": MANAGE}

    def show(web: Web, chosen: _Chosen, error: str = "", status: int = 200) -> Response[str]:
        bots = chosen.ids or chosen.everything
        with web.session() as session:
            closing = closing_of(session, bots) if name == "stop" else None
        return web.render(
            "admin/bulk.html",
            status=status,
            title=_("Bulk action"),
            name=name,
            chosen=chosen,
            closing=closing,
            key=str(new_id()),
            error=error,
        )

    @get(f"/bulk/{name}", opt=options, sync_to_thread=True)
    def ask(web: Web) -> Response[str]:
        """Ask first, and show what it would do."""
        given = {key: web.query.get(key, "") for key in _FILTERS}
        return show(web, _read(web, strategies, web.query_list("ids"), "", given))

    @post(f"/bulk/{name}", opt=options, sync_to_thread=True, status_code=200)
    def do(web: Web) -> Response[Any]:
        """Do it."""

        def value(field: str) -> str:
            return (list(web.form.get(field, ())) or [""])[-1].strip()

        given = {key: value(key) for key in _FILTERS}
        chosen = _read(web, strategies, list(web.form.get("ids", ())), value("scope"), given)
        command = _COMMANDS.get(value("choice") if name == "stop" else name)
        if command is None:
            return show(web, chosen, _("Choose what happens to the positions."), 422)
        if not chosen.bots:
            return show(web, chosen, _("Choose at least one bot."), 422)
        detail = '{"confirmed": true}' if name == "resume" and value("choice") == "all" else "{}"
        with web.session() as session:
            batch_id = begin(
                web,
                session,
                command,
                chosen.bots,
                key=value("key")[:64] or str(new_id()),
                note=value("note")[:200],
                detail=detail,
            )
        return web.redirect(f"batches/{batch_id}")

    return [ask, do]


def _progress() -> list[ControllerRouterHandler]:
    options: dict[str, Any] = {"permission": VIEW}

    def load(web: Web, batch_id: UUID) -> dict[str, Any]:
        with web.session() as session:
            state = batch_state(session, batch_id)
            if state is None:
                raise NotFoundError(str(batch_id))
            rows = unfinished(session, batch_id) if state.over or state.failing else []
        return {"state": state, "rows": rows, "refused_text": refused_text}

    @get("/batches/{batch_id:uuid}", opt=options, sync_to_thread=True)
    def page(web: Web, batch_id: FromPath[UUID]) -> Response[str]:
        """How far a bulk action is, and what came of it."""
        return web.render("admin/batch.html", title=_("Bulk action"), **load(web, batch_id))

    @get("/batches/{batch_id:uuid}/progress", opt=options, sync_to_thread=True)
    def fragment(web: Web, batch_id: FromPath[UUID]) -> Response[str]:
        """The part of the page that moves."""
        return web.render("admin/batch_progress.html", **load(web, batch_id))

    return [page, fragment]


def only_own(session: TenantSession, bots: Sequence[UUID]) -> None:
    """Raises ``NotFoundError`` where one of them is no bot of the brokerage."""
    found = session.scalar(
        text("select count(*) from bot_trading.bots where id = any(cast(:ids as uuid[]))"), {"ids": uuids(bots)}
    )
    if found != len(set(bots)):
        raise NotFoundError("bots")


def _read(web: Web, strategies: Strategies, ids: Sequence[str], scope: str, filters: Mapping[str, str]) -> _Chosen:
    chosen = []
    for ident in ids[:10_000]:
        try:
            chosen.append(UUID(ident))
        except ValueError as error:
            raise NotFoundError(ident) from error
    with web.session() as session:
        _query, controls = mission_query(web, strategies, symbols_of(session))
        query = TableQuery.read(filters, (), controls)
        everything = wanted_ids(session, mission_wanted(query, everything=True))
        only_own(session, chosen)
    return _Chosen(chosen, everything, scope or ("selected" if chosen else "all"), query.filters)
