"""`tradeyard replay` as people call it: what it prints, and how it says that something is wrong."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from click.testing import CliRunner, Result

from core.commands.replay import _Progress, command
from core.lanes import run_slice
from core.platform import Platform, build_platform
from core.runtime import Runtime
from core.settings import Settings
from tests.feeds.test_replay import FALL, price_file
from tests.trading.market import set_up


@pytest.fixture
def platform(settings: Settings, valkey: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    """A platform whose settings the command reads from the environment."""
    for name in ("data_dir", "database_url", "database_role_prefix", "redis_url"):
        monkeypatch.setenv(f"TRADEYARD_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setenv("TRADEYARD_SECRET", settings.secret.get_secret_value())
    with build_platform(settings, Runtime()) as made:
        set_up(made.database)
        yield made


def invoke(path: Path, *words: str) -> Result:
    return CliRunner().invoke(command, [str(path), "--tenant", "north", "--symbol", "EURUSD", *words])


def test_a_replay_tells_how_far_it_is_and_what_it_came_to(platform: Platform, tmp_path: Path) -> None:
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            run_slice(platform, 0, 0.5, over.is_set)

    lane = threading.Thread(target=work)
    lane.start()
    try:
        done = invoke(price_file(tmp_path, FALL))
    finally:
        over.set()
        lane.join()
    assert done.exit_code == 0, done.output
    assert "7 of 7 quotes (100 %)" in done.stderr
    assert done.stdout.startswith("7 quotes in ")
    assert "everything they caused is settled" in done.stdout


@pytest.mark.parametrize(
    ("content", "words", "message"),
    [
        ("ts_ms,bid,ask\n1,1.1,1.0\n", (), "bad.csv, row 2, column ask: the ask is below the bid"),
        ("ts_ms,bid,ask\n1,1.1,1.2\n", ("--price", "ohlc"), "bad.csv holds ticks: choose ticks"),
        ("ts_ms,bid,ask\n1,1.1,1.2\n", ("--symbol", "DAX"), "north has no symbol DAX"),
        ("ts_ms,bid,ask\n", (), "bad.csv holds no quotes"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(
    platform: Platform, tmp_path: Path, content: str, words: tuple[str, ...], message: str
) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(content, encoding="utf-8")
    done = invoke(path, *words)
    assert done.exit_code == 1
    assert message in done.output
    assert "Traceback" not in done.output


def test_progress_off_a_terminal_is_a_line_for_each_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    told = _Progress(silent=False)
    for done in range(0, 1001, 7):
        told(done, 1000)
    told.end()
    assert len(capsys.readouterr().err.splitlines()) == 10
    silent = _Progress(silent=True)
    silent(5, 10)
    assert capsys.readouterr().err == ""
