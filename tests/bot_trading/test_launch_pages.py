"""The launch form in the running application: limits that follow, a run as a job, a clone; the same by the API."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from sqlalchemy import update

from core.sdk.testing.workbench import Workbench
from plugins.bot_trading.models import PreviewRun
from tests.bot_trading.test_pages import FORM, PORTAL, Scene, api, new_bot

ROOT = "/api/v1/bot-trading"


@pytest.fixture
def scene(workbench: Workbench) -> Scene:
    return Scene(workbench)


def limit(text: str, field: str) -> str:
    """What stands below a field, by the preview's answer."""
    found = re.search(rf'<p class="bots-limit[^"]*" id="limit-{field}"[^>]*>(.*?)</p>', text, re.S)
    assert found is not None
    return re.sub(r"<[^>]+>", "", found[1]).strip()


def test_what_a_field_may_be_follows_the_other_fields_and_refusals_stand_beside_theirs(scene: Scene) -> None:
    page = f"{PORTAL}/new/spot_grid?account={scene.account}&symbol=BTCUSD"
    with scene.bench.browse(scene.north, scene.kim) as browser:

        def shown(**changes: str) -> str:
            return browser.send(f"{PORTAL}/new/spot_grid/preview", page=page, **{**FORM, **scene.where, **changes}).text

        wide, narrow = shown(), shown(lower="99.5", upper="100.5")
        assert limit(wide, "cells") == "2 to 200"
        assert limit(narrow, "cells") == "2 to 100 · each cell must earn something and be large enough"
        assert limit(wide, "investment").endswith("to 5,000 · by the smallest order and your free money")
        assert limit(wide, "stop_loss_price") == "At most 89.99 · below the grid and the start price"
        assert "data-levels" in wide
        poor = shown(investment="9000")
        assert "The account is short by 4000 USD." in limit(poor, "investment")
        assert "deposit first" in limit(poor, "investment")
        unread = shown(cells="1")
        assert limit(unread, "cells") == "At least 2."
        assert "Fill in the settings" in unread
        scene.north.set("bot_trading", max_levels=7, capital_per_bot="600")
        kept = shown()
        assert limit(kept, "cells") == "There are more levels than allowed. Choose at most 7."
        assert limit(kept, "investment") == "A bot may use at most 600 here. Use at most 600."
        assert limit(shown(cells="5", investment="500"), "cells").startswith("2 to 7")


def test_only_strategies_that_the_brokerage_allows_are_offered(scene: Scene) -> None:
    scene.north.set("bot_trading", strategies=["martingale"])
    with scene.bench.browse(scene.north, scene.kim) as browser:
        chooser = browser.get(f"{PORTAL}/new")
        assert "Choose Martingale" in chooser
        assert "Choose Spot Grid" not in chooser
        assert browser.get(f"{PORTAL}/new/spot_grid").status == 404


def test_a_run_is_asked_for_watched_and_shown_with_the_total_beside_the_grid_profit(scene: Scene) -> None:
    for price in ("98", "100", "98", "100"):
        scene.bench.market.quote("BTCUSD", price)
    page = f"{PORTAL}/new/spot_grid?account={scene.account}&symbol=BTCUSD"
    wish = {**FORM, **scene.where, "days": "1"}
    with scene.bench.browse(scene.north, scene.kim) as browser:
        assert "Run these settings" in browser.send(f"{PORTAL}/new/spot_grid/preview", page=page, **wish)
        asked = browser.send(f"{PORTAL}/new/spot_grid/run", page=page, **wish)
        address = re.search(r"/bot-trading/previews/[0-9a-f-]{36}", asked.text)
        assert address is not None
        assert "Running over recorded prices" in asked
        scene.bench.work()
        done = browser.get(address[0])
        for words in ("Total P&amp;L", "Grid profit", "2 Round trips", "5 prices from", "Grid profit of", "Drawdown"):
            assert words in done
        again = browser.send(f"{PORTAL}/new/spot_grid/preview", page=page, **wish)
        assert "2 Round trips" in again  # the same settings have their result at once
        other = browser.send(f"{PORTAL}/new/spot_grid/preview", page=page, **{**wish, "cells": "8"})
        assert "Run these settings" in other
    with scene.bench.browse(scene.north, scene.north.customer("Lee")) as browser:
        assert browser.get(address[0]).status == 404


