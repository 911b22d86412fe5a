"""A lane over PostgreSQL: what fires, when, and what it leaves behind."""

from __future__ import annotations

from decimal import Decimal as D

from tests.lanes.conftest import Street


def test_a_subject_fires_at_its_own_price_and_again_at_the_next(street: Street) -> None:
    street.append(("1.1000", "1.1001"))
    lane = street.lane()
    street.run(lane)
    bot = street.ladder("0.0010", "1.1000")
    street.append(("1.0995", "1.0996"), ("1.0989", "1.0990"), ("1.0985", "1.0986"), ("1.1000", "1.1001"))
    street.run(lane)
    assert street.fills() == [
        (1, "buy", D("0.01"), D("1.0990"), 0, 3),
        (2, "sell", D("0.01"), D("1.1000"), D("1.0"), 5),
    ]
    assert street.state(bot)["count"] == 1
    street.place.check_ledger()
