"""Portal: my copies — P&L, skips and what would have let them through, pause, resume, stop, change settings."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.response import Response
from sqlalchemy import select

from core.sdk.data import TenantSession
from core.sdk.web import (
    Column,
    Empty,
    Form,
    FromPath,
    NotFoundError,
    RefusedError,
    Table,
    Web,
)
from plugins.copy_trading.models import Subscription
from plugins.copy_trading.rules.choices import Choices
from plugins.copy_trading.rules.reasons import plain
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.rules.states import By, IllegalMoveError, Pause
from plugins.copy_trading.services import following, lists
from plugins.copy_trading.services.lists import FollowerLine
from plugins.copy_trading.services.stopping import stop
from plugins.copy_trading.web import choosing
from plugins.copy_trading.web.admin_followers import STOPPING, SkipView
from plugins.copy_trading.web.words import money

_COPY: dict[str, Any] = {"permission": "copy_trading.copy"}


@get("/copies", opt=_COPY, sync_to_thread=True)
def copies(web: Web) -> Response[str]:
    """The customer's subscriptions, stopped ones too."""
    columns = (
        Column("master", "Master", heading=True, href=lambda row: web.url(f"copies/{row.id}")),
        Column("account", "Account"),
        Column("ratio", "Copy ratio"),
        Column("copied_pnl", "Copied P&L", "pnl", currency="currency"),
        Column("open_copies", "Open copies", "number", digits=0),
        Column("skips", "Skipped", "number", digits=0),
        Column("status", "Status", "custom"),
        Column("created_at", "Since", "day", wide="lg"),
    )
    with web.session() as session:
        rows = lists.followers(session, web.settings().leverage_limits, customer_id=web.person_id, stopped=True)
    table = Table(
        "copies",
        columns,
        rows,
        caption="My copies",
        empty=Empty("You copy nobody yet", "Choose a master whose record convinces you.", "copy"),
    )
    return web.render("portal/copies.html", table=table, title="My copies")


def _own(session: TenantSession, web: Web, copy_id: UUID) -> FollowerLine:
    """The customer's own subscription; anybody else's does not exist."""
    rows = lists.followers(
        session, web.settings().leverage_limits, customer_id=web.person_id, ids=[copy_id], stopped=True
    )
    if not rows:
        raise NotFoundError
    return rows[0]


_SKIPS = (
    Column("at", "When", "time", heading=True),
    Column("symbol", "Symbol", "symbol"),
    Column("side", "Side", "side"),
    Column("volume", "Master's lots", "volume"),
    Column("reason", "Reason"),
    Column("found", "Found"),
    Column("needed", "Needed"),
    Column("setting", "Would have passed with"),
)


@get("/copies/{copy_id:uuid}", opt=_COPY, sync_to_thread=True)
def copy(web: Web, copy_id: FromPath[UUID]) -> Response[str]:
    """One copy: figures, settings, what was skipped."""
    settings: CopyTradingSettings = web.settings()
    with web.session() as session:
        line = _own(session, web, copy_id)
        row = session.scalars(select(Subscription).where(Subscription.id == copy_id)).one()
        form = choosing.form_of(settings, _chosen(row), ())
        skips = [SkipView(item) for item in lists.skips(session, subscription_id=copy_id)]
    return _page(web, line, form, skips)


def _page(web: Web, line: FollowerLine, form: Form, skips: list[SkipView], status: int = 200) -> Response[str]:
    table = Table(
        "skips",
        _SKIPS,
        skips,
        caption="Skipped copies",
        empty=Empty("Nothing was skipped", "Every trade of this master has been copied.", "checks"),
    )
    return web.render(
        "portal/copy.html", status=status, copy=line, form=form, table=table, title=f"Copy of {line.master}"
    )


