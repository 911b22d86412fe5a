"""Portal: commands on my copies — change settings, pause, resume, stop, from paper to live."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.response import Response
from sqlalchemy import select

from core.sdk.data import TenantSession
from core.sdk.text import _
from core.sdk.web import FromPath, NotFoundError, RefusedError, Web
from plugins.copy_trading.models import Master, Subscription
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.rules.states import By, IllegalMoveError, Pause
from plugins.copy_trading.services import following, mocking
from plugins.copy_trading.services.fee_lines import asked_fee
from plugins.copy_trading.services.own_copies import OwnCopy, leaving_of, own_copy
from plugins.copy_trading.services.previewing import preview
from plugins.copy_trading.services.stopping import stop
from plugins.copy_trading.web import choosing
from plugins.copy_trading.web.compared import compared
from plugins.copy_trading.web.portal_copies import page
from plugins.copy_trading.web.portal_follow import seen_fee
from plugins.copy_trading.web.portal_masters import COPY
from plugins.copy_trading.web.words import REASONS, money, remedy

STOPPING = (
    ("close_all", _("Close all copied positions"), _("At market, now; this may realise losses.")),
    (
        "keep",
        _("Keep the positions"),
        _("They stay open with their stops and are yours alone: the master closes them no more."),
    ),
)


def _own(web: Web, session: TenantSession, copy_id: UUID) -> OwnCopy:
    return own_copy(session, web.settings().leverage_limits, web.person_id, copy_id)


def _row(session: TenantSession, copy_id: UUID, *, lock: bool = False) -> Subscription:
    query = select(Subscription).where(Subscription.id == copy_id)
    return session.scalars(query.with_for_update() if lock else query).one()


@post("/copies/{copy_id:uuid}", opt=COPY, sync_to_thread=True, status_code=200)
def save(web: Web, copy_id: FromPath[UUID]) -> Response[Any]:
    """Change the settings; they hold from the master's next opening order."""
    settings: CopyTradingSettings = web.settings()
    with web.session() as session:
        _own(web, session, copy_id)
        row = _row(session, copy_id)
        kept = {name: getattr(row, name) for name in choosing.FIXED_AT_START}
        symbols = choosing.symbols_of(session, session.get_one(Master, (web.tenant_id, row.master_id)).account_id)
    parsed = choosing.read(settings, web.form, symbols, keep=kept)
    if parsed.value is None:
        return page(web, copy_id, "settings", form=parsed.form, status=422)
    try:
        with web.session() as session:
            _own(web, session, copy_id)
            row = _row(session, copy_id)
            before = following.choices_of(row).model_dump(mode="json")
            following.change(session, settings, row, parsed.value)
            after = following.choices_of(row).model_dump(mode="json")
            changed = [name for name in after if after[name] != before[name]]
            web.audit(
                session, "copy.settings", f"subscription:{copy_id}",
                before={name: before[name] for name in changed}, after={name: after[name] for name in changed},
            )  # fmt: skip
    except RefusedError as error:
        problems = {key: str(value) for key, value in error.detail.items()}
        form = parsed.form.with_errors(problems, error.message)
        return page(web, copy_id, "settings", form=form, status=422)
    said = _("The settings are saved. They hold from the master's next order.")
    return web.redirect(f"copies/{copy_id}?tab=settings", notice=said)


@post("/copies/{copy_id:uuid}/preview", opt=COPY, sync_to_thread=True, status_code=200)
def show_preview(web: Web, copy_id: FromPath[UUID]) -> Response[str]:
    """What the master's last trades would become with changed settings: a fragment."""
    settings: CopyTradingSettings = web.settings()
    with web.session() as session:
        own = _own(web, session, copy_id)
        kept = {name: getattr(_row(session, copy_id), name) for name in choosing.FIXED_AT_START}
        parsed = choosing.read(settings, web.form, (), keep=kept)
        shown = None
        if parsed.value is not None:
            shown = preview(session, settings, own.line.master_id, own.line.account_id, parsed.value)
    errors = [(field.label, field.error) for field in parsed.form.fields if field.error]
    return web.render(
        "portal/preview.html",
        preview=shown,
        account=own.account,
        errors=errors,
        reasons=REASONS,
        remedy=remedy,
        compared=compared,
    )


@post("/copies/{copy_id:uuid}/pause", opt=COPY, sync_to_thread=True, status_code=200)
def pause_copy(web: Web, copy_id: FromPath[UUID]) -> Response[Any]:
    """Pause Copying."""
    with web.session() as session:
        own = _own(web, session, copy_id)
        following.pause(session, [copy_id], Pause.FOLLOWER)
        web.audit(session, "copy.pause", f"subscription:{copy_id}", before={"status": own.status})
    return web.redirect(f"copies/{copy_id}", notice=_("Copying is paused. Closes still follow the master."))


