"""Who may run what: the strategies that a brokerage allows, staff's word on single customers, limits, and who runs which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.response import Response
from litestar.types import ControllerRouterHandler
from sqlalchemy import text

from core.sdk import Slot
from core.sdk.data import TenantSession
from core.sdk.text import _
from core.sdk.web import Action, Column, Empty, Filter, FromPath, NotFoundError, Table, TableQuery, Web
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.services.access import own_settings, rule, rulings, usage, verdicts
from plugins.bot_trading.web.permissions import RULE, VIEW
from plugins.bot_trading.web.tables import strategy_titles

__all__ = ["SETTINGS", "access_routes", "access_slot"]

SETTINGS = "/admin/settings/products/bot_trading"
"""Where the brokerage's own list and the limits are set."""

_CUSTOMER = Column(
    "customer",
    _("Customer"),
    sub="email",
    heading=True,
    href=lambda row: f"/admin/customers/{row['customer_id']}",
)
_USAGE_CSV = (
    Column("customer", _("Customer")),
    Column("email", _("E-mail")),
    Column("title", _("Strategy")),
    Column("verdict", _("Allowed now")),
    Column("active", _("Active")),
    Column("historical", _("Historical")),
    Column("currency", _("Currency")),
    Column("invested", _("Invested in active bots")),
    Column("total", _("Total P&L")),
    Column("latest", _("Latest launch")),
)
_VERDICTS = {"default": None, "allow": True, "deny": False}


def access_routes(strategies: Strategies) -> list[ControllerRouterHandler]:
    """The page, its file, and the dialog on one customer."""
    return [*_pages(strategies), *_dialog(strategies)]


