"""The measurement: a web process's application on a socket of its own, asked again and again."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from typing import Any, Final

import uvicorn

from core.app import create_app
from core.platform import Platform
from core.web.bench.rows import HOST, Crowd, make_crowd

__all__ = ["LIMIT_MS", "PageCost", "PagesBenchmark", "measure"]

LIMIT_MS: Final = 150.0
"""What the first page of a list of 10,000 rows may take at the median."""
_WARM: Final = 3


@dataclass(frozen=True, slots=True)
class PageCost:
    """A page: milliseconds at the median and the slowest of the run, and its size in bytes."""

    name: str
    path: str
    median_ms: float
    slowest_ms: float
    size: int


@dataclass(frozen=True, slots=True)
class PagesBenchmark:
    """The result. ``floor`` is a page of the same frame with an empty list, behind the same sign-in."""

    rows: int
    floor: PageCost
    pages: tuple[PageCost, ...]

    @property
    def slow(self) -> list[PageCost]:
        """The pages over the limit."""
        return [page for page in self.pages if page.median_ms >= LIMIT_MS]

    def document(self) -> dict[str, Any]:
        """As JSON, with the ratios to the floor, which hold on any machine."""
        ratios = {page.path: round(page.median_ms / self.floor.median_ms, 2) for page in self.pages}
        return {**asdict(self), "limit_ms": LIMIT_MS, "to_floor": ratios}


def _lists(crowd: Crowd) -> tuple[tuple[str, str, str], ...]:
    account = crowd.account_id
    return (
        ("Customers", "/admin/customers", "staff"),
        ("Customers, searched", "/admin/customers?search=customer+77", "staff"),
        ("Accounts", "/admin/accounts", "staff"),
        ("Accounts by customer", "/admin/accounts?sort=customer", "staff"),
        ("Accounts, searched", "/admin/accounts?search=20077", "staff"),
        ("Positions", "/admin/positions", "staff"),
        ("Positions of a symbol", "/admin/positions?symbol=EURUSD&sort=-volume", "staff"),
        ("Orders", "/admin/orders", "staff"),
        ("Working orders", "/admin/orders?status=open", "staff"),
        ("Audit log", "/admin/settings/audit", "staff"),
        ("One account's orders", f"/admin/accounts/{account}?tab=orders", "staff"),
        ("One account's ledger", f"/admin/accounts/{account}?tab=ledger", "staff"),
        ("A customer's history", "/history", "customer"),
        ("A customer's orders", f"/accounts/{account}?tab=orders", "customer"),
        ("A customer's ledger", f"/accounts/{account}?tab=ledger", "customer"),
        ("The trading page", f"/trade?account={account}&tab=history", "customer"),
        ("API: accounts", "/api/v1/accounts", "token"),
        ("API: positions", "/api/v1/positions", "token"),
        ("API: orders", "/api/v1/orders", "token"),
    )


def measure(platform: Platform, rows: int, runs: int) -> PagesBenchmark:
    """Make the rows, then ask for each page ``runs`` times."""
    crowd = make_crowd(platform, rows)
    headers = {
        "staff": {"Cookie": f"staff_session={crowd.staff_cookie}"},
        "customer": {"Cookie": f"session={crowd.customer_cookie}"},
        "token": {"Authorization": f"Bearer {crowd.bearer}"},
    }
    with _serving(platform) as connection:
        floor = _cost(connection, "A page with an empty list", "/admin/settings/tokens", headers["staff"], runs)
        pages = [_cost(connection, name, path, headers[who], runs) for name, path, who in _lists(crowd)]
    return PagesBenchmark(rows, floor, tuple(pages))


def _cost(connection: HTTPConnection, name: str, path: str, headers: dict[str, str], runs: int) -> PageCost:
    times, size = [], 0
    for run in range(_WARM + runs):
        began = time.perf_counter()
        connection.request("GET", path, headers={"Host": HOST, **headers})
        answer = connection.getresponse()
        size = len(answer.read())
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}")
        if run >= _WARM:
            times.append((time.perf_counter() - began) * 1000)
    return PageCost(name, path, statistics.median(times), max(times), size)


@contextmanager
def _serving(platform: Platform) -> Iterator[HTTPConnection]:
    """The application under uvicorn on a free port of the loopback, and a connection that stays open."""
    config = uvicorn.Config(create_app(platform), host="127.0.0.1", port=0, log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="benchmark's web", daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started:
        if time.monotonic() > deadline or not thread.is_alive():
            raise RuntimeError("the application did not start")
        time.sleep(0.02)
    connection = HTTPConnection("127.0.0.1", server.servers[0].sockets[0].getsockname()[1], timeout=60)
    try:
        yield connection
    finally:
        connection.close()
        server.should_exit = True
        thread.join(30)
