"""A master's Status controls: each shows what it will touch before it is confirmed, and is audited."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.response import Response
from sqlalchemy import text

from core.sdk.data import TenantSession
from core.sdk.text import _
from core.sdk.web import FromPath, NotFoundError, RefusedError, Web
from plugins.copy_trading.models import Master
from plugins.copy_trading.rules.states import MasterStatus
from plugins.copy_trading.services import mastering
from plugins.copy_trading.web.words import money

_MANAGE: dict[str, Any] = {"permission": "copy_trading.masters.manage"}

_WORDS = {
    "pause": (
        _("Pause {name}?"),
        _("No new followers and no new copies; closes go on being mirrored."),
        _("Pause"),
        False,
    ),
    "activate": (
        _("Activate {name}?"),
        _("The master can be found and followed again, and new trades are copied."),
        _("Activate"),
        False,
    ),
    "deactivate": (
        _("Deactivate {name}?"),
        _("The master is not shown any more and nothing new is copied."),
        _("Deactivate"),
        True,
    ),
    "approve": (
        _("Approve {name}?"),
        _("The customer becomes a master trader; followers can find them."),
        _("Approve"),
        False,
    ),
    "reject": (_("Reject {name}?"), _("The customer reads the reason and may apply again."), _("Reject"), True),
}
_DONE = {
    "pause": _("{name} is paused."),
    "activate": _("{name} is active."),
    "deactivate": _("{name} is deactivated."),
    "approve": _("{name} is a master trader now."),
    "reject": _("The application of {name} is rejected."),
}
LEAVING = (
    (
        "wind_down",
        _("Wind down"),
        _("Open copies stay; the master's closes go on being mirrored until nothing is left."),
    ),
    ("close_all", _("Close all copies"), _("Every copied position is closed at market and the copies are stopped.")),
    ("detach", _("Detach"), _("Followers keep their positions with their stops; the copies are stopped.")),
)


def impact(session: TenantSession, master_id: UUID) -> list[tuple[str, str]]:
    """What a change of a master's status touches: followers, their copied positions, value and the spread's cost."""
    followers = session.scalar(
        text(
            "select count(*) from copy_trading.subscriptions"
            " where master_id = :id and not mock and status in ('active', 'paused')"
        ),
        {"id": master_id},
    )
    rows = session.execute(
        text(
            "select y.quote, count(*) as positions, sum(p.volume * y.contract_size * (q.bid + q.ask) * y.tick / 2) as notional,"
            " sum(p.volume * y.contract_size * (q.ask - q.bid) * y.tick) as spread"
            " from copy_trading.subscriptions s"
            " join core.positions p on p.origin = 'copy' and p.origin_id = s.id and p.closed_ts_ms is null"
            " join core.symbols y on y.id = p.symbol_id join core.quotes q on q.instrument_id = y.instrument_id"
            " where s.master_id = :id and s.status <> 'stopped' group by y.quote order by y.quote"
        ),
        {"id": master_id},
    ).all()
    items: list[tuple[str, str]] = [
        (_("Followers"), f"{followers or 0:,}"),
        (_("Open copied positions"), f"{sum(row.positions for row in rows):,}"),
    ]
    if rows:
        items.append((_("Notional"), " + ".join(money(row.notional, row.quote) for row in rows)))
        spread = " + ".join(money(row.spread, row.quote) for row in rows)
        items.append((_("Estimated spread cost of closing"), spread))
    return items


@get("/masters/{master_id:uuid}/status/{action:str}", opt=_MANAGE, sync_to_thread=True)
def ask(web: Web, master_id: FromPath[UUID], action: FromPath[str]) -> Response[str]:
    """The question, with what the action touches."""
    return _dialog(web, master_id, action)


@post("/masters/{master_id:uuid}/status/{action:str}", opt=_MANAGE, sync_to_thread=True, status_code=200)
def change(web: Web, master_id: FromPath[UUID], action: FromPath[str]) -> Response[Any]:
    """Do it."""
    if action not in _WORDS:
        raise NotFoundError(action)
    reason, choice = (web.form.get("reason") or [""])[-1], (web.form.get("choice") or [""])[-1]
    try:
        with web.session() as session:
            master = mastering.get(session, master_id, lock=True)
            before, touched = master.status, dict(impact(session, master_id))
            _carry_out(session, web, master, action, reason, choice)
            after = {"status": master.status, "reason": reason, "choice": choice, "impact": touched}
            web.audit(session, f"master.{action}", f"master:{master_id}", before={"status": before}, after=after)
            name = master.name
    except RefusedError as error:
        return _dialog(web, master_id, action, error.message, status=409)
    return web.redirect(f"masters/{master_id}", notice=_DONE[action].format(name=name))


def _carry_out(session: TenantSession, web: Web, master: Master, action: str, reason: str, choice: str) -> None:
    if action == "approve":
        mastering.approve(session, master, by=web.actor)
    elif action == "reject":
        mastering.reject(session, master, by=web.actor, reason=reason)
    else:
        wanted = {
            "pause": MasterStatus.PAUSED,
            "activate": MasterStatus.ACTIVE,
            "deactivate": MasterStatus.DEACTIVATED,
        }[action]
        mastering.set_status(session, master, wanted, reason=reason, choice=choice)


def _dialog(web: Web, master_id: UUID, action: str, error: str = "", status: int = 200) -> Response[str]:
    if action not in _WORDS:
        raise NotFoundError(action)
    with web.session() as session:
        name = mastering.get(session, master_id).name
        items = impact(session, master_id) if action in ("pause", "deactivate") else []
    title, words, submit, danger = _WORDS[action]
    return web.render(
        "admin/question.html",
        status=status,
        question=title.format(name=name),
        words=words,
        submit=submit,
        danger=danger,
        items=items,
        choices=LEAVING if action == "deactivate" else (),
        choice="wind_down",
        values={},
        reason=action in ("pause", "deactivate", "reject"),
        action=web.url(f"masters/{master_id}/status/{action}"),
        error=error,
        title=submit,
    )


ROUTES = [ask, change]
