"""``tradeyard bench copy``: a master's fill reaching many followers through RQ workers, against the rows by COPY alone."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from decimal import Decimal
from statistics import median
from uuid import UUID

import click
from sqlalchemy import text

from core.sdk.benchmarks import Brokerage, Yard, installation
from core.sdk.data import TenantSession
from core.sdk.trading import OrderRequest, close_positions, place_orders
from plugins.copy_trading.services import mastering
from plugins.copy_trading.services.following import SHARD_SIZE

ROUNDS = 5
_BALANCE = Decimal(2500)
COPYING = ("copy_trading.closes", "copy_trading.opens", "copy_trading.stops")
"""What is measured; figures follow on a queue of their own."""


@dataclass(frozen=True, slots=True)
class Result:
    """Milliseconds from before the master's order to the last follower's commit, medians over the rounds.

    ``copy_ms`` is binary COPY of the rows that one open makes, in one transaction, into the same tables and indexes.
    """

    followers: int
    workers: int
    shards: int
    open_ms: float
    close_ms: float
    copy_ms: float
    copy_rows: int
    ratio: float
    orders_filled: int


@click.command()
@click.option("--followers", default=10_000, show_default=True, help="Followers of the master.")
@click.option("--workers", default=2, show_default=True, help="RQ worker processes for the queue of opens and closes.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def copy(followers: int, workers: int, as_json: bool) -> None:
    """A master's fill reaching all followers through RQ workers, and its ratio to COPY of the same rows."""
    with installation() as yard:
        result = measure(yard, followers, workers)
    if as_json:
        click.echo(json.dumps(asdict(result), indent=2))
        return
    click.echo(f"{result.followers:,} followers in {result.shards} shards, {result.workers} workers")
    click.echo(f"a master's open, last follower committed   {result.open_ms:10.1f} ms")
    click.echo(f"a master's close, last follower committed  {result.close_ms:10.1f} ms")
    click.echo(f"the open's {result.copy_rows:,} rows by COPY alone       {result.copy_ms:10.1f} ms")
    click.echo(f"ratio                                      {result.ratio:10.2f}")


def measure(yard: Yard, followers: int, workers: int) -> Result:
    """Make a master and followers, let the master open and close a few times, and take the medians."""
    brokerage = yard.brokerage("copy_trading")
    [(account, _)] = yard.accounts(brokerage, 1, Decimal(1_000_000))
    with yard.session(brokerage) as session:
        master = mastering.grant(session, account_id=account, name="Bench", by="benchmark").id
    people = yard.accounts(brokerage, followers, _BALANCE)
    with yard.session(brokerage) as session:
        _follow(session, master, people)
    opens, closes = [], []
    with yard.workers(*[("critical", "trading")] * workers):
        _round(yard, brokerage, account, -1)
        for number in range(ROUNDS):
            opened, closed = _round(yard, brokerage, account, number)
            opens.append(opened)
            closes.append(closed)
        _open(yard, brokerage, account, "last")
    with yard.session(brokerage) as session:
        live = session.scalar(text("select count(*) from copy_trading.links where state = 'live'")) or 0
    copy_s, rows = yard.copy_seconds(_rows_of_the_last_open(brokerage))
    open_ms = median(opens) * 1000
    return Result(
        followers, workers, -(-followers // SHARD_SIZE), round(open_ms, 1), round(median(closes) * 1000, 1),
        round(copy_s * 1000, 1), rows, round(open_ms / (copy_s * 1000), 2), live,
    )  # fmt: skip


def _follow(session: TenantSession, master: UUID, people: list[tuple[UUID, UUID]]) -> None:
    """All followers at once: this measures copying, not following."""
    session.execute(
        text(
            "with made as (insert into copy_trading.subscriptions (id, master_id, account_id, customer_id, shard, start_equity)"
            " select gen_random_uuid(), :master, account, customer, (row_number() over () - 1) / :size, :equity"
            " from unnest(cast(:accounts as uuid[]), cast(:customers as uuid[])) as t(account, customer) returning id)"
            " insert into copy_trading.cursors (subscription_id, last_close, last_open) select id, 0, 0 from made"
        ),
        {
            "master": master,
            "size": SHARD_SIZE,
            "equity": _BALANCE,
            "accounts": [account for account, _ in people],
            "customers": [customer for _, customer in people],
        },
    )


def _round(yard: Yard, brokerage: Brokerage, account: UUID, number: int) -> tuple[float, float]:
    """Seconds of one open and of its close."""
    opened, position = _open(yard, brokerage, account, f"open-{number}")
    started = time.perf_counter()
    with yard.session(brokerage) as session:
        close_positions(session, [(position, None, f"close-{number}")])
    yard.wait_settled(brokerage, handlers=COPYING)
    return opened, time.perf_counter() - started


def _open(yard: Yard, brokerage: Brokerage, account: UUID, client_order_id: str) -> tuple[float, UUID]:
    started = time.perf_counter()
    order = OrderRequest(client_order_id, account, brokerage.symbol_id, "buy", Decimal(20))
    with yard.session(brokerage) as session:
        [result] = place_orders(session, [order])
    yard.wait_settled(brokerage, handlers=COPYING)
    return time.perf_counter() - started, result.fills[0].position_id


def _rows_of_the_last_open(brokerage: Brokerage) -> list[tuple[str, str]]:
    """The rows that the last open has made or changed for the followers."""
    tenant = f"tenant_id = '{brokerage.tenant_id}'"
    live = f"select unnest(position_ids) from copy_trading.links where {tenant} and state = 'live'"  # noqa: S608 - our own ids
    fills = f"select order_id from core.fills where {tenant} and position_id in ({live})"  # noqa: S608 - as above
    return [
        ("core.orders", f"{tenant} and id in ({fills})"),
        ("core.fills", f"{tenant} and position_id in ({live})"),
        ("core.positions", f"{tenant} and id in ({live})"),
        ("core.triggers", tenant),
        ("core.accounts", tenant),
        ("copy_trading.links", f"{tenant} and state = 'live'"),
        ("copy_trading.cursors", tenant),
    ]
