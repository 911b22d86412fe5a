"""The one way in which the platform runs what plugins declared: with a time limit, and every error counted."""

from __future__ import annotations

import faulthandler
import logging
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeVar
from uuid import UUID

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from core.runtime import quarantine
from core.runtime.alarm import OverBudgetError, time_limit
from core.runtime.runtime import Runtime
from tenants.db import Database, TenantSession

T = TypeVar("T")
Kind = Literal["job", "handler", "reactor", "slot", "health", "order check", "page", "exposure", "venue", "shards"]

GATE: Final = "core.runtime.gate"
"""Under this name a session's ``info`` holds the gate."""

# Deadlock, serialization failure, lock not available, statement cancelled by a lock's time-out: another try meets other
# circumstances, and no plugin is to blame.
_PASSING: Final = ("40P01", "40001", "55P03")
STUCK_S: Final = 30.0
"""So long after its time a contribution that no alarm reaches ends the worker."""
QUARANTINES_S: Final = 1.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Contribution:
    """Something that a plugin contributes, as errors name it."""

    plugin: str
    kind: Kind
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.plugin}.{self.name}"


class PluginError(Exception):
    """A contribution has failed. Roll the transaction back, then hand the error to :meth:`Gate.record`."""

    def __init__(self, contribution: Contribution, tenant_id: UUID | None, error: BaseException) -> None:
        super().__init__(f"{contribution}: {type(error).__name__}: {error}")
        self.contribution, self.tenant_id, self.error = contribution, tenant_id, error
        self.trace = "".join(traceback.format_exception(error))

    @property
    def passing(self) -> bool:
        """Whether circumstances are to blame: a deadlock, a lost connection. Trying again is all there is to do."""
        found: BaseException | None = self.error
        while found is not None:
            if isinstance(found, DBAPIError):
                state = getattr(found.orig, "sqlstate", None)
                return found.connection_invalidated or state in _PASSING
            found = found.__cause__
        return False


class Gate:
    """Runs contributions of plugins, and knows who is in quarantine."""

    def __init__(self, database: Database, runtime: Runtime) -> None:
        self.database, self.runtime = database, runtime
        self.last_resort = False
        """Whether the process may be ended when its main thread is stuck where no alarm reaches it: in workers."""
        self._quarantines: tuple[float, frozenset[tuple[str, UUID | None]]] = (float("-inf"), frozenset())

    @property
    def quarantines(self) -> frozenset[tuple[str, UUID | None]]:
        """Plugin and tenant (none for all) of each quarantine in force, at most a second old; known to be so when the
        database does not answer."""
        read_at, found = self._quarantines
        if time.monotonic() - read_at > QUARANTINES_S:
            try:
                with self.database.system() as session:
                    found = quarantine.standing(session)
            except SQLAlchemyError:
                _log.exception("the quarantines could not be read")
            self._quarantines = (time.monotonic(), found)
        return found

    def is_quarantined(self, plugin: str, tenant_id: UUID) -> bool:
        """Whether a plugin's pages are out of service for a tenant."""
        standing = self.quarantines
        return bool(standing) and ((plugin, tenant_id) in standing or (plugin, None) in standing)

    def call(
        self, contribution: Contribution, tenant_id: UUID | None, function: Callable[[], T], budget_s: float | None
    ) -> T:
        """Run ``function``, at most ``budget_s`` seconds.

        :raises PluginError: whatever it raised, or that it took too long.
        """
        started = time.monotonic()
        hard = self.last_resort and budget_s is not None and threading.current_thread() is threading.main_thread()
        if hard and budget_s is not None:
            # A thread of C's own: it ends the process even while foreign code holds Python's lock. What the process was
            # doing is rolled back and begun anew elsewhere.
            faulthandler.dump_traceback_later(budget_s + STUCK_S, exit=True)
        try:
            with time_limit(budget_s):
                return function()
        except OverBudgetError as error:
            raise PluginError(contribution, tenant_id, error) from error
        except Exception as error:
            raise PluginError(contribution, tenant_id, error) from error
        finally:
            if hard:
                faulthandler.cancel_dump_traceback_later()
            took = time.monotonic() - started
            if budget_s is not None and took > budget_s / 2:
                _log.warning("%s took %.3f s of its %.1f s", contribution, took, budget_s)

    def record(self, error: PluginError) -> None:
        """Count an error after its transaction was rolled back; over the budget the plugin goes into quarantine. Never raises."""
        if error.passing:
            _log.info("%s, trying again", error)
            return
        _log.error("%s\n%s", error, error.trace)
        self.blame(quarantine.Fault(error.contribution.plugin, error.tenant_id, str(error.contribution), error.trace))

    def blame(self, fault: quarantine.Fault) -> None:
        """Count a fault; over the budget its plugin goes into quarantine. Not inside a transaction. Never raises."""
        try:
            quarantine.record(self.database, fault)
        except SQLAlchemyError:
            _log.exception("the fault of %s could not be kept", fault.contribution)

    def record_later(self, session: TenantSession, error: PluginError) -> None:
        """Record an error that was caught behind a savepoint, once the transaction around it has committed."""
        session.after_commit(lambda: self.record(error))

    def attempt(
        self, contribution: Contribution, tenant_id: UUID | None, function: Callable[[], T], budget_s: float | None
    ) -> T | None:
        """Run ``function`` where nothing hangs on it: an error is recorded and nothing returned. Not inside a transaction."""
        try:
            return self.call(contribution, tenant_id, function, budget_s)
        except PluginError as error:
            self.record(error)
            return None
