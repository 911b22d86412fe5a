"""Pause Copying, Resume Copying and Stop Copying by staff, for one follower or many: asked first, audited, with progress."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.response import Response

from core.sdk.data import TenantSession
from core.sdk.jobs import enqueue, run_state
from core.sdk.text import _, _n
from core.sdk.web import FromPath, NotFoundError, RefusedError, Web
from plugins.copy_trading.rules.states import IllegalMoveError
from plugins.copy_trading.services import bulk, lists
from plugins.copy_trading.services.lists import FollowerLine
from plugins.copy_trading.web.admin_followers import STOPPING
from plugins.copy_trading.web.words import money

_MANAGE: dict[str, Any] = {"permission": "copy_trading.followers.manage"}
MAX_BULK = 500

_QUESTIONS = {
    "pause": (
        _("Pause Copying"),
        _("Pause Copying?"),
        _("Nothing new is copied; closes, reductions and stop changes still follow the master."),
        False,
    ),
    "resume": (
        _("Resume Copying"),
        _("Resume Copying?"),
        _("Lifts the pause by staff. A pause of the follower's own stays. Nothing is made up for."),
        False,
    ),
    "stop": (
        _("Stop Copying"),
        _("Stop Copying?"),
        _("The copy ends for good. The follower may follow the master anew."),
        True,
    ),
}


def _done(action: str, count: int) -> str:
    if action == "pause":
        return _n("Copying is paused for {count} follower.", "Copying is paused for {count} followers.", count)
    if action == "resume":
        return _n(
            "The pause by staff is lifted for {count} follower.",
            "The pause by staff is lifted for {count} followers.",
            count,
        )
    return _n("Copying is stopped for {count} follower.", "Copying is stopped for {count} followers.", count)


@get("/masters/{master_id:uuid}/followers/{action:str}", opt=_MANAGE, sync_to_thread=True)
def ask(web: Web, master_id: FromPath[UUID], action: FromPath[str]) -> Response[str]:
    """Pause, resume or stop: what it touches, before it is done."""
    return _dialog(web, master_id, action, web.query_list("ids"))


@post("/masters/{master_id:uuid}/followers/{action:str}", opt=_MANAGE, sync_to_thread=True, status_code=200)
def change(web: Web, master_id: FromPath[UUID], action: FromPath[str]) -> Response[Any]:
    """Do it for all chosen followers: a few at once, many by a job whose progress is shown."""
    if action not in _QUESTIONS:
        raise NotFoundError(action)
    given, choice = list(web.form.get("ids", ())), (web.form.get("choice") or [""])[-1]
    reason = (web.form.get("reason") or [""])[-1]
    if action == "stop" and choice not in [value for value, *_words in STOPPING]:
        return _dialog(web, master_id, action, given, _("Choose how the positions are left."), status=409)
    try:
        with web.session() as session:
            rows = _chosen(web, session, master_id, given)
            for row in rows:
                before = {"status": row.status, "paused": list(row.reasons)}
                after = {"action": action, "choice": choice, "reason": reason, "open_copies": row.open_copies}
                web.audit(session, f"copy.{action}", f"subscription:{row.id}", before=before, after=after)
            ids = [row.id for row in rows]
            if len(ids) > bulk.STEP:
                payload = {"action": action, "ids": [str(value) for value in ids], "choice": choice}
                run = enqueue(session, "copy_trading", bulk.JOB, payload)
            else:
                run, done = None, bulk.carry_out(session, action, ids, choice)
    except (RefusedError, IllegalMoveError) as error:
        return _dialog(web, master_id, action, given, str(error), status=409)
    if run is not None:
        return _progress(web, master_id, action, run, len(ids))
    return web.redirect(f"masters/{master_id}?tab=followers", notice=_done(action, done))


@get("/masters/{master_id:uuid}/runs/{run_id:uuid}", opt=_MANAGE, sync_to_thread=True)
def progress(web: Web, master_id: FromPath[UUID], run_id: FromPath[UUID]) -> Response[Any]:
    """How far a bulk action is; the page again once it is done."""
    with web.session() as session:
        state = run_state(session, run_id)
    if state is None or state.job != f"copy_trading.{bulk.JOB}":
        raise NotFoundError(str(run_id))
    action = str(state.payload["action"])
    if state.status == "done":
        changed = int(state.result.get("changed", 0))
        return web.redirect(f"masters/{master_id}?tab=followers", notice=_done(action, changed))
    return web.render("admin/run.html", state=state, href=web.path, title=_QUESTIONS[action][0])


def _progress(web: Web, master_id: UUID, action: str, run: UUID, count: int) -> Response[str]:
    with web.session() as session:
        state = run_state(session, run)
    return web.render(
        "admin/running.html",
        state=state,
        href=web.url(f"masters/{master_id}/runs/{run}"),
        action=_QUESTIONS[action][0],
        words=_n(
            "For {count} follower; this page may be left.", "For {count} followers; this page may be left.", count
        ),
        title=_QUESTIONS[action][0],
    )


def _dialog(
    web: Web, master_id: UUID, action: str, given: Sequence[str], error: str = "", status: int = 200
) -> Response[str]:
    if action not in _QUESTIONS:
        raise NotFoundError(action)
    title, question, words, danger = _QUESTIONS[action]
    with web.session() as session:
        rows = _chosen(web, session, master_id, given)
    earned: dict[str, Decimal] = {}
    for row in rows:
        earned[row.currency] = earned.get(row.currency, Decimal(0)) + row.copied_pnl
    items = [
        (_("Followers"), rows[0].customer if len(rows) == 1 else f"{len(rows):,}"),
        (_("Open copied positions"), f"{sum(row.open_copies for row in rows):,}"),
        *((_("Copied P&L"), money(value, currency)) for currency, value in earned.items()),
    ]
    return web.render(
        "admin/question.html",
        status=status,
        question=question,
        words=words,
        submit=title,
        danger=danger,
        items=items,
        choices=STOPPING if action == "stop" else (),
        choice="",
        values={"ids": [str(row.id) for row in rows]},
        reason=True,
        action=web.url(f"masters/{master_id}/followers/{action}"),
        error=error,
        title=title,
    )


def _chosen(web: Web, session: TenantSession, master_id: UUID, given: Sequence[str]) -> list[FollowerLine]:
    """The chosen subscriptions of this master; a foreign or unknown one is 404."""
    try:
        ids = list({UUID(value) for value in given})
    except ValueError:
        raise NotFoundError("ids") from None
    if not ids or len(ids) > MAX_BULK:
        raise NotFoundError("ids")
    rows = lists.followers(session, web.settings().leverage_limits, master_id=master_id, ids=ids, stopped=True)
    if len(rows) != len(ids):
        raise NotFoundError("ids")
    return rows


ROUTES = [ask, change, progress]
