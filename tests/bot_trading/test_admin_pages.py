"""Staff's pages of bots: Bot Stats, Mission Control, who may run what, as staff see and use them."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from core.sdk.testing.workbench import Workbench
from plugins.bot_trading.services.history import take_snapshot
from tests.bot_trading.test_pages import ADMIN, Scene, api

D = Decimal


@pytest.fixture
def scene(workbench: Workbench) -> Scene:
    return Scene(workbench)


def table(body: str) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    return list(csv.DictReader(io.StringIO(body)))


def test_bot_stats_shows_totals_strategies_and_history_with_filters_and_files(scene: Scene) -> None:
    first, second = scene.launch(investment="800"), scene.launch(investment="900")
    scene.bench.market.quote("BTCUSD", "97")
    with scene.bench.browse(scene.north) as browser:
        browser.send(f"{ADMIN}/bots/{first}/stop", choice="close", key="1")
        browser.send(f"{ADMIN}/bots/{second}/stop", choice="keep", key="2")
    third = scene.launch(investment="500")
    with scene.bench.browse(scene.north) as browser:
        page = browser.get(f"{ADMIN}/stats")
        for words in ("Active bots", "Historical bots", "Aggregate P&amp;L", "By strategy", "Spot Grid", "Over time"):
            assert words in page, words
        assert (first in page, second in page, third in page) == (True, True, False)
        kept = browser.get(f"{ADMIN}/stats?h_end=keep")
        assert (first in kept, second in kept) == (False, True)
        assert "Nothing matches" in browser.get(f"{ADMIN}/stats?h_last=2001-01-01")
        assert "Nothing matches" in browser.get(f"{ADMIN}/stats?h_search=nobody")
        rows = table(browser.get(f"{ADMIN}/stats/bots.csv?h_end=close").text)
        assert [(row["Bot"], row["Strategy"], row["Customer"]) for row in rows] == [(first, "Spot Grid", "Kim")]
        assert D(rows[0]["Total P&L"]) < 0
        strategies = table(browser.get(f"{ADMIN}/stats/strategies.csv").text)
        assert [(row["Active"], row["Historical"], row["Running"]) for row in strategies] == [("1", "2", "1")]
    with scene.north.session() as session:
        take_snapshot(session, datetime.now(UTC) - timedelta(days=1))
    with scene.bench.browse(scene.north) as browser:
        assert "Total P&amp;L at the end of each day, All strategies, in USD" in browser.get(f"{ADMIN}/stats")
        days = table(browser.get(f"{ADMIN}/stats/days.csv").text)
        assert [(row["Strategy"], row["Converted to"]) for row in days] == [("spot_grid", "USD")]
    with scene.bench.browse(scene.south) as browser:
        assert first not in browser.get(f"{ADMIN}/stats")
        assert table(browser.get(f"{ADMIN}/stats/bots.csv").text) == []


# --- Mission Control ---------------------------------------------------------------------------------------------


def test_mission_control_filters_sorts_and_exports(scene: Scene) -> None:
    first = scene.launch(investment="800")
    second = scene.launch(investment="900", lower="95", upper="105")
    scene.bench.market.quote("BTCUSD", "93")
    with scene.bench.browse(scene.north) as browser:
        browser.send(f"{ADMIN}/bots/{second}/pause", key="p")
        paused = browser.get(f"{ADMIN}/mission-control?status=paused")
        assert (first in paused, second in paused) == (False, True)
        assert "Nothing matches" in browser.get(f"{ADMIN}/mission-control?losing=50")
        worst = browser.get(f"{ADMIN}/mission-control?sort=total").text
        assert worst.index(f'id="bot-{second}"') < worst.index(f'id="bot-{first}"')
        best = browser.get(f"{ADMIN}/mission-control?sort=-total").text
        assert best.index(f'id="bot-{first}"') < best.index(f'id="bot-{second}"')
        rows = table(browser.get(f"{ADMIN}/mission-control/bots.csv?status=running").text)
        assert [(row["Bot"], row["Status"], row["Currency"]) for row in rows] == [(first, "running", "USD")]


def test_staff_stop_chosen_bots_together_and_see_how_far_it_is(scene: Scene) -> None:
    bots = [scene.launch(investment="700") for _ in range(3)]
    scene.bench.market.quote("BTCUSD", "97")
    with scene.bench.browse(scene.north) as browser:
        page = browser.get(f"{ADMIN}/mission-control")
        for name in ("pause", "resume", "wind-down", "stop"):
            assert f"{ADMIN}/bulk/{name}" in page
        ask = browser.get(f"{ADMIN}/bulk/stop?ids={bots[0]}&ids={bots[1]}")
        for words in ("Stop 2 bots?", "Estimated loss", "may differ", "Close all positions", "Keep positions open"):
            assert words in ask, words
        assert "All 3 under the present filters" in ask
        unsaid = browser.send(f"{ADMIN}/bulk/stop", ids=bots[:2], key="1")
        assert (unsaid.status, "Choose what happens" in unsaid) == (422, True)
        answer = browser.send(f"{ADMIN}/bulk/stop", ids=bots[:2], scope="selected", choice="close", key="1")
        assert "/batches/" in answer.address
        assert "0 / 2" in answer
        batch = f"{ADMIN}/batches/{newest_batch(scene)}"
        scene.bench.work()
        assert "2 / 2" in browser.get(batch)
        assert "2 / 2" in browser.get(f"{batch}/progress")
        mission = browser.get(f"{ADMIN}/mission-control")
        assert [bot in mission for bot in bots] == [False, False, True]
    with scene.north.session() as session:
        entries = session.execute(
            text("select action, after from tenants.audit_entries where action like 'bot_trading.bulk%'")
        ).all()
        assert [(row.action, row.after["bots"]) for row in entries] == [("bot_trading.bulk.stop_close", 2)]
    with scene.bench.browse(scene.south) as browser:
        assert browser.get(batch).status == 404
        assert browser.get(f"{ADMIN}/bulk/pause?ids={bots[2]}").status == 404
        other = browser.send(f"{ADMIN}/bulk/pause", page=f"{ADMIN}/bulk/pause", ids=bots[2:], scope="selected", key="x")
        assert other.status == 404
    scene.bench.work()
    with scene.bench.browse(scene.north) as browser:
        assert "Running" in browser.get(f"{ADMIN}/bots/{bots[2]}")


def test_the_kill_switch_asks_for_a_word_and_a_reason_and_lifting_a_halt_starts_nothing(scene: Scene) -> None:
    bots = [scene.launch(investment="700") for _ in range(2)]
    with scene.bench.browse(scene.north) as browser:
        ask = browser.get(f"{ADMIN}/kill-switch")
        assert "Type “HALT” to go on" in ask
        assert browser.send(f"{ADMIN}/kill-switch", word="stop", reason="odd", key="1").status == 422
        assert browser.send(f"{ADMIN}/kill-switch", word="HALT", reason="", key="1").status == 422
        assert browser.send(f"{ADMIN}/kill-switch", word="HALT", reason="odd prices", key="1").status == 200
        scene.bench.work()
        assert "2 / 2" in browser.get(f"{ADMIN}/batches/{newest_batch(scene)}")
        halted = browser.get(f"{ADMIN}/bots/{bots[0]}")
        assert ("Halted" in halted, "Lift halt" in halted, ">Resume<" in halted) == (True, True, False)
        browser.send(f"{ADMIN}/bots/{bots[0]}/lift", key="2", back="bot")
        lifted = browser.get(f"{ADMIN}/bots/{bots[0]}")
        assert ("Paused" in lifted, "Resume" in lifted) == (True, True)
    with scene.bench.browse(scene.north, scene.kim) as browser:
        assert browser.get(f"/bot-trading/bots/{bots[1]}/lift").status == 404
        assert "Lift halt" not in browser.get(f"/bot-trading/bots/{bots[1]}")


def newest_batch(scene: Scene) -> str:
    with scene.north.session() as session:
        return str(session.scalar(text("select id from bot_trading.batches order by created_at desc limit 1")))


# --- who may run what --------------------------------------------------------------------------------------------


def test_staff_rule_which_strategies_a_customer_may_run_and_the_report_tells_who_runs_which(scene: Scene) -> None:
    bot = scene.launch(investment="700")
    scene.north.set("bot_trading", strategies=["spot_grid"], capital_per_bot="5000")
    lee = scene.north.customer("Lee")
    with scene.bench.browse(scene.north) as browser:
        page = browser.get(f"{ADMIN}/access")
        for words in (
            "Allowed strategies",
            "By ruling only",
            "Capital for each bot",
            "5000",
            "Kim",
            "Yes, as everybody",
        ):
            assert words in page, words
        browser.send(f"{ADMIN}/access/{scene.kim}", strategy_spot_grid="deny", strategy_martingale="allow")
        after = browser.get(f"{ADMIN}/access")
        assert ("Denied by ruling" in after, "Allowed by ruling" in after) == (True, True)
        rows = table(browser.get(f"{ADMIN}/access/usage.csv").text)
        assert [(row["Customer"], row["Strategy"], row["Active"], row["Allowed now"]) for row in rows] == [
            ("Kim", "Spot Grid", "1", "Denied by ruling")
        ]
        tab = re.search(r"tab=(bot_trading-\d+)", browser.get(f"/admin/customers/{scene.kim}").text)
        assert tab is not None
        own = browser.get(f"/admin/customers/{scene.kim}?tab={tab[1]}")
        assert ("Denied by ruling" in own, "Bots of this customer" in own) == (True, True)
        # Bots that run already go on; a deny counts for launches.
        assert "Running" in browser.get(f"{ADMIN}/bots/{bot}")
    with scene.bench.browse(scene.north, scene.kim) as browser:
        offered = browser.get("/bot-trading/new")
        assert ("Choose Spot Grid" in offered, "Choose Martingale" in offered) == (False, True)
    with scene.bench.browse(scene.north, lee) as browser:
        offered = browser.get("/bot-trading/new")
        assert ("Choose Spot Grid" in offered, "Choose Martingale" in offered) == (True, False)
    with scene.north.session() as session:
        entry = session.execute(
            text("select before, after from tenants.audit_entries where action = 'bot_trading.access.rule'")
        ).one()
        assert (entry.before["spot_grid"], entry.after["spot_grid"], entry.after["martingale"]) == (None, False, True)
    with scene.bench.browse(scene.south) as browser:
        assert browser.get(f"{ADMIN}/access/{scene.kim}").status == 404
        assert "Kim" not in browser.get(f"{ADMIN}/access")


def test_the_reconciler_is_asked_to_look_and_tells_what_it_found(scene: Scene) -> None:
    bot = scene.launch(investment="700")
    with scene.north.session() as session:
        session.execute(text("update bot_trading.bots set fills = 99"))
    with scene.bench.browse(scene.north) as browser:
        assert "Nothing was ever wrong" in browser.get(f"{ADMIN}/reconciliation")
        asked = browser.send(f"{ADMIN}/reconciliation")
        assert "/reconciliation/" in asked.address
        scene.bench.work()
        page = browser.get(f"{ADMIN}/reconciliation")
        for words in (bot, "Its figures were not those of its state.", "Mended"):
            assert words in page, words
        run = asked.address.rsplit("/", 1)[1]
        assert "1 / 1" in browser.get(f"{ADMIN}/reconciliation/{run}/progress")
    with scene.bench.browse(scene.south) as browser:
        assert browser.get(f"{ADMIN}/reconciliation/{run}").status == 404
        assert bot not in browser.get(f"{ADMIN}/reconciliation")


# --- a bot, and the API ------------------------------------------------------------------------------------------


def test_a_bots_page_for_staff_has_its_commands_with_who_and_why_and_a_log_that_filters(scene: Scene) -> None:
    bot = scene.launch(investment="700")
    scene.bench.market.quote("BTCUSD", "97")
    with scene.bench.browse(scene.north, scene.kim) as browser:
        browser.send(f"/bot-trading/bots/{bot}/pause", key="1")
        assert "Who wanted what of this bot" not in browser.get(f"/bot-trading/bots/{bot}")
    with scene.bench.browse(scene.north) as browser:
        browser.send(f"{ADMIN}/bulk/pause", ids=[bot], scope="selected", key="2", note="odd prices")
        scene.bench.work()
        page = browser.get(f"{ADMIN}/bots/{bot}")
        for words in ("Who wanted what of this bot", "kim1@example.test", "odd prices", "part of a bulk action"):
            assert words in page, words
        assert f"/admin/settings/audit?search={bot}" in page
        whole = browser.get(f"{ADMIN}/bots/{bot}?log_by=bot").text
        assert ("Bought 1 at 98" in whole, "Paused by the customer" in whole) == (True, False)
        only = browser.get(f"{ADMIN}/bots/{bot}?log_code=paused").text
        assert ("Bought 1 at 98" in only, "Paused by the customer" in only) == (False, True)


def test_the_api_tells_stats_and_usage_and_commands_many_bots(scene: Scene) -> None:
    root, bots = "/api/v1/bot-trading", [scene.launch(investment="700") for _ in range(2)]
    with api(scene, scene.north, scene.north.owner_id, staff=True) as client:
        stats = client.get(f"{root}/stats").json()
        assert (stats["currency"], stats["total"]["active"], stats["by_strategy"][0]["running"]) == ("USD", 2, 2)
        assert [(row["strategy"], row["active"]) for row in client.get(f"{root}/usage").json()] == [("spot_grid", 2)]
        assert client.get(f"{root}/alerts").json() == []
        made = client.post(f"{root}/bulk", json={"command": "pause", "bots": bots, "key": "k"})
        assert (made.status_code, made.json()["total"]) == (202, 2)
        again = client.post(f"{root}/bulk", json={"command": "pause", "bots": bots, "key": "k"}).json()
        assert again["id"] == made.json()["id"]
        scene.bench.work()
        assert client.get(f"{root}/batches/{again['id']}").json()["worked"] == 2
        assert client.post(f"{root}/kill-switch", json={"word": "halt", "reason": "x"}).status_code == 409
        halted = client.post(f"{root}/kill-switch", json={"word": "HALT", "reason": "odd"}).json()
        scene.bench.work()
        assert client.get(f"{root}/batches/{halted['id']}").json()["over"] is True
        assert {bot["status"] for bot in client.get(f"{root}/bots").json()["items"]} == {"halted"}
    with api(scene, scene.north, scene.kim, staff=False) as client:
        for path in ("stats", "usage", "alerts", f"batches/{halted['id']}"):
            assert client.get(f"{root}/{path}").status_code in (403, 404), path
        assert client.post(f"{root}/kill-switch", json={"word": "HALT", "reason": "x"}).status_code in (403, 404)
    with api(scene, scene.south, scene.south.owner_id, staff=True) as client:
        assert client.get(f"{root}/batches/{halted['id']}").status_code == 404
        theirs = client.post(f"{root}/bulk", json={"command": "pause", "bots": bots, "key": "k"})
        assert theirs.status_code == 404
