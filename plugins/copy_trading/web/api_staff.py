"""The API of staff: lists, figures and commands of Master Traders, by the same services as the pages."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Literal
from uuid import UUID

from litestar import get, post
from pydantic import BaseModel, Field

from core.sdk.alerts import alerts_about
from core.sdk.data import TenantSession
from core.sdk.jobs import enqueue, run_state
from core.sdk.web import FromPath, FromQuery, JSONBody, NotFoundError, RefusedError, Web
from plugins.copy_trading.rules.states import IllegalMoveError, MasterStatus
from plugins.copy_trading.services import bulk, lists, mastering
from plugins.copy_trading.services.applying import applications
from plugins.copy_trading.services.fee_lines import fee_entries
from plugins.copy_trading.services.figures import history_of
from plugins.copy_trading.services.lists import FollowerQuery
from plugins.copy_trading.services.master_lists import MasterQuery, page_of_masters
from plugins.copy_trading.services.reconciling import report
from plugins.copy_trading.services.repairing import repair
from plugins.copy_trading.services.summary import summary
from plugins.copy_trading.services.trade_lists import trades
from plugins.copy_trading.web.admin_status import impact

_VIEW: dict[str, Any] = {"permission": "copy_trading.masters.view"}
_MANAGE: dict[str, Any] = {"permission": "copy_trading.masters.manage"}
_FOLLOWERS: dict[str, Any] = {"permission": "copy_trading.followers.manage"}
MOST = 1000
"""Rows of one answer."""


class StatusChange(BaseModel):
    """``choice`` says how a deactivation leaves the copies: ``wind_down``, ``close_all`` or ``detach``."""

    action: Literal["pause", "activate", "deactivate", "approve", "reject"]
    reason: str = ""
    choice: str = "wind_down"


class FollowersChange(BaseModel):
    """``choice`` says how a stop leaves the positions: ``close_all`` or ``keep``."""

    action: Literal["pause", "resume", "stop"]
    ids: list[UUID] = Field(min_length=1, max_length=500)
    choice: str = ""
    reason: str = ""


class Repairs(BaseModel):
    """Differences to be repaired."""

    ids: list[UUID] = Field(min_length=1, max_length=200)
    reason: str = ""


class Granting(BaseModel):
    """Master status given directly."""

    account_id: UUID
    name: str = Field(min_length=2, max_length=60)
    public: bool = True
    follower_cap: int | None = Field(default=None, ge=1)


@get("/staff/masters", opt=_VIEW, sync_to_thread=True, summary="All masters with their figures")
def masters(
    web: Web,
    search: FromQuery[str] = "",
    status: FromQuery[str] = "",
    visibility: FromQuery[str] = "",
    sort: FromQuery[str] = "name",
    offset: FromQuery[int] = 0,
    limit: FromQuery[int] = 100,
) -> dict[str, Any]:
    """A page of masters; ``sort`` by a figure's name, with ``-`` before it for descending. Percentages as 0–100."""
    asked = MasterQuery(
        search=search,
        status=status,
        visibility=visibility,
        sort=sort.lstrip("-"),
        descending=sort.startswith("-"),
        offset=max(offset, 0),
        limit=min(max(limit, 1), MOST),
    )
    with web.session() as session:
        page = page_of_masters(session, asked)
    return {"total": page.total, "statuses": dict(page.statuses), "masters": [asdict(row) for row in page.rows]}


@post("/staff/masters", opt=_MANAGE, sync_to_thread=True, summary="Grant master status")
def grant(web: Web, data: JSONBody[Granting]) -> dict[str, Any]:
    """Without an application; from now on the account's trades can be copied."""
    with web.session() as session:
        made = mastering.grant(
            session,
            account_id=data.account_id,
            name=data.name,
            by=web.actor,
            public=data.public,
            follower_cap=data.follower_cap,
        )
        web.audit(session, "master.grant", f"master:{made.id}", after={"status": "active", "name": data.name})
        return {"id": made.id, "status": made.status}


