"""One chunk of a shard: the followers of some accounts, decided and booked together in the transaction of the caller."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from core.sdk.data import TenantSession
from core.sdk.text import _
from core.sdk.trading import (
    AccountFill,
    LockedAccounts,
    OrderRequest,
    OrderResult,
    PaperAccounts,
    lock_accounts_with_markets,
)
from plugins.copy_trading.replication import read
from plugins.copy_trading.replication.fills import Fills, closes_of
from plugins.copy_trading.replication.flying import settle
from plugins.copy_trading.replication.opening import OpeningWave
from plugins.copy_trading.replication.orders import closing_orders
from plugins.copy_trading.replication.paper import open_books, write_books
from plugins.copy_trading.replication.rows import Changes, Follower, LinkRow, MasterRow
from plugins.copy_trading.replication.telling import tell_followers
from plugins.copy_trading.replication.write import mark_short_of_equity, move_cursors, write
from plugins.copy_trading.rules.closes import Held, decide_closes
from plugins.copy_trading.rules.reasons import Reason, plain
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.rules.targets import to_close
from plugins.copy_trading.rules.views import MasterClose

_CARRIED = ("filled", "partial", "waiting", "pending", "resting", "unknown")


class FollowerError(Exception):
    """The platform refused what must not be refused (a close) of these subscriptions."""

    def __init__(self, subscriptions: Collection[UUID], reason: str) -> None:
        super().__init__(reason)
        self.subscriptions = frozenset(subscriptions)


@dataclass(frozen=True, slots=True)
class Scene:
    """What holds for all chunks of a run."""

    session: TenantSession
    tenant_id: UUID
    master: MasterRow
    settings: CopyTradingSettings
    module: str
    denied: frozenset[UUID] = frozenset()
    """Customers who may not copy (any more)."""
    paper: bool = False
    """Whether the followers copy on paper: decided by the same rules, filled in their own books."""


@dataclass(slots=True)
class Chunk:
    """The followers of a chunk with everything locked and read."""

    scene: Scene
    followers: dict[UUID, Follower]
    market: LockedAccounts
    held: dict[UUID, Decimal]
    """Lots open in each of the followers' positions."""
    links: dict[tuple[UUID, UUID], LinkRow] = field(default_factory=dict)
    """By (subscription, position of the master)."""
    changes: Changes = field(default_factory=Changes)

    def finish(self) -> None:
        """Write what has become of links and skips, and on paper of the books."""
        write(self.scene.session, self.changes)
        if isinstance(self.market, PaperAccounts):
            write_books(self.scene.session, self.market, {row.account_id: row.id for row in self.followers.values()})

    def read_links(self, fills: Fills) -> None:
        """Read the live links to all positions that the fills touch."""
        self.take_links(read.links(self.scene.session, list(self.followers), fills.positions()))

    def take_links(self, rows: Collection[LinkRow]) -> None:
        """Work on these links, with what has become of their orders that were under way."""
        self.links = {(link.subscription_id, link.master_position_id): link for link in rows}
        for link in settle(self.scene.session, rows):
            self.changes.touch(link)

    def close_late(self) -> None:
        """Close what has arrived after the master had closed it. The lots held are in the orders' ids: they only fall."""
        requests: list[OrderRequest] = []
        for link in self.links.values():
            due = to_close(link.target, link.held, self.step(link))
            orders = closing_orders(
                self.scene.tenant_id, link, due, 0, self.held, leg=f"late-{plain(link.held)}"
            ) if due else []  # fmt: skip
            requests += orders
            self._ordered(link, sum((order.volume for order in orders), Decimal(0)), ended=not link.target)
        self.book_closes(requests)

    def _ordered(self, link: LinkRow, closed: Decimal, *, ended: bool) -> None:
        """Note what a link's closes take; a link that should hold nothing lives on until its last order has arrived."""
        link.held -= closed
        if ended and not link.held:
            link.state = "closed"
        self.changes.touch(link)

    def enough_equity(self, row: Follower) -> bool:
        """Whether a follower's equity is known and not below their minimum."""
        equity = self.market.accounts[row.account_id].equity
        return equity is not None and equity >= row.terms.minimum_equity

    def close_up(self, fills: Iterable[AccountFill]) -> None:
        """Apply closes to the live links, each once: those after the subscription's last close."""
        for close in closes_of(fills):
            self._close(close)

    def _close(self, close: MasterClose) -> None:
        touched = {
            link.id: link
            for link in self.links.values()
            if link.master_position_id == close.position
            and link.state == "live"
            and link.opened_no < close.seq
            and self.followers[link.subscription_id].last_close < close.seq
        }
        if not touched:
            return
        states = [Held(link.id, link.target, link.held, self.real(link), self.step(link)) for link in touched.values()]
        requests: list[OrderRequest] = []
        for made in decide_closes(close, states):
            link = touched[made.link]
            closed = made.volume
            if made.volume:
                orders = closing_orders(self.scene.tenant_id, link, made.volume, close.seq, self.held)
                requests += orders
                if link.flying:
                    # What is still under way cannot be closed before it arrives.
                    closed = sum((order.volume for order in orders), Decimal(0))
            link.target, link.held = made.target, made.held + made.volume
            self._ordered(link, closed, ended=made.ended and not made.own)
            if made.own:
                link.state = "left"
            self.changes.closed_for.add(link.subscription_id)
        self.book_closes(requests)

    def book_closes(self, requests: list[OrderRequest]) -> None:
        """Send closes and keep what is left of the positions. Raises :class:`FollowerError` for refused ones."""
        if not requests:
            return
        results = {result.client_order_id: result for result in self.place(requests)}
        refused: dict[UUID, str] = {}
        for request in requests:
            result = results[request.client_order_id]
            if result.status not in _CARRIED and result.reason != "nothing_to_close":
                assert request.origin.id is not None  # noqa: S101 - orders of copies name their subscription
                refused[request.origin.id] = f"a close was refused: {result.reason}"
        if refused:
            raise FollowerError(refused.keys(), next(iter(refused.values())))

    def place(self, requests: list[OrderRequest]) -> list[OrderResult]:
        """Place orders of the chunk's accounts, and keep what is then open in their positions."""
        results = self.market.place_orders(requests)
        for result in results:
            for fill in result.fills:
                self.held[fill.position_id] = fill.position_volume
        return results

    def real(self, link: LinkRow) -> Decimal:
        """Lots that the follower's positions of a link really have, with what is under way to them."""
        return sum((self.held.get(position_id, Decimal(0)) for position_id in link.position_ids), link.in_flight)

    def step(self, link: LinkRow) -> Decimal:
        """The lot step of a link's symbol."""
        account = self.market.accounts[link.account_id]
        return self.market.market(account.account_type_id, link.symbol_id).lot_step


