"""Master Traders → Reconciliation: where the books of copying do not say what is held, and Repair."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.response import Response

from core.sdk.data import TenantSession
from core.sdk.text import _, _n
from core.sdk.web import Action, Column, Empty, NotFoundError, Table, Web
from plugins.copy_trading.services.master_lists import statuses_of
from plugins.copy_trading.services.reconciling import DriftLine, report
from plugins.copy_trading.services.repairing import repair
from plugins.copy_trading.web.admin_masters import VIEW, tabs

_MANAGE: dict[str, Any] = {"permission": "copy_trading.followers.manage"}
MAX_REPAIRS = 200

KINDS = {
    "missing": (
        _("Less is held than the books say"),
        _("Taken as closed by the follower's own hand; no order is sent."),
    ),
    "excess": (_("More is held than the books say"), _("What is too much is closed at market.")),
    "target": (_("The target is off by a lot step or more"), _("Closed down to the target; never bought in.")),
    "late": (_("The master is flat, the copy is not"), _("The copy is closed at market.")),
    "unlinked": (
        _("A copied position without a link"),
        _("Closed at market, down to what the master's position asks for."),
    ),
}
"""What each kind of drift means, and what a repair does about it."""
_COLUMNS = (
    Column("customer", _("Follower"), sub="account", heading=True),
    Column("master", _("Master trader"), "custom"),
    Column("symbol", _("Symbol"), "symbol"),
    Column("kind", _("Difference"), "custom"),
    Column("expected", _("Books"), "volume"),
    Column("found", _("Held"), "volume"),
    Column("flying", _("Under way"), "volume", wide="xl"),
    Column("first_seen", _("Since"), "ago"),
    Column("snapshots", _("State"), "custom"),
)
_CSV = (
    *_COLUMNS,
    Column("last_seen", _("Last seen")),
    Column("ended_at", _("Over")),
    Column("ended_by", _("Repaired by")),
)


@get("/masters/reconciliation", opt=VIEW, sync_to_thread=True)
def page(web: Web) -> Response[str]:
    """The differences that are open."""
    with web.session() as session:
        rows = report(session)
        statuses = statuses_of(session)
    may = web.may("copy_trading.followers.manage")
    here = web.url("masters/reconciliation/repair")
    table = Table(
        "drifts",
        _COLUMNS,
        rows,
        caption=_("Reconciliation"),
        actions=(lambda row: _actions(here, row)) if may else None,
        select="id" if may else "",
        bulk=(Action(_("Repair"), here, "tool"),),
        export=web.url("masters/reconciliation.csv"),
        empty=Empty(
            _("Books and positions agree"),
            _("Every two minutes each live copy is compared with the positions that it names and with the master's."),
            "checks",
        ),
    )
    return web.render(
        "admin/reconciliation.html",
        table=table,
        kinds=KINDS,
        any=bool(statuses),
        tab="reconciliation",
        tabs=tabs(web, statuses),
        title=_("Reconciliation"),
    )


@get("/masters/reconciliation.csv", opt=VIEW, sync_to_thread=True)
def as_csv(web: Web) -> Response[str]:
    """The differences as CSV, those that are over too."""
    with web.session() as session:
        return web.csv("reconciliation", _CSV, report(session, ended=True))


def _actions(here: str, row: DriftLine) -> Sequence[Action]:
    waits = "" if row.ready else _("Not yet: a second snapshot must agree.")
    return (Action(_("Repair"), f"{here}?ids={row.id}", "tool", dialog=True, disabled=waits),)


@get("/masters/reconciliation/repair", opt=_MANAGE, sync_to_thread=True)
def ask(web: Web) -> Response[str]:
    """What the repair will do, before it is done."""
    return _dialog(web, web.query_list("ids"))


@post("/masters/reconciliation/repair", opt=_MANAGE, sync_to_thread=True, status_code=200)
def carry_out(web: Web) -> Response[Any]:
    """Repair the chosen ones; one that has changed since is left alone."""
    given = list(web.form.get("ids", ()))
    reason = (web.form.get("reason") or [""])[-1]
    with web.session() as session:
        rows = _chosen(session, given)
        made = repair(session, web.settings(), web.actor, [row.id for row in rows])
        outcomes = {one.id: one for one in made}
        for row in rows:
            one = outcomes.get(row.id)
            web.audit(
                session,
                "copy.repair",
                f"subscription:{row.subscription_id}",
                before={"kind": row.kind, "expected": str(row.expected), "found": str(row.found)},
                after={"outcome": one.outcome if one else "waits", "why": one.reason if one else "", "reason": reason},
            )
    done = sum(one.outcome == "done" for one in made)
    left = len(rows) - done
    notice = _n("{count} difference is repaired.", "{count} differences are repaired.", done)
    if left:
        notice = _("{repaired} {left}", repaired=notice, left=_n("{count} was left.", "{count} were left.", left))
    return web.redirect("masters/reconciliation", notice=notice)


def _chosen(session: TenantSession, given: Sequence[str]) -> list[DriftLine]:
    try:
        ids = list({UUID(value) for value in given})
    except ValueError:
        raise NotFoundError("ids") from None
    rows = report(session, ids=ids) if 0 < len(ids) <= MAX_REPAIRS else []
    if not rows or len(rows) != len(ids):
        raise NotFoundError("ids")
    return rows


def _dialog(web: Web, given: Sequence[str]) -> Response[str]:
    with web.session() as session:
        rows = _chosen(session, given)
    items = []
    for kind, (meaning, _does) in KINDS.items():
        if count := sum(row.kind == kind for row in rows):
            items.append((meaning, f"{count:,}"))
    return web.render(
        "admin/question.html",
        question=_("Repair?"),
        words=" ".join(str(KINDS[kind][1]) for kind in KINDS if any(row.kind == kind for row in rows)),
        submit=_("Repair"),
        danger=any(row.kind != "missing" for row in rows),
        items=items,
        choices=(),
        choice="",
        values={"ids": [str(row.id) for row in rows]},
        reason=True,
        action=web.url("masters/reconciliation/repair"),
        error="",
        title=_("Repair"),
    )


ROUTES = [page, as_csv, ask, carry_out]
