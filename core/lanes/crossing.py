"""One crossing: the subjects of one tenant that one quote fires, worked off in transactions that fail alone.

The core's own subjects go in one transaction, each plugin's reactor in one of its own, so that no plugin can hold up a
stop. A transaction that fails is halved until the bad subject is alone; that one is parked and alerted, the others go on.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Protocol
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from core.lanes import triggers
from core.lanes.lease import FencedError, Lease
from core.lanes.parking import park
from core.lanes.subject import Armed, LaneQuote, SubjectRef
from core.runtime.alarm import OverBudgetError
from core.runtime.gate import PluginError
from core.trading.booking.load import module_states
from tenants.db import Database, TenantSession

log = logging.getLogger(__name__)

_ATTEMPTS: Final = 5
_SLOW_STRIKES: Final = 3
"""Time-outs of one reactor on one quote after which the rest of its subjects is parked unasked."""
# Deadlock, serialization failure, lock not available: another try meets other circumstances.
_PASSING: Final = ("40P01", "40001", "55P03")


@dataclass(frozen=True, slots=True)
class Worked:
    """What work has done.

    :ivar rewritten: subjects whose rows it has written itself, as they are now.
    :ivar asleep: nothing was asked, and nothing is to be until the plugin's module reacts again.
    """

    rewritten: Mapping[SubjectRef, Armed] = field(default_factory=dict)
    asleep: bool = False


class Work(Protocol):
    """Works off subjects of one kind of owner inside a tenant's transaction."""

    def __call__(self, session: TenantSession, quote: LaneQuote, subjects: triggers.Subjects, *, armed: bool) -> Worked:
        """Book what follows. ``armed``: how rows that it writes for the lane's book are to be marked."""
        ...


class Workers(Protocol):
    """Who works off which subjects."""

    def core(self) -> Work:
        """For positions, orders and accounts."""
        ...

    def reactor(self, plugin: str, name: str) -> Work:
        """For the subjects of a plugin's reactor."""
        ...

    def failed(self, error: Exception) -> None:
        """Told of each error for which subjects were parked, once they are."""
        ...


@dataclass(slots=True)
class Outcome:
    """What a crossing has done to the book.

    :ivar waiting: subjects that wait on, as their rows are now.
    :ivar gone: subjects that are out of the book; what still has a row comes back unarmed.
    :ivar asleep: tenants and plugins of subjects that are out of it until their module reacts again.
    :ivar effects: whether anything was booked.
    """

    waiting: dict[SubjectRef, Armed] = field(default_factory=dict)
    gone: set[SubjectRef] = field(default_factory=set)
    asleep: set[tuple[UUID, str]] = field(default_factory=set)
    effects: bool = False

    def add(self, other: Outcome) -> None:
        """Take in what another crossing has done, of other subjects."""
        self.waiting |= other.waiting
        self.gone |= other.gone
        self.asleep |= other.asleep
        self.effects |= other.effects


@dataclass(slots=True)
class Crossing:
    """Works off what a quote fires of one tenant.

    :ivar armed: false while subjects are caught up: their rows stay unarmed until they are level with the lane.
    """

    database: Database
    lease: Lease
    workers: Workers
    tenant_id: UUID
    quote: LaneQuote
    armed: bool = True
    outcome: Outcome = field(default_factory=Outcome)
    _strikes: int = 0

    def run(self, subjects: triggers.Subjects) -> Outcome:
        """Work off subjects in the order of work. Raises FencedError, and what keeps the database out of reach."""
        groups: dict[tuple[str, str] | None, triggers.Subjects] = {}
        for subject in subjects:
            groups.setdefault(subject[1].reactor, []).append(subject)
        ordered = sorted(groups.items(), key=lambda group: group[0] or ("", ""))
        for index, (owner, members) in enumerate(ordered):
            self._strikes = 0
            self._halving(owner, members, last=self.armed and index == len(ordered) - 1)
        return self.outcome

    def _halving(self, owner: tuple[str, str] | None, subjects: triggers.Subjects, *, last: bool) -> None:
        try:
            self._retrying(owner, subjects, last=last)
        except FencedError:
            raise
        except Exception as error:
            cause = error.error if isinstance(error, PluginError) else error
            if isinstance(cause, DBAPIError) and (cause.connection_invalidated or _is_passing(cause)):
                raise
            slow = isinstance(cause, OverBudgetError)
            self._strikes += slow
            if len(subjects) == 1 or (slow and self._strikes >= _SLOW_STRIKES):
                log.exception(
                    "parking %d subjects of tenant %s at quote %d", len(subjects), self.tenant_id, self.quote.seq
                )
                self._park(owner, subjects, error, last=last)
                self.workers.failed(error)
                return
            middle = len(subjects) // 2
            self._halving(owner, subjects[:middle], last=False)
            self._halving(owner, subjects[middle:], last=last)

    def _retrying(self, owner: tuple[str, str] | None, subjects: triggers.Subjects, *, last: bool) -> None:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._transaction(owner, subjects, last=last)
            except (DBAPIError, PluginError) as error:
                cause = error.error if isinstance(error, PluginError) else error
                if attempt == _ATTEMPTS or not _is_passing(cause):
                    raise
                time.sleep(0.02 * attempt)
            else:
                return

    def _transaction(self, owner: tuple[str, str] | None, subjects: triggers.Subjects, *, last: bool) -> None:
        work = self.workers.core() if owner is None else self.workers.reactor(*owner)
        instrument_id, seq = self.quote.instrument_id, self.quote.seq
        with self.database.tenant(self.tenant_id) as session:
            self.lease.fence(session)
            if owner is not None:
                # The module before the accounts, as everywhere: a switch holds it while it closes what is left.
                module_states(session, [owner[0]])
            unchanged = set(triggers.lock_unchanged(session, instrument_id, subjects, armed=self.armed))
            mine = [subject for subject in subjects if subject[0] in unchanged]
            worked = work(session, self.quote, mine, armed=self.armed) if mine else Worked()
            rewritten = worked.rewritten
            rest = [] if worked.asleep else [ref for ref, _ in mine if ref not in rewritten]
            passed = triggers.pass_by(session, instrument_id, rest, seq, armed=self.armed) if rest else set()
            if last:
                triggers.note_cursors(session, instrument_id, [self.tenant_id], seq)
        for ref, armed in subjects:
            if ref in rewritten:
                self.outcome.waiting[ref] = rewritten[ref]
            elif ref in passed:
                self.outcome.waiting[ref] = replace(armed, since_seq=seq)
            else:
                # Changed by others, or rewritten by the booking: if there is still a row, it comes back unarmed.
                self.outcome.gone.add(ref)
        if worked.asleep and owner is not None:
            self.outcome.asleep.add((self.tenant_id, owner[0]))
        else:
            self.outcome.effects |= bool(mine)

    def _park(
        self, owner: tuple[str, str] | None, subjects: triggers.Subjects, error: Exception, *, last: bool
    ) -> None:
        trace = "".join(traceback.format_exception(error))
        with self.database.tenant(self.tenant_id) as session:
            self.lease.fence(session)
            park(session, self.quote, [ref for ref, _ in subjects], owner, trace)
            if last:
                triggers.note_cursors(session, self.quote.instrument_id, [self.tenant_id], self.quote.seq)
        self.outcome.gone.update(ref for ref, _ in subjects)
        self.outcome.effects = True


def _is_passing(error: BaseException) -> bool:
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _PASSING
