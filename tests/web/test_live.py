"""Live streams: one message made into bytes once, a slow browser told to look again, a lost Redis survived."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest

from core.live import channel, publish
from core.platform import Platform
from core.web.live.hub import Hub
from core.web.live.listener import MAX_PENDING, Group, Listener, encode_event
from tests.web.world import World


def test_a_message_reaches_its_tenants_pages_that_want_it(world: World) -> None:
    hub = Hub(world.platform)
    north, south = world.north.tenant_id, world.south.tenant_id

    async def run() -> tuple[Listener, Listener, Listener]:
        async with (
            hub.listen(north, frozenset({"bots"})) as one,
            hub.listen(north, frozenset({"copies"})) as other,
            hub.listen(south, frozenset({"bots"})) as neighbour,
        ):
            hub.deliver(channel(north), json.dumps({"topic": "bots", "data": {"key": "b1", "pnl": "1"}}))
            hub.deliver(channel(north), json.dumps({"topic": "bots", "data": {"key": "b1", "pnl": "2"}}))
            hub.deliver(
                channel(north), json.dumps({"topic": "bots", "data": {"html": "<hx-partial>\nnew</hx-partial>"}})
            )
            hub.deliver(channel(north), "nonsense")
            hub.deliver("live:nobody", json.dumps({"topic": "bots"}))
            return one, other, neighbour

    one, other, neighbour = asyncio.run(run())
    sent = b"".join(one.pending.values())
    assert sent.count(b"event: bots") == 1  # the newer took the place of the older
    assert b'"pnl":"2"' in sent
    assert b"data: <hx-partial>\ndata: new</hx-partial>\n\n" in sent
    assert not other.pending
    assert not neighbour.pending
    assert hub.open_streams == 0


def test_a_browser_that_falls_behind_is_told_to_look_again() -> None:
    listener = Listener(uuid4(), frozenset())
    for number in range(MAX_PENDING + 10):
        listener.put(str(number), encode_event("x", number))
    assert len(listener.pending) < MAX_PENDING
    assert b"look-again" in listener.pending["look-again"]


def test_quotes_are_written_once_for_a_kind_of_account_and_only_when_they_move(world: World) -> None:
    from core.web.live.quotes import QuoteBoard

    board = QuoteBoard(world.platform)
    with world.platform.database.tenant(world.north.tenant_id) as session:
        from sqlalchemy import text

        kind = session.execute(text("select account_type_id from core.accounts limit 1")).scalar_one()
    group = Group(world.north.tenant_id, kind, "en", "UTC")
    german = Group(world.north.tenant_id, kind, "de", "Europe/Berlin")
    first = board.look([group, german])
    assert b'["EURUSD","1,10000","1,10010","1,0"' in first[german]["EURUSD"]
    assert b'["EURUSD","1.10000","1.10010","1.0"' in first[group]["EURUSD"]
    assert board.look([group, german]) == {}
    assert board.present(group)


@pytest.mark.timeout(60)
def test_the_hub_hears_redis_again_after_it_was_lost(
    world: World, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = Hub(platform)
    real = platform.addresses.redis

    async def run() -> bytes:
        # Nobody listens there: the hub goes on trying, and pages stay open.
        object.__setattr__(platform.addresses, "redis", "redis://127.0.0.1:1/0")
        async with hub.running(), hub.listen(world.north.tenant_id, frozenset({"bots", "look-again"})) as listener:
            await asyncio.sleep(0.8)
            object.__setattr__(platform.addresses, "redis", real)
            stream = listener.stream()
            got: list[bytes] = [await anext(stream)]
            while b"event: bots" not in b"".join(got):
                publish(platform.redis, world.north.tenant_id, "bots", {"pnl": "3"})
                got.append(await asyncio.wait_for(anext(stream), 20))
            return b"".join(got)

    heard = asyncio.run(run())
    assert b"event: look-again" in heard
    assert b'"pnl":"3"' in heard


def test_a_stream_of_anothers_account_is_refused(world: World, browser: Any) -> None:
    ben = browser(world.north).sign_in("ben")
    assert ben.get(f"/live?topics=quotes:{world.north.ids['account_id']}").status_code == 404
    assert ben.get("/live?topics=" + ",".join(f"t{n}" for n in range(50))).status_code == 404