def access_slot(strategies: Strategies) -> Slot:
    """The tab on a customer's page."""

    def draw(session: TenantSession, context: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
        customer_id = UUID(str(context["customer_id"]))
        settings, titles = own_settings(session), strategy_titles(strategies)
        own = [row for row in usage(session, settings) if row.customer_id == customer_id]
        return "admin/customer_tab.html", {
            "customer_id": customer_id,
            "verdicts": verdicts(session, strategies, settings, customer_id),
            "titles": titles,
            "usage": own,
            "rule": RULE,
        }

    return Slot("admin.customer.tab", _("Bots"), draw, permission=VIEW, order=60)


def _pages(strategies: Strategies) -> list[ControllerRouterHandler]:
    options: dict[str, Any] = {"permission": VIEW}
    titles = strategy_titles(strategies)
    filters = (
        Filter("search", _("Customer or e-mail"), "search"),
        Filter("strategy", _("Strategy"), "select", tuple(titles.items())),
    )

    def rows_of(web: Web, session: TenantSession, query: TableQuery) -> list[dict[str, Any]]:
        found = usage(session, web.settings(), strategy=query.get("strategy"), search=query.get("search"))
        return [
            {
                **{name: getattr(row, name) for name in type(row).__dataclass_fields__},
                "title": titles.get(row.strategy, row.strategy),
                "verdict": _verdict(row.allowed, row.ruling),
            }
            for row in found
        ]

    @get("/access", opt=options, sync_to_thread=True)
    def access(web: Web) -> Response[str]:
        """Allowed strategies, limits, rulings and usage."""
        columns = (
            _CUSTOMER,
            Column("title", _("Strategy")),
            Column("verdict", _("Allowed now")),
            Column("active", _("Active"), "number", digits=0),
            Column("historical", _("Historical"), "number", digits=0),
            Column("invested", _("Invested"), "money", currency="currency"),
            Column("total", _("Total P&L"), "pnl", currency="currency"),
            Column("latest", _("Latest launch"), "time", wide="lg"),
        )
        query = TableQuery.read(web.query, columns, filters, size=50)
        with web.session() as session:
            rows = rows_of(web, session, query)
            ruled = _rulings_table(web, session, titles)
        used = Table(
            "usage",
            columns,
            rows[query.offset : query.offset + query.size],
            query,
            len(rows),
            web.path,
            filters=filters,
            empty=Empty(_("Nobody has run a bot yet"), _("Who runs which strategy appears here."), "robot"),
            actions=(lambda row: [_change(web, row["customer_id"])]) if web.may(RULE) else None,
            caption=_("Usage"),
            export=web.url("access/usage.csv"),
        )
        return web.render(
            "admin/access.html",
            title=_("Bot access"),
            strategies=strategies,
            settings=web.settings(),
            limits=_limits(web),
            usage=used,
            rulings=ruled,
            settings_address=SETTINGS,
        )

    @get("/access/usage.csv", opt=options, sync_to_thread=True)
    def export(web: Web) -> Response[str]:
        """Which customer runs which strategy, under the filters of the page."""
        query = TableQuery.read(web.query, (), filters)
        with web.session() as session:
            rows = rows_of(web, session, query)
        return web.csv("bot-usage", _USAGE_CSV, rows)

    return [access, export]


def _dialog(strategies: Strategies) -> list[ControllerRouterHandler]:
    options: dict[str, Any] = {"permission": RULE}

    def show(web: Web, customer_id: UUID) -> Response[str]:
        with web.session() as session:
            person = _person(session, customer_id)
            found = verdicts(session, strategies, web.settings(), customer_id)
        return web.render(
            "admin/access_customer.html",
            title=_("Bot strategies"),
            person=person,
            verdicts=found,
            titles=strategy_titles(strategies),
            allowed=web.settings().strategies,
        )

    @get("/access/{customer_id:uuid}", opt=options, sync_to_thread=True)
    def ask(web: Web, customer_id: FromPath[UUID]) -> Response[str]:
        """What one customer may run."""
        return show(web, customer_id)

    @post("/access/{customer_id:uuid}", opt=options, sync_to_thread=True, status_code=200)
    def do(web: Web, customer_id: FromPath[UUID]) -> Response[Any]:
        """Allow or deny strategies to one customer."""
        with web.session() as session:
            person = _person(session, customer_id)
            before = {one.strategy: one.ruling for one in verdicts(session, strategies, web.settings(), customer_id)}
            after = dict(before)
            for key in strategies:
                sent = (list(web.form.get(f"strategy_{key}", ())) or [""])[-1]
                if sent in _VERDICTS and _VERDICTS[sent] != before[key]:
                    after[key] = _VERDICTS[sent]
                    rule(session, customer_id, key, _VERDICTS[sent], web.actor)
            if after != before:
                web.audit(
                    session,
                    "bot_trading.access.rule",
                    str(customer_id),
                    before=before,
                    after={**after, "customer": person.email},
                )
        return web.redirect("access", notice=_("Kept. Bots that run already go on."))

    return [ask, do]


def _rulings_table(web: Web, session: TenantSession, titles: Mapping[str, str]) -> Table:
    columns = (
        _CUSTOMER,
        Column("title", _("Strategy")),
        Column("verdict", _("Ruling")),
        Column("decided_by", _("By"), wide="md"),
        Column("decided_at", _("When"), "time"),
    )
    query = TableQuery.read(web.query, columns, prefix="r_")
    found, total = rulings(session, offset=query.offset, size=query.size)
    rows = [
        {**row._mapping, "title": titles.get(row.strategy, row.strategy), "verdict": _verdict(row.allowed, row.allowed)}
        for row in found
    ]
    return Table(
        "rulings",
        columns,
        rows,
        query,
        total,
        web.path,
        empty=Empty(_("No rulings"), _("Every customer may run what the brokerage allows."), "user-check"),
        actions=(lambda row: [_change(web, row["customer_id"])]) if web.may(RULE) else None,
        caption=_("Rulings"),
    )


def _limits(web: Web) -> list[tuple[str, object]]:
    """The brokerage's limits by their titles; none is said as such."""
    settings = web.settings()
    names = (
        "bots_per_customer",
        "capital_per_bot",
        "max_loss_percent",
        "max_levels",
        "max_multiplier",
        "max_spread_percent",
    )
    found: list[tuple[str, object]] = []
    for name in names:
        field = type(settings).model_fields[name]
        value = getattr(settings, name)
        unit = " %" if name.endswith("percent") else ""
        found.append((field.title or name, _("No limit") if value is None else f"{value}{unit}"))
    return found


def _change(web: Web, customer_id: UUID) -> Action:
    return Action(_("Change"), web.url(f"access/{customer_id}"), icon="user-cog", dialog=True)


def _verdict(allowed: bool, ruling: bool | None) -> str:
    if ruling is None:
        return _("Yes, as everybody") if allowed else _("No, as everybody")
    return _("Allowed by ruling") if allowed else _("Denied by ruling")


def _person(session: TenantSession, customer_id: UUID) -> Any:
    found = session.execute(
        text("select id, name, email from tenants.customers where id = :id"), {"id": customer_id}
    ).first()
    if found is None:
        raise NotFoundError(str(customer_id))
    return found
