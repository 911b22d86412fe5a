"""Account types: added, and changed while accounts of them trade.

| changed | for accounts that there are |
|---|---|
| name, minimum deposit, may short, leverage, copying, status | from the next order on; what is open keeps its margin |
| commission, swaps | from the next fill or night on |
| mark-up | at once: prices move by it; stops, targets, orders and bots wait at their own prices |
| margin call and stop-out level | at once: accounts below a level are acted on at the next quote |
| currency, mode, play money | not while there are accounts |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, text

from core.offering.rearming import accounts_of_type, changing_conditions
from core.offering.values import AccountTypeValues, SymbolTerms
from core.onboarding.defaults import NewAccountType, add_account_type
from core.trading.models import AccountType, AccountTypeSymbol, Symbol
from tenants.db import TenantSession
from tenants.services import audit
from tenants.services.actor import Actor
from tenants.services.company import tenant
from tenants.services.errors import ConflictError, InvalidError, NotFoundError, TakenError
from tenants.text import _, _n

__all__ = [
    "FIXED",
    "SymbolOfType",
    "account_type",
    "add",
    "change",
    "change_symbols",
    "number_of_accounts",
    "symbols_of_type",
    "values_of",
]

FIXED: Final = ("currency", "mode", "demo")
"""What accounts have taken over at their opening."""
AT_ONCE: Final = frozenset({"markup", "margin_call_level", "stop_out_level"})
"""What open positions and working orders feel at once."""


@dataclass(frozen=True, slots=True)
class SymbolOfType:
    """A symbol of the brokerage as an account type has it. ``effective_*``: what counts, the type's where it has none."""

    id: UUID
    code: str
    title: str
    asset_class: str
    status: str
    enabled: bool
    leverage: Decimal | None
    markup: Decimal | None
    effective_leverage: Decimal
    effective_markup: Decimal
    positions: int


