"""Closing, protecting and cancelling: the same dialogs for staff and for customers, each over what they may touch."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, get, post
from litestar.params import FromPath
from litestar.response import Response
from pydantic import BaseModel, Field

from core.trading.services import ProtectionError, cancel_orders, close_positions, set_protection
from core.trading.types import OrderResult, Origin
from core.web.formats import current_formatter
from core.web.forms import Form, form_for, parse_form
from core.web.page import Page
from core.web.reading import (
    OrderRow,
    PositionRow,
    account_row,
    list_orders,
    list_positions,
    order_row,
    position_row,
)
from core.web.reasons import reason_text
from core.web.refusals import NotFoundError
from core.web.tables import TableQuery
from tenants.db import TenantSession, new_id
from tenants.services import audit
from tenants.text import _, _n

__all__ = ["AdminActing", "PortalActing", "leave"]

MAX_BULK = 200


class Closing(BaseModel):
    """How much of a position is closed."""

    volume: Annotated[Decimal, Field(title=_("Lots to close"), gt=0)]


class Protection(BaseModel):
    """The prices at which a position closes by itself."""

    stop_loss: Annotated[
        Decimal | None, Field(title=_("Stop-loss"), gt=0, description=_("Leave it empty for none."))
    ] = None
    take_profit: Annotated[
        Decimal | None, Field(title=_("Take-profit"), gt=0, description=_("Leave it empty for none."))
    ] = None


class _Acting(Controller):
    """The routes of a surface. At the portal only the customer's own positions and orders exist."""

    base = ""

    @get("/positions/close", sync_to_thread=True)
    def ask_close_many(self, web: Page) -> Response[str]:
        """Which positions would be closed: the named ones, or all of an ``account``."""
        rows = [row for row in _named_positions(web) if row.closed_ts_ms is None]
        return web.render(
            "trading/close_many.html",
            rows=rows,
            items=_impact(rows),
            followed=sum(1 for row in rows if row.origin in ("copy", "bot")),
            base=self.base,
            key=str(new_id()),
            title=_("Close positions"),
        )

    @post("/positions/close", sync_to_thread=True, status_code=200)
    def close_many(self, web: Page) -> Response[Any]:
        """Close several positions."""
        rows = [row for row in _positions(web, web.form.get("ids", ())) if row.closed_ts_ms is None]
        results = _close(web, [(row, None) for row in rows], _key(web))
        done = sum(1 for result in results if result.status == "filled")
        waiting = len(results) - done
        text = (
            _("{done} of {all} positions closed. The others wait: their market is closed.", done=done, all=len(results))
            if waiting
            else _n("{count} position closed.", "{count} positions closed.", done)
        )
        return leave(web, f"{self.base}/positions", text, tone="green" if not waiting else "yellow")

    @get("/positions/{position_id:uuid}/close", sync_to_thread=True)
    def ask_close(self, web: Page, position_id: FromPath[UUID]) -> Response[str]:
        """How much to close, and what it comes to now."""
        row = _position(web, position_id)
        return self._close_dialog(web, row, _closing_form(row))

    @post("/positions/{position_id:uuid}/close", sync_to_thread=True, status_code=200)
    def close(self, web: Page, position_id: FromPath[UUID]) -> Response[Any]:
        """Close a position."""
        row = _position(web, position_id)
        parsed = parse_form(Closing, web.form, bounds={"volume": (row.lot_step, row.volume)})
        if parsed.value is None:
            return self._close_dialog(web, row, parsed.form, status=422)
        wanted = parsed.value.volume
        result = _close(web, [(row, None if wanted >= row.volume else wanted)], _key(web))[0]
        if result.status in ("rejected", "cancelled"):
            text = reason_text(result.reason, result.detail)
            return self._close_dialog(web, row, parsed.form.with_errors({}, text), status=409)
        if result.status == "filled":
            price = web.formatter.price(result.average_price, row.tick)
            return leave(
                web,
                f"{self.base}/positions",
                _(
                    "{symbol}: {lots} lots closed at {price}.",
                    symbol=row.symbol,
                    lots=web.formatter.number(result.filled),
                    price=price,
                ),
            )
        text = _("{symbol}: the close waits until the market can take it.", symbol=row.symbol)
        return leave(web, f"{self.base}/positions", text, tone="yellow")

    @get("/positions/{position_id:uuid}/protect", sync_to_thread=True)
    def ask_protect(self, web: Page, position_id: FromPath[UUID]) -> Response[str]:
        """Which stop-loss and take-profit."""
        row = _position(web, position_id)
        values = {"stop_loss": row.stop_loss, "take_profit": row.take_profit}
        return self._protect_dialog(web, row, form_for(Protection, {k: _short(v) for k, v in values.items()}))

    @post("/positions/{position_id:uuid}/protect", sync_to_thread=True, status_code=200)
    def protect(self, web: Page, position_id: FromPath[UUID]) -> Response[Any]:
        """Set them."""
        row = _position(web, position_id)
        parsed = parse_form(Protection, web.form)
        if parsed.value is None:
            return self._protect_dialog(web, row, parsed.form, status=422)
        wanted = parsed.value
        try:
            with web.session() as session:
                set_protection(session, row.id, wanted.stop_loss, wanted.take_profit)
                before = {"stop_loss": row.stop_loss, "take_profit": row.take_profit}
                audit.record(
                    session, web.who, "position.protect", "position", row.id, before=before, after=wanted.model_dump()
                )
        except ProtectionError as error:
            field = "take_profit" if error.reason == "invalid_take_profit" else "stop_loss"
            text = reason_text(error.reason, error.detail)
            return self._protect_dialog(web, row, parsed.form.with_errors({field: text}), status=422)
        return leave(
            web,
            f"{self.base}/positions",
            _("{symbol}: stop-loss and take-profit are set.", symbol=row.symbol),
        )

    @get("/orders/cancel", sync_to_thread=True)
    def ask_cancel_many(self, web: Page) -> Response[str]:
        """Which orders would be cancelled: the named ones, or all of an ``account``."""
        rows = [row for row in _named_orders(web) if row.cancellable]
        return web.render(
            "trading/cancel.html",
            rows=rows,
            action=f"{self.base}/orders/cancel",
            ids=[str(r.id) for r in rows],
            title=_("Cancel orders"),
        )

    @post("/orders/cancel", sync_to_thread=True, status_code=200)
    def cancel_many(self, web: Page) -> Response[Any]:
        """Cancel several orders."""
        rows = [row for row in _orders(web, web.form.get("ids", ())) if row.cancellable]
        return _cancel(web, rows, self.base)

    @get("/orders/{order_id:uuid}/cancel", sync_to_thread=True)
    def ask_cancel(self, web: Page, order_id: FromPath[UUID]) -> Response[str]:
        """What would be cancelled."""
        row = _order(web, order_id)
        return web.render(
            "trading/cancel.html",
            rows=[row],
            action=f"{self.base}/orders/{row.id}/cancel",
            ids=[],
            title=_("Cancel order"),
        )

    @post("/orders/{order_id:uuid}/cancel", sync_to_thread=True, status_code=200)
    def cancel(self, web: Page, order_id: FromPath[UUID]) -> Response[Any]:
        """Cancel an order."""
        return _cancel(web, [_order(web, order_id)], self.base)

    def _close_dialog(self, web: Page, row: PositionRow, form: Form, status: int = 200) -> Response[str]:
        return web.render(
            "trading/close.html",
            status=status,
            row=row,
            form=form,
            base=self.base,
            key=str(new_id()),
            title=_("Close {symbol}", symbol=row.symbol),
        )

    def _protect_dialog(self, web: Page, row: PositionRow, form: Form, status: int = 200) -> Response[str]:
        return web.render(
            "trading/protect.html",
            status=status,
            row=row,
            form=form,
            base=self.base,
            title=_("Protect {symbol}", symbol=row.symbol),
        )


