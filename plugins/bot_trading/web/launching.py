"""The launch form: account, symbol, a strategy's settings with limits and suggestions from the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from itertools import groupby
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from sqlalchemy import select, text

from core.sdk.data import TenantSession
from core.sdk.text import _
from core.sdk.web import Chart, Field, Form, NotFoundError, Web, form_for
from plugins.bot_trading.models import Bot
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.services.access import allowed_strategies
from plugins.bot_trading.services.checking import Check, check_form
from plugins.bot_trading.services.errors import BotRefusedError
from plugins.bot_trading.services.launching import Launch, free_now, open_place
from plugins.bot_trading.services.market import Place
from plugins.bot_trading.services.rehearsing import offered_days
from plugins.bot_trading.settings import BotTradingSettings
from plugins.bot_trading.strategies.numbers import plain
from plugins.bot_trading.strategies.protocol import Refusal, Strategy
from plugins.bot_trading.web.charting import price_chart

__all__ = ["LaunchPage", "errors_by_field", "open_launch", "wish_of"]


@dataclass(frozen=True, slots=True)
class Choice:
    """An account or a symbol to choose."""

    id: UUID
    code: str
    label: str
    tick: Decimal = Decimal(1)
    note: str = ""


@dataclass(frozen=True, slots=True)
class LaunchPage:
    """Everything the form shows.

    :ivar place: none while there is no price, or nothing to trade.
    :ivar days: how far back a run over recorded prices may begin.
    """

    strategy: Strategy[BaseModel, Any]
    limits: BotTradingSettings
    accounts: Sequence[Choice]
    symbols: Sequence[Choice]
    account: Choice | None
    symbol: Choice | None
    place: Place | None
    free: Decimal | None
    form: Form
    days: Sequence[int] = ()
    chart: Chart | None = None

    def with_form(self, form: Form) -> LaunchPage:
        """The page with a form that was sent."""
        return replace(self, form=_unlimited(form))

    @property
    def sections(self) -> list[tuple[str, str, list[tuple[Field, str]]]]:
        """(heading, when, fields with their own when): ``when`` is ``other=value`` where something shows only with another field."""
        model = self.strategy.settings_model.model_fields
        found = []
        for heading, fields in groupby(self.form.fields, key=lambda item: item.section):
            items = [(item, _when(model[item.name])) for item in fields]
            shared = {when for _item, when in items}
            whole = shared.pop() if len(shared) == 1 else ""
            found.append((heading, whole, [(item, "" if whole else when) for item, when in items]))
        return found

    def check(
        self, session: TenantSession, strategies: Strategies, raw: Mapping[str, Any], settings: BaseModel | None
    ) -> Check:
        """The dry validation of what was typed; nothing where there is no place to check it at."""
        if self.place is None:
            return Check({})
        return check_form(session, strategies, self.limits, self.place, self.strategy.key, raw, settings)


def open_launch(web: Web, strategies: Strategies, key: str, *, drawn: bool = True) -> LaunchPage:
    """The form's page for the chosen account and symbol, the first of each where none is chosen.

    :param drawn: with the chart and what else only a whole page shows.
    :raises NotFoundError: for a strategy that the customer may not run.
    """
    limits: BotTradingSettings = web.settings()

    def chosen(name: str) -> str:
        return (list(web.form.get(name, ())) or [web.query.get(name, "")])[-1]

    with web.session() as session:
        if key not in allowed_strategies(session, strategies, limits, web.person_id):
            raise NotFoundError(key)
        strategy = strategies[key]
        accounts = _accounts(session, web.person_id)
        account = _one(accounts, chosen("account"))
        symbols = _symbols(session, account.id) if account else []
        symbol = _one(symbols, chosen("symbol"))
        place = _open(session, strategies, limits, key, web.person_id, account, symbol)
        free = None
        if place is not None:
            free = free_now(session, place)
            free = None if free is None else max(free, Decimal(0))
        values = _suggestions(strategy, place, free, limits)
        if clone := web.query.get("clone", ""):
            values |= _cloned(session, web.person_id, key, clone)
        page = LaunchPage(
            strategy,
            limits,
            accounts,
            symbols,
            account,
            symbol,
            place,
            free,
            _unlimited(form_for(strategy.settings_model, values)),
        )
        if not drawn or account is None or symbol is None:
            return page
        label = str(_("Price of {symbol} and the levels of the bot", symbol=symbol.code))
        chart = price_chart(session, account.id, symbol.id, symbol.code, symbol.tick, (), label)
        return replace(page, days=offered_days(session, symbol.id, limits), chart=chart)


def wish_of(web: Web, page: LaunchPage, settings: BaseModel, key: str) -> Launch:
    """The launch that the form asks for. Raises ``NotFoundError`` where no account or symbol is chosen."""
    if page.account is None or page.symbol is None:
        raise NotFoundError("account or symbol")
    return Launch(
        customer_id=web.person_id,
        account_id=page.account.id,
        symbol_id=page.symbol.id,
        strategy=page.strategy.key,
        settings=settings,
        key=f"{web.person_id}:{key}",
        actor=web.actor,
    )


def errors_by_field(refusals: Sequence[Refusal], form: Form) -> tuple[dict[str, str], str]:
    """Refusals beside their fields, and those of the whole form in one sentence."""
    names = {field.name for field in form.fields}
    errors: dict[str, str] = {}
    rest = []
    for item in refusals:
        said = f"{item.message} {item.remedy}".strip()
        if item.field in names and item.field is not None and item.field not in errors:
            errors[item.field] = said
        else:
            rest.append(said)
    return errors, " ".join(rest) or (str(_("Some fields need another look.")) if errors else "")


def _open(
    session: TenantSession,
    strategies: Strategies,
    limits: BotTradingSettings,
    key: str,
    customer_id: UUID,
    account: Choice | None,
    symbol: Choice | None,
) -> Place | None:
    if account is None or symbol is None:
        return None
    try:
        return open_place(session, strategies, limits, key, customer_id, account.id, symbol.id)
    except BotRefusedError:
        return None


def _one(choices: Sequence[Choice], wanted: str) -> Choice | None:
    first = choices[0] if choices else None
    return next((choice for choice in choices if wanted in (str(choice.id), choice.code)), first)


def _accounts(session: TenantSession, customer_id: UUID) -> list[Choice]:
    rows = session.execute(
        text(
            "select a.id, a.number, t.name, t.demo, a.currency from core.accounts a"
            " join core.account_types t on t.id = a.account_type_id"
            " where a.customer_id = :customer and a.status = 'active' order by a.number"
        ),
        {"customer": customer_id},
    )
    return [Choice(row.id, row.number, _account_label(row)) for row in rows]


def _account_label(row: Any) -> str:
    parts = [row.number, row.name, row.currency, *([str(_("demo"))] if row.demo else [])]
    return " · ".join(parts)


def _symbols(session: TenantSession, account_id: UUID) -> list[Choice]:
    rows = session.execute(
        text(
            "select s.id, s.code, s.title, s.tick, i.label from core.accounts a"
            " join core.account_type_symbols x on x.account_type_id = a.account_type_id and x.enabled"
            " join core.symbols s on s.id = x.symbol_id and s.status = 'active'"
            " join core.instruments i on i.id = s.instrument_id"
            " where a.id = :account order by s.code"
        ),
        {"account": account_id},
    )
    return [
        Choice(row.id, row.code, f"{row.code} · {row.title}" if row.title else row.code, row.tick, row.label)
        for row in rows
    ]


def _unlimited(form: Form) -> Form:
    """The form without the model's own limits: those of now stand below each field and follow the others."""

    def bare(item: Field) -> Field:
        return replace(item, min="", max="")

    return replace(form, fields=tuple(bare(item) for item in form.fields))


def _suggestions(
    strategy: Strategy[BaseModel, Any], place: Place | None, free: Decimal | None, limits: BotTradingSettings
) -> dict[str, Any]:
    """A start from which a customer can go on: the strategy's own, around the present price."""
    if place is None or place.quote is None:
        return {}
    capital = min((cap for cap in (free, limits.capital_per_bot) if cap is not None), default=Decimal(1000))
    found = strategy.suggest(place.market, place.quote, _cents(capital / 2))
    return {name: plain(value) if isinstance(value, Decimal) else value for name, value in found.items()}


def _cloned(session: TenantSession, customer_id: UUID, strategy: str, bot_id: str) -> dict[str, Any]:
    """The settings of one of the customer's own bots of the strategy; nothing where there is no such."""
    try:
        wanted = UUID(bot_id)
    except ValueError:
        return {}
    found = session.scalar(
        select(Bot.settings).where(Bot.id == wanted, Bot.customer_id == customer_id, Bot.strategy == strategy)
    )
    return dict(found or {})


def _when(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    when = extra.get("when") if isinstance(extra, dict) else None
    return ",".join(f"{other}={value}" for other, value in when.items()) if isinstance(when, dict) else ""


def _cents(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), rounding=ROUND_DOWN)
