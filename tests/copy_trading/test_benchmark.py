"""The benchmark measures what it says: real workers carry a master's open and close to every follower."""

from __future__ import annotations

import pytest

from core.sdk.benchmarks import installation
from plugins.copy_trading.benchmark import measure


@pytest.mark.stack
def test_a_fill_reaches_every_follower_through_rq_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugins.copy_trading.benchmark.ROUNDS", 1)
    with installation() as yard:
        result = measure(yard, followers=25, workers=1)
    assert (result.followers, result.shards, result.orders_filled) == (25, 1, 25)
    assert result.copy_rows >= 25 * 6
    assert result.ratio == pytest.approx(result.open_ms / result.copy_ms, rel=0.01)
