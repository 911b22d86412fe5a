"""The module's pages and API in the running application: what staff and customers see and do."""

from __future__ import annotations

import re
from decimal import Decimal
from uuid import UUID

import pytest
from litestar.testing import TestClient
from sqlalchemy import text

from core.app import create_app
from core.platform import Platform
from core.sdk.testing.workbench import Brokerage, Workbench
from tenants.models import Customer, Staff
from tenants.services.actor import OPERATOR
from tenants.services.tokens import make_token

KEY = "bot_trading"
ADMIN, PORTAL = "/admin/bot-trading", "/bot-trading"
FORM = {"lower": "90", "upper": "110", "cells": "10", "spacing": "arithmetic", "investment": "1000", "on_stop": "close"}


class Scene:
    """The northern brokerage with the module on, and a customer with money."""

    def __init__(self, bench: Workbench) -> None:
        self.bench, self.north, self.south = bench, bench.one, bench.other
        for brokerage in (self.north, self.south):
            brokerage.switch_on(KEY)
        bench.market.quote("BTCUSD", "100")
        self.kim = self.north.customer("Kim")
        self.account = self.north.account(self.kim, kind="Spot", balance="5000")
        self.where = {"account": str(self.account), "symbol": "BTCUSD"}

    def launch(self, **changes: str) -> str:
        """Launch by the portal's form; the bot's id."""
        with self.bench.browse(self.north, self.kim) as browser:
            page = f"{PORTAL}/new/spot_grid?account={self.account}&symbol=BTCUSD"
            key = re.search(r'name="launch_key" value="([^"]+)"', browser.get(page).text)
            assert key is not None
            answer = browser.send(
                f"{PORTAL}/new/spot_grid", page=page, **{**FORM, **self.where, "launch_key": key[1], **changes}
            )
        assert answer.status == 200, answer.text
        found = re.search(r"/bots/([0-9a-f-]{36})", answer.address)
        assert found is not None, answer.text
        return found[1]


@pytest.fixture
def scene(workbench: Workbench) -> Scene:
    return Scene(workbench)


def test_a_fresh_brokerage_has_no_bots_and_is_told_so(scene: Scene) -> None:
    with scene.bench.browse(scene.north) as browser:
        assert "No bots yet" in browser.get(f"{ADMIN}/stats")
        assert "No running bots" in browser.get(f"{ADMIN}/mission-control")
    with scene.bench.browse(scene.north, scene.kim) as browser:
        assert "launch your first bot" in browser.get(PORTAL)


def test_a_customer_chooses_previews_and_launches_and_staff_see_it(scene: Scene) -> None:
    with scene.bench.browse(scene.north, scene.kim) as browser:
        assert "Choose Spot Grid" in browser.get(f"{PORTAL}/new")
        page = f"{PORTAL}/new/spot_grid?account={scene.account}&symbol=BTCUSD"
        preview = browser.send(f"{PORTAL}/new/spot_grid/preview", page=page, **FORM, **scene.where)
    assert preview.status == 200
    assert "1,000.00\u00a0USD" in preview
    assert "5.15" in preview  # lots bought at once
    bot_id = scene.launch()
    with scene.bench.browse(scene.north) as browser:
        mission = browser.get(f"{ADMIN}/mission-control")
        for words in ("Kim", "Spot Grid", "BTCUSD", "Running", "Pause", "Stop"):
            assert words in mission
        stats = browser.get(f"{ADMIN}/stats")
        assert "Aggregate P&amp;L" in stats
        assert "By strategy" in stats
        assert "Started at 100" in browser.get(f"{ADMIN}/bots/{bot_id}")