@get("/staff/masters/{master_id:uuid}", opt=_VIEW, sync_to_thread=True, summary="A master's review")
def master(web: Web, master_id: FromPath[UUID]) -> dict[str, Any]:
    """Figures, the curve, months, drawdown with its dates, the parts of the risk score; times are the feed's, epoch ms."""
    with web.session() as session:
        row = mastering.get(session, master_id)
        [line] = lists.masters(session, only=[master_id])
        found = history_of(session, master_id)
        touched = impact(session, master_id)
    return {
        **asdict(line),
        "reason": row.reason,
        "criteria": list(row.criteria),
        "points": found.points,
        "index": found.index,
        "flows": found.flows,
        "months": [month._asdict() for month in found.months],
        "drawdown_dates": asdict(found.drawdown) if found.drawdown else None,
        "risk_parts": asdict(found.parts) if found.parts else None,
        "risk_facts": asdict(found.facts) if found.facts else None,
        "days_a_year": found.days_a_year,
        "impact": {str(label): value for label, value in touched},
    }


@post("/staff/masters/{master_id:uuid}/status", opt=_MANAGE, sync_to_thread=True, status_code=200, summary="Status")
def status(web: Web, master_id: FromPath[UUID], data: JSONBody[StatusChange]) -> dict[str, Any]:
    """Pause, activate, deactivate, approve or reject; what it touched is in the answer and in the audit log."""
    wanted = {
        "pause": MasterStatus.PAUSED,
        "activate": MasterStatus.ACTIVE,
        "deactivate": MasterStatus.DEACTIVATED,
    }
    with web.session() as session:
        row = mastering.get(session, master_id, lock=True)
        before, touched = row.status, {str(label): value for label, value in impact(session, master_id)}
        if data.action == "approve":
            mastering.approve(session, row, by=web.actor)
        elif data.action == "reject":
            mastering.reject(session, row, by=web.actor, reason=data.reason)
        else:
            mastering.set_status(session, row, wanted[data.action], reason=data.reason, choice=data.choice)
        after = {"status": row.status, "reason": data.reason, "choice": data.choice, "impact": touched}
        web.audit(session, f"master.{data.action}", f"master:{master_id}", before={"status": before}, after=after)
        return {"id": master_id, "status": row.status, "impact": touched}


@get("/staff/followers", opt=_VIEW, sync_to_thread=True, summary="Followers")
def followers(
    web: Web,
    master_id: FromQuery[UUID | None] = None,
    search: FromQuery[str] = "",
    only: FromQuery[str] = "",
    warning: FromQuery[str] = "",
    offset: FromQuery[int] = 0,
    limit: FromQuery[int] = 100,
) -> dict[str, Any]:
    """Of one master or of all; ``warning`` is ``any``, ``warning``, ``high`` or ``critical``."""
    asked = FollowerQuery(
        master_id=master_id,
        search=search,
        status=only,
        warning=warning,
        offset=max(offset, 0),
        limit=min(max(limit, 1), MOST),
    )
    with web.session() as session:
        if master_id is not None:
            mastering.get(session, master_id)
        rows, total = lists.page_of_followers(session, web.settings().leverage_limits, asked)
    return {"total": total, "followers": [asdict(row) for row in rows]}


@post("/staff/followers/commands", opt=_FOLLOWERS, sync_to_thread=True, status_code=200, summary="Pause, resume, stop")
def command(web: Web, data: JSONBody[FollowersChange]) -> dict[str, Any]:
    """A few are done at once (``changed``); many by a job, whose ``run`` tells how far it is."""
    if data.action == "stop" and data.choice not in ("close_all", "keep"):
        raise RefusedError("choice_missing", "choose close_all or keep")
    ids = list(dict.fromkeys(data.ids))
    try:
        with web.session() as session:
            rows = lists.followers(session, web.settings().leverage_limits, ids=ids, stopped=True)
            if len(rows) != len(ids):
                raise NotFoundError("ids")
            for row in rows:
                before = {"status": row.status, "paused": list(row.reasons)}
                after = {"action": data.action, "choice": data.choice, "reason": data.reason}
                web.audit(session, f"copy.{data.action}", f"subscription:{row.id}", before=before, after=after)
            if len(ids) > bulk.STEP:
                payload = {"action": data.action, "ids": [str(value) for value in ids], "choice": data.choice}
                return {"run": enqueue(session, "copy_trading", bulk.JOB, payload), "changed": None}
            return {"run": None, "changed": bulk.carry_out(session, data.action, ids, data.choice)}
    except IllegalMoveError as error:
        raise RefusedError("illegal", str(error)) from None


