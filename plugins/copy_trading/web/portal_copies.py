"""Portal: my copies — P&L, fidelity and what the gap is made of, skips and what would have let them through, fees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import get
from litestar.response import Response
from sqlalchemy import select

from core.sdk.data import TenantSession
from core.sdk.text import _
from core.sdk.web import Action, Column, Empty, Form, FromPath, NotFoundError, Table, TableQuery, Web
from plugins.copy_trading.models import Master, Subscription
from plugins.copy_trading.rules.states import Pause, names
from plugins.copy_trading.services import lists
from plugins.copy_trading.services.fee_lines import fee_entries
from plugins.copy_trading.services.fidelity import Fidelity, fidelity_of
from plugins.copy_trading.services.following import choices_of
from plugins.copy_trading.services.own_copies import OwnCopy, own_copies, own_copy
from plugins.copy_trading.web import choosing
from plugins.copy_trading.web.compared import compared
from plugins.copy_trading.web.portal_masters import COPY
from plugins.copy_trading.web.words import CAUSES, REASONS, mode_label, remedy

_COPIES = (
    Column("master", _("Master"), "custom", heading=True, sort=True),
    Column("account", _("Account"), sort=True),
    Column("ratio", _("Size"), "custom"),
    Column("pnl", _("Copied P&L"), "pnl", currency="currency", sort=True, hint=_("Of linked positions, after costs")),
    Column("realised", _("Realised"), "pnl", currency="currency", wide="lg"),
    Column("open_copies", _("Open copies"), "number", digits=0, sort=True),
    Column("skips", _("Skipped"), "number", digits=0, sort=True),
    Column("fees_paid", _("Fees paid"), "money", currency="currency", wide="xl"),
    Column("status", _("Status"), "custom", sort=True),
    Column("created_at", _("Since"), "day", wide="lg", sort=True),
)
_LINES = (
    Column("symbol", _("Position"), "custom", heading=True),
    Column("asked", _("Expected lots"), "number", digits=4),
    Column("size", _("Real lots"), "volume"),
    Column("master_price", _("Master's price"), "price", digits="tick"),
    Column("price", _("Your price"), "price", digits="tick"),
    Column("expected", _("Expected P&L"), "money", currency="currency"),
    Column("real", _("Real P&L"), "pnl", currency="currency"),
    Column("difference", _("Gap"), "pnl", currency="currency"),
    Column("delay_ms", _("Delay, ms"), "number", digits=0, wide="lg"),
    Column("state", _("State"), "status"),
)
_PARTS = ("latency", "slippage", "rounding", "fees")
_SKIPS = (
    Column("at", _("When"), "time", heading=True),
    Column("symbol", _("Symbol"), "symbol"),
    Column("side", _("Side"), "side"),
    Column("volume", _("Master's lots"), "volume"),
    Column("reason", _("Reason"), "custom"),
    Column("found", _("Found"), "custom"),
    Column("needed", _("Needed"), "custom"),
    Column("setting", _("Would have passed with"), "custom"),
)
_FEES = (
    Column("at", _("When"), "time", heading=True),
    Column("period", _("Month")),
    Column("cause", _("Cause"), "custom"),
    Column("pnl", _("Realised P&L"), "pnl", currency="currency"),
    Column("mark", _("High-water mark"), "money", currency="currency"),
    Column("percent", _("Fee"), "percent"),
    Column("charged", _("Charged"), "money", currency="currency"),
    Column("owed", _("Still owed"), "money", currency="currency"),
)
TABS = {
    "overview": _("Overview"),
    "skips": _("Skipped"),
    "fees": _("Fees"),
    "settings": _("Settings"),
}
WHO_LIFTS = {
    "follower": _("Paused by you. Resume it here whenever you like."),
    "admin": _("Paused by your brokerage. Only they can lift this pause."),
    "risk": _("Paused because a risk limit was reached. Your brokerage lifts it."),
    "master": _("The master is paused. It goes on by itself once the master is active again."),
    "module": _("Copy Trading was switched off at your brokerage. It is on again: resume when you are ready."),
}


@get("/copies", opt=COPY, sync_to_thread=True)
def copies(web: Web) -> Response[str]:
    """The customer's subscriptions, stopped and mock ones too."""
    query = TableQuery.read(web.query, _COPIES)
    with web.session() as session:
        rows = own_copies(session, web.settings().leverage_limits, web.person_id)
    if query.sort:
        known = [row for row in rows if getattr(row, query.sort) is not None]
        known.sort(key=lambda row: getattr(row, query.sort), reverse=query.descending)
        rows = known + [row for row in rows if getattr(row, query.sort) is None]
    table = Table(
        "copies",
        _COPIES,
        rows[query.offset : query.offset + query.size],
        query,
        len(rows),
        web.path,
        caption=_("My copies"),
        export=web.url("copies.csv") if rows else "",
        empty=Empty(
            _("You copy nobody yet"),
            _("Choose a master whose record convinces you; a mock copy costs nothing."),
            "copy",
            Action(_("Find a master"), web.url("masters"), "users-group", primary=True),
        ),
    )
    running = [row for row in rows if row.status != "stopped" and row.kind == "live"]
    totals: dict[str, Any] = {}
    for row in running:
        totals[row.currency] = totals.get(row.currency, 0) + (row.pnl or 0)
    return web.render(
        "portal/copies.html", table=table, running=running, totals=totals, mode_label=mode_label, title=_("My copies")
    )


