"""Works off the subjects of plugins' reactors that a quote fires: asks them, books their orders, keeps their answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Protocol, TypeVar
from uuid import UUID

from core.lanes import triggers
from core.lanes.crossing import Worked
from core.lanes.reactor import Reaction, Reactor, ReactorOrder, ReactorQuote, Subject
from core.lanes.subject import RANKS, Armed, LaneQuote, SubjectRef
from core.lanes.subjects import NewState, folds, lock_subjects, order_requests, write_states
from core.trading.booking.load import module_states
from core.trading.rules.quotes import customer_prices
from core.trading.types import OrderRequest, OrderResult, Origin
from tenants.db import TenantSession

BUDGET_S: Final = 2.0
"""Time a reactor may take for one batch, besides what follows for each subject."""
BUDGET_EACH_S: Final = 0.005

T = TypeVar("T")

BookOrders = Callable[[TenantSession, Sequence[OrderRequest], LaneQuote], Sequence[OrderResult]]
"""Books orders at a quote, any number of accounts, and gives their results in the same order."""
Reserve = Callable[[TenantSession, Sequence[tuple[Subject, Decimal]], LaneQuote], None]
"""Sets what stays set aside for subjects, in their symbols' quote currency."""


class Guard(Protocol):
    """Runs a reactor's code within its time; what goes wrong is raised."""

    def __call__(self, tenant_id: UUID, function: Callable[[], T], budget_s: float, /) -> T: ...


class ReactorContractError(RuntimeError):
    """A reactor answered something that the contract does not allow; the text names it."""


