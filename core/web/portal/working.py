"""Changing a working order: its volume, price and protection."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Response
from pydantic import BaseModel, Field

from core.trading.services import Replacement, ReplacementError, replace_order
from core.web.acting import leave
from core.web.forms import Form, form_for, parse_form
from core.web.page import Page, WebPage
from core.web.reading import OrderRow, order_row
from core.web.reasons import field_of, reason_text
from core.web.refusals import NotFoundError
from tenants.db import new_id
from tenants.services import audit
from tenants.text import _

__all__ = ["ROUTES"]


class Changing(BaseModel):
    """What a working order is to become."""

    volume: Annotated[Decimal, Field(title=_("Lots"), gt=0)]
    price: Annotated[Decimal, Field(title=_("Price"), gt=0)]
    stop_loss: Annotated[
        Decimal | None, Field(title=_("Stop-loss"), gt=0, description=_("Leave it empty for none."))
    ] = None
    take_profit: Annotated[
        Decimal | None, Field(title=_("Take-profit"), gt=0, description=_("Leave it empty for none."))
    ] = None


@get("/orders/{order_id:uuid}/change", sync_to_thread=True)
def ask(web: Page, order_id: FromPath[UUID]) -> Response[str]:
    """The order as it is."""
    row = _order(web, order_id)
    values = {
        "volume": row.volume - row.filled,
        "price": row.price,
        "stop_loss": row.stop_loss,
        "take_profit": row.take_profit,
    }
    plain = {name: None if value is None else Decimal(format(value.normalize(), "f")) for name, value in values.items()}
    return _dialog(web, row, form_for(Changing, plain))


@post("/orders/{order_id:uuid}/change", sync_to_thread=True, status_code=200)
def change(web: Page, order_id: FromPath[UUID]) -> Response[Any]:
    """Change it: a new order takes its place, or nothing happens."""
    row = _order(web, order_id)
    if not web.may("trading.trade"):
        raise NotFoundError("not verified")
    parsed = parse_form(Changing, web.form)
    if parsed.value is None:
        return _dialog(web, row, parsed.form, status=422)
    wanted = parsed.value
    key = (web.form.get("key") or [str(new_id())])[-1][:40]
    try:
        with web.session() as session:
            after = wanted.model_dump()
            replace_order(session, row.id, Replacement(**after), f"change-{key}", actor=web.actor)
            before = {name: getattr(row, name) for name in after}
            audit.record(session, web.who, "order.change", "order", row.id, before=before, after=after)
    except ReplacementError as error:
        prices = {"price": wanted.price, "stop_loss": wanted.stop_loss, "take_profit": wanted.take_profit}
        field, text = field_of(error.reason, error.detail, prices), reason_text(error.reason, error.detail)
        form = parsed.form.with_errors({field: text}) if field else parsed.form.with_errors({}, text)
        return _dialog(web, row, form, status=409)
    return leave(web, "/", _("The {symbol} order is changed.", symbol=row.symbol))


def _order(web: WebPage, order_id: UUID) -> OrderRow:
    with web.session() as session:
        row = order_row(session, order_id, customer=web.person_id)
    if row is None:
        raise NotFoundError(str(order_id))
    return row


def _dialog(web: WebPage, row: OrderRow, form: Form, status: int = 200) -> Response[str]:
    return web.render(
        "trading/change.html", status=status, row=row, form=form, key=str(new_id()),
        title=_("Change the {symbol} order", symbol=row.symbol),
    )  # fmt: skip


ROUTES = [ask, change]