@get("/copies.csv", opt=COPY, sync_to_thread=True)
def copies_csv(web: Web) -> Response[str]:
    """The same as CSV."""
    columns = (*_COPIES, Column("kind", "Kind"), Column("mode", "Mode"), Column("currency", "Currency"),
               Column("stopped_at", "Stopped", "time"))  # fmt: skip
    with web.session() as session:
        return web.csv("copies", columns, own_copies(session, web.settings().leverage_limits, web.person_id))


@get("/copies/{copy_id:uuid}", opt=COPY, sync_to_thread=True)
def copy(web: Web, copy_id: FromPath[UUID]) -> Response[str]:
    """One copy."""
    return page(web, copy_id, web.query.get("tab", "overview"))


@get("/copies/{copy_id:uuid}/positions.csv", opt=COPY, sync_to_thread=True)
def positions_csv(web: Web, copy_id: FromPath[UUID]) -> Response[str]:
    """Copies beside the master's positions as CSV, with the parts of each gap."""
    parts = tuple(Column(name, name.capitalize()) for name in _PARTS)
    with web.session() as session:
        own = own_copy(session, web.settings().leverage_limits, web.person_id, copy_id)
        return web.csv("positions", (*_LINES, *parts), positions(own, _fidelity(session, own)))


@get("/copies/{copy_id:uuid}/skips.csv", opt=COPY, sync_to_thread=True)
def skips_csv(web: Web, copy_id: FromPath[UUID]) -> Response[str]:
    """Skip records of one copy as CSV."""
    with web.session() as session:
        own_copy(session, web.settings().leverage_limits, web.person_id, copy_id)
        return web.csv("skips", _SKIPS, lists.skips(session, subscription_id=copy_id, limit=100_000))


@get("/copies/{copy_id:uuid}/fees.csv", opt=COPY, sync_to_thread=True)
def fees_csv(web: Web, copy_id: FromPath[UUID]) -> Response[str]:
    """Performance fees of one copy as CSV."""
    with web.session() as session:
        own_copy(session, web.settings().leverage_limits, web.person_id, copy_id)
        return web.csv("fees", (*_FEES, Column("currency", "Currency")), fee_entries(session, subscription_id=copy_id))


def _fidelity(session: TenantSession, own: OwnCopy) -> Fidelity:
    return fidelity_of(session, own.id, own.line.account_id, own.currency, mock=own.line.mock)


