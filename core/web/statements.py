"""Statements: an account over a month or any other period, on a page and as CSV; for customers their own, for staff any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_date
from litestar import get
from litestar.params import FromPath
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from core.web.page import Page
from core.web.reading import AccountRow, account_row, list_accounts
from core.web.reading.statements import Statement, list_deals, list_entries, statement_of
from core.web.refusals import NotFoundError
from core.web.tables import Column, Empty, Table, TableQuery
from tenants.db import TenantSession
from tenants.text import _

__all__ = ["ADMIN_STATEMENTS", "PORTAL_STATEMENTS", "Period", "period_of"]

_VIEW: dict[str, Any] = {"permission": "trading.view"}
_EVERY = 1_000_000
_MONTHS = 24
ENTRIES = (
    Column("kind", _("Entry"), "status_text", sub="note", heading=True),
    Column("amount", _("Amount"), "pnl", currency="currency"),
    Column("balance", _("Balance"), "money", currency="currency"),
    Column("origin", _("Origin"), "origin", wide="md"),
    Column("booked_at", _("Booked"), "time"),
)
DEALS = (
    Column("symbol", _("Symbol"), "symbol", heading=True),
    Column("side", _("Side"), "side"),
    Column("effect", _("Effect"), "status_text"),
    Column("volume", _("Lots"), "volume"),
    Column("price", _("Price"), "price", digits="tick"),
    Column("profit", _("Profit"), "pnl", currency="currency"),
    Column("commission", _("Commission"), "money", currency="currency"),
    Column("net", _("Net"), "pnl", currency="currency"),
    Column("origin", _("Origin"), "origin", wide="lg"),
    Column("booked_at", _("Booked"), "time", wide="md"),
)
PARTS = {
    "deposit": _("Deposits"),
    "withdrawal": _("Withdrawals"),
    "correction": _("Corrections"),
    "swap": _("Swaps"),
    "fee": _("Fees"),
    "negative_balance": _("Negative balances made good"),
    "other": _("Other"),
}


@dataclass(frozen=True)
class Period:
    """Days of a statement, the last one included, in the reader's time zone."""

    first: date
    last: date
    since: datetime
    until: datetime

    @property
    def month(self) -> str:
        """``2026-11`` where the period is a calendar month, else an empty text."""
        whole = self.first.day == 1 and (self.last + timedelta(days=1)).day == 1 and self.last.month == self.first.month
        return f"{self.first:%Y-%m}" if whole and self.last.year == self.first.year else ""

    @property
    def params(self) -> dict[str, str]:
        """The query that names it."""
        return {"month": self.month} if self.month else {"from": str(self.first), "to": str(self.last)}


