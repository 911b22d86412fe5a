"""Every reason that an order can be refused, cancelled or ended for is told in words."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from core.runtime.calls import CHECK_FAILED
from core.web.reasons import REASONS, field_of, reason_text
from tests.trading.test_docs import codes_in

ROOT = Path(__file__).parents[2]


def test_every_code_of_the_engine_has_a_text() -> None:
    used = codes_in("core/trading", "core/venues") | {CHECK_FAILED, "market_closed", "quote_stale"}
    for path in (ROOT / "core" / "trading").rglob("*.py"):
        used |= set(re.findall(r'(?:Replacement|Protection|Funds)Error\("([a-z_]+)"', path.read_text("utf-8")))
        used |= set(re.findall(r'cancel_orders\([^)]*, "([a-z_]+)"\)', path.read_text("utf-8")))
    for path in (ROOT / "core" / "web").rglob("*.py"):
        used |= set(re.findall(r'"(by_customer|by_staff)"', path.read_text("utf-8")))
    assert len(used) > 30
    assert not sorted(used - REASONS.keys())


def test_every_documented_code_has_a_text() -> None:
    page = (ROOT / "docs" / "trading.md").read_text("utf-8")
    table = page.partition("### Why an order is refused")[2].partition("\n## ")[0]
    codes = {
        code
        for row in table.splitlines()
        if row.startswith("| `")
        for code in re.findall(r"`([a-z_]+)`", row.split("|")[1])
    }
    assert len(codes) > 25
    assert not sorted(codes - REASONS.keys())


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_a_text_is_a_sentence_with_and_without_its_numbers(reason: str) -> None:
    names = re.findall(r"{(\w+)}", REASONS[reason].message)
    whole = reason_text(reason, dict.fromkeys(names, "12.340000000000"))
    assert "{" not in whole
    assert "12.34" in whole or not names
    bare = reason_text(reason)
    assert "{" not in bare
    assert bare.endswith(".")


def test_numbers_are_written_as_people_read_them() -> None:
    detail = {"needed": "12345.678900000000", "free": "10.000000000000"}
    assert reason_text("insufficient_margin", detail) == (
        "There is not enough free margin: 12,345.68 is needed, 10.00 is free."
    )
    assert reason_text("off_step", {"step": "0.010000000000"}) == "Lots go in steps of 0.01."


def test_an_unknown_code_is_told_as_it_is() -> None:
    assert reason_text("moon_phase") == "Not accepted: moon phase."


def test_the_field_of_a_refusal_is_known() -> None:
    given = {"price": Decimal("1.1"), "stop_loss": Decimal("1.000001"), "take_profit": None}
    assert field_of("price_off_tick", {"price": Decimal("1.000001")}, given) == "stop_loss"
    assert field_of("below_min_lot", {}, given) == "volume"
    assert field_of("insufficient_margin", {}, given) == ""
