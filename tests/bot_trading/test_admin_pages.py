"""Staff's pages of bots: Bot Stats, Mission Control, who may run what, as staff see and use them."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from core.sdk.testing.workbench import Workbench
from plugins.bot_trading.services.history import take_snapshot
from tests.bot_trading.test_pages import ADMIN, Scene

D = Decimal


@pytest.fixture
def scene(workbench: Workbench) -> Scene:
    return Scene(workbench)


def table(text: str) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    return list(csv.DictReader(io.StringIO(text)))


def test_bot_stats_shows_totals_strategies_and_history_with_filters_and_files(scene: Scene) -> None:
    first, second = scene.launch(investment="800"), scene.launch(investment="900")
    scene.bench.market.quote("BTCUSD", "97")
    with scene.bench.browse(scene.north) as browser:
        browser.send(f"{ADMIN}/bots/{first}/stop", choice="close", key="1")
        browser.send(f"{ADMIN}/bots/{second}/stop", choice="keep", key="2")
    third = scene.launch(investment="500")
    with scene.bench.browse(scene.north) as browser:
        page = browser.get(f"{ADMIN}/stats")
        for words in ("Active bots", "Historical bots", "Aggregate P&amp;L", "By strategy", "Spot Grid", "Over time"):
            assert words in page, words
        assert (first in page, second in page, third in page) == (True, True, False)
        kept = browser.get(f"{ADMIN}/stats?h_end=keep")
        assert (first in kept, second in kept) == (False, True)
        assert "Nothing matches" in browser.get(f"{ADMIN}/stats?h_last=2001-01-01")
        assert "Nothing matches" in browser.get(f"{ADMIN}/stats?h_search=nobody")
        rows = table(browser.get(f"{ADMIN}/stats/bots.csv?h_end=close").text)
        assert [(row["Bot"], row["Strategy"], row["Customer"]) for row in rows] == [(first, "Spot Grid", "Kim")]
        assert D(rows[0]["Total P&L"]) < 0
        strategies = table(browser.get(f"{ADMIN}/stats/strategies.csv").text)
        assert [(row["Active"], row["Historical"], row["Running"]) for row in strategies] == [("1", "2", "1")]
    with scene.north.session() as session:
        take_snapshot(session, datetime.now(UTC) - timedelta(days=1))
    with scene.bench.browse(scene.north) as browser:
        assert "Total P&amp;L at the end of each day, All strategies, in USD" in browser.get(f"{ADMIN}/stats")
        days = table(browser.get(f"{ADMIN}/stats/days.csv").text)
        assert [(row["Strategy"], row["Converted to"]) for row in days] == [("spot_grid", "USD")]
    with scene.bench.browse(scene.south) as browser:
        assert first not in browser.get(f"{ADMIN}/stats")
        assert table(browser.get(f"{ADMIN}/stats/bots.csv").text) == []