class AdminActing(_Acting):
    """Staff with the permission act on anybody's."""

    path = "/"
    base = "/admin"
    opt = {"permission": "trading.manage"}  # noqa: RUF012 - Litestar reads it as a plain dict


class PortalActing(_Acting):
    """Customers act on their own."""

    path = "/"


def _close(web: Page, closes: Sequence[tuple[PositionRow, Decimal | None]], key: str) -> list[OrderResult]:
    origin = Origin(actor=web.actor)
    with web.session() as session:
        wanted = [(row.id, volume, f"close-{key}-{row.id}"[:100]) for row, volume in closes]
        results = close_positions(session, wanted, origin=origin, reason="manual")
        for (row, _), result in zip(closes, results, strict=True):
            after = {"status": result.status, "volume": result.filled, "price": result.average_price}
            audit.record(
                session, web.who, "position.close", "position", row.id, before={"volume": row.volume}, after=after
            )
    return results


def _cancel(web: Page, rows: Sequence[OrderRow], base: str) -> Response[Any]:
    with web.session() as session:
        results = cancel_orders(
            session, [row.id for row in rows], "by_staff" if web.surface == "admin" else "by_customer"
        )
        for row, result in zip(rows, results, strict=True):
            audit.record(
                session,
                web.who,
                "order.cancel",
                "order",
                row.id,
                before={"status": row.status},
                after={"status": result.status},
            )
    done = sum(1 for result in results if result.status == "cancelled")
    if done == len(rows) == 1:
        text = _("The {symbol} order is cancelled.", symbol=rows[0].symbol)
        return leave(web, f"{base}/orders", text)
    tone = "green" if done == len(rows) else "yellow"
    text = _("{done} of {all} orders cancelled.", done=done, all=len(rows))
    return leave(web, f"{base}/orders", text, tone=tone)


