"""Killing the lane's process with SIGKILL at any moment, and throwing away all that Redis holds, changes nothing."""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.feeds.store import append_ticks
from core.feeds.stream import quotes_message, send
from core.feeds.ticks import Ticks
from core.lanes.progress import progress
from core.settings import Settings
from tests.lanes.conftest import Street
from tests.lanes.test_golden_runs import check, prepare

PIECE = 60
KILLS = 8


def processes(street: Street, settings: Settings, folder: Path, **given: Any) -> Any:
    """Starts an owner of the lane."""
    file = folder / "owner.json"
    values = {"app": street.database.app_url, "system": street.database.system_url, "redis": settings.redis_url}
    file.write_text(json.dumps(values | given), encoding="utf-8")
    return lambda: subprocess.Popen([sys.executable, "-m", "tests.lanes.owner", str(file)])


def publish(street: Street, quotes: Ticks, start: int) -> int:
    """Append and tell the next piece, as a feed does; where the next one starts."""
    piece = quotes[start : start + PIECE]
    instrument = street.place.instruments["EURUSD"]
    with street.database.system() as session:
        made = append_ticks(session, instrument, piece)
    send(street.redis, [(0, quotes_message(instrument, made.first_seq, made.ticks))])
    return start + len(piece)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["spot_grid_btcusd_arithmetic"])
def test_a_golden_run_survives_kills_and_the_loss_of_redis(
    name: str, street: Street, settings: Settings, shared_dir: Path, tmp_path: Path
) -> None:
    """One process has the lane, another stands by; at random points the owner is killed, or Redis is emptied."""
    golden = json.loads((shared_dir / "golden" / "bots.json").read_text())["runs"][name]
    subject_id, setup, quotes = prepare(street, golden, shared_dir, append=False)
    start_one = processes(street, settings, tmp_path, subject=str(subject_id), golden=golden)
    chance = random.Random(20140508)
    # Where the run is when the lane's owner is killed, and where Redis is emptied: anywhere.
    kills = sorted(chance.sample(range(10, len(quotes) - 5 * PIECE), KILLS))
    floods = sorted(chance.sample(range(10, len(quotes) - 5 * PIECE), KILLS))
    owners = {one.pid: one for one in (start_one(), start_one())}
    killed: list[int] = []
    takeovers: list[float] = []
    sent, deadline = 0, time.monotonic() + 540
    try:
        while (at := done(street)) < len(quotes):
            assert time.monotonic() < deadline, f"stuck at quote {at} of {len(quotes)}"
            blow = bool(kills) and at >= kills[0]
            if sent < len(quotes) and sent - at < 3 * PIECE and not blow:
                sent = publish(street, quotes, sent)
            ready = all((tmp_path / f"{one}.ready").exists() for one in owners)
            if blow and ready and (pid := owner(street)) in owners:
                sent = publish(street, quotes, sent)
                time.sleep(chance.uniform(0, 0.25))  # anywhere within what that causes
                owners[pid].kill()
                owners.pop(pid).wait()
                killed.append(kills.pop(0))
                takeovers.append(seconds_until(lambda gone=pid: owner(street) not in (gone, 0)))
                fresh = start_one()
                owners[fresh.pid] = fresh
            if floods and at >= floods[0]:
                street.redis.flushall()
                floods.pop(0)
            time.sleep(0.01)
    finally:
        for one in owners.values():
            one.kill()
            one.wait()
    assert len(killed) == KILLS
    assert not floods
    assert statistics.median(takeovers) < 5, "the one that stands by takes over within seconds"
    check(street, golden, subject_id, setup, quotes)
    assert street.rows("select count(*) from core.parked_subjects") == [(0,)]
    ((token,),) = street.rows("select token from core.lanes where id = 0")
    assert token > KILLS, "each time another process had the lane"


def done(street: Street) -> int:
    """How far everything is booked."""
    with street.database.system() as session:
        return progress(session, street.place.instruments["EURUSD"]).done


def seconds_until(condition: Callable[[], bool]) -> float:
    """How long it took, ten seconds at most."""
    started = time.monotonic()
    while not condition() and time.monotonic() - started < 10:
        time.sleep(0.01)
    return time.monotonic() - started


def owner(street: Street) -> int:
    """The process that has the lane, 0 for none."""
    ((name,),) = street.rows("select coalesce(owner, 'process 0') from core.lanes where id = 0") or (("process 0",),)
    return int(name.split()[1])