def account_type(session: TenantSession, type_id: UUID, *, lock: bool = False) -> AccountType:
    """One of the brokerage's. With ``lock`` nobody opens an account of it before the commit. :raises NotFoundError: else."""
    query = select(AccountType).where(AccountType.id == type_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        raise NotFoundError(_("There is no such account type."))
    return found


def values_of(kind: AccountType) -> AccountTypeValues:
    """Its conditions."""
    return AccountTypeValues.model_validate(kind, from_attributes=True)


def number_of_accounts(session: TenantSession, type_id: UUID) -> int:
    """How many accounts there are of it, whatever their status."""
    query = text("select count(*) from core.accounts where account_type_id = :type")
    return int(session.execute(query, {"type": type_id}).scalar_one())


def add(session: TenantSession, values: AccountTypeValues, actor: Actor) -> UUID:
    """Add an account type with every symbol of the brokerage enabled. Returns its identifier.

    :raises TakenError: for a name in use. :raises InvalidError: for a currency that the brokerage does not have.
    """
    _check_currency(session, values.currency)
    _check_name(session, values.name, None)
    return add_account_type(session, NewAccountType(**values.model_dump()), actor)


def change(session: TenantSession, type_id: UUID, values: AccountTypeValues, actor: Actor) -> list[str]:
    """Give an account type new conditions; gives the names of what has changed. Triggers that depend on it are armed anew.

    :raises ConflictError: for what is fixed while there are accounts.
    """
    kind = account_type(session, type_id, lock=True)
    before, after = values_of(kind).model_dump(), values.model_dump()
    changed = [name for name in after if before[name] != after[name]]
    if not changed:
        return []
    if "name" in changed:
        _check_name(session, values.name, type_id)
    if "currency" in changed:
        _check_currency(session, values.currency)
    accounts = accounts_of_type(session, type_id)
    fixed = [name for name in changed if name in FIXED]
    if fixed and accounts:
        raise ConflictError(
            _n(
                "{count} account has this type: its currency, mode and play money stay as they are. Add another type instead.",
                "{count} accounts have this type: its currency, mode and play money stay as they are. Add another type instead.",
                len(accounts),
            )
        )

    def write() -> None:
        for name in changed:
            setattr(kind, name, after[name])
        session.flush()

    if AT_ONCE.isdisjoint(changed):
        write()
    else:
        with changing_conditions(session, accounts):
            write()
    audit.record(
        session, actor, "account_type.change", "account_type", type_id,
        before={name: before[name] for name in changed}, after={name: after[name] for name in changed},
    )  # fmt: skip
    return changed


def symbols_of_type(session: TenantSession, type_id: UUID) -> Sequence[SymbolOfType]:
    """All symbols of the brokerage as the account type has them, by code."""
    rows = session.execute(
        text(
            "select s.id, s.code, s.title, s.class as asset_class, s.status, coalesce(e.enabled, false) as enabled,"
            " e.leverage, e.markup, least(t.leverage, coalesce(e.leverage, t.leverage)) as effective_leverage,"
            " coalesce(e.markup, t.markup) as effective_markup,"
            " (select count(*) from core.positions p join core.accounts a on (a.tenant_id, a.id) = (p.tenant_id, p.account_id)"
            "  where p.symbol_id = s.id and a.account_type_id = t.id and p.closed_ts_ms is null) as positions"
            " from core.account_types t cross join core.symbols s left join core.account_type_symbols e"
            "  on (e.tenant_id, e.account_type_id, e.symbol_id) = (t.tenant_id, t.id, s.id)"
            " where t.id = :type order by s.code"
        ),
        {"type": type_id},
    )
    return [SymbolOfType(**row._mapping) for row in rows]


def change_symbols(
    session: TenantSession, type_id: UUID, changes: Mapping[UUID, SymbolTerms], actor: Actor
) -> list[str]:
    """Set symbols' terms in an account type; gives the codes of those that have changed.

    :raises NotFoundError: for a symbol that the brokerage does not have; nothing is changed then.
    """
    account_type(session, type_id, lock=True)
    codes = dict(session.execute(select(Symbol.id, Symbol.code).where(Symbol.id.in_(changes))).all())
    if len(codes) != len(changes):
        raise NotFoundError(_("There is no such symbol."))
    query = select(AccountTypeSymbol).where(
        AccountTypeSymbol.account_type_id == type_id, AccountTypeSymbol.symbol_id.in_(changes)
    )
    rows = {row.symbol_id: row for row in session.scalars(query)}
    was = {key: _terms(rows.get(key)) for key in changes}
    moved = {key: new for key, new in changes.items() if new != was[key]}
    if not moved:
        return []

    def write() -> None:
        for key, new in moved.items():
            row = rows.get(key)
            if row is None:
                row = AccountTypeSymbol(account_type_id=type_id, symbol_id=key)
                session.add(row)
            row.enabled, row.leverage, row.markup = new.enabled, new.leverage, new.markup
        session.flush()

    if any(new.markup != was[key].markup for key, new in moved.items()):
        with changing_conditions(session, accounts_of_type(session, type_id)):
            write()
    else:
        write()
    for key, new in moved.items():
        audit.record(
            session, actor, "account_type.symbol", "account_type", type_id,
            before={"symbol": codes[key], **was[key].model_dump()}, after={"symbol": codes[key], **new.model_dump()},
        )  # fmt: skip
    return sorted(codes[key] for key in moved)


def _terms(row: AccountTypeSymbol | None) -> SymbolTerms:
    return SymbolTerms(enabled=False) if row is None else SymbolTerms.model_validate(row, from_attributes=True)


def _check_currency(session: TenantSession, currency: str) -> None:
    allowed: list[Any] = tenant(session).currencies
    if currency not in allowed:
        raise InvalidError(
            "currency", _("{currency} is not one of your currencies: add it under Currencies first.", currency=currency)
        )


def _check_name(session: TenantSession, name: str, besides: UUID | None) -> None:
    query = text("select id from core.account_types where lower(name) = lower(:name) and id is distinct from :besides")
    if session.execute(query, {"name": name, "besides": besides}).first() is not None:
        raise TakenError("name", _("Another account type has this name."))
