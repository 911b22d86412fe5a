"""A customer's own copies with all that their pages tell: P&L in its parts, fees, paper money, what a stop would touch."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.sdk.arrays import uuids
from core.sdk.data import TenantSession
from core.sdk.prices import middle_rates
from plugins.copy_trading.rules.figures import LeverageLimits
from plugins.copy_trading.services import lists, mocking
from plugins.copy_trading.services.errors import NotFoundError
from plugins.copy_trading.services.fee_lines import FeeLine, fees_of
from plugins.copy_trading.services.figures import ZERO
from plugins.copy_trading.services.lists import FollowerLine


@dataclass(frozen=True, slots=True)
class OwnCopy:
    """A subscription of the customer. Money in the account's ``currency``.

    :ivar pnl: net of commission and swap: ``realised`` plus ``floating``; none where paper positions have no price now.
    :ivar fee: the performance fee; paper copies have none.
    """

    line: FollowerLine
    pnl: Decimal | None
    realised: Decimal
    open_copies: int
    fee: FeeLine | None
    paper: mocking.MockFigures | None
    stop_error: str | None

    @property
    def floating(self) -> Decimal | None:
        """What open copies would add if they were closed now."""
        return None if self.pnl is None else self.pnl - self.realised

    @property
    def fees_paid(self) -> Decimal:
        """Performance fees of this copy so far."""
        return self.fee.charged if self.fee else ZERO

    @property
    def equity(self) -> Decimal | None:
        """Of the account, or of the paper money."""
        return self.paper.equity if self.paper else self.line.equity

    # What lists and CSV read, by the names of their columns.

    @property
    def id(self) -> UUID:
        return self.line.id

    @property
    def master(self) -> str:
        return self.line.master

    @property
    def account(self) -> str:
        return self.line.account

    @property
    def currency(self) -> str:
        return self.line.currency

    @property
    def kind(self) -> str:
        """``live`` or ``mock``."""
        return "mock" if self.line.mock else "live"

    @property
    def mode(self) -> str:
        return self.line.mode

    @property
    def ratio(self) -> str:
        return self.line.ratio

    @property
    def status(self) -> str:
        return self.line.status

    @property
    def skips(self) -> int:
        return self.line.skips

    @property
    def paused_by(self) -> str:
        return self.line.paused_by

    @property
    def created_at(self) -> datetime:
        return self.line.created_at

    @property
    def stopped_at(self) -> datetime | None:
        return self.line.stopped_at


def own_copies(
    session: TenantSession, limits: LeverageLimits, customer_id: UUID, *, ids: Sequence[UUID] | None = None
) -> list[OwnCopy]:
    """The customer's copies, running ones first and then the newest; stopped ones too."""
    lines = lists.followers(session, limits, customer_id=customer_id, ids=ids, stopped=True)
    mocks = [line.id for line in lines if line.mock]
    paper = mocking.figures(session, mocks) if mocks else {}
    live = [line.id for line in lines if not line.mock]
    fees, realised, errors = fees_of(session, live), _realised(session, live), _stop_errors(session, live)
    found = []
    for line in lines:
        book = paper.get(line.id)
        if book is not None:
            found.append(OwnCopy(line, book.pnl, book.realised, book.positions, None, book, None))
        else:
            own = realised.get(line.id, ZERO)
            found.append(
                OwnCopy(line, line.copied_pnl, own, line.open_copies, fees.get(line.id), None, errors.get(line.id))
            )
    return sorted(found, key=lambda one: one.status == "stopped")


def own_copy(session: TenantSession, limits: LeverageLimits, customer_id: UUID, copy_id: UUID) -> OwnCopy:
    """One copy of the customer. Raises :class:`NotFoundError` for anybody else's."""
    found = own_copies(session, limits, customer_id, ids=[copy_id])
    if not found:
        raise NotFoundError
    return found[0]


def _realised(session: TenantSession, ids: Collection[UUID]) -> dict[UUID, Decimal]:
    rows = session.execute(
        text(
            "select l.subscription_id, coalesce(sum(case when l.state = 'detached' then l.final_pnl else"
            " (select sum(p.realised - p.commission + p.swap) from core.positions p where p.id = any(l.position_ids)) end), 0)"
            " from copy_trading.links l where l.subscription_id = any(cast(:ids as uuid[])) group by l.subscription_id"
        ),
        {"ids": uuids(ids)},
    )
    return {row[0]: row[1] for row in rows}


def _stop_errors(session: TenantSession, ids: Collection[UUID]) -> dict[UUID, str]:
    rows = session.execute(
        text(
            "select id, stop_error from copy_trading.subscriptions"
            " where id = any(cast(:ids as uuid[])) and stop_error is not null and status = 'stopping'"
        ),
        {"ids": uuids(ids)},
    )
    return {row[0]: row[1] for row in rows}


@dataclass(frozen=True, slots=True)
class Leaving:
    """What stopping a copy touches: open positions, their value and what crossing the spread costs, both estimated."""

    positions: int
    notional: Decimal
    spread: Decimal


def leaving_of(session: TenantSession, copy: OwnCopy) -> Leaving:
    """The estimate for a live copy at the quotes of now, in its currency; symbols without a rate count nothing."""
    rows: Sequence[Any] = session.execute(
        text(
            "select y.quote, count(*) as positions, sum(p.volume * y.contract_size * (q.bid + q.ask) * y.tick / 2) as notional,"
            " sum(p.volume * y.contract_size * (q.ask - q.bid) * y.tick) as spread"
            " from core.positions p join core.symbols y on y.id = p.symbol_id"
            " join core.quotes q on q.instrument_id = y.instrument_id"
            " where p.origin = 'copy' and p.origin_id = :id and p.closed_ts_ms is null group by y.quote"
        ),
        {"id": copy.id},
    ).all()
    rates = middle_rates(session, {row.quote for row in rows}, copy.currency)
    return Leaving(
        sum(row.positions for row in rows),
        sum((row.notional * rates.get(row.quote, ZERO) for row in rows), ZERO),
        sum((row.spread * rates.get(row.quote, ZERO) for row in rows), ZERO),
    )
