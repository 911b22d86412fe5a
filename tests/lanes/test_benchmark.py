"""`tradeyard bench quotes`: what it prints, and the claim behind it: the cost does not grow with the number of bots."""

from __future__ import annotations

import json

from click.testing import CliRunner

from core.commands.bench import command
from core.lanes.benchmark import measure


def test_a_quote_that_crosses_nothing_costs_the_same_with_many_bots() -> None:
    """Ratios of one run: thirty thousand bots against none. Each bot looked at would be a factor of thousands."""
    result = measure(30_000)
    assert result.many.one_ns < 3 * result.none.one_ns
    assert result.many.batch_ns < 5 * result.none.batch_ns
    assert result.many.one_ns < 10 * result.floor.one_ns
    assert 0 < result.bytes_per_bot < 250


def test_the_command_prints_costs_and_ratios() -> None:
    done = CliRunner().invoke(command, ["quotes", "--bots", "1000", "--json"])
    assert done.exit_code == 0, done.output
    document = json.loads(done.output)
    assert document["bots"] == 1000
    assert set(document["many_to_none"]) == {"one", "batch"}
    assert all(document[name]["one_ns"] > 0 for name in ("floor", "none", "many"))
    assert "1,000 bots" in CliRunner().invoke(command, ["quotes", "--bots", "1000"]).output
