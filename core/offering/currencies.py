"""The currencies of a brokerage: the main one, in which it reports, and those that accounts may be held in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text

from core.trading.booking.load import load_world
from core.trading.rules.conversion import NoConversionError
from tenants.db import TenantSession
from tenants.services import validation
from tenants.services.actor import Actor
from tenants.services.company import change_company, tenant
from tenants.services.errors import ConflictError
from tenants.text import _

__all__ = ["CurrencyRow", "change_currencies", "currency_rows"]


@dataclass(frozen=True, slots=True)
class CurrencyRow:
    """A currency and what hangs on it.

    :ivar unconverted: quote currencies of active symbols from which no quoted symbol leads to it: an account in the
        currency cannot trade those.
    """

    code: str
    main: bool
    account_types: int
    accounts: int
    unconverted: tuple[str, ...]


def currency_rows(session: TenantSession) -> Sequence[CurrencyRow]:
    """The brokerage's currencies, the main one first."""
    codes: list[str] = tenant(session).currencies
    world = load_world(session, ())
    quotes = sorted({one.quote for one in world.symbols.values() if one.status == "active"})
    types = _counts(session, "account_types")
    accounts = _counts(session, "accounts")

    def missing(code: str) -> tuple[str, ...]:
        found = []
        for quote in quotes:
            try:
                world.routes.find(quote, code)
            except NoConversionError:
                found.append(quote)
        return tuple(found)

    return [
        CurrencyRow(code, position == 0, types.get(code, 0), accounts.get(code, 0), missing(code))
        for position, code in enumerate(codes)
    ]


def change_currencies(session: TenantSession, codes: Sequence[str], actor: Actor) -> None:
    """Set the currencies, the main one first.

    :raises InvalidError: for what is no currency's code, or none at all.
    :raises ConflictError: where one that is left out is an account type's or an account's.
    """
    wanted = {validation.currency(code) for code in codes}
    used = _counts(session, "account_types") | _counts(session, "accounts")
    kept = sorted(code for code in tenant(session).currencies if code in used and code not in wanted)
    if kept:
        raise ConflictError(
            _("Accounts or account types are in {codes}: these currencies stay.", codes=", ".join(kept))
        )
    change_company(session, actor, currencies=list(codes))


def _counts(session: TenantSession, table: str) -> dict[str, int]:
    query = {
        "account_types": text("select currency, count(*) from core.account_types group by currency"),
        "accounts": text("select currency, count(*) from core.accounts group by currency"),
    }[table]
    return dict(session.execute(query).all())