def _owner(web: Page) -> UUID | None:
    return web.person_id if web.surface == "portal" else None


def _position(web: Page, position_id: UUID) -> PositionRow:
    with web.session() as session:
        row = position_row(session, position_id, customer=_owner(web))
    if row is None or row.closed_ts_ms is not None:
        raise NotFoundError(str(position_id))
    return row


def _order(web: Page, order_id: UUID) -> OrderRow:
    with web.session() as session:
        row = order_row(session, order_id, customer=_owner(web))
    if row is None:
        raise NotFoundError(str(order_id))
    return row


def _positions(web: Page, ids: Sequence[str]) -> list[PositionRow]:
    with web.session() as session:
        found = [position_row(session, wanted, customer=_owner(web)) for wanted in _uuids(ids)]
    if any(row is None for row in found):
        raise NotFoundError("a position")
    return [row for row in found if row is not None]


def _named_positions(web: Page) -> Sequence[PositionRow]:
    """The positions of the query: by ``ids``, or the open ones of an ``account``."""
    wanted = web.query.get("account")
    if not wanted:
        return _positions(web, web.query_list("ids"))
    with web.session() as session:
        account = _account(web, session, wanted)
        return list_positions(session, TableQuery(size=MAX_BULK), account=account, customer=_owner(web)).rows


def _named_orders(web: Page) -> Sequence[OrderRow]:
    wanted = web.query.get("account")
    if not wanted:
        return _orders(web, web.query_list("ids"))
    with web.session() as session:
        account = _account(web, session, wanted)
        return list_orders(
            session, TableQuery(size=MAX_BULK), account=account, customer=_owner(web), open_only=True
        ).rows


def _account(web: Page, session: TenantSession, wanted: str) -> UUID:
    found = account_row(session, _uuids([wanted])[0], customer=_owner(web))
    if found is None:
        raise NotFoundError(wanted)
    return found.id


def _orders(web: Page, ids: Sequence[str]) -> list[OrderRow]:
    with web.session() as session:
        found = [order_row(session, wanted, customer=_owner(web)) for wanted in _uuids(ids)]
    if any(row is None for row in found):
        raise NotFoundError("an order")
    return [row for row in found if row is not None]


def _uuids(texts: Sequence[str]) -> list[UUID]:
    try:
        return [UUID(text) for text in list(dict.fromkeys(texts))[:MAX_BULK]]
    except ValueError:
        raise NotFoundError("ids") from None


def _closing_form(row: PositionRow) -> Form:
    return form_for(Closing, {"volume": _short(row.volume)}, bounds={"volume": (row.lot_step, row.volume)})


def _key(web: Page) -> str:
    """Sent with the form, so that a second click closes nothing twice."""
    return (web.form.get("key") or [str(new_id())])[-1][:40]


def leave(web: Page, default: str, text: str, tone: str = "green") -> Response[Any]:
    """After an action: back to the page the dialog was opened on. The trading page stays, and asks for what has changed."""
    target = back_from(web, default)
    if web.fragment and target.split("?")[0] == "/trade":
        return web.done(text, tone, event="account-changed")
    return web.leave_for(target, notice=text, tone=tone)


def back_from(web: Page, default: str) -> str:
    """The page the dialog was opened on, if it is one of ours."""
    came = web.request.headers.get("hx-current-url", "")
    host = web.request.headers.get("host", "")
    _, found, rest = came.partition(f"://{host}/")
    return f"/{rest}" if found and not rest.startswith("/") else default


def _impact(rows: Sequence[PositionRow]) -> list[tuple[str, str]]:
    floating: dict[str, Decimal] = {}
    for row in rows:
        floating[row.currency] = floating.get(row.currency, Decimal(0)) + (row.floating or Decimal(0))
    return [
        (_("Positions"), str(len(rows))),
        *(
            (_("P&L now, {currency}", currency=code), current_formatter().number(amount, 2, signed=True))
            for code, amount in floating.items()
        ),
    ]


def _short(value: Decimal | None) -> Decimal | None:
    """Without the zeros behind it that the database keeps."""
    return None if value is None else Decimal(format(value.normalize(), "f"))
