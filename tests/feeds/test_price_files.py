"""Price files: what is read exactly, and how a bad one is named."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from core.feeds.bars import BarPath
from core.feeds.columns import PriceFileError
from core.feeds.files import PriceFile

FX_TICK = Decimal("0.00001")
CENT = Decimal("0.01")


def write(folder: Path, text: str, name: str = "prices.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def rows(file: PriceFile) -> list[tuple[int, int, int]]:
    ticks = file.quotes()
    return list(zip(ticks.ts_ms.tolist(), ticks.bid.tolist(), ticks.ask.tolist(), strict=True))


def test_ticks_become_whole_price_ticks(tmp_path: Path) -> None:
    path = write(tmp_path, "ts_ms,bid,ask\n1399507208715,1.39101,1.39114\n1399507208715,1.39102,1.39116\n\n")
    assert rows(PriceFile(path, FX_TICK)) == [(1399507208715, 139101, 139114), (1399507208715, 139102, 139116)]


def test_columns_are_found_by_name_in_any_order(tmp_path: Path) -> None:
    path = write(tmp_path, "\ufeffask, comment,ts_ms,bid\n2.02,x,7,2.01\n")
    assert rows(PriceFile(path, CENT)) == [(7, 201, 202)]


def test_close_of_trade_bars_is_bid_and_ask(tmp_path: Path) -> None:
    path = write(tmp_path, "ts_ms,open,high,low,close,volume\n0,10,12,9,11,5\n60000,11,11,8,8,1\n")
    assert rows(PriceFile(path, CENT)) == [(0, 1100, 1100), (60000, 800, 800)]


def test_path_of_trade_bars_goes_to_the_far_extreme_first(tmp_path: Path) -> None:
    path = write(tmp_path, "ts_ms,open,high,low,close,volume\n0,10,12,9,11,5\n60000,11,13,8,9,1\n")
    assert rows(PriceFile(path, CENT, BarPath.OHLC)) == [
        (0, 1000, 1000),
        (15000, 900, 900),
        (30000, 1200, 1200),
        (45000, 1100, 1100),
        (60000, 1100, 1100),
        (75000, 1300, 1300),
        (90000, 800, 800),
        (105000, 900, 900),
    ]


def test_spread_is_laid_around_trade_prices(tmp_path: Path) -> None:
    path = write(tmp_path, "ts_ms,open,high,low,close,volume\n0,10,10,10,10,5\n")
    assert rows(PriceFile(path, CENT, spread=3)) == [(0, 999, 1002)]


def test_sides_of_quote_bars_go_their_own_way(tmp_path: Path) -> None:
    names = "ts_ms,bid_o,bid_h,bid_l,bid_c,ask_o,ask_h,ask_l,ask_c"
    path = write(tmp_path, f"{names}\n0,1.10,1.30,1.00,1.20,1.11,1.31,1.02,1.21\n")
    assert rows(PriceFile(path, CENT, BarPath.CLOSE)) == [(0, 120, 121)]
    assert [row[1:] for row in rows(PriceFile(path, CENT, BarPath.OHLC))] == [
        (110, 111),
        (100, 102),
        (130, 131),
        (120, 121),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ts_ms,bid\n1,2\n", r"prices\.csv: the columns ask are missing"),
        ("", r"prices\.csv: the columns .* are missing"),
        ("ts_ms,bid,ask\n1,2.00,2.01\n2,2.005,2.01\n", r"row 3, column bid: 2\.005 is not on the tick 0\.01"),
        ("ts_ms,bid,ask\n1,2.00,much\n", r"row 2, column ask: 'much' is not a number"),
        ("ts_ms,bid,ask\n1,2.00,\n", r"row 2, column ask: is empty"),
        ("ts_ms,bid,ask\n1,0,1\n", r"row 2, column bid: 0 is not a price above zero"),
        ("ts_ms,bid,ask\n1,NaN,1\n", r"row 2, column bid: NaN is not a price above zero"),
        ("ts_ms,bid,ask\n1.5,1,1\n", r"row 2, column ts_ms: '1\.5' is not a time in whole milliseconds"),
        ("ts_ms,bid,ask\n1,2,1\n", r"row 2, column ask: the ask is below the bid"),
        ("ts_ms,bid,ask\n1,2,3\n1,2\n", r"row 3: has 2 cells where the first line names 3"),
        ("ts_ms,open,high,low,close\n1,2,1,1,1\n", r"row 2, column high: the high is below another price"),
        ("ts_ms,open,high,low,close\n1,2,3,2.5,3\n", r"row 2, column low: the low is above another price"),
    ],
)
def test_a_bad_file_is_named_with_row_and_column(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(PriceFileError, match=message):
        PriceFile(write(tmp_path, text), CENT).quotes()


def test_rows_are_counted_through_all_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.feeds.files.ROWS_AT_ONCE", 3)
    lines = [f"{n},1.00,1.01" for n in range(10)]
    path = write(tmp_path, "\n".join(["ts_ms,bid,ask", *lines]))
    assert len(PriceFile(path, CENT).quotes()) == 10
    lines[8] = "8,1.005,1.01"
    path = write(tmp_path, "\n".join(["ts_ms,bid,ask", *lines]))
    with pytest.raises(PriceFileError, match="row 10, column bid"):
        PriceFile(path, CENT).quotes()


def test_rounding_is_an_explicit_choice(tmp_path: Path) -> None:
    path = write(tmp_path, "ts_ms,bid,ask\n1,2.004,2.006\n")
    assert rows(PriceFile(path, CENT, rounding=True)) == [(1, 200, 201)]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PriceFileError, match=r"gone\.csv: cannot be opened"):
        PriceFile(tmp_path / "gone.csv", CENT).layout()


@pytest.mark.parametrize("kind", ["decimal", "float", "text"])
def test_parquet_gives_what_csv_gives(tmp_path: Path, kind: str) -> None:
    pa = pytest.importorskip("pyarrow", reason="Parquet files need pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    prices = ["1.39101", "1.39114", "0.29999"]
    make = {"decimal": Decimal, "float": float, "text": str}[kind]
    table = pa.table({"bid": [make(p) for p in prices], "ts_ms": [1, 2, 3], "ask": [make(p) for p in prices]})
    parquet.write_table(table, tmp_path / "prices.parquet")
    expected = [(1, 139101, 139101), (2, 139114, 139114), (3, 29999, 29999)]
    assert rows(PriceFile(tmp_path / "prices.parquet", FX_TICK)) == expected


def test_a_bad_parquet_cell_is_named(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow", reason="Parquet files need pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pa.table({"ts_ms": [1, 2], "bid": [1.0, None], "ask": [1.0, 1.0]}), tmp_path / "p.parquet")
    with pytest.raises(PriceFileError, match=r"p\.parquet, row 2, column bid: is empty"):
        PriceFile(tmp_path / "p.parquet", FX_TICK).quotes()
    (tmp_path / "q.parquet").write_bytes(b"nothing of the kind")
    with pytest.raises(PriceFileError, match=r"q\.parquet: cannot be opened"):
        PriceFile(tmp_path / "q.parquet", FX_TICK).quotes()


@pytest.mark.shared
def test_the_agreed_prices_read_whole(shared_dir: Path) -> None:
    ticks = PriceFile(shared_dir / "data" / "eurusd_oanda_ticks_2014-05-08.csv", FX_TICK).quotes()
    assert len(ticks) == 87_833
    assert (ticks.bid[0], ticks.ask[0]) == (139101, 139114)
    kept, dropped = ticks.not_older_than(None)
    assert dropped == 0
    assert int((kept.ts_ms[1:] == kept.ts_ms[:-1]).sum()) == 1562
    bars = PriceFile(shared_dir / "data" / "eurusd_oanda_1m_2014-05-01_2014-05-15.csv", FX_TICK)
    assert bars.layout().name == "quote bars"
    assert len(bars.quotes()) == 15_366
    sol = PriceFile(shared_dir / "data" / "solusdt_1m_2024-08-01_03.csv", CENT)
    assert (len(sol.quotes()), int(sol.quotes().bid[-1])) == (4320, 14252)
