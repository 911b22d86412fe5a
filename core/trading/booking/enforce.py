"""Margin call and stop-out of an account under its lock."""

from __future__ import annotations

from decimal import Decimal

from core.trading.booking.account import AccountWork
from core.trading.booking.place import Refusal, carry_out, closing_order, finish, is_closing
from core.trading.booking.rows import PositionRow
from core.trading.rules.conversion import NoConversionError
from core.trading.rules.money import multiply
from core.trading.rules.risk import Floating, margin_level, next_to_close, standing
from core.venues.port import HOUSE

_HUNDRED = Decimal(100)


def enforce(account: AccountWork) -> None:
    """Look at the account at the batch's quotes: call its margin, or stop it out until the level is reached.

    Below the margin call level: one alert until it has recovered. Below the stop-out level: resting opens are cancelled,
    then the position with the largest loss is closed, and again, until the level is reached or nothing that trades is left.
    """
    account.moved = True
    account.batch.touch(account)
    cancelled = False
    while True:
        equity = account.equity()
        if equity is None:
            return
        now = standing(equity, account.row.margin, account.type.levels)
        if now == "sound":
            account.row.margin_called = False
            return
        _call(account, equity)
        if now == "margin_call":
            return
        if not cancelled:
            _cancel_opens(account)
            cancelled = True
            continue
        if not _close_worst(account):
            return


def end_margin_call(account: AccountWork) -> None:
    """Forget a margin call that is over, so that the next one is told again."""
    if account.row.margin_called:
        equity = account.equity()
        if equity is not None and standing(equity, account.row.margin, account.type.levels) == "sound":
            account.row.margin_called = False


def _call(account: AccountWork, equity: Decimal) -> None:
    if account.row.margin_called:
        return
    account.row.margin_called = True
    level = margin_level(equity, account.row.margin)
    detail = {
        "equity": str(equity),
        "margin": str(account.row.margin),
        "level": None if level is None else str(multiply(level, _HUNDRED)),
        "currency": account.row.currency,
    }
    account.batch.alerts.append(("margin_call", account.row.id, detail))


def _cancel_opens(account: AccountWork) -> None:
    for order in list(account.orders.values()):
        if order.status == "resting" and not order.reduce_only:
            finish(account, order, "cancelled", "stop_out")


def _close_worst(account: AccountWork) -> bool:
    """Close the position with the largest loss among those that trade now; false when nothing more can be done now.

    A close that goes to a venue ends the round: what follows depends on its fill.
    """
    market = account.batch.world.market
    measured: list[Floating[PositionRow]] = []
    for held in account.positions.values():
        terms = account.terms(held.symbol_id)
        if terms.closed or terms.prices is None or terms.rate is None or is_closing(account, held):
            continue
        try:
            exposure = terms.exposure(held.side, held.volume, held.open_price)
            measured.append(Floating(held, market.floating(exposure)))
        except (KeyError, NoConversionError):
            continue
    if not measured:
        return False
    worst = next_to_close(measured)
    prices, quote = account.terms(worst.symbol_id).prices, account.terms(worst.symbol_id).quote
    assert prices is not None and quote is not None  # noqa: S101 - only what has prices was measured
    order = closing_order(account, worst, f"stop_out:{worst.id}:{quote.seq}", worst.volume, "stop_out")
    try:
        carry_out(account, order, prices.closing(worst.side))
    except Refusal as refusal:
        finish(account, order, "rejected", refusal.reason, refusal.detail)
        return False
    return order.venue == HOUSE
