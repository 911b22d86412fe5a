"""The orders of copies: deterministic client order ids, and what the booking's answers mean."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from hashlib import blake2b
from uuid import UUID

from core.sdk.trading import OrderRequest, OrderResult, Origin
from plugins.copy_trading.replication.rows import LinkRow
from plugins.copy_trading.rules.opens import Copy
from plugins.copy_trading.rules.reasons import Reason, Refusal, plain

MODULE = "copy_trading"

_REFUSALS = {
    "module_off": (Reason.MODULE, "on"),
    "margin_call": (Reason.MARGIN, "margin_above_call"),
    "symbol_owned": (Reason.SYMBOL_OWNED, "this_copy"),
    "market_closed": (Reason.SYMBOL, "tradable"),
    "quote_stale": (Reason.SYMBOL, "tradable"),
}


def client_order_id(tenant_id: UUID, subscription_id: UUID, fill_no: int, leg: str) -> str:
    """The same for the same tenant, subscription, master fill and leg, so that a second sending is the same order."""
    digest = blake2b(digest_size=16)
    digest.update(tenant_id.bytes)
    digest.update(subscription_id.bytes)
    digest.update(f"{fill_no}:{leg}".encode())
    return f"copy-{digest.hexdigest()}"


def origin(subscription_id: UUID) -> Origin:
    """The origin of a subscription's orders."""
    return Origin("copy", subscription_id, MODULE)


def opening_order(
    tenant_id: UUID,
    made: Copy,
    fill_no: int,
    account_id: UUID,
    symbol_id: UUID,
    stops: tuple[Decimal | None, Decimal | None],
) -> OrderRequest:
    """An immediate-or-cancel limit at the slippage cap; a better price is taken, a worse one never."""
    return OrderRequest(
        client_order_id=client_order_id(tenant_id, made.subscription, fill_no, "open"),
        account_id=account_id,
        symbol_id=symbol_id,
        side="buy" if made.side > 0 else "sell",
        volume=made.volume,
        kind="ioc",
        price=made.limit,
        stop_loss=stops[0],
        take_profit=stops[1],
        origin=origin(made.subscription),
    )


def closing_orders(
    tenant_id: UUID,
    link: LinkRow,
    volume: Decimal,
    fill_no: int,
    held: Mapping[UUID, Decimal],
    reason: str = "copy",
    *,
    leg: str = "",
) -> list[OrderRequest]:
    """Market orders that close ``volume`` lots of a link, its oldest position first; reduce-only.

    ``fill_no`` is the master's fill that they mirror, 0 for a stop; ``held`` are the lots open in each position;
    ``leg`` stands for the reason in the orders' ids where one fill or stop closes a link more than once.
    """
    orders = []
    for at, position_id in enumerate(link.position_ids):
        part = min(volume, held.get(position_id, Decimal(0)))
        if part <= 0:
            continue
        orders.append(
            OrderRequest(
                client_order_id=client_order_id(
                    tenant_id, link.subscription_id, fill_no, f"{leg or reason}:{link.id.hex}:{at}"
                ),
                account_id=link.account_id,
                symbol_id=link.symbol_id,
                side="sell" if link.side > 0 else "buy",
                volume=part,
                position_id=position_id,
                reduce_only=True,
                origin=origin(link.subscription_id),
                reason=reason,
            )
        )
        volume -= part
    return orders


def refusal_of(result: OrderResult, limit: Decimal) -> Refusal:
    """The skip record of an open that the platform did not carry out."""
    code, detail = result.reason or result.status, result.detail
    if code == "not_within_limit":
        return Refusal(Reason.SLIPPAGE, str(detail.get("quote", "")), plain(limit), "slippage_tolerance")
    if code == "insufficient_margin":
        return Refusal(Reason.MARGIN, str(detail.get("free", "")), str(detail.get("needed", "")))
    reason, needed = _REFUSALS.get(code, (Reason.REFUSED, "accepted"))
    return Refusal(reason, code, needed)
