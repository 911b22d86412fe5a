"""Trading → Master Traders: list, applications, summary, a master's page with its tabs, commands, CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from core.sdk.alerts import raise_alert
from core.trading.services import deposit
from plugins.copy_trading.rules.choices import Choices
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.services import bulk, follower_figures, following, observing
from tests.copy_trading.pages.test_pages import copy_a_trade
from tests.web.world import Brokerage, Browser, World

Fresh = Callable[[Brokerage], Browser]
LISTS = (
    "masters.csv",
    "applications.csv",
    "followers.csv",
    "masters/{id}/followers.csv",
    "masters/{id}/trades.csv",
    "masters/{id}/skips.csv",
    "masters/{id}/fees.csv",
)


@pytest.fixture
def followed(world: World, nora: UUID) -> UUID:
    """Nora with Ben as a follower who has copied a trade; figures are taken. The subscription's id."""
    north, ben = world.north, world.north.customers["ben"]
    assert ben.account is not None
    with world.platform.database.tenant(north.tenant_id) as session:
        made = following.follow(
            session,
            CopyTradingSettings(),
            customer_id=ben.id,
            account_id=ben.account,
            master_id=nora,
            choices=Choices(),
            confirmed=True,
        ).id
    copy_a_trade(world, nora)
    with world.platform.database.tenant(north.tenant_id) as session:
        observing.look_at(session, [nora])
        follower_figures.refresh(session, CopyTradingSettings().leverage_limits, [made])
    return made


