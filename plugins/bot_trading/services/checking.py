"""A dry validation of a launch form: what each field may be now, what is wrong with it, and what the launch would be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as default
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from core.sdk.data import TenantSession
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.services.launching import Launch, check_at, free_now
from plugins.bot_trading.services.market import Place
from plugins.bot_trading.settings import BotTradingSettings
from plugins.bot_trading.strategies.protocol import Preview, Refusal
from plugins.bot_trading.strategies.words import Limit, bounded_by, is_shown

__all__ = ["Check", "brokerage_limits", "check_form", "readable"]


@dataclass(frozen=True, slots=True)
class Check:
    """What a form comes to.

    :ivar limits: by field, the narrowest of the model's, the brokerage's and the strategy's own.
    :ivar errors: by field, what stands against it, and the way out.
    :ivar refusals: every reason against a launch, those of fields included.
    :ivar preview: none where the settings cannot be read.
    """

    limits: Mapping[str, Limit]
    errors: Mapping[str, str] = default(default_factory=dict)
    refusals: Sequence[Refusal] = ()
    preview: Preview | None = None


def check_form(
    session: TenantSession,
    strategies: Strategies,
    limits: BotTradingSettings,
    place: Place,
    strategy: str,
    raw: Mapping[str, Any],
    settings: BaseModel | None,
) -> Check:
    """Validate a form at an open place without launching anything.

    :param raw: what was typed, by field.
    :param settings: the settings that it makes, where it makes any.
    """
    chosen, funds = strategies[strategy], free_now(session, place)
    model = chosen.settings_model
    values = readable(model, raw)
    own = chosen.limits(values, place.market, place.quote, funds) if place.quote is not None else {}
    found = _narrowest(_own_limits(model), brokerage_limits(model, limits, values), own)
    found = {name: limit for name, limit in found.items() if is_shown(model.model_fields[name], values)}
    if settings is None:
        return Check(found)
    wish = Launch(place.customer_id, place.account_id, place.symbol_id, strategy, settings, "", "")
    preview = check_at(session, strategies, limits, wish, place, funds)
    errors: dict[str, str] = {}
    for refusal in preview.refusals:
        if refusal.field in model.model_fields and refusal.field is not None:
            errors.setdefault(refusal.field, f"{refusal.message} {refusal.remedy}".strip())
    return Check(found, errors, preview.refusals, preview)


def readable(model: type[BaseModel], raw: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of ``raw`` that can be read, each by itself; for others their default, where they have one."""
    found = {name: field.default for name, field in model.model_fields.items() if not field.is_required()}
    for name, adapter in _adapters(model).items():
        value = raw.get(name)
        if value is None or value == "":
            continue
        try:
            found[name] = adapter.validate_python(value)
        except ValidationError:
            continue
    return found


def brokerage_limits(model: type[BaseModel], limits: BotTradingSettings, values: Mapping[str, Any]) -> dict[str, Limit]:
    """The tenant's limits on the fields that they are for."""
    found = {name: Limit(None, Decimal(limits.max_levels)) for name in bounded_by(model, "levels", values)}
    found |= {name: Limit(None, limits.max_multiplier) for name in bounded_by(model, "multiplier", values)}
    if limits.capital_per_bot is not None:
        found |= {name: Limit(None, limits.capital_per_bot) for name in bounded_by(model, "capital", values)}
    return found


@lru_cache(maxsize=64)
def _adapters(model: type[BaseModel]) -> Mapping[str, TypeAdapter[Any]]:
    made: dict[str, TypeAdapter[Any]] = {}
    for name, field in model.model_fields.items():
        kind: Any = field.annotation
        for rule in field.metadata:
            kind = Annotated[kind, rule]
        made[name] = TypeAdapter(kind)
    return made


@lru_cache(maxsize=64)
def _own_limits(model: type[BaseModel]) -> Mapping[str, Limit]:
    """What the settings model itself allows; open ends (more than, less than) are not told."""
    found = {}
    for name, field in model.model_fields.items():
        least = most = None
        for rule in field.metadata:
            low, high = getattr(rule, "ge", None), getattr(rule, "le", None)
            least = Decimal(str(low)) if low is not None else least
            most = Decimal(str(high)) if high is not None else most
        if least is not None or most is not None:
            found[name] = Limit(least, most)
    return found


def _narrowest(*sources: Mapping[str, Limit]) -> dict[str, Limit]:
    """Limits of several sources as one; a later source's word on why stands where it narrows an earlier one's."""
    found: dict[str, Limit] = {}
    for source in sources:
        for name, limit in source.items():
            known = found.get(name, Limit())
            least = max((one for one in (known.least, limit.least) if one is not None), default=None)
            most = min((one for one in (known.most, limit.most) if one is not None), default=None)
            narrows = (least, most) != (known.least, known.most)
            found[name] = replace(limit, least=least, most=most, why=limit.why if narrows else known.why)
    return found
