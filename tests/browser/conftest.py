"""A real browser, or a word on how to get one."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from core.demo.password import demo_password
from core.demo.playing import play
from core.demo.seeding import seed
from core.feeds.models import Tick
from core.lanes.models import Quote
from core.platform import build_platform
from core.preparation import prepare
from core.runtime import load_runtime
from core.trading.models import Instrument

if TYPE_CHECKING:
    from playwright.sync_api import Browser as Chromium

    from tests.browser.site import Site

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
NONE_HERE = "no browser is installed: `apt install chromium`, or `playwright install chromium`"
OPEN_MS = 1_118_847_600_000
"""A Wednesday afternoon, when all markets are open: 15 June 2005, 15:00 UTC."""


# Not for the whole session: while Playwright is open its loop runs in this thread, and asyncio.run() refuses to.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Chromium]:
    """The system's Chromium, else Playwright's own; without either the test is skipped by name."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
        path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome") or own
        if not Path(path).exists():
            pytest.skip(NONE_HERE)
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(chromium: Chromium, servers_for_tests: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo's brokerages with every module on and a few trades, behind two web processes."""
    from tests.browser.site import Site, serving

    folder = tmp_path_factory.mktemp("site")
    with servers_for_tests.fresh_database() as name:
        settings = servers_for_tests.settings(folder / "data", name)
        runtime = load_runtime()
        prepare(settings, runtime)
        with build_platform(settings, runtime) as platform:
            seed(platform)
            with platform.database.system() as session:
                for instrument in session.scalars(select(Instrument)):
                    price = int(100 / instrument.tick)
                    moves = [(n + 1, OPEN_MS - (199 - n) * 60_000, price + n % 9) for n in range(200)]
                    session.add_all(
                        Tick(instrument_id=instrument.id, seq=seq, ts_ms=ts, bid=bid, ask=bid + 2)
                        for seq, ts, bid in moves
                    )
                    seq, ts, bid = moves[-1]
                    session.add(
                        Quote(instrument_id=instrument.id, seq=seq, ts_ms=ts, feed_ts_ms=ts, bid=bid, ask=bid + 2)
                    )
            chance = random.Random(7)
            for _ in range(4):
                play(platform, chance, modules=True)
            with serving(settings, folder) as ports:
                yield Site(platform, ports, demo_password(settings))
