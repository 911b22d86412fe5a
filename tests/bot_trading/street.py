"""A brokerage with Bot Trading, a lane and a feed that is a list: grids on real PostgreSQL, through lane and booking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

import redis
from sqlalchemy import select, text

from core.feeds.store import append_ticks
from core.feeds.ticks import PriceScale, Ticks
from core.lanes.lane import Lane
from core.lanes.reactor import Reactor
from core.lanes.workers import LaneWorkers
from core.sdk.events import account_stream, read_events
from core.sdk.trading import read_fills
from core.trading.models import Instrument, Symbol
from plugins.bot_trading.models import Bot, BotCommand, Decision
from plugins.bot_trading.reactor import BotReactor
from plugins.bot_trading.registry import own_strategies
from plugins.bot_trading.running import Running
from plugins.bot_trading.services.commands import carry_out, store_command
from plugins.bot_trading.services.launching import Launch, launch
from plugins.bot_trading.services.reductions import notice_reductions
from plugins.bot_trading.settings import BotTradingSettings
from plugins.bot_trading.strategies.protocol import Order
from plugins.bot_trading.strategies.spot_grid.settings import SpotGridSettings
from tenants.db import Database, new_id
from tests.bot_trading.grids import G
from tests.trading.market import MarketPlace

START_MS = 1_700_000_000_000
CODE = "GRID"
STRATEGIES = own_strategies()


@dataclass
class Runtime:
    """A runtime with the module's reactor."""

    found: Reactor | None = field(default_factory=lambda: BotReactor(STRATEGIES))

    def reactor(self, plugin: str, name: str) -> Reactor | None:
        return self.found if (plugin, name) == ("bot_trading", "bots") else None