def rows_of(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text[:500]
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_every_list_is_there_as_csv_and_knows_no_other_brokerage(
    world: World, browser: Fresh, nora: UUID, followed: UUID
) -> None:
    staff = browser(world.north).sign_in("support")
    found = {name: rows_of(staff.get(f"/admin/copy-trading/{name.format(id=nora)}")) for name in LISTS}
    assert found["masters.csv"][0]["Master trader"] == "Nora Master"
    assert found["masters.csv"][0]["Followers"] == "1"
    assert found["masters/{id}/followers.csv"][0]["Follower"] == "Ben Trader"
    assert len(found["masters/{id}/trades.csv"]) == 2
    assert found["followers.csv"][0]["Master trader"] == "Nora Master"
    other = browser(world.south).sign_in("owner")
    assert rows_of(other.get("/admin/copy-trading/masters.csv")) == []
    assert other.get(f"/admin/copy-trading/masters/{nora}/followers.csv").status_code == 404


def test_the_list_is_filtered_sorted_and_paged_by_the_address(world: World, browser: Fresh, nora: UUID) -> None:
    staff = browser(world.north).sign_in("admin")
    for address, there in (
        ("?search=nora", True),
        ("?search=ANN", True),
        ("?search=100%25", False),
        ("?status=paused", False),
        ("?visibility=public&sort=-total_pnl", True),
        ("?visibility=private", False),
        ("?sort=risk&size=50", True),
    ):
        page = staff.get(f"/admin/copy-trading/masters{address}")
        assert page.status_code == 200
        assert ("Nora Master" in page.text) is there, address


def test_a_masters_page_shows_every_figure_of_the_review(
    world: World, browser: Fresh, nora: UUID, followed: UUID
) -> None:
    ann = world.north.customers["ann"]
    assert ann.account is not None
    with world.platform.database.tenant(world.north.tenant_id) as session:
        deposit(session, ann.account, Decimal(500), key="more", note="More")
    with world.platform.database.system() as session:
        session.execute(text("update core.quotes set feed_ts_ms = feed_ts_ms + 60000"))
    with world.platform.database.tenant(world.north.tenant_id) as session:
        observing.look_at(session, [nora])
    staff = browser(world.north).sign_in("risk")
    overview = staff.get(f"/admin/copy-trading/masters/{nora}").text
    for words in (
        "Equity curve", "Return index", "Monthly returns", "Drawdown", "Risk score", "Sharpe ratio", "Win rate",
        "Profit factor", "Exposure by symbol", "Effective leverage", "Assets under copy", "Status controls",
        "not enough data", "1 deposit or withdrawal", "Master since",
    ):  # fmt: skip
        assert words in overview, words
    assert 'href="/admin/copy-trading/reference"' in overview
    trades = staff.get(f"/admin/copy-trading/masters/{nora}?tab=trades&status=open").text
    assert "EURUSD" in trades
    assert "Net P&amp;L" in trades
    assert "Nothing matches" in staff.get(f"/admin/copy-trading/masters/{nora}?tab=trades&status=closed").text
    for tab, words in (("skips", "Nothing was skipped"), ("fees", "No fees yet"), ("alerts", "No alerts")):
        page = staff.get(f"/admin/copy-trading/masters/{nora}?tab={tab}")
        assert page.status_code == 200
        assert words in page.text
    assert staff.get(f"/admin/copy-trading/masters/{nora}?tab=nothing").status_code == 404


def test_the_followers_tab_has_the_words_of_the_how_to(
    world: World, browser: Fresh, nora: UUID, followed: UUID
) -> None:
    page = browser(world.north).sign_in("admin").get(f"/admin/copy-trading/masters/{nora}?tab=followers").text
    for words in (
        "Copy mode", "Proportional", "Copy ratio", "Copied P&amp;L", "Equity", "Leverage", "Margin level",
        "Pause Copying", "Stop Copying", "Max Open Trades", "Minimum Equity", "Slippage Tolerance", "1 open",
    ):  # fmt: skip
        assert words in page, words


def test_an_application_shows_what_is_met_and_is_decided_once(world: World, browser: Fresh) -> None:
    ben = world.north.customers["ben"]
    customer = browser(world.north).sign_in("ben")
    form = {"account": str(ben.account), "name": "Ben Bold", "about": "Bold", "public": "on", "fee_percent": "0"}
    assert customer.post("/copy-trading/apply", data=form).status_code == 303
    staff = browser(world.north).sign_in("admin")
    assert "1 application waits for a decision" in staff.get("/admin/copy-trading/masters").text
    page = staff.get("/admin/copy-trading/applications").text
    assert "Ben Bold" in page
    assert "not met" in page
    found = re.search(r"/admin/copy-trading/applications/([0-9a-f-]{36})/reject", page)
    assert found
    url = f"/admin/copy-trading/applications/{found[1]}"
    assert "Criteria at the application" in staff.get(f"{url}/reject").text
    assert staff.post(f"{url}/reject", data={"reason": " "}).status_code == 409, "the applicant reads why"
    assert staff.post(f"{url}/reject", data={"reason": "too young"}).status_code == 303
    assert staff.post(f"{url}/approve", page=f"{url}/reject").status_code == 409, "decided already"
    assert "too young" in staff.get("/admin/copy-trading/applications?status=rejected").text
    assert "too young" in browser(world.north).sign_in("ben").get("/copy-trading/apply").text
    south = browser(world.south).sign_in("owner")
    assert south.get(f"{url}/approve").status_code == 404


def test_the_summary_adds_up_and_shows_alerts(world: World, browser: Fresh, nora: UUID, followed: UUID) -> None:
    with world.platform.database.tenant(world.north.tenant_id) as session:
        raise_alert(
            session, "copy_trading", "master_risk", "The risk score of Nora Master rose to 8", subject=str(nora)
        )
        session.execute(text("update copy_trading.follower_figures set warning = 'high'"))
        session.execute(
            text(
                "insert into copy_trading.skips (subscription_id, fill_no, symbol_id, side, volume, reason, found, needed,"
                " at_ms) values (:id, 99, :symbol, 1, 1, 'max_open_trades', '10', '10', 0)"
            ),
            {"id": followed, "symbol": world.north.ids["symbol"]},
        )
    staff = browser(world.north).sign_in("admin")
    page = staff.get("/admin/copy-trading/summary").text
    for words in (
        "Assets under copy", "Copied P&amp;L", "1 high, 0 critical", "Max Open Trades reached", "Nora Master",
        "The risk score of Nora Master rose to 8", "Replication", "Ben Trader",
    ):  # fmt: skip
        assert words in page, words
    assert "The risk score of Nora Master rose to 8" in staff.get(f"/admin/copy-trading/masters/{nora}").text
    skips = staff.get(f"/admin/copy-trading/masters/{nora}?tab=skips&reason=max_open_trades").text
    assert "Ben Trader" in skips


def test_many_followers_are_paused_by_a_job_that_says_how_far_it_is(
    world: World, browser: Fresh, nora: UUID, followed: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "STEP", 0)
    staff = browser(world.north).sign_in("risk")
    url = f"/admin/copy-trading/masters/{nora}/followers/pause"
    answer = staff.post(url, page=f"{url}?ids={followed}", data={"ids": str(followed), "reason": "many"})
    assert answer.status_code == 200
    found = re.search(r"/masters/[0-9a-f-]{36}/runs/([0-9a-f-]{36})", answer.text)
    assert found
    monkeypatch.undo()
    state = f"/admin/copy-trading/masters/{nora}/runs/{found[1]}"
    assert staff.get(state).status_code == 200
    with world.platform.database.tenant(world.north.tenant_id) as session:
        payload = session.scalar(text("select payload from core.job_runs where id = :id"), {"id": UUID(found[1])})
        assert payload["ids"] == [str(followed)]
        bulk.carry_out(session, payload["action"], [followed])
        session.execute(
            text("update core.job_runs set status = 'done', result = '{\"changed\": 1}' where id = :id"),
            {"id": UUID(found[1])},
        )
    assert staff.get(state).status_code == 303
    assert "by staff" in staff.get(f"/admin/copy-trading/masters/{nora}?tab=followers").text
    assert browser(world.south).sign_in("owner").get(state).status_code == 404
