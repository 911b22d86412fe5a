"""What a strategy is told of an account's commission."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from plugins.bot_trading.services.market import find_place
from tests.bot_trading.street import Street


def _eur_account(street: Street) -> UUID:
    terms = {"commission_kind": "per_lot", "commission": Decimal(7)}
    street.place.account_type("euro", currency="EUR", **terms)
    (account_id,) = street.place.accounts("euro")
    return account_id


def test_a_commission_per_lot_is_told_in_the_quote_currency(street: Street) -> None:
    account_id = _eur_account(street)
    street.place.quote("EURUSD", "1.10000", "1.10020")
    with street.place.session() as session:
        found = find_place(session, account_id, street.place.symbols["EURUSD"])
    assert found is not None
    # 7 EUR at the middle, 1.1001.
    assert found.market.fee_per_lot == Decimal("7.7007")
    assert found.problem is None


def test_no_bot_starts_where_its_commission_cannot_be_converted(street: Street) -> None:
    account_id = _eur_account(street)
    street.place.quote("BTCUSD", "40000", "40001")
    with street.place.session() as session:
        found = find_place(session, account_id, street.place.symbols["BTCUSD"])
    assert found is not None
    assert found.problem == "no_conversion"


def test_an_account_in_the_quote_currency_converts_nothing(street: Street) -> None:
    street.place.account_type("dollar", commission_kind="per_lot", commission=Decimal(7))
    (account_id,) = street.place.accounts("dollar")
    street.place.quote("EURUSD", "1.10000", "1.10020")
    with street.place.session() as session:
        found = find_place(session, account_id, street.place.symbols["EURUSD"])
    assert found is not None
    assert found.market.fee_per_lot == Decimal(7)
