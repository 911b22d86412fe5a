"""What a plugin declares: plain data, returned once by its hooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, Protocol
from uuid import UUID

from core.sdk.version import API_VERSION

if TYPE_CHECKING:
    # For types alone: the test fixtures come in with the contract and must cost nothing where they are not used.
    from litestar.types import ControllerRouterHandler
    from sqlalchemy.orm import Session

    from tenants.db import TenantSession

Area = Literal["admin", "portal"]
QueueClass = Literal["critical", "trading", "default", "bulk"]


@dataclass(frozen=True, slots=True)
class Manifest:
    """Who a plugin is.

    :ivar key: lower-case letters, digits and underscores; names its schema, addresses and permissions.
    :ivar needs: what a tenant must have before the module can be on: of ``account_types``, ``symbols``.
    :ivar requires: keys of other plugins that must be on as well.
    :ivar core_revision: the least revision of the core's schema, none for any.
    """

    key: str
    title: str
    summary: str
    version: str
    support: str
    api: tuple[int, int] = API_VERSION
    needs: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    core_revision: str | None = None


@dataclass(frozen=True, slots=True)
class Permission:
    """Something a person may be allowed to do; ``key`` as ``<plugin>.<object>.<action>``. ``groups`` hold it from the start."""

    key: str
    title: str
    audience: Literal["staff", "customer"] = "staff"
    groups: tuple[str, ...] = ("owner", "admin")
    default: bool = True
    """For customers: whether every verified customer holds it unless denied."""


@dataclass(frozen=True, slots=True)
class Routes:
    """Litestar handlers by area; paths are relative to the plugin's own prefix in each.

    :ivar origins: the portal's page of what the plugin's orders come from, by their origin, such as
        ``{"bot": "bots/{id}"}``: origin tags of positions and orders lead there.
    """

    admin: Sequence[ControllerRouterHandler] = ()
    portal: Sequence[ControllerRouterHandler] = ()
    api: Sequence[ControllerRouterHandler] = ()
    origins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """A link in the navigation. ``path`` is relative to the plugin's prefix in the area; ``icon`` is a Tabler icon's name."""

    area: Area
    section: str
    label: str
    path: str
    icon: str = "circle"
    permission: str | None = None
    order: int = 100


@dataclass(frozen=True, slots=True)
class Slot:
    """A fragment for a named place of the core's pages. ``render`` returns the template's name and context, or none for nothing.

    Places: ``admin.dashboard``, ``admin.account.tab``, ``admin.customer.tab``, ``portal.dashboard``, ``portal.account.tab``.
    """

    place: str
    title: str
    render: Callable[[TenantSession, Mapping[str, Any]], tuple[str, dict[str, Any]] | None]
    permission: str | None = None
    order: int = 100


class JobContext(Protocol):
    """What a job or an event's handler is given."""

    @property
    def tenant_id(self) -> UUID: ...

    @property
    def session(self) -> TenantSession:
        """The transaction in which the job's effects, and for handlers the cursor, are written."""
        ...

    @property
    def module_state(self) -> str:
        """``on``, ``draining``, ``off`` or ``halted``, read in the same transaction."""
        ...

    def settings(self) -> Any:
        """The tenant's settings of the plugin, as an instance of its settings model."""
        ...

    def commit(self) -> None:
        """Commit what is done and go on in a new transaction; long jobs call it between steps."""
        ...

    def enqueue(self, job: str, payload: Mapping[str, Any], *, delay_s: float = 0) -> UUID:
        """Wake another job of the plugin once this transaction is committed. Returns the run's identifier."""
        ...

    def progress(self, done: int, total: int, *, result: Mapping[str, Any] | None = None) -> None:
        """Say how far a job is, in steps of its own, and what it has found; seen with the next :meth:`commit`. Handlers have none."""
        ...

    def publish(self, topic: str, data: Mapping[str, Any]) -> None:
        """Tell live pages that something changed, once this transaction is committed. It may be lost."""
        ...

    def alert(
        self,
        code: str,
        message: str,
        *,
        severity: str = "warning",
        subject: str | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Raise an alert for the tenant's staff in this transaction; one that is open for the same code and subject is kept."""
        ...

    def settle(self, code: str, subject: str | None = None) -> None:
        """Close the open alert of a code and subject, so that the next episode is announced."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """A background job of a tenant.

    :ivar run: gets the context and the JSON payload.
    :ivar timeout_s: seconds after which it is ended.
    :ivar every_s: runs for each tenant whose module is on, this often, by the wall clock; none: only when enqueued.
    :ivar reduces: runs also while the module is off or draining, since it only reduces risk.
    """

    name: str
    run: Callable[[JobContext, Mapping[str, Any]], None]
    queue: QueueClass = "default"
    timeout_s: int = 120
    retries: int = 3
    every_s: int | None = None
    reduces: bool = False


@dataclass(frozen=True, slots=True)
class EventView:
    """An event as a handler sees it. ``seq`` is gapless in its stream."""

    id: UUID
    stream: str
    seq: int
    type: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Subscription:
    """A handler of events, called with what is new of one stream, in its order, in a transaction with its cursor.

    :ivar types: event types, such as ``fills``, ``position_changed``, ``order_changed``, ``account_changed``.
    :ivar watched_only: only streams of accounts that this plugin watches (``account:<id>``).
    :ivar shards: how many cursors side by side a stream needs (such as masters' followers in chunks); none: one.
    :ivar batch: most events handed over at once; 1 books each event's effects in a transaction of its own.
    :ivar reduces: runs also while the module is off or draining.
    :ivar catch_up: events that happened while the module was off are delivered once it is on again, as far as they are
        kept (a week); without it the handler goes on with what is new.
    """

    name: str
    handle: Callable[[JobContext, Sequence[EventView], int], None]
    types: tuple[str, ...] = ("fills",)
    watched_only: bool = False
    shards: Callable[[TenantSession, str], int] | None = None
    queue: QueueClass = "trading"
    batch: int = 100
    reduces: bool = False
    catch_up: bool = False


@dataclass(frozen=True, slots=True)
class ExposureItem:
    """A line of what a tenant would leave behind: a name as people read it, and how many."""

    label: str
    count: int
    notional: Decimal | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class LeaveChoice:
    """A way to leave what remains when the module is switched off."""

    key: str
    title: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a module holds for a tenant."""

    items: tuple[ExposureItem, ...] = ()
    choices: tuple[LeaveChoice, ...] = ()
    remaining: int = 0
    """How many open things keep the module draining; at 0 it is off."""


@dataclass(frozen=True, slots=True)
class ExposureReport:
    """How a module tells what it holds and how it is left.

    :ivar measure: what there is now.
    :ivar leave: called in the transaction that switches the module off, with the chosen way.
    :ivar enter: called in the transaction that switches it on again.
    """

    measure: Callable[[TenantSession], Exposure]
    leave: Callable[[TenantSession, str], None] = field(default=lambda _session, _choice: None)
    enter: Callable[[TenantSession], None] = field(default=lambda _session: None)


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """A time-boxed check; it returns none when all is well, else what is wrong."""

    name: str
    check: Callable[[Session], str | None]
    timeout_s: float = 2.0


class ExtensionError(Exception):
    """Raised by ``extensions``: what ``plugin`` returned for one of our hooks cannot be used. That plugin is rejected, not ours."""

    def __init__(self, plugin: str, message: str) -> None:
        super().__init__(message)
        self.plugin = plugin


@dataclass(frozen=True, slots=True)
class OrderCheck:
    """A pre-trade check over a batch; it may only tighten. Returns a reason code for each order it refuses, by client order id."""

    name: str
    check: Callable[[TenantSession, Sequence[Any]], Mapping[str, str]]
    timeout_s: float = 1.0
