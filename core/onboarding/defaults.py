"""Account types and symbols that a new brokerage starts with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import select

from core.onboarding.conditions import conditions_of
from core.trading.models import AccountType, AccountTypeSymbol, Instrument, Symbol
from tenants.db import TenantSession, new_id
from tenants.services import audit
from tenants.services.actor import Actor


@dataclass(frozen=True, slots=True)
class NewAccountType:
    """Conditions of a kind of account. `markup` in pips; `commission` as its kind says; levels in percent."""

    name: str
    mode: Literal["hedging", "netting"] = "hedging"
    leverage: Decimal = Decimal(100)
    currency: str = "USD"
    may_short: bool = True
    demo: bool = False
    min_deposit: Decimal = Decimal(0)
    commission_kind: Literal["per_lot", "percent"] = "per_lot"
    commission: Decimal = Decimal(0)
    markup: Decimal = Decimal(0)
    margin_call_level: Decimal = Decimal(100)
    stop_out_level: Decimal = Decimal(50)
    negative_balance_protection: bool = True
    swap_free: bool = False
    copy_allowed: bool = True
    status: Literal["active", "disabled"] = "active"


DEFAULT_TYPES: Final = (
    NewAccountType("Standard"),
    NewAccountType("Netting", mode="netting"),
    # What is owned outright cannot owe anything: a fall of its price calls for no money.
    NewAccountType(
        "Spot", leverage=Decimal(1), may_short=False, margin_call_level=Decimal(0), stop_out_level=Decimal(0)
    ),
    NewAccountType("Demo", demo=True),
)
"""A leveraged type of each mode, one that is owned outright, and one with play money."""


def add_account_type(session: TenantSession, new: NewAccountType, actor: Actor) -> UUID:
    """Add an account type with every symbol of the tenant enabled. Returns its identifier."""
    made = AccountType(id=new_id(), **asdict(new))
    session.add(made)
    session.flush()
    _enable(session, [made.id], session.scalars(select(Symbol)).all())
    audit.record(session, actor, "account_type.add", "account_type", made.id, after=asdict(new))
    return made.id


def add_symbols(session: TenantSession, instruments: Iterable[Instrument], actor: Actor) -> dict[str, UUID]:
    """Add a symbol for each instrument, enabled for every account type, its conditions told from the instrument.

    Instruments that have a symbol here already are left out. Returns code → identifier of the new ones.
    """
    taken = set(session.scalars(select(Symbol.instrument_id)))
    codes = set(session.scalars(select(Symbol.code)))
    made: list[Symbol] = []
    for instrument in instruments:
        conditions = conditions_of(instrument.feed, instrument.feed_symbol, instrument.tick)
        if instrument.id in taken or conditions.code in codes:
            continue
        codes.add(conditions.code)
        made.append(
            Symbol(
                id=new_id(),
                instrument_id=instrument.id,
                code=conditions.code,
                title=instrument.title,
                asset_class=conditions.asset_class,
                base=conditions.base,
                quote=conditions.quote,
                contract_size=conditions.contract_size,
                tick=instrument.tick,
                pip=conditions.pip,
                lot_step=conditions.lot_step,
                min_lot=conditions.lot_step,
                max_lot=conditions.max_lot,
                hours=dict(conditions.hours),
                staleness_ms=conditions.staleness_ms,
            )
        )
    session.add_all(made)
    session.flush()
    _enable(session, session.scalars(select(AccountType.id)).all(), made)
    for symbol in made:
        audit.record(session, actor, "symbol.add", "symbol", symbol.id, after={"code": symbol.code})
    return {symbol.code: symbol.id for symbol in made}


def _enable(session: TenantSession, type_ids: Sequence[UUID], symbols: Sequence[Symbol]) -> None:
    """Enable symbols for account types; the smaller of the type's and the symbol's leverage counts."""
    for symbol in symbols:
        # The class alone caps the leverage, so any feed's conditions give the same.
        cap = conditions_of("", symbol.code, symbol.tick).leverage
        for type_id in type_ids:
            session.add(AccountTypeSymbol(id=new_id(), account_type_id=type_id, symbol_id=symbol.id, leverage=cap))
    session.flush()
