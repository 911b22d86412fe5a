"""Symbols: added from the platform's instruments, changed, and switched on and off, one by one or many at once.

| changed | what is open |
|---|---|
| title, class, status, order sizes, least value | untouched; from the next order on |
| hours, age limit of prices, swaps | at once, for opens and closes alike |
| pip | mark-ups are counted in it: prices move at once; what waits for a price is armed anew |
| contract size, base, quote currency | not while there are open positions, working orders or bots on it |
| lot step | then only to one that divides the present one, or what is open could not be closed in parts |
| code, tick, feed | never |
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, text

from core.offering.impact import symbol_use
from core.offering.rearming import accounts_of_tenant, changing_conditions
from core.offering.values import SymbolValues
from core.onboarding.defaults import add_symbols
from core.trading.models import Instrument, Symbol
from tenants.db import TenantSession
from tenants.services import audit
from tenants.services.actor import Actor
from tenants.services.errors import ConflictError, InvalidError, NotFoundError
from tenants.text import _

__all__ = [
    "add",
    "all_symbols",
    "available_instruments",
    "change",
    "count_by_status",
    "set_status",
    "symbol",
    "symbols",
    "values_of",
]

_FIXED: Final = ("contract_size", "base", "quote")
_AT_ONCE: Final = frozenset({"pip", "contract_size", "base", "quote"})
_THOUSAND: Final = Decimal(1000)


def symbol(session: TenantSession, symbol_id: UUID, *, lock: bool = False) -> Symbol:
    """One of the brokerage's. :raises NotFoundError: for any other."""
    query = select(Symbol).where(Symbol.id == symbol_id)
    if lock:
        # Not against the keys that orders and bots share with it: they are written under locks that a change waits for.
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        raise NotFoundError(_("There is no such symbol."))
    return found


def symbols(session: TenantSession, ids: Collection[UUID]) -> Sequence[Symbol]:
    """Several, by code. :raises NotFoundError: where one of them is not the brokerage's."""
    found = session.scalars(select(Symbol).where(Symbol.id.in_(ids)).order_by(Symbol.code)).all()
    if len(found) != len(set(ids)):
        raise NotFoundError(_("There is no such symbol."))
    return found


def all_symbols(session: TenantSession) -> Sequence[Symbol]:
    """All of the brokerage's, by code."""
    return session.scalars(select(Symbol).order_by(Symbol.code)).all()


def values_of(found: Symbol) -> SymbolValues:
    """Its conditions."""
    names = [name for name in SymbolValues.model_fields if name != "staleness_s"]
    values: dict[str, Any] = {name: getattr(found, name) for name in names}
    return SymbolValues(**values, staleness_s=Decimal(found.staleness_ms) / _THOUSAND)


def available_instruments(session: TenantSession) -> Sequence[Instrument]:
    """The platform's instruments that have no symbol here yet, by feed and name."""
    taken = select(Symbol.instrument_id)
    query = select(Instrument).where(Instrument.id.not_in(taken)).order_by(Instrument.feed, Instrument.feed_symbol)
    return session.scalars(query).all()


def add(session: TenantSession, instrument_ids: Collection[UUID], actor: Actor) -> list[str]:
    """Add a symbol for each instrument with conditions told from it, enabled for every account type; gives their codes.

    A new symbol may be a shorter way between two currencies, so what waits for an account's equity is armed anew.

    :raises NotFoundError: for an instrument that is not there to be added.
    :raises InvalidError: where another symbol has the code that the instrument's name gives.
    """
    wanted = [one for one in available_instruments(session) if one.id in set(instrument_ids)]
    if len(wanted) != len(set(instrument_ids)):
        raise NotFoundError(_("There is no such instrument."))
    with changing_conditions(session, accounts_of_tenant(session)):
        made = add_symbols(session, wanted, actor)
    if len(made) != len(wanted):
        raise InvalidError(
            "instruments", _("A symbol has the same code already: disable that one or leave this one out.")
        )
    return sorted(made)


def change(session: TenantSession, symbol_id: UUID, values: SymbolValues, actor: Actor) -> list[str]:
    """Give a symbol new conditions; gives the names of what has changed.

    :raises ConflictError: for what is fixed while something is open on it. :raises InvalidError: for a pip below the tick.
    """
    found = symbol(session, symbol_id, lock=True)
    before, after = values_of(found).model_dump(), values.model_dump()
    changed = [name for name in after if before[name] != after[name]]
    if not changed:
        return []
    if values.pip % found.tick:
        raise InvalidError("pip", _("A pip is a multiple of the tick, which is {tick}.", tick=_plain(found.tick)))

    def write() -> None:
        for name in changed:
            if name == "staleness_s":
                found.staleness_ms = int(values.staleness_s * _THOUSAND)
            else:
                setattr(found, name, after[name])
        session.flush()

    if _AT_ONCE.isdisjoint(changed) and "lot_step" not in changed:
        write()
    else:
        # Every account's lock, so that nobody opens anything on the symbol between the question and the change.
        with changing_conditions(session, accounts_of_tenant(session)):
            _check_fixed(session, found, values, changed)
            write()
    audit.record(
        session, actor, "symbol.change", "symbol", symbol_id,
        before={"code": found.code, **{name: before[name] for name in changed}},
        after={"code": found.code, **{name: after[name] for name in changed}},
    )  # fmt: skip
    return changed


def set_status(session: TenantSession, ids: Collection[UUID], status: str, actor: Actor) -> list[str]:
    """Switch symbols on (``active``), to closes only (``close_only``) or off (``disabled``); gives the codes that changed.

    :raises NotFoundError: where one of them is not the brokerage's; nothing is changed then.
    """
    if status not in ("active", "close_only", "disabled"):
        raise InvalidError("status", _("Choose active, close only or disabled."))
    found = [one for one in symbols(session, ids) if one.status != status]
    for one in found:
        before, one.status = one.status, status
        audit.record(
            session, actor, "symbol.status", "symbol", one.id,
            before={"code": one.code, "status": before}, after={"code": one.code, "status": status},
        )  # fmt: skip
    session.flush()
    return [one.code for one in found]


def _check_fixed(session: TenantSession, found: Symbol, values: SymbolValues, changed: Sequence[str]) -> None:
    use = symbol_use(session, [found.id])
    if not use.busy:
        return
    if any(name in changed for name in _FIXED):
        raise ConflictError(
            _(
                "{code} is being traded: its contract size and currencies stay as they are until nothing is open on it.",
                code=found.code,
            )
        )
    if "lot_step" in changed and found.lot_step % values.lot_step:
        raise ConflictError(
            _(
                "{code} is being traded: the new lot step must divide the present one ({step}).",
                code=found.code,
                step=_plain(found.lot_step),
            )
        )


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")


def count_by_status(session: TenantSession) -> dict[str, int]:
    """How many symbols there are in each status."""
    return dict(session.execute(text("select status, count(*) from core.symbols group by status")).all())