@dataclass(frozen=True, slots=True)
class ReactorWork:
    """The work of one plugin's reactor; `reactor` is none where its plugin is not loaded here.

    While the module is halted, or its plugin is not loaded, its subjects sleep: they leave the book, and their rows stay.
    """

    plugin: str
    name: str
    reactor: Reactor | None
    book: BookOrders
    reserve: Reserve
    guard: Guard
    reduces_only: Callable[[UUID], bool] = lambda _tenant_id: False
    """Whether the plugin is in quarantine for a tenant."""

    def __call__(self, session: TenantSession, quote: LaneQuote, subjects: triggers.Subjects, *, armed: bool) -> Worked:
        """See `core.lanes.crossing.Work`."""
        state = module_states(session, [self.plugin])[self.plugin]
        if state == "halted" or self.reactor is None:
            return Worked(asleep=True)
        reduce_only = state != "on" or self.reduces_only(session.tenant_id)
        asked = self._load(session, quote, subjects, reduce_only=reduce_only)
        if not asked:
            return Worked()
        reactions = self._react(self.reactor, session, asked)
        finals = self._carry_out(self.reactor, session, quote, asked, reactions)
        return Worked(self._keep(self.reactor, session, quote, asked, finals, armed=armed))

    def _load(
        self, session: TenantSession, quote: LaneQuote, subjects: triggers.Subjects, *, reduce_only: bool
    ) -> list[Subject]:
        states = lock_subjects(session, [ref.subject_id for ref, _ in subjects])
        known = folds(session, {(state.account_id, state.symbol_id) for state in states.values()})
        asked = []
        for state in states.values():
            if not state.active:
                continue
            fold = known[state.account_id, state.symbol_id]
            prices = customer_prices(quote.bid, quote.ask, fold.offset, fold.tick)
            last = quote.before and customer_prices(*quote.before, fold.offset, fold.tick)
            before = (last.bid, last.ask) if last else None
            asked.append(
                Subject(
                    id=state.id,
                    account_id=state.account_id,
                    symbol_id=state.symbol_id,
                    state=state.state,
                    quote=ReactorQuote(quote.seq, quote.ts_ms, prices.bid, prices.ask, before),
                    reduce_only=reduce_only,
                )
            )
        return asked

    def _react(self, reactor: Reactor, session: TenantSession, asked: Sequence[Subject]) -> list[Reaction]:
        reactions = self._guarded(session, lambda: list(reactor.react(asked)), len(asked))
        if [reaction.subject_id for reaction in reactions] != [subject.id for subject in asked]:
            raise ReactorContractError(
                f"the reactor {self.name} of {self.plugin} must answer each subject it is asked about, in their order"
            )
        return reactions

    def _carry_out(
        self,
        reactor: Reactor,
        session: TenantSession,
        quote: LaneQuote,
        asked: Sequence[Subject],
        reactions: list[Reaction],
    ) -> list[Reaction]:
        """Book the orders of all subjects together, and let each that had some take its results into account."""
        orders = [
            (subject.id, subject.account_id, subject.symbol_id, order)
            for subject, reaction in zip(asked, reactions, strict=True)
            for order in reaction.orders
        ]
        if not orders:
            return reactions
        origins = {subject.id: Origin(kind="bot", id=subject.id, module=self.plugin) for subject in asked}
        results = iter(self._book(session, quote, orders, origins))
        answered = [
            (subject, reaction, [next(results) for _ in reaction.orders])
            for subject, reaction in zip(asked, reactions, strict=True)
        ]
        finals = self._guarded(session, lambda: [_settled(reactor, *answer) for answer in answered], len(asked))
        if [final.subject_id for final in finals] != [subject.id for subject in asked]:
            raise ReactorContractError(
                f"the reactor {self.name} of {self.plugin} must settle the subject that it is asked about"
            )
        return finals

    def _book(
        self,
        session: TenantSession,
        quote: LaneQuote,
        orders: Sequence[tuple[UUID, UUID, UUID, ReactorOrder]],
        origins: Mapping[UUID, Origin],
    ) -> list[OrderResult]:
        """Book orders in one batch; those that close what others of them open, in a second one."""
        opened = {(subject_id, order.key) for subject_id, _, _, order in orders if order.close_key is None}
        later = [
            index for index, (subject_id, _, _, order) in enumerate(orders) if (subject_id, order.close_key) in opened
        ]
        first = [index for index in range(len(orders)) if index not in set(later)] if later else range(len(orders))
        results: dict[int, OrderResult] = {}
        for wave in (first, later):
            if wave:
                requests = order_requests(session, [orders[index] for index in wave], origins)
                results.update(zip(wave, self.book(session, requests, quote), strict=True))
        return [results[index] for index in range(len(orders))]

    def _keep(
        self,
        reactor: Reactor,
        session: TenantSession,
        quote: LaneQuote,
        asked: Sequence[Subject],
        finals: Sequence[Reaction],
        *,
        armed: bool,
    ) -> dict[SubjectRef, Armed]:
        written = write_states(
            session,
            [
                NewState(final.subject_id, final.state, final.triggers, active=final.active, since_seq=quote.seq)
                for final in finals
            ],
            armed=armed,
        )
        reservations = [
            (subject, final.reservation)
            for subject, final in zip(asked, finals, strict=True)
            if final.reservation is not None
        ]
        if reservations:
            self.reserve(session, reservations, quote)
        recorded = [final for final in finals if final.records]
        if recorded:
            self._guarded(session, lambda: reactor.record(session, recorded), len(recorded))
        return {
            SubjectRef(session.tenant_id, RANKS["reactor"], row.id): Armed(
                account_id=row.account_id,
                thresholds=row.thresholds,
                since_seq=row.since_seq,
                version=row.version,
                reactor=(self.plugin, self.name),
                after_ms=row.after_ms,
            )
            for row in written
        }

    def _guarded(self, session: TenantSession, function: Callable[[], T], subjects: int) -> T:
        return self.guard(session.tenant_id, function, BUDGET_S + BUDGET_EACH_S * subjects)


def _settled(reactor: Reactor, subject: Subject, reaction: Reaction, results: list[OrderResult]) -> Reaction:
    return reactor.settle(subject, reaction, results) if reaction.orders else reaction