def load(scene: Scene, members: list[tuple[UUID, UUID]]) -> Chunk:
    """Lock a chunk's accounts in their order, then its cursors; on paper the cursors alone."""
    ids = [subscription_id for subscription_id, _ in members]
    if scene.paper:
        followers = {row.id: row for row in read.followers(scene.session, ids)}
        market: LockedAccounts = open_books(scene.session, [(row.id, row.account_id) for row in followers.values()])
    else:
        market = lock_accounts_with_markets(scene.session, [account_id for _, account_id in members])
        followers = {row.id: row for row in read.followers(scene.session, ids)}
    return Chunk(scene, followers, market, held_in(market))


def held_in(market: LockedAccounts) -> dict[UUID, Decimal]:
    """Lots open in each position of the accounts."""
    return {position.id: position.volume for account in market.accounts.values() for position in account.positions}


def run_closes(scene: Scene, fills: Fills, members: list[tuple[UUID, UUID]]) -> None:
    """The closes of a batch for some followers, and their cursors, in the caller's transaction."""
    chunk = load(scene, members)
    chunk.read_links(fills)
    chunk.close_up(fills.batch)
    chunk.finish()
    move_cursors(scene.session, chunk.changes.closed_for, last_close=fills.last)


def run_opens(
    scene: Scene,
    fills: Fills,
    members: list[tuple[UUID, UUID]],
    around: Callable[[Fills], Fills] = lambda fills: fills,
) -> None:
    """The opens of a batch for some followers; every close that is known goes ahead of them.

    ``around`` adds what lies before and after the batch. It is asked once the cursors are locked: the closes that have been
    applied are committed then, so they are among what it reads.
    """
    chunk = load(scene, members)
    fills = around(fills)
    chunk.read_links(fills)
    chunk.close_up(fills.all)
    openings = read.openings(
        scene.session, list(chunk.followers), {fill.order_id for fill in fills.batch if fill.opens}
    )
    for at, fill in enumerate(fills.batch):
        if fill.opens:
            OpeningWave(scene, chunk, openings).run(fill, (*fills.batch[at + 1 :], *fills.ahead))
    chunk.finish()
    move_cursors(scene.session, list(chunk.followers), last_close=fills.known, last_open=fills.last)
    _episodes(chunk)


def _episodes(chunk: Chunk) -> None:
    """Whoever falls below the minimum equity is told once, until a copy passes again."""
    below = {skip.subscription_id for skip in chunk.changes.skips if skip.reason == Reason.MINIMUM_EQUITY}
    begun = [key for key in below if not chunk.followers[key].short_of_equity]
    known = [key for key, row in chunk.followers.items() if row.short_of_equity and key not in below]
    over = [key for key in known if chunk.enough_equity(chunk.followers[key])]
    mark_short_of_equity(chunk.scene.session, begun, short=True)
    mark_short_of_equity(chunk.scene.session, over, short=False)
    tell_followers(
        chunk.scene.session,
        begun,
        "below_minimum_equity",
        lambda master: _(
            "Your equity is below the minimum that you set for {master}: new trades are not copied until it is back.",
            master=master,
        ),
        "warning",
    )