def test_a_launch_that_is_refused_says_why_beside_the_field(scene: Scene) -> None:
    with scene.bench.browse(scene.north, scene.kim) as browser:
        page = f"{PORTAL}/new/spot_grid?account={scene.account}&symbol=BTCUSD"
        changes = {
            **FORM,
            **scene.where,
            "launch_key": "k",
            "investment": "4000",
            "cells": "150",
            "lower": "99.5",
            "upper": "100.5",
        }
        answer = browser.send(f"{PORTAL}/new/spot_grid", page=page, **changes)
        assert answer.status == 422
        assert "at most 100 cells fit" in answer
        assert f'value="{changes["lower"]}"' in answer


def test_staff_pause_resume_and_stop_by_the_buttons_of_mission_control(scene: Scene) -> None:
    bot_id = scene.launch()
    with scene.bench.browse(scene.north) as browser:
        ask = browser.get(f"{ADMIN}/bots/{bot_id}/pause")
        assert "stops placing new orders but keeps existing positions open" in ask
        browser.send(f"{ADMIN}/bots/{bot_id}/pause", back="mission-control", key="1")
        assert "Paused" in browser.get(f"{ADMIN}/mission-control")
        scene.bench.market.quote("BTCUSD", "97")
        ask = browser.get(f"{ADMIN}/bots/{bot_id}/resume")
        assert "1 order executes at once" in ask
        browser.send(f"{ADMIN}/bots/{bot_id}/resume", key="2", confirmed="yes")
        assert "Resumed by staff" in browser.get(f"{ADMIN}/bots/{bot_id}")
        ask = browser.get(f"{ADMIN}/bots/{bot_id}/stop")
        for words in ("Close all positions", "Keep positions open", "Estimated loss", "may result in losses"):
            assert words in ask
        refused = browser.send(f"{ADMIN}/bots/{bot_id}/stop", key="3")
        assert refused.status == 422
        browser.send(f"{ADMIN}/bots/{bot_id}/stop", key="4", choice="close")
        assert "No running bots" in browser.get(f"{ADMIN}/mission-control")
        assert "Historical bots" in browser.get(f"{ADMIN}/stats")
    with scene.north.session() as session:
        actions = session.scalars(
            text("select action from tenants.audit_entries where action like 'bot_trading.bot.%' order by at")
        ).all()
    assert actions == [
        "bot_trading.bot.launch",
        "bot_trading.bot.pause",
        "bot_trading.bot.resume",
        "bot_trading.bot.stop_close",
    ]


def test_a_customer_cannot_lift_a_pause_of_staff(scene: Scene) -> None:
    bot_id = scene.launch()
    with scene.bench.browse(scene.north) as browser:
        browser.send(f"{ADMIN}/bots/{bot_id}/pause", key="1")
    with scene.bench.browse(scene.north, scene.kim) as browser:
        answer = browser.send(f"{PORTAL}/bots/{bot_id}/resume", key="2", confirmed="yes", back="bot")
        assert "Still paused: held by staff" in answer


def test_nobody_sees_another_customers_or_another_brokerages_bot(scene: Scene) -> None:
    bot_id = scene.launch()
    lee = scene.north.customer("Lee")
    with scene.bench.browse(scene.north, lee) as browser:
        for path in ("", "/pause", "/resume", "/stop"):
            assert browser.get(f"{PORTAL}/bots/{bot_id}{path}").status == 404
    with scene.bench.browse(scene.south) as browser:
        for path in ("", "/pause", "/resume", "/stop"):
            assert browser.get(f"{ADMIN}/bots/{bot_id}{path}").status == 404


def test_the_pages_are_gone_while_the_module_is_off_and_the_bot_waits_for_its_owner(scene: Scene) -> None:
    bot_id = scene.launch()
    assert scene.north.switch_off(KEY, "keep") == "draining"
    with scene.bench.browse(scene.north) as browser:
        assert browser.get(f"{ADMIN}/mission-control").status == 404
        assert "Bot Mission Control" not in browser.get("/admin")
    with scene.bench.browse(scene.south) as browser:
        assert browser.get(f"{ADMIN}/mission-control").status == 200
    scene.bench.market.quote("BTCUSD", "94")
    scene.north.switch_on(KEY)
    with scene.bench.browse(scene.north, scene.kim) as browser:
        page = browser.get(f"{PORTAL}/bots/{bot_id}")
        assert "Held by Bot Trading having been switched off" in page
        assert "Fills</dt><dd>0" in re.sub(r"\s+", " ", page.text)


