"""Fixtures of the lanes' tests: a small brokerage whose quotes come through a lane."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import redis
from sqlalchemy import text

from core.feeds.store import append_ticks
from core.feeds.ticks import PriceScale, Ticks
from core.lanes.lane import Lane
from core.lanes.reactor import Reactor, Triggers
from core.lanes.subjects import NewState, start_subject
from core.lanes.workers import LaneWorkers
from tenants.db import Database, new_id
from tenants.models import ProductConfig
from tests.lanes.reactors import PLUGIN, Ladder, ladder
from tests.trading.market import TICKS, MarketPlace, set_up

START_MS = 1_700_000_000_000


@dataclass
class OneReactor:
    """A runtime with one reactor."""

    found: Reactor | None = field(default_factory=Ladder)

    def reactor(self, plugin: str, name: str) -> Reactor | None:
        return self.found if plugin == PLUGIN else None


@dataclass
class Street:
    """A brokerage, its lane, and a feed that is a list."""

    database: Database
    redis: redis.Redis
    place: MarketPlace
    runtime: OneReactor
    account_id: UUID
    lanes: list[Lane] = field(default_factory=list)

    def lane(self, owner: str = "first", **options: Any) -> Lane:
        """A lane as a process of that name would run it."""
        values: dict[str, Any] = {"settled": lambda: True, "workers": LaneWorkers(self.runtime), **options}
        lane = Lane(self.database, self.redis, 0, owner=owner, **values)
        self.lanes.append(lane)
        return lane

    def append(self, *quotes: tuple[str, str], code: str = "EURUSD") -> int:
        """Append (bid, ask) quotes one second apart; the last one's number."""
        scale = PriceScale(Decimal(TICKS[code]))
        with self.database.system() as session:
            last = session.scalar(
                text("select coalesce(max(seq), 0) from core.ticks where instrument_id = :id"),
                {"id": self.place.instruments[code]},
            )
            rows = [
                (START_MS + (last + n) * 1000, scale.ticks(bid), scale.ticks(ask))
                for n, (bid, ask) in enumerate(quotes, start=1)
            ]
            return append_ticks(session, self.place.instruments[code], Ticks.of(rows)).last_seq

    def run(self, lane: Lane, code: str = "EURUSD", *, turns: float = 5.0) -> None:
        """Let the lane work until it has everything that has been appended."""
        with self.database.system() as session:
            last = session.scalar(
                text("select coalesce(max(seq), 0) from core.ticks where instrument_id = :id"),
                {"id": self.place.instruments[code]},
            )
        instrument = self.place.instruments[code]
        assert lane.run(turns, stop=lambda: lane.position(instrument) >= last)
        assert lane.position(instrument) == last

    def start(
        self, state: dict[str, Any], triggers: Triggers, *, subject_id: UUID | None = None, account: UUID | None = None
    ) -> UUID:
        """Start a subject of the reactor."""
        subject_id = subject_id or new_id()
        with self.place.session() as session:
            start_subject(
                session,
                plugin=PLUGIN,
                reactor="ladder",
                account_id=account or self.account_id,
                symbol_id=self.place.symbols["EURUSD"],
                state=NewState(subject_id, state, triggers),
            )
        return subject_id

    def ladder(self, step: str, level: str, **options: Any) -> UUID:
        """Start a ladder."""
        return self.start(*ladder(step, level), **options)

    def state(self, subject_id: UUID) -> dict[str, Any]:
        """A subject's state as it is stored."""
        return self.rows("select state from core.reactor_states where id = :id", id=subject_id)[0][0]

    def fills(self) -> list[tuple[Any, ...]]:
        """(fill number, side, volume, price, profit, quote's number) of all fills."""
        return self.rows(
            "select fill_no, side, volume, price, profit, seq from core.fills order by account_id, fill_no"
        )

    def rows(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """Rows across tenants."""
        with self.database.system() as session:
            return [tuple(row) for row in session.execute(text(statement), values)]

    def switch(self, state: str) -> None:
        """Set the module's state."""
        with self.database.system() as session:
            session.execute(
                text("update tenants.product_configs set state = :state where module = :module"),
                {"state": state, "module": PLUGIN},
            )


@pytest.fixture
def street(database: Database, valkey: redis.Redis) -> Iterator[Street]:
    """A brokerage whose module is on, with one account and no quotes yet."""
    place = set_up(database)
    with database.system() as session:
        session.add(ProductConfig(tenant_id=place.tenant_id, module=PLUGIN, state="on"))
    (account_id,) = place.accounts("standard")
    made = Street(database, valkey, place, OneReactor(), account_id)
    yield made
    for lane in made.lanes:
        lane.release()