@post("/copies/{copy_id:uuid}", opt=_COPY, sync_to_thread=True, status_code=200)
def save(web: Web, copy_id: FromPath[UUID]) -> Response[Any]:
    """Change the settings; they hold from the master's next opening order."""
    settings: CopyTradingSettings = web.settings()
    with web.session() as session:
        line = _own(session, web, copy_id)
        kept = session.scalars(select(Subscription.existing_positions).where(Subscription.id == copy_id)).one()
    parsed = choosing.read(settings, web.form, (), keep={"existing_positions": kept})
    form = parsed.form
    with web.session() as session:
        skips = [SkipView(item) for item in lists.skips(session, subscription_id=copy_id)]
    if parsed.value is None:
        return _page(web, line, form, skips, 422)
    try:
        with web.session() as session:
            row = session.scalars(select(Subscription).where(Subscription.id == copy_id).with_for_update()).one()
            before = _chosen(row)
            following.change(session, settings, row, parsed.value)
            web.audit(session, "copy.settings", f"subscription:{copy_id}", before=before, after=_chosen(row))
    except RefusedError as error:
        problems = {key: str(value) for key, value in error.detail.items()}
        return _page(web, line, form.with_errors(problems, error.message), skips, 422)
    return web.redirect(f"copies/{copy_id}", notice="The settings are saved. They hold from the master's next order.")


def _chosen(row: Subscription) -> dict[str, Any]:
    """The settings of a subscription as its form names them."""
    names = [name for name in Choices.model_fields if name != "below_minimum_lot"]
    values = {name: getattr(row, name) for name in names}
    values = {name: plain(value) if isinstance(value, Decimal) else value for name, value in values.items()}
    return values | {"below_minimum_lot": "round_up" if row.round_up else "skip"}


@get("/copies/{copy_id:uuid}/stop", opt=_COPY, sync_to_thread=True)
def ask_stop(web: Web, copy_id: FromPath[UUID]) -> Response[str]:
    """Stop Copying: the customer must choose."""
    return _stop_dialog(web, copy_id)


@post("/copies/{copy_id:uuid}/stop", opt=_COPY, sync_to_thread=True, status_code=200)
def stop_copy(web: Web, copy_id: FromPath[UUID]) -> Response[Any]:
    """End the copy for good."""
    choice = (web.form.get("choice") or [""])[-1]
    try:
        with web.session() as session:
            line = _own(session, web, copy_id)
            stop(session, [copy_id], choice)
            after = {"choice": choice, "open_copies": line.open_copies}
            web.audit(session, "copy.stop", f"subscription:{copy_id}", before={"status": line.status}, after=after)
    except IllegalMoveError:
        return _stop_dialog(web, copy_id, "Choose what becomes of the open positions.", 409)
    return web.redirect("copies", notice=f"You no longer copy {line.master}.")


def _stop_dialog(web: Web, copy_id: UUID, error: str = "", status: int = 200) -> Response[str]:
    with web.session() as session:
        line = _own(session, web, copy_id)
    return web.render(
        "admin/question.html",
        status=status,
        question="Stop Copying?",
        words=f"You stop copying {line.master} for good; you may follow anew at any time.",
        submit="Stop Copying",
        danger=True,
        items=[
            ("Open copied positions", str(line.open_copies)),
            ("Copied P&L", money(line.copied_pnl, line.currency)),
        ],
        choices=STOPPING,
        choice="",
        values={},
        reason=False,
        action=web.url(f"copies/{copy_id}/stop"),
        error=error,
        title="Stop Copying",
    )


@post("/copies/{copy_id:uuid}/pause", opt=_COPY, sync_to_thread=True, status_code=200)
def pause_copy(web: Web, copy_id: FromPath[UUID]) -> Response[Any]:
    """Pause Copying."""
    with web.session() as session:
        line = _own(session, web, copy_id)
        following.pause(session, [copy_id], Pause.FOLLOWER)
        web.audit(session, "copy.pause", f"subscription:{copy_id}", before={"status": line.status})
    return web.redirect(f"copies/{copy_id}", notice="Copying is paused. Closes still follow the master.")


@post("/copies/{copy_id:uuid}/resume", opt=_COPY, sync_to_thread=True, status_code=200)
def resume_copy(web: Web, copy_id: FromPath[UUID]) -> Response[Any]:
    """Lift what is the follower's to lift."""
    with web.session() as session:
        line = _own(session, web, copy_id)
        left = following.resume_copying(session, [copy_id], By.FOLLOWER)
        web.audit(session, "copy.resume", f"subscription:{copy_id}", before={"status": line.status})
    if any(left.values()):
        return web.redirect(
            f"copies/{copy_id}", notice="Your brokerage has paused this copy too; ask them to resume it."
        )
    return web.redirect(f"copies/{copy_id}", notice="Copying goes on with the master's next trade.")


ROUTES = [copies, copy, save, ask_stop, stop_copy, pause_copy, resume_copy]