def positions(own: OwnCopy, found: Fidelity) -> list[dict[str, Any]]:
    """The lines of a comparison as tables read them, with the parts of each gap."""
    names_of_line = (
        "symbol", "side", "state", "opened_ms", "closed_ms", "asked", "size", "master_price", "price", "tick", "delay_ms",
        "expected", "real", "difference",
    )  # fmt: skip
    return [
        {name: getattr(line, name) for name in names_of_line}
        | {name: getattr(line.gap, name) for name in _PARTS}
        | {"currency": own.currency}
        for line in found.lines
    ]


def page(web: Web, copy_id: UUID, tab: str, *, form: Form | None = None, status: int = 200) -> Response[str]:
    """The page of a copy; ``form`` is one that was sent and is shown again."""
    if tab not in TABS:
        raise NotFoundError(tab)
    with web.session() as session:
        own = own_copy(session, web.settings().leverage_limits, web.person_id, copy_id)
        row = session.scalars(select(Subscription).where(Subscription.id == copy_id)).one()
        context = _tab(web, session, own, row, tab, form)
        reasons = [(name, WHO_LIFTS[name]) for name in _reasons(own, row)]
    here = web.url(f"copies/{copy_id}")
    counts = {"skips": own.skips}
    tabs = [(key, label, f"{here}?tab={key}", counts.get(key)) for key, label in TABS.items()]
    return web.render(
        f"portal/copy_{tab}.html",
        status=status,
        copy=own,
        reasons=reasons,
        mine=any(name in ("follower", "module") for name, _said in reasons),
        tab=tab,
        tabs=[one for one in tabs if not (one[0] == "fees" and own.line.mock)],
        mode_label=mode_label,
        title=_("Copy of {master}", master=own.master),
        **context,
    )


def _reasons(own: OwnCopy, row: Subscription) -> Sequence[str]:
    reasons = Pause(row.reasons)
    if own.line.master_status == "paused":
        reasons |= Pause.MASTER
    return names(reasons) if own.status == "paused" or own.line.master_status == "paused" else ()


def _tab(
    web: Web, session: TenantSession, own: OwnCopy, row: Subscription, tab: str, form: Form | None
) -> dict[str, Any]:
    here = web.url(f"copies/{own.id}")
    if tab == "overview":
        found = _fidelity(session, own)
        return {"fidelity": found, "parts": _PARTS, "table": _comparison(here, own, found)}
    if tab == "skips":
        skips = lists.skips(session, subscription_id=own.id)
        return {"table": _skips(here, skips), "why": REASONS, "remedy": remedy, "compared": compared}
    if tab == "fees":
        rows = fee_entries(session, subscription_id=own.id)
        empty = Empty(_("No fee yet"), _("It is reckoned up each month and when you stop."), "coins")
        table = Table(
            "fees", _FEES, rows, caption=_("Performance fees"), export=f"{here}/fees.csv" if rows else "", empty=empty
        )
        return {"table": table, "causes": CAUSES, "confirmed": row.fee_percent}
    symbols = choosing.symbols_of(session, session.scalar(_master_account(row.master_id)))
    shown = form or choosing.form_of(web.settings(), choices_of(row).model_dump(), symbols)
    return {"form": shown}


def _master_account(master_id: UUID) -> Any:
    return select(Master.account_id).where(Master.id == master_id)


def _comparison(here: str, own: OwnCopy, found: Fidelity) -> Table:
    return Table(
        "positions",
        _LINES,
        positions(own, found),
        caption=_("Copies beside the master's positions"),
        export=f"{here}/positions.csv" if found.lines else "",
        empty=Empty(_("Nothing was copied yet"), _("The master's next trade is the first that is copied."), "copy"),
    )


def _skips(here: str, rows: Sequence[Any]) -> Table:
    return Table(
        "skips",
        _SKIPS,
        rows,
        caption=_("Skipped copies"),
        export=f"{here}/skips.csv" if rows else "",
        empty=Empty(_("Nothing was skipped"), _("Every trade of this master has been copied."), "checks"),
    )


ROUTES = [copies, copies_csv, copy, positions_csv, skips_csv, fees_csv]
