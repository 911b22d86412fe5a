"""The launch form: account, symbol, a strategy's settings with limits and suggestions from the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from sqlalchemy import text

from core.sdk.data import TenantSession
from core.sdk.trading import account_states
from core.sdk.web import Form, NotFoundError, Web, form_for
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.services.access import allowed_strategies
from plugins.bot_trading.services.launching import Launch
from plugins.bot_trading.services.market import Place, find_place
from plugins.bot_trading.settings import BotTradingSettings
from plugins.bot_trading.strategies.numbers import plain
from plugins.bot_trading.strategies.protocol import Refusal, Strategy

__all__ = ["LaunchPage", "errors_by_field", "open_launch", "wish_of"]

Bounds = Mapping[str, tuple[Decimal | int | None, Decimal | int | None]]


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
    """Everything the form shows."""

    strategy: Strategy[BaseModel, Any]
    limits: BotTradingSettings
    accounts: Sequence[Choice]
    symbols: Sequence[Choice]
    account: Choice | None
    symbol: Choice | None
    place: Place | None
    free: Decimal | None
    bounds: Bounds
    form: Form

    def with_form(self, form: Form) -> LaunchPage:
        """The page with a form that was sent."""
        return replace(self, form=form)


def open_launch(web: Web, strategies: Strategies, key: str) -> LaunchPage:
    """The form's page for the chosen account and symbol, the first of each where none is chosen.

    Raises ``NotFoundError`` for a strategy that the customer may not run.
    """
    limits: BotTradingSettings = web.settings()

    def chosen(name: str) -> str:
        return (list(web.form.get(name, ())) or [web.query.get(name, "")])[-1]

    with web.session() as session:
        if key not in allowed_strategies(session, strategies, limits, web.person_id):
            raise NotFoundError(key)
        accounts = _accounts(session, web.person_id)
        account = _one(accounts, chosen("account"))
        symbols = _symbols(session, account.id) if account else []
        symbol = _one(symbols, chosen("symbol"))
        place = find_place(session, account.id, symbol.id) if account and symbol else None
        free = None
        if place is not None and place.market.currency == place.account_currency:
            free = max(account_states(session, [place.account_id])[place.account_id].free_margin, Decimal(0))
    strategy = strategies[key]
    bounds = _bounds(limits, strategy, free)
    suggested = _suggestions(strategy, place, free, limits)
    return LaunchPage(
        strategy,
        limits,
        accounts,
        symbols,
        account,
        symbol,
        place,
        free,
        bounds,
        form_for(strategy.settings_model, suggested, bounds=bounds),
    )


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
    return errors, " ".join(rest) or ("Some fields need another look." if errors else "")


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
    return [
        Choice(row.id, row.number, f"{row.number} · {row.name} · {row.currency}{' · demo' if row.demo else ''}")
        for row in rows
    ]


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


def _bounds(limits: BotTradingSettings, strategy: Strategy[BaseModel, Any], free: Decimal | None) -> Bounds:
    """The tenant's and the account's limits on the fields that the strategy has."""
    found: dict[str, tuple[Decimal | int | None, Decimal | int | None]] = {}
    fields = strategy.settings_model.model_fields
    if "cells" in fields:
        found["cells"] = (2, limits.max_levels)
    for name in ("multiplier", "size_multiplier"):
        if name in fields:
            found[name] = (1, limits.max_multiplier)
    for name, before in (("levels", 0), ("safety_orders", 1)):
        if name in fields:
            found[name] = (1, min(limits.max_levels - before, _most(fields[name])))
    if "investment" in fields:
        caps = [cap for cap in (limits.capital_per_bot, free) if cap is not None]
        if caps:
            found["investment"] = (None, _cents(min(caps)))
    return found


def _most(field: FieldInfo) -> int:
    """The largest value that a field itself allows."""
    limits = [getattr(rule, "le", None) for rule in field.metadata]
    return min((limit for limit in limits if isinstance(limit, int)), default=10_000)


def _suggestions(
    strategy: Strategy[BaseModel, Any], place: Place | None, free: Decimal | None, limits: BotTradingSettings
) -> dict[str, Any]:
    """A start from which a customer can go on: the strategy's own, around the present price."""
    if place is None or place.quote is None:
        return {}
    capital = min((cap for cap in (free, limits.capital_per_bot) if cap is not None), default=Decimal(1000))
    found = strategy.suggest(place.market, place.quote, _cents(capital / 2))
    return {name: plain(value) if isinstance(value, Decimal) else value for name, value in found.items()}


def _cents(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), rounding=ROUND_DOWN)
