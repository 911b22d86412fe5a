"""Driving a price file through the running stack in lockstep: each quote's consequences are settled before the next."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import UUID

import redis
from sqlalchemy import text

from core.events.reading import settled
from core.feeds.bars import BarPath
from core.feeds.files import PriceFile
from core.feeds.recorded import WEEK_MS
from core.feeds.replay_target import ReplayError, Target, find_target
from core.feeds.store import append_ticks, last_ticks
from core.feeds.stream import HintMessage, send
from core.feeds.ticks import Ticks
from core.lanes.progress import LaneProgress, progress
from tenants.db import SystemSession, new_id

if TYPE_CHECKING:
    from core.platform import Platform

PIECE: Final = 5_000
AHEAD: Final = 20_000
"""Most quotes appended ahead of the lane."""
_POLL_S: Final = 0.05
_PATIENCE_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What to replay, and into which symbol of which tenant (by their short names).

    :ivar price: ``close`` or ``ohlc`` for bars, ``ticks`` for ticks; none: ``ticks`` or ``close``, as the file is.
    :ivar spread: ticks laid around the prices of trade bars.
    :ivar discard: give up another file's replay on the symbol that was broken off.
    """

    file: Path
    tenant: str
    symbol: str
    price: str | None = None
    rounding: bool = False
    spread: int = 0
    discard: bool = False


@dataclass(frozen=True, slots=True)
class Track:
    """A replay under way: its file's quotes are numbered from `first_seq`; `appended` of them are in the table."""

    id: UUID
    first_seq: int
    quotes: Ticks
    appended: int

    @property
    def last_seq(self) -> int:
        """Number of the file's last quote."""
        return self.first_seq + len(self.quotes) - 1


def replay(platform: Platform, wish: Wish, tell: Callable[[int, int], None]) -> int:
    """Drive a file through the running stack, from where an earlier replay of it was broken off; how many quotes it has.

    :param tell: called with how many quotes of the file are worked off, and how many there are.
    :raises PriceFileError: naming file, row and column.
    :raises ReplayError: saying what to do.
    """
    with platform.database.system() as session:
        target = find_target(session, wish.tenant, wish.symbol)
        if wish.discard:
            _finish(session, target)
        file = PriceFile(wish.file, target.tick, rounding=wish.rounding, spread=wish.spread)
        track = begin(session, target, replace(file, bars=_path(file, wish.price)))
    drive(platform, target, track, tell)
    return len(track.quotes)


def _path(file: PriceFile, price: str | None) -> BarPath:
    is_bars = file.layout().is_bars
    if price is not None and is_bars is (price == "ticks"):
        what, ways = ("bars", "close or ohlc") if is_bars else ("ticks", "ticks")
        raise ReplayError(f"{file.path.name} holds {what}: choose {ways} as the price")
    return BarPath.OHLC if price == "ohlc" else BarPath.CLOSE


def digest_of(file: PriceFile) -> str:
    """Names a file's content together with how its rows become quotes."""
    made = hashlib.blake2b(f"{file.tick}/{file.bars}/{file.rounding}/{file.spread}".encode(), digest_size=16)
    with file.path.open("rb") as content:
        while part := content.read(1 << 20):
            made.update(part)
    return made.hexdigest()


def begin(session: SystemSession, target: Target, file: PriceFile) -> Track:
    """Start a replay, or go on with one of the same file that was broken off.

    Raises PriceFileError, and ReplayError while another file's replay on the instrument is not finished.
    """
    quotes, _ = file.quotes().not_older_than(None)
    if len(quotes) == 0:
        raise ReplayError(f"{file.path.name} holds no quotes")
    digest, last = digest_of(file), last_ticks(session, [target.instrument_id]).get(target.instrument_id)
    session.execute(
        text("update core.instruments set lockstep = true, label = :label where id = :id"),
        {"id": target.instrument_id, "label": f"Replay of {file.path.name}"},
    )
    open_ = session.execute(
        text(
            "select id, name, digest, first_seq, shift_ms from core.replays"
            " where instrument_id = :id and finished_at is null for update"
        ),
        {"id": target.instrument_id},
    ).one_or_none()
    if open_ is not None:
        if open_.digest != digest:
            raise ReplayError(
                f"a replay of {open_.name} on this symbol was broken off: run it again to its end, or drop it with --discard"
            )
        seq = last.seq if last else 0
        return Track(open_.id, open_.first_seq, _shifted(quotes, open_.shift_ms), seq - open_.first_seq + 1)
    shift_ms, first_seq = 0, 1
    if last is not None:
        first_seq = last.seq + 1
        late = (last.ts_ms or 0) - int(quotes.ts_ms[0])
        shift_ms = (late // WEEK_MS + 1) * WEEK_MS if late > 0 else 0
    track = Track(new_id(), first_seq, _shifted(quotes, shift_ms), 0)
    session.execute(
        text(
            "insert into core.replays (id, instrument_id, name, digest, first_seq, quotes, shift_ms)"
            " values (:id, :instrument, :name, :digest, :first, :quotes, :shift)"
        ),
        {
            "id": track.id,
            "instrument": target.instrument_id,
            "name": file.path.name,
            "digest": digest,
            "first": first_seq,
            "quotes": len(quotes),
            "shift": shift_ms,
        },
    )
    return track


def drive(platform: Platform, target: Target, track: Track, tell: Callable[[int, int], None]) -> None:
    """Append the quotes, no faster than the lane works, and wait until all they cause is settled.

    :param tell: as of :func:`replay`.
    :raises ReplayError: when no process works on the lane, for some time.
    """
    at, alive_s = track.appended, time.monotonic()
    while True:
        with platform.database.system() as session:
            state = progress(session, target.instrument_id)
            while at < len(track.quotes) and track.first_seq + at - 1 - state.done < AHEAD:
                at += len(append_ticks(session, target.instrument_id, track.quotes[at : at + PIECE]).ticks)
        _hint(platform, target, track.first_seq + at - 1)
        tell(min(max(state.done - track.first_seq + 1, 0), len(track.quotes)), len(track.quotes))
        if _is_over(platform, target, track, state):
            break
        alive_s = time.monotonic() if state.alive else alive_s
        if time.monotonic() - alive_s > _PATIENCE_S:
            raise ReplayError(
                f"no process works on lane {target.lane}: start `tradeyard up` and run the same command again to go on"
            )
        time.sleep(_POLL_S)
    with platform.database.system() as session:
        _finish(session, target)


def _is_over(platform: Platform, target: Target, track: Track, state: LaneProgress) -> bool:
    """Whether the last quote and all it has caused, which may have caused something in turn, are worked off."""
    if state.done < track.last_seq or not settled(platform.database, platform.runtime):
        return False
    with platform.database.system() as session:
        return progress(session, target.instrument_id).done >= track.last_seq


def _finish(session: SystemSession, target: Target) -> None:
    for statement in (
        "update core.replays set finished_at = now() where instrument_id = :id and finished_at is null",
        "update core.instruments set lockstep = false where id = :id",
    ):
        session.execute(text(statement), {"id": target.instrument_id})


def _hint(platform: Platform, target: Target, seq: int) -> None:
    try:
        send(platform.redis, [(target.lane, HintMessage(target.instrument_id.bytes, seq))])
    except redis.RedisError:
        return  # the lane looks into the table by itself


def _shifted(quotes: Ticks, shift_ms: int) -> Ticks:
    return Ticks(quotes.ts_ms + shift_ms, quotes.bid, quotes.ask)
