"""The values of skip records: codes in the table, the reader's language on the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugins import copy_trading
from plugins.copy_trading.web.compared import compared
from tenants.text import add_catalogs, speaking

ENGLISH = {
    "paused:follower": "paused (the follower)",
    "paused:follower,risk": "paused (the follower, risk limits)",
    "customer:blocked": "customer: blocked",
    "leverage:21.7:high": "leverage 21.7×, warning high",
    "leverage:none:critical": "no equity, warning critical",
    "below_leverage:20": "below 20×",
    "no_rate:USD:EUR": "no rate from USD to EUR",
    "allow_list": "in the allow-list",
    "active": "active",
    "0.0025": "0.0025",
    "1200 ms": "1200 ms",
    "EURUSD": "EURUSD",
    "X:Y:Z": "X:Y:Z",
}
EARLIER = {
    "paused (follower)": "paused:follower",
    "paused (follower, risk)": "paused:follower,risk",
    "customer blocked": "customer:blocked",
    "leverage 21.7×, warning high": "leverage:21.7:high",
    "no equity, warning critical": "leverage:none:critical",
    "below 20×": "below_leverage:20",
    "no rate from USD to EUR": "no_rate:USD:EUR",
    "in the allow-list": "allow_list",
    "this subscription": "this_copy",
}


@pytest.mark.parametrize(("stored", "words"), ENGLISH.items())
def test_a_stored_value_reads_in_english(stored: str, words: str) -> None:
    assert compared(stored) == words


@pytest.mark.parametrize(("earlier", "code"), EARLIER.items())
def test_records_of_earlier_releases_read_as_the_new_ones(earlier: str, code: str) -> None:
    assert compared(earlier) == compared(code)


def test_a_pause_reads_in_german() -> None:
    add_catalogs(Path(copy_trading.__file__).parent / "locale")
    with speaking("de"):
        for stored in ("paused:follower", "paused (follower)"):
            assert compared(stored) == "pausiert (der Follower)"