def test_a_clone_begins_with_the_bots_own_settings_and_nobody_elses(scene: Scene) -> None:
    bot_id = scene.launch(cells="14", lower="88")
    with scene.bench.browse(scene.north, scene.kim) as browser:
        bot = browser.get(f"{PORTAL}/bots/{bot_id}")
        found = re.search(r'href="([^"]+clone=[^"]+)"', bot.text)
        assert found is not None
        form = browser.get(found[1].replace("&amp;", "&"))
        assert re.search(r'value="14"[^>]*name="cells"|name="cells" value="14"', form.text)
        assert 'value="88"' in form
    lee = scene.north.customer("Lee")
    account = scene.north.account(lee, kind="Spot", balance="5000")
    with scene.bench.browse(scene.north, lee) as browser:
        form = browser.get(f"{PORTAL}/new/spot_grid?account={account}&symbol=BTCUSD&clone={bot_id}")
        assert form.status == 200
        assert 'value="88"' not in form


def test_the_api_validates_dry_and_runs_in_the_background(scene: Scene) -> None:
    scene.bench.market.quote("BTCUSD", "98")
    scene.bench.market.quote("BTCUSD", "100")
    with api(scene, scene.north, scene.kim, staff=False) as client:
        checked = client.post(f"{ROOT}/bots/check", json=new_bot(scene)).json()
        assert (checked["refusals"], checked["errors"]) == ([], {})
        assert Decimal(checked["limits"]["investment"]["most"]) == 5000
        assert checked["limits"]["cells"]["most"] == "200"
        assert len(checked["preview"]["table"]) == 10
        wrong = client.post(f"{ROOT}/bots/check", json=new_bot(scene, settings={**FORM, "cells": 0})).json()
        assert (list(wrong["errors"]), wrong["preview"]) == (["cells"], None)
        assert wrong["limits"]["stop_loss_price"]["most"] == "89.99"
        wish = {name: value for name, value in new_bot(scene).items() if name != "key"}
        asked = client.post(f"{ROOT}/previews", json={**wish, "days": 1})
        assert (asked.status_code, asked.json()["status"]) == (202, "queued")
        assert client.post(f"{ROOT}/previews", json={**wish, "days": 1}).json()["id"] == asked.json()["id"]
        scene.bench.work()
        done = client.get(f"{ROOT}/previews/{asked.json()['id']}").json()
        assert (done["status"], done["result"]["quotes"]) == ("done", 3)
        assert Decimal(done["result"]["total"]) == Decimal(done["result"]["curve"][-1][1])
        long = client.post(f"{ROOT}/previews", json={**wish, "days": 400})
        assert (long.status_code, long.json()["code"]) == (409, "preview_too_long")
    with api(scene, scene.north, scene.north.customer("Lee"), staff=False) as client:
        assert client.get(f"{ROOT}/previews/{asked.json()['id']}").status_code == 404
        assert (
            client.post(f"{ROOT}/bots/check", json=new_bot(scene)).json()["refusals"][0]["code"] == "account_not_found"
        )


def test_a_run_that_has_failed_says_so_and_can_be_asked_for_again(scene: Scene) -> None:
    page = f"{PORTAL}/new/spot_grid?account={scene.account}&symbol=BTCUSD"
    with scene.bench.browse(scene.north, scene.kim) as browser:
        asked = browser.send(f"{PORTAL}/new/spot_grid/run", page=page, **FORM, **scene.where, days="1")
        address = re.search(r"/bot-trading/previews/[0-9a-f-]{36}", asked.text)
        assert address is not None
        with scene.north.session() as session:
            session.execute(update(PreviewRun).values(result={"quotes": 0, "failed": True}))
        failed = browser.get(address[0])
        assert "This could not be finished" in failed
        assert "Run these settings" in failed
