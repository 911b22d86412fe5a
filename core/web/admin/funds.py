"""Deposits, withdrawals and corrections by staff: each with a reason, each booked once whatever is sent twice."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath
from litestar.response import Response
from pydantic import BaseModel, Field

from core.sdk.notify import notify
from core.trading.services import FundsError, correct, deposit, withdraw
from core.trading.services.funds import FundsResult
from core.web.forms import Form, form_for, parse_form
from core.web.page import Page
from core.web.reading import AccountRow, account_row
from core.web.reasons import reason_text
from core.web.refusals import NotFoundError
from tenants.db import TenantSession, new_id
from tenants.services import audit
from tenants.services.actor import Actor
from tenants.text import _

__all__ = ["ROUTES", "Operation", "book", "withdrawable"]

Kind = Literal["deposit", "withdrawal", "correction"]
_FUNDS: dict[str, Any] = {"permission": "trading.deposit"}
_DONE = {
    "deposit": _("{amount} were paid into account {number}. Its balance is {balance}."),
    "withdrawal": _("{amount} were paid out of account {number}. Its balance is {balance}."),
    "correction": _("Account {number} was corrected by {amount}. Its balance is {balance}."),
}


class Operation(BaseModel):
    """Money in or out by hand."""

    kind: Annotated[
        Kind,
        Field(
            title=_("What"),
            json_schema_extra={
                "widget": "radio",
                "labels": {
                    "deposit": _("Deposit"),
                    "withdrawal": _("Withdrawal"),
                    "correction": _("Correction, either way"),
                },
            },
        ),
    ] = "deposit"
    amount: Annotated[
        Decimal,
        Field(
            title=_("Amount"),
            max_digits=26,
            decimal_places=8,
            allow_inf_nan=False,
            description=_("A correction may be negative; everything else is positive."),
        ),
    ]
    reason: Annotated[
        str,
        Field(
            title=_("Reason"),
            min_length=3,
            max_length=200,
            description=_("The customer reads it in their statement, and it is kept in the audit log."),
        ),
    ]


@get("/accounts/{account_id:uuid}/funds", opt=_FUNDS, sync_to_thread=True)
def ask(web: Page, account_id: FromPath[UUID]) -> Response[str]:
    """What to book, beside what is there."""
    return _dialog(web, account_id, form_for(Operation))


@post("/accounts/{account_id:uuid}/funds", opt=_FUNDS, sync_to_thread=True, status_code=200)
def take(web: Page, account_id: FromPath[UUID]) -> Response[Any]:
    """Book it."""
    _account(web, account_id)
    parsed = parse_form(Operation, web.form)
    if parsed.value is None:
        return _dialog(web, account_id, parsed.form, status=422)
    wanted = parsed.value
    key = (web.form.get("key") or [str(new_id())])[-1][:60]
    try:
        with web.session() as session:
            account, result = book(session, account_id, wanted, f"staff:{key}", web.who)
            said = _said(web, account, wanted, result)
            if not result.repeated:
                notify(
                    session, "core", "funds", [account.customer_id], said, href=f"/accounts/{account_id}?tab=ledger", mail=True
                )  # fmt: skip
    except FundsError as error:
        text = (
            _("Enter an amount above zero.")
            if error.reason == "amount_not_positive"
            else reason_text(error.reason, error.detail)
        )
        return _dialog(web, account_id, parsed.form.with_errors({"amount": text}), status=409)
    if result.repeated:
        return web.leave_for(
            _page(account), notice=_("This was booked already: nothing was booked twice."), tone="yellow"
        )
    return web.leave_for(_page(account), notice=said)


def book(
    session: TenantSession, account_id: UUID, wanted: Operation, key: str, who: Actor
) -> tuple[AccountRow, FundsResult]:
    """Book an operation and say so in the audit log, in one transaction.

    :param key: the same key again books nothing and returns the first result.
    :raises FundsError: where it cannot be done; nothing is booked.
    :raises NotFoundError: for an account that the tenant does not have.
    """
    account = account_row(session, account_id)
    if account is None:
        raise NotFoundError(str(account_id))
    if wanted.kind == "correction":
        if not wanted.amount:
            raise FundsError("amount_not_positive", amount=wanted.amount)
        result = correct(session, account_id, wanted.amount, key=key, actor=who.name, note=wanted.reason)
    else:
        act = deposit if wanted.kind == "deposit" else withdraw
        result = act(session, account_id, wanted.amount, key=key, actor=who.name, note=wanted.reason)
    if not result.repeated:
        after = {"number": account.number, "amount": wanted.amount, "balance": result.balance, "entry": result.entry_id}
        audit.record(
            session, who, f"account.{wanted.kind}", "account", account_id,
            before={"balance": result.balance - _signed(wanted)}, after=after, note=wanted.reason,
        )  # fmt: skip
    return account, result


def _signed(wanted: Operation) -> Decimal:
    return -wanted.amount if wanted.kind == "withdrawal" else wanted.amount


def withdrawable(account: AccountRow) -> Decimal:
    """What could be paid out now: what is only floating, margin and reservations stay."""
    return max(Decimal(0), min(account.equity, account.balance) - account.margin - account.reserved)


def _said(web: Page, account: AccountRow, wanted: Operation, result: FundsResult) -> str:
    money = web.formatter.money
    return _DONE[wanted.kind].format(
        amount=money(wanted.amount, account.currency, signed=wanted.kind == "correction"),
        balance=money(result.balance, account.currency),
        number=account.number,
    )


def _dialog(web: Page, account_id: UUID, form: Form, status: int = 200) -> Response[str]:
    account = _account(web, account_id)
    key = (web.form.get("key") or [str(new_id())])[-1][:60]
    return web.render(
        "admin/funds.html", status=status, account=account, free=withdrawable(account), form=form, key=key,
        title=_("Account {number}", number=account.number),
    )  # fmt: skip


def _account(web: Page, account_id: UUID) -> AccountRow:
    with web.session() as session:
        found = account_row(session, account_id)
    if found is None:
        raise NotFoundError(str(account_id))
    return found


def _page(account: AccountRow) -> str:
    return f"/admin/accounts/{account.id}?tab=ledger"


ROUTES = [ask, take]