@dataclass
class Street:
    """See the module."""

    database: Database
    redis: redis.Redis
    place: MarketPlace
    account_id: UUID
    runtime: Runtime = field(default_factory=Runtime)
    limits: BotTradingSettings = field(default_factory=BotTradingSettings)
    lanes: list[Lane] = field(default_factory=list)
    keys: int = 0

    # --- prices --------------------------------------------------------------------------------------------------

    def lane(self, owner: str = "first") -> Lane:
        """A lane as a process of that name would run it."""
        made = Lane(self.database, self.redis, 0, LaneWorkers(self.runtime), lambda: True, owner=owner)
        self.lanes.append(made)
        return made

    def append(self, *prices: str | tuple[str, str]) -> int:
        """Append quotes one second apart; a single price is both sides."""
        tick = self.rows("select tick from core.instruments where id = :id", id=self.instrument)[0][0]
        scale = PriceScale(tick)
        last = self.last_seq()
        pairs = [(price, price) if isinstance(price, str) else price for price in prices]
        rows = [
            (START_MS + (last + n) * 1000, scale.ticks(bid), scale.ticks(ask)) for n, (bid, ask) in enumerate(pairs, 1)
        ]
        with self.database.system() as session:
            return append_ticks(session, self.instrument, Ticks.of(rows)).last_seq

    def work(self, seconds: float = 10) -> None:
        """Let the lane work off everything that has been appended."""
        lane = self.lanes[-1] if self.lanes else self.lane()
        last = self.last_seq()
        assert lane.run(seconds, stop=lambda: lane.position(self.instrument) >= last)
        assert lane.position(self.instrument) == last

    def show(self, *prices: str | tuple[str, str]) -> None:
        """Append quotes and have them worked off, one after the other, with the events each has caused."""
        for price in prices:
            self.append(price)
            self.work()
            self.hear()

    def last_seq(self) -> int:
        rows = self.rows("select coalesce(max(seq), 0) from core.ticks where instrument_id = :id", id=self.instrument)
        return int(rows[0][0])

    @property
    def instrument(self) -> UUID:
        return self.place.instruments[CODE]

    @property
    def symbol(self) -> UUID:
        return self.place.symbols[CODE]

    # --- bots ----------------------------------------------------------------------------------------------------

    def wish(self, account_id: UUID | None = None, **changes: Any) -> Launch:
        """A launch of grid G with changes."""
        self.keys += 1
        return Launch(
            customer_id=self.place.customer_id,
            account_id=account_id or self.account_id,
            symbol_id=self.symbol,
            strategy="spot_grid",
            settings=SpotGridSettings.model_validate({**G, **changes}),
            key=f"launch-{self.keys}",
            actor="ann@example.com",
        )

    def launch(self, account_id: UUID | None = None, **changes: Any) -> UUID:
        with self.place.session() as session:
            return launch(session, STRATEGIES, self.limits, self.wish(account_id, **changes)).id

    def command(self, bot_id: UUID, command: Any, reason: Any = "customer", **more: Any) -> BotCommand:
        """Store a command and carry it out, each in a transaction of its own."""
        self.keys += 1
        options = {"actor": f"{reason}@example.com", "key": f"key-{self.keys}", **more}
        with self.place.session() as session:
            command_id = store_command(session, bot_id, command, reason=reason, **options)
        with self.place.session() as session:
            return carry_out(session, STRATEGIES, command_id)

    def bot(self, bot_id: UUID) -> Bot:
        with self.place.session() as session:
            return session.get_one(Bot, (self.place.tenant_id, bot_id))

    def running(self, bot_id: UUID) -> Running:
        return Running.load(
            STRATEGIES, self.rows("select state from core.reactor_states where id = :id", id=bot_id)[0][0]
        )

    def orders(self, bot_id: UUID) -> tuple[Order, ...]:
        running = self.running(bot_id)
        return running.strategy.orders(running.setup, running.state)

    def resting(self, bot_id: UUID, side: str) -> list[Decimal]:
        return [order.price for order in self.orders(bot_id) if order.side == side]

    def total(self, bot_id: UUID) -> Decimal:
        """Total P&L by the bot's row, after its last event."""
        bot = self.bot(bot_id)
        return bot.cycle_profit + bot.inventory_realised + bot.last_floating

    def fills(self, bot_id: UUID) -> list[tuple[str, Decimal, Decimal]]:
        """(side, volume, price) of the bot's fills as booked, oldest first."""
        rows = self.rows(
            "select side, volume, price from core.fills where origin_id = :id order by account_id, fill_no", id=bot_id
        )
        return [(side, volume, price) for side, volume, price in rows]

    def decisions(self, bot_id: UUID) -> list[str]:
        with self.place.session() as session:
            return list(session.scalars(select(Decision.code).where(Decision.bot_id == bot_id).order_by(Decision.id)))

    def hear(self, account_ids: Sequence[UUID] | None = None) -> int:
        """Hand the accounts' fills to the module's handler, from the first one on: handling them again changes nothing."""
        changed = 0
        for account_id in account_ids or [self.account_id]:
            with self.place.session() as session:
                for event in read_events(session, account_stream(account_id), after=0, limit=100_000):
                    changed += notice_reductions(session, STRATEGIES, account_id, read_fills(event.payload))
        return changed

    # --- the database --------------------------------------------------------------------------------------------

    def rows(self, statement: str, **values: Any) -> list[Any]:
        """Rows across tenants."""
        with self.database.system() as session:
            return list(session.execute(text(statement), values))

    def switch(self, state: str) -> None:
        """Set the module's state."""
        with self.database.system() as session:
            session.execute(
                text("update tenants.product_configs set state = :state where module = 'bot_trading'"), {"state": state}
            )


def add_symbol(place: MarketPlace, *, tick: str = "0.01", step: str = "0.0001", minimum: str = "0") -> None:
    """The symbol of grid G, on an instrument of its own."""
    with place.database.system() as session:
        instrument = Instrument(id=new_id(), feed="replay", feed_symbol=CODE, tick=Decimal(tick))
        session.add(instrument)
        session.flush()
        symbol = Symbol(
            id=new_id(),
            tenant_id=place.tenant_id,
            instrument_id=instrument.id,
            code=CODE,
            asset_class="crypto",
            base="GRD",
            quote="USD",
            contract_size=Decimal(1),
            tick=Decimal(tick),
            pip=Decimal(tick),
            lot_step=Decimal(step),
            min_lot=Decimal(step),
            max_lot=Decimal(1_000_000),
            min_notional=Decimal(minimum),
        )
        session.add(symbol)
        place.instruments[CODE], place.symbols[CODE] = instrument.id, symbol.id
