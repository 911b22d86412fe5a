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
from litestar.testing import TestClient
from sqlalchemy import text

from core.sdk.alerts import raise_alert
from core.trading.services import deposit
from plugins.copy_trading.rules.choices import Choices
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.services import bulk, follower_figures, following, observing, reconciling
from tests.copy_trading.pages.test_pages import copy_a_trade
from tests.web.world import Brokerage, Browser, World, token_of

Fresh = Callable[[Brokerage], Browser]
LISTS = (
    "masters.csv",
    "masters/applications.csv",
    "followers.csv",
    "masters/reconciliation.csv",
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
    page = staff.get("/admin/copy-trading/masters/applications").text
    assert "Ben Bold" in page
    assert "not met" in page
    found = re.search(r"/admin/copy-trading/masters/applications/([0-9a-f-]{36})/reject", page)
    assert found
    url = f"/admin/copy-trading/masters/applications/{found[1]}"
    assert "Criteria at the application" in staff.get(f"{url}/reject").text
    assert staff.post(f"{url}/reject", data={"reason": " "}).status_code == 409, "the applicant reads why"
    assert staff.post(f"{url}/reject", data={"reason": "too young"}).status_code == 303
    assert staff.post(f"{url}/approve", page=f"{url}/reject").status_code == 409, "decided already"
    assert "too young" in staff.get("/admin/copy-trading/masters/applications?status=rejected").text
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
    page = staff.get("/admin/copy-trading/masters/summary").text
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


def test_drift_is_reported_and_repaired_only_when_told_to(
    world: World, browser: Fresh, nora: UUID, followed: UUID
) -> None:
    staff = browser(world.north).sign_in("risk")
    assert "Books and positions agree" in staff.get("/admin/copy-trading/masters/reconciliation").text
    with world.platform.database.tenant(world.north.tenant_id) as session:
        session.execute(text("update copy_trading.links set held = held + 1"))
        reconciling.take_snapshot(session)
    once = staff.get("/admin/copy-trading/masters/reconciliation").text
    assert "Less is held than the books say" in once
    assert "a second snapshot must agree" in once
    with world.platform.database.tenant(world.north.tenant_id) as session:
        reconciling.take_snapshot(session)
        [drift] = [row for row in reconciling.report(session) if row.kind == "missing"]
    url = f"/admin/copy-trading/masters/reconciliation/repair?ids={drift.id}"
    question = staff.get(url).text
    assert "no order is sent" in question
    path = url.partition("?")[0]
    assert staff.post(path, page=url, data={"ids": str(drift.id), "reason": "by hand"}).status_code == 303
    with world.platform.database.tenant(world.north.tenant_id) as session:
        assert [row.id for row in reconciling.report(session) if row.id == drift.id] == []
        after = session.scalar(text("select after from tenants.audit_entries where action = 'copy.repair'"))
    assert after["outcome"] == "done"
    assert browser(world.south).sign_in("owner").get(url).status_code == 404


def test_staff_do_by_the_api_what_the_pages_do(
    world: World, client: TestClient[Any], nora: UUID, followed: UUID
) -> None:
    north, base = world.north, f"http://{world.north.host}/api/v1/copy-trading/staff"
    headers = {"authorization": f"Bearer {token_of(world, north, 'risk')}"}

    def read(path: str) -> Any:
        answer = client.get(f"{base}/{path}", headers=headers)
        assert answer.status_code == 200, answer.text[:500]
        return answer.json()

    def do(path: str, body: dict[str, Any]) -> Any:
        return client.post(f"{base}/{path}", json=body, headers=headers)

    found = read("masters?sort=-total_pnl")
    assert (found["total"], found["masters"][0]["name"], found["masters"][0]["followers"]) == (1, "Nora Master", 1)
    review = read(f"masters/{nora}")
    assert review["impact"]["Followers"] == "1"
    assert review["months"][0]["partial"] is True
    assert read(f"followers?master_id={nora}")["followers"][0]["customer"] == "Ben Trader"
    assert read(f"masters/{nora}/trades?only=open")["total"] == 2
    for path in (f"masters/{nora}/skips", f"masters/{nora}/fees", "applications", "alerts", "reconciliation"):
        assert read(path) == []
    assert read("summary")["followers"] == 1
    paused = do("followers/commands", {"action": "pause", "ids": [str(followed)], "reason": "at risk"})
    assert paused.json()["changed"] == 1
    assert do("followers/commands", {"action": "stop", "ids": [str(followed)]}).status_code == 409, "choose how"
    assert do("followers/commands", {"action": "pause", "ids": [str(nora)]}).status_code == 404
    assert do(f"masters/{nora}/status", {"action": "pause", "reason": "wild"}).json()["status"] == "paused"
    assert do(f"masters/{nora}/status", {"action": "approve"}).status_code == 409
    other = {"authorization": f"Bearer {token_of(world, world.south, 'owner')}"}
    south = f"http://{world.south.host}/api/v1/copy-trading/staff"
    assert client.get(f"{south}/masters/{nora}", headers=other).status_code == 404
    customer = {"authorization": f"Bearer {token_of(world, north, 'ben')}"}
    assert client.get(f"{base}/masters", headers=customer).status_code in (403, 404)