@get("/staff/runs/{run_id:uuid}", opt=_FOLLOWERS, sync_to_thread=True, summary="How far a command is")
def run(web: Web, run_id: FromPath[UUID]) -> dict[str, Any]:
    """Of a command for many followers."""
    with web.session() as session:
        state = run_state(session, run_id)
    if state is None or state.job != f"copy_trading.{bulk.JOB}":
        raise NotFoundError(str(run_id))
    return {"status": state.status, "done": state.done, "total": state.total, "result": dict(state.result)}


@get("/staff/masters/{master_id:uuid}/trades", opt=_VIEW, sync_to_thread=True, summary="A master's trades")
def trade_list(
    web: Web, master_id: FromPath[UUID], only: FromQuery[str] = "", offset: FromQuery[int] = 0
) -> dict[str, Any]:
    """The newest first, a thousand at a time; ``only`` is ``open``, ``closed`` or all."""
    with web.session() as session:
        account = mastering.get(session, master_id).account_id
        wanted = only if only in ("open", "closed") else ""
        rows, total = trades(session, account, status=wanted, offset=max(offset, 0), limit=MOST)
    return {"total": total, "trades": [asdict(row) for row in rows]}


@get("/staff/masters/{master_id:uuid}/skips", opt=_VIEW, sync_to_thread=True, summary="What was not copied, and why")
def skips(web: Web, master_id: FromPath[UUID], reason: FromQuery[str] = "") -> list[dict[str, Any]]:
    """The newest thousand."""
    with web.session() as session:
        mastering.get(session, master_id)
        return [asdict(row) for row in lists.skips(session, master_id=master_id, reason=reason, limit=MOST)]


@get("/staff/masters/{master_id:uuid}/fees", opt=_VIEW, sync_to_thread=True, summary="Performance fees")
def fees(web: Web, master_id: FromPath[UUID]) -> list[dict[str, Any]]:
    """The newest thousand reckonings."""
    with web.session() as session:
        mastering.get(session, master_id)
        return [asdict(row) for row in fee_entries(session, master_id=master_id, limit=MOST)]


@get("/staff/applications", opt=_VIEW, sync_to_thread=True, summary="Applications")
def application_list(web: Web, only: FromQuery[str] = "") -> list[dict[str, Any]]:
    """With the criteria as they stood; decided by the master's status (``approve``, ``reject``)."""
    with web.session() as session:
        return [asdict(row) for row in applications(session, status=only or None)]


@get("/staff/summary", opt=_VIEW, sync_to_thread=True, summary="The brokerage's copying at a glance")
def overview(web: Web) -> dict[str, Any]:
    """Totals in the brokerage's main currency."""
    with web.session() as session:
        return asdict(summary(session))


@get("/staff/alerts", opt=_VIEW, sync_to_thread=True, summary="Alerts about masters and followers")
def alerts(web: Web) -> list[dict[str, Any]]:
    """The open ones first."""
    with web.session() as session:
        return [{**asdict(row), "text": str(row.text)} for row in alerts_about(session, "copy_trading")]


@get("/staff/reconciliation", opt=_VIEW, sync_to_thread=True, summary="Where books and positions differ")
def drifts(web: Web) -> list[dict[str, Any]]:
    """Open differences, the oldest first; ``ready`` once two snapshots in a row agree."""
    with web.session() as session:
        return [{**asdict(row), "ready": row.ready} for row in report(session)]


@post("/staff/reconciliation/repairs", opt=_FOLLOWERS, sync_to_thread=True, status_code=200, summary="Repair")
def repairs(web: Web, data: JSONBody[Repairs]) -> list[dict[str, Any]]:
    """Only what two snapshots agree on; what has changed since is left alone and says so."""
    with web.session() as session:
        rows = _drifts(session, data.ids)
        made = repair(session, web.settings(), web.actor, data.ids)
        for row in rows:
            web.audit(
                session,
                "copy.repair",
                f"subscription:{row.subscription_id}",
                before={"kind": row.kind, "expected": str(row.expected), "found": str(row.found)},
                after={"outcomes": [one.outcome for one in made if one.id == row.id], "reason": data.reason},
            )
        return [one._asdict() for one in made]


def _drifts(session: TenantSession, ids: list[UUID]) -> list[Any]:
    rows = report(session, ids=ids)
    if len(rows) != len(set(ids)):
        raise NotFoundError("ids")
    return rows


ROUTES = [
    masters, grant, master, status, followers, command, run, trade_list, skips, fees, application_list, overview, alerts,
    drifts, repairs,
]  # fmt: skip