def api(scene: Scene, brokerage: Brokerage, person: UUID, *, staff: bool) -> TestClient[object]:
    """A client of the API with a token of the person."""
    with brokerage.session() as session:
        owner = session.get_one(Staff if staff else Customer, (brokerage.tenant_id, person))
        _, token = make_token(session, owner, "test", ("read", "trade"), OPERATOR)
    own = Platform(scene.bench.platform.settings, scene.bench.platform.addresses, scene.bench.platform.runtime)
    client = TestClient(create_app(own), base_url=f"http://{brokerage.host}")
    client.headers["authorization"] = f"Bearer {token}"
    return client


def new_bot(scene: Scene, **changes: object) -> dict[str, object]:
    return {
        "account_id": str(scene.account),
        "symbol_id": str(scene.north.symbol("BTCUSD")),
        "strategy": "spot_grid",
        "settings": {**FORM, "cells": 10},
        "key": "first",
        **changes,
    }


def test_the_api_launches_commands_and_tells_the_same_as_the_pages(scene: Scene) -> None:
    root = "/api/v1/bot-trading"
    with api(scene, scene.north, scene.kim, staff=False) as client:
        offered = [item["key"] for item in client.get(f"{root}/strategies").json()]
        assert offered == ["spot_grid", "martingale", "reverse_martingale"]
        preview = client.post(f"{root}/bots/preview", json=new_bot(scene)).json()
        assert (preview["refusals"], len(preview["levels"])) == ([], 11)
        made = client.post(f"{root}/bots", json=new_bot(scene))
        assert made.status_code == 201, made.text
        again = client.post(f"{root}/bots", json=new_bot(scene))
        assert again.json()["id"] == made.json()["id"]
        bot_id = made.json()["id"]
        assert len(client.get(f"{root}/bots/{bot_id}").json()["orders"]) == 10
        poor = client.post(f"{root}/bots", json=new_bot(scene, key="second", settings={**FORM, "investment": "9000"}))
        assert (poor.status_code, poor.json()["code"]) == (409, "insufficient_funds")
        paused = client.post(f"{root}/bots/{bot_id}/commands", json={"command": "pause", "key": "p"}).json()
        assert paused["bot"]["status"] == "paused"
        scene.bench.market.quote("BTCUSD", "97")
        unsure = client.post(f"{root}/bots/{bot_id}/commands", json={"command": "resume", "key": "r"})
        assert (unsure.status_code, unsure.json()["code"]) == (409, "confirmation_needed")
        stopped = client.post(f"{root}/bots/{bot_id}/commands", json={"command": "stop_close", "key": "s"}).json()
        assert (stopped["bot"]["status"], Decimal(stopped["bot"]["base"])) == ("stopped", 0)
        codes = [item["code"] for item in client.get(f"{root}/bots/{bot_id}/decisions").json()["items"]]
        assert codes[-2:] == ["started", "launched"]
        assert client.post(f"{root}/bots/{bot_id}/commands", json={"command": "halt", "key": "h"}).status_code == 404
    with api(scene, scene.north, scene.north.customer("Lee"), staff=False) as client:
        assert client.get(f"{root}/bots").json()["total"] == 0
        assert client.get(f"{root}/bots/{bot_id}").status_code == 404
    with api(scene, scene.north, scene.north.owner_id, staff=True) as client:
        assert client.get(f"{root}/bots").json()["total"] == 1
        assert client.post(f"{root}/bots", json=new_bot(scene, key="third")).status_code == 404