@post("/copies/{copy_id:uuid}/resume", opt=COPY, sync_to_thread=True, status_code=200)
def resume_copy(web: Web, copy_id: FromPath[UUID]) -> Response[Any]:
    """Lift what is the follower's to lift."""
    with web.session() as session:
        own = _own(web, session, copy_id)
        left = following.resume_copying(session, [copy_id], By.FOLLOWER)
        web.audit(session, "copy.resume", f"subscription:{copy_id}", before={"status": own.status})
    said = _("Copying goes on with the master's next trade. What was missed is not made up for.")
    if any(left.values()):
        said = _("Your own pause is lifted. Another holds still: see below who can lift it.")
    return web.redirect(f"copies/{copy_id}", notice=said)


@get("/copies/{copy_id:uuid}/stop", opt=COPY, sync_to_thread=True)
def ask_stop(web: Web, copy_id: FromPath[UUID]) -> Response[str]:
    """Stop Copying: the customer must choose."""
    return _stop_dialog(web, copy_id)


@post("/copies/{copy_id:uuid}/stop", opt=COPY, sync_to_thread=True, status_code=200)
def stop_copy(web: Web, copy_id: FromPath[UUID]) -> Response[Any]:
    """End the copy for good."""
    choice = (web.form.get("choice") or [""])[-1]
    try:
        with web.session() as session:
            own = _own(web, session, copy_id)
            stop(session, [copy_id], choice)
            after = {"choice": choice, "open_copies": own.open_copies}
            web.audit(session, "copy.stop", f"subscription:{copy_id}", before={"status": own.status}, after=after)
    except IllegalMoveError:
        return _stop_dialog(web, copy_id, _("Choose what becomes of the open positions."), 409)
    return web.redirect(f"copies/{copy_id}", notice=_("You no longer copy {master}.", master=own.master))


def _stop_dialog(web: Web, copy_id: UUID, error: str = "", status: int = 200) -> Response[str]:
    with web.session() as session:
        own = _own(web, session, copy_id)
        leaving = leaving_of(session, own)
    items = [(_("Open copied positions"), str(own.open_copies)), (_("Copied P&L"), _amount(own.pnl, own.currency))]
    if own.open_copies:
        items.append((_("Of it floating, realised by closing"), _amount(own.floating, own.currency)))
    if leaving.positions:
        items.append((_("Value of the positions"), money(leaving.notional, own.currency)))
        items.append((_("Estimated spread cost of closing"), money(leaving.spread, own.currency)))
    if own.fee and own.fee.percent:
        items.append((_("Performance fee if you stop now"), money(own.fee.accrued + own.fee.owed, own.currency)))
    return web.render(
        "portal/stop.html",
        status=status,
        copy=own,
        items=items,
        choices=STOPPING
        if not own.line.mock
        else (("close_all", _("End the mock copy"), _("What it holds on paper is closed.")),),
        choice="close_all" if own.line.mock else "",
        error=error,
        title=_("Stop Copying"),
    )


def _amount(value: Decimal | None, currency: str) -> str:
    return _("not known now") if value is None else money(value, currency)


@get("/copies/{copy_id:uuid}/convert", opt=COPY, sync_to_thread=True)
def ask_convert(web: Web, copy_id: FromPath[UUID]) -> Response[str]:
    """From paper to live: the risk notice and the fee come first."""
    return _convert_page(web, copy_id)


@post("/copies/{copy_id:uuid}/convert", opt=COPY, sync_to_thread=True, status_code=200)
def convert(web: Web, copy_id: FromPath[UUID]) -> Response[Any]:
    """End the paper copy and follow with the same settings for real."""
    confirmed = bool((web.form.get("confirmed") or [""])[-1])
    try:
        with web.session() as session:
            own = _own(web, session, copy_id)
            made = mocking.convert(
                session, web.settings(), _row(session, copy_id), confirmed=confirmed, seen_fee=seen_fee(web),
                invite_code=(web.form.get("invite") or [""])[-1],
            )  # fmt: skip
            before, after = {"mock": str(copy_id)}, {"master": str(own.line.master_id), "mock": False}
            web.audit(session, "copy.convert", f"subscription:{made.id}", before=before, after=after)
            new_id = made.id
    except RefusedError as error:
        return _convert_page(web, copy_id, error.message, 422)
    except NotFoundError:
        return _convert_page(web, copy_id, _("This master is private: an invite code is needed."), 422)
    said = _("You copy {master} live now. The next trade is the first that is copied.", master=own.master)
    return web.redirect(f"copies/{new_id}", notice=said)


def _convert_page(web: Web, copy_id: UUID, error: str = "", status: int = 200) -> Response[str]:
    settings: CopyTradingSettings = web.settings()
    with web.session() as session:
        own = _own(web, session, copy_id)
        if not own.line.mock:
            raise NotFoundError
        master = session.get_one(Master, (web.tenant_id, own.line.master_id))
        fee, private = asked_fee(settings, master), not master.public
    return web.render(
        "portal/convert.html",
        status=status,
        copy=own,
        fee=fee,
        private=private,
        notice=settings.notice,
        version=settings.risk_notice_version,
        error=error,
        title=_("Copy {master} live", master=own.master),
    )


ROUTES = [save, show_preview, pause_copy, resume_copy, ask_stop, stop_copy, ask_convert, convert]
