"""What a reactor wants set aside for its subjects, written to their accounts."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from core.lanes.reactor import Subject
from core.lanes.subject import LaneQuote
from core.trading.booking import close_batch, open_batch
from core.trading.rules.conversion import NoConversionError
from tenants.db import TenantSession

OWNER: str = "bot"


def reserve_for_subjects(session: TenantSession, wanted: Sequence[tuple[Subject, Decimal]], quote: LaneQuote) -> None:
    """Set the subjects' reservations, given in their symbols' quote currency, any number at once.

    Raises NoConversionError where no symbol leads from that currency to the account's.
    """
    batch = open_batch(session, {subject.account_id for subject, _ in wanted}, {quote.instrument_id: quote.current()})
    for subject, amount in wanted:
        account = batch.accounts[subject.account_id]
        currency = batch.world.symbols[subject.symbol_id].quote
        rate = batch.world.rate(currency, account.row.currency)
        if rate is None:
            raise NoConversionError(f"no symbol leads from {currency} to {account.row.currency}")
        account.reserve(OWNER, subject.id, rate.cost(amount))
    close_batch(session, batch)
