"""How values are written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from core.web.formats import Formatter, bind_formatter, current_formatter
from tenants.text import speaking

EN, DE = Formatter("en", "UTC"), Formatter("de", "Europe/Berlin")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (EN.money(Decimal("1234.5"), "USD"), "1,234.50\u00a0USD"),
        (EN.money(Decimal("1234.5"), "JPY"), "1,234\u00a0JPY"),
        (EN.money(Decimal("-0.005"), "USD"), "0.00\u00a0USD"),
        (EN.money(Decimal("172.68"), "USD", signed=True), "+172.68\u00a0USD"),
        (EN.money(Decimal("-42.17"), "USD", signed=True), "−42.17\u00a0USD"),
        (EN.money(None, "USD"), "–"),
        (DE.money(Decimal("1234567.891"), "EUR"), "1.234.567,89\u00a0EUR"),
        (EN.price(Decimal("1.096"), Decimal("0.00001")), "1.09600"),
        (EN.price(Decimal("64210.5"), Decimal("0.01")), "64210.50"),
        (DE.price(Decimal("1.096"), Decimal("0.00001")), "1,09600"),
        (EN.percent(Decimal("12.345"), 1, signed=True), "+12.3\u00a0%"),
        (EN.number(Decimal("0.3100000")), "0.31"),
        (EN.number(Decimal("NaN")), "–"),
        (EN.compact(Decimal(1_250_000)), "1.2M"),
        (EN.span(timedelta(days=3, hours=4, minutes=5)), "3\u00a0d 4\u00a0h"),
        (EN.span(0), "0\u00a0s"),
        (EN.moment(1_118_847_600_000), "15 Jun 2005, 15:00:00"),
        (DE.moment(datetime(2005, 6, 15, 15, 0, tzinfo=UTC)), "15 Juni 2005, 17:00:00"),
        (DE.iso(1_118_847_600_123), "2005-06-15T15:00:00.123Z"),
        (Formatter("ar").direction, "rtl"),
        (Formatter("ar").number(-1.5, 1), "\u2066\u22121.5\u2069"),
        (Formatter("ar").number(1.5, 1), "1.5"),
        (EN.direction, "ltr"),
    ],
)
def test_values_follow_language_currency_and_zone(written: str, expected: str) -> None:
    assert written == expected


def test_the_formatter_of_a_render_ends_with_it() -> None:
    with bind_formatter(DE):
        assert current_formatter() is DE
    assert current_formatter().language == "en"


def test_outside_of_a_render_numbers_are_written_in_the_language_spoken() -> None:
    with speaking("de"):
        assert current_formatter().number(1234.5, 2) == "1.234,50"
