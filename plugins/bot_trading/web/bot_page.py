"""A bot's own page, the same for staff and customers but for what may be done."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from litestar.response import Response
from pydantic.fields import FieldInfo

from core.sdk.text import _
from core.sdk.web import Action, Column, Empty, Filter, Table, TableQuery, Web, levels_of
from plugins.bot_trading.live import watch
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.running import Running
from plugins.bot_trading.services.access import allowed_strategies
from plugins.bot_trading.services.details import (
    bot_fills,
    commands_of,
    decision_codes,
    decisions,
    load_bot,
    positions_of,
    resting_orders,
)
from plugins.bot_trading.strategies.numbers import plain
from plugins.bot_trading.strategies.words import is_shown
from plugins.bot_trading.texts import PAUSES, STATUS_HELP
from plugins.bot_trading.web.charting import average_entry, bot_chart
from plugins.bot_trading.web.commanding import bot_actions, outcome_text
from plugins.bot_trading.web.finding import find_bot
from plugins.bot_trading.web.permissions import LAUNCH, MANAGE, VIEW

__all__ = ["show_bot"]

_LOG = (
    Column("at", _("When"), "time"),
    Column("text", _("Decision"), "custom", heading=True),
    Column("code", _("Code"), "custom", wide="md"),
    Column("actor", _("By"), wide="lg"),
)

_BY = (("bot", _("The bot's own")), ("person", _("Commanded by somebody")), ("alert", _("With an alert")))


def show_bot(web: Web, strategies: Strategies, bot_id: UUID, template: str) -> Response[str]:
    """The page of a bot that the person may see."""
    with web.session() as session:
        row = find_bot(web, session, bot_id)
        codes = tuple((code, code) for code in decision_codes(session, bot_id))
        filters = (Filter("by", _("Whose"), "select", _BY), Filter("code", _("Code"), "select", codes))
        log_query = TableQuery.read(web.query, _LOG, filters, prefix="log_")
        _bot, running, quote = load_bot(session, strategies, bot_id)
        entries, count = decisions(
            session,
            bot_id,
            offset=log_query.offset,
            size=log_query.size,
            code=log_query.get("code"),
            by=log_query.get("by"),
        )
        positions = positions_of(session, bot_id)
        if row.live:
            watch(session, [bot_id])
        commands = commands_of(session, bot_id) if web.may(VIEW) else []
        fills = bot_fills(session, row.account_id, bot_id)
        chart = bot_chart(session, row, running, quote, fills)
        offered = row.strategy in allowed_strategies(session, strategies, web.settings(), row.customer_id)
    log = Table(
        "log",
        _LOG,
        entries,
        log_query,
        count,
        web.path,
        filters=filters if len(codes) > 1 else (),
        empty=Empty(
            _("No decisions yet"), _("What the bot does, and why it does not act, is written here."), "list-details"
        ),
        caption=_("Decision log"),
    )
    actions = bot_actions(web, row, "bot") if web.may(MANAGE) or web.may(LAUNCH) else []
    if web.may(LAUNCH) and offered:
        again = f"new/{row.strategy}?account={row.account_id}&symbol={row.symbol}&clone={bot_id}"
        actions = [*actions, Action(_("Clone"), web.url(again), icon="copy")]
    return web.render(
        template,
        title=f"{running.strategy.title} {row.symbol}",
        bot=row,
        strategy=running.strategy,
        settings=_settings(running),
        orders=resting_orders(running),
        positions=positions,
        chart=chart,
        lines=levels_of(chart.levels),
        fills=fills[:30],
        quote=quote,
        log=log,
        actions=actions,
        average=average_entry(running.setup.market, running.figures(quote)),
        status_help=STATUS_HELP.get(row.status, ""),
        pauses=PAUSES,
        commands=commands,
        outcome_text=outcome_text,
    )


def _settings(running: Running) -> list[tuple[str, object]]:
    """The chosen settings by their titles; what was left empty is left out."""
    settings = running.setup.settings
    found: list[tuple[str, object]] = []
    values = settings.model_dump()
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        if value is None or value is False or not is_shown(field, values):
            continue
        found.append((field.title or name, _written(field, value)))
    return found


def _written(field: FieldInfo, value: object) -> str:
    if value is True:
        return str(_("Yes"))
    if isinstance(value, Decimal):
        return plain(value)
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    labels = extra.get("labels")
    text = str(value)
    return str(labels.get(text, text)) if isinstance(labels, dict) else text.capitalize()