def period_of(month: str, first: str, last: str, zone: str) -> Period:
    """The period that is asked for: a month, or from one day to another; this month where neither can be read."""
    today = datetime.now(UTC).astimezone(ZoneInfo(zone)).date()
    start, end = _day(first), _day(last)
    if start or end:
        end = end or today
        start = start or end.replace(day=1)
        start, end = min(start, end), max(start, end)
    else:
        start = _day(f"{month}-01") or today.replace(day=1)
        end = (start.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return Period(start, end, _midnight(start, zone), _midnight(end + timedelta(days=1), zone))


@get("/statements", sync_to_thread=True)
def own(web: Page) -> Response[str]:
    """A statement of one of the customer's accounts."""
    with web.session() as session:
        accounts = list_accounts(session, TableQuery(size=100, sort="number"), customer=web.person_id).rows
        chosen = _chosen(web, accounts)
        if chosen is None:
            return web.render("statements/none.html", title=_("Statements"))
        return _page(web, session, chosen, accounts, "/statements", {"account": str(chosen.id)})


@get("/statements/{part:str}", sync_to_thread=True)
def own_csv(web: Page, part: FromPath[str]) -> Response[str]:
    """The ledger or the deals of the statement as a file."""
    with web.session() as session:
        accounts = list_accounts(session, TableQuery(size=100), customer=web.person_id).rows
        chosen = _chosen(web, accounts)
        if chosen is None:
            raise NotFoundError("no account")
        return _csv(web, session, chosen, part)


@get("/accounts/{account_id:uuid}/statement", opt=_VIEW, sync_to_thread=True)
def anybodys(web: Page, account_id: FromPath[UUID]) -> Response[str]:
    """A statement of any account."""
    with web.session() as session:
        return _page(web, session, _account(session, account_id), (), f"/admin/accounts/{account_id}/statement", {})


@get("/accounts/{account_id:uuid}/statement/{part:str}", opt=_VIEW, sync_to_thread=True)
def anybodys_csv(web: Page, account_id: FromPath[UUID], part: FromPath[str]) -> Response[str]:
    """The ledger or the deals of the statement as a file."""
    with web.session() as session:
        return _csv(web, session, _account(session, account_id), part)


def _page(
    web: Page,
    session: TenantSession,
    account: AccountRow,
    accounts: Sequence[AccountRow],
    path: str,
    keep: dict[str, str],
) -> Response[str]:
    period = _period(web)
    tab = "deals" if web.query.get("tab") == "deals" else "ledger"
    asked = {**keep, **period.params}
    query = TableQuery.read(web.query, ())
    columns = DEALS if tab == "deals" else ENTRIES
    found: Any = (list_deals if tab == "deals" else list_entries)(
        session, query, account.id, period.since, period.until
    )
    table = Table(
        "statement", columns, found.rows, query, found.total, path, keep={**asked, "tab": tab}, caption=_("Statement"),
        export=f"{path}/{tab}.csv?{urlencode(asked)}",
        empty=Empty(_("Nothing was booked"), _("There is nothing in this period."), "receipt"),
    )  # fmt: skip
    tabs = [
        (key, title, f"{path}?{urlencode({**asked, 'tab': key})}")
        for key, title in (("ledger", _("Ledger")), ("deals", _("Deals")))
    ]
    return web.render(
        "statements/page.html", account=account, accounts=accounts, period=period, table=table, tab=tab, tabs=tabs, path=path,
        lines=_lines(statement_of(session, account.id, period.since, period.until)), months=_months(web, account),
        title=_("Statement"),
    )  # fmt: skip


def _lines(statement: Statement) -> list[tuple[str, str, Any]]:
    """What leads from the opening balance to the closing one: kind of line, words, amount."""
    parts: list[tuple[str, Any]] = [(PARTS[kind], amount) for kind, amount in statement.parts]
    if statement.profit:
        parts.append((_("Profit of deals"), statement.profit))
    if statement.commission:
        parts.append((_("Commission"), statement.commission))
    return [
        ("sum", _("Opening balance"), statement.opening),
        *(("part", title, amount) for title, amount in parts),
        ("sum", _("Closing balance"), statement.closing),
    ]


def _csv(web: Page, session: TenantSession, account: AccountRow, part: str) -> Response[str]:
    period = _period(web)
    query = TableQuery(size=_EVERY)
    name = f"{account.number}-{period.first}-{period.last}"
    if part == "deals.csv":
        deals = list_deals(session, query, account.id, period.since, period.until)
        return web.csv(f"deals-{name}", DEALS, deals.rows)
    if part != "ledger.csv":
        raise NotFoundError(part)
    sums = statement_of(session, account.id, period.since, period.until)
    rows = list_entries(session, query, account.id, period.since, period.until).rows
    first: dict[str, Any] = {"kind": _("Opening balance"), "balance": sums.opening, "booked_at": period.since}
    last: dict[str, Any] = {"kind": _("Closing balance"), "balance": sums.closing, "booked_at": period.until}
    ends = {"currency": account.currency}
    return web.csv(f"ledger-{name}", ENTRIES, [first | ends, *rows, last | ends])


def _months(web: Page, account: AccountRow) -> list[tuple[str, str]]:
    """The months since the account was opened, the latest first."""
    zone = ZoneInfo(web.visit.time_zone)
    month, opened = datetime.now(UTC).astimezone(zone).date().replace(day=1), account.created_at.astimezone(zone).date()
    locale = web.visit.language.replace("-", "_")
    found: list[tuple[str, str]] = []
    while len(found) < _MONTHS and month >= opened.replace(day=1):
        found.append((f"{month:%Y-%m}", str(format_date(month, "LLLL y", locale=locale))))
        month = (month - timedelta(days=1)).replace(day=1)
    return found


def _period(web: Page) -> Period:
    query = web.query
    return period_of(query.get("month", ""), query.get("from", ""), query.get("to", ""), web.visit.time_zone)


def _chosen(web: Page, accounts: Sequence[AccountRow]) -> AccountRow | None:
    """The account that the address names, which must be one of these; the first where it names none."""
    wanted = web.query.get("account", "")
    if not wanted:
        return accounts[0] if accounts else None
    found = next((account for account in accounts if str(account.id) == wanted), None)
    if found is None:
        raise NotFoundError(wanted)
    return found


def _account(session: TenantSession, account_id: UUID) -> AccountRow:
    found = account_row(session, account_id)
    if found is None:
        raise NotFoundError(str(account_id))
    return found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _midnight(day: date, zone: str) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


PORTAL_STATEMENTS: list[ControllerRouterHandler] = [own, own_csv]
ADMIN_STATEMENTS: list[ControllerRouterHandler] = [anybodys, anybodys_csv]
