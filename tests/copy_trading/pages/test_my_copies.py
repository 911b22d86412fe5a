"""My copies in the running application: P&L and its gap, stacked pauses, settings, stop, mock copies, the API."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from litestar.testing import TestClient
from sqlalchemy import text

from core.jobs.queues import CLASSES
from core.jobs.sweep import work_without_queues
from plugins.copy_trading.rules.states import Pause
from plugins.copy_trading.services import following
from tests.copy_trading.pages.test_pages import copy_a_trade, follow_form
from tests.web.world import Brokerage, Browser, World, token_of

Fresh = Callable[[Brokerage], Browser]


def followed(world: World, browser: Fresh, master: UUID, **changes: str) -> tuple[Browser, str]:
    """Ben follows; his browser and the address of the copy."""
    ben = world.north.customers["ben"]
    customer = browser(world.north).sign_in("ben")
    form = follow_form(ben.account, **changes)
    done = customer.post(f"/copy-trading/masters/{master}/follow", data=form)
    assert done.status_code == 303, done.text[:3000]
    return customer, done.headers["location"]


def test_a_copy_tells_its_gap_its_skips_and_what_a_stop_would_touch(world: World, browser: Fresh, nora: UUID) -> None:
    customer, here = followed(world, browser, nora)
    copy_a_trade(world, nora)
    listing = customer.get("/copy-trading/copies").text
    for words in ("Nora Master", "Running copies", "Realised", "copies.csv"):
        assert words in listing, words
    page = customer.get(here).text
    for words in ("Copies beside the master", "Where the gap is from", "Latency", "Slippage", "Rounding and limits",
                  "Skipped trades", "EURUSD", "Expected lots"):  # fmt: skip
        assert words in page, words
    assert customer.get(f"{here}?tab=nothing").status_code == 404
    for name in ("positions", "skips", "fees"):
        assert customer.get(f"{here}/{name}.csv").status_code == 200
    assert len(customer.get(f"{here}/positions.csv").text.splitlines()) == 2
    assert "Nora Master" in customer.get("/copy-trading/copies.csv").text
    question = customer.get(f"{here}/stop").text
    for words in ("Open copied positions", "Value of the positions", "Estimated spread cost", "Keep the positions"):
        assert words in question, words
    other = browser(world.north).sign_in("ann")
    for path in (here, f"{here}/positions.csv", f"{here}/stop", f"{here}/convert"):
        assert other.get(path).status_code == 404, path


def test_stacked_pauses_say_who_lifts_them_and_settings_apply_from_the_next_order(
    world: World, browser: Fresh, nora: UUID
) -> None:
    customer, here = followed(world, browser, nora)
    assert customer.post(f"{here}/pause", here).status_code == 303
    with world.platform.database.tenant(world.north.tenant_id) as session:
        ids = session.scalars(text("select id from copy_trading.subscriptions")).all()
        following.pause(session, ids, Pause.ADMIN)
    page = customer.get(here).text
    assert "Paused by you" in page
    assert "Only they can lift this pause" in page
    assert customer.post(f"{here}/resume", here).status_code == 303
    page = customer.get(here).text
    assert "Another holds still" in page
    assert "Paused by you." not in page
    settings = customer.get(f"{here}?tab=settings").text
    assert "next opening order" in settings
    assert 'name="existing_positions"' not in settings, "taken over at the start or not at all"
    form = {**follow_form("-", max_open_trades="3", minimum_equity="250.5"), "symbols": ["EURUSD"]}
    assert customer.post(here, f"{here}?tab=settings", form).status_code == 303
    again = customer.get(f"{here}?tab=settings").text
    assert 'value="250.5"' in again, "as it was typed"
    assert customer.post(here, f"{here}?tab=settings", follow_form("-", max_open_trades="1000")).status_code == 422
    shown = customer.post(f"{here}/preview", f"{here}?tab=settings", follow_form("-")).text
    assert "Last trades" in shown
    with world.platform.database.tenant(world.north.tenant_id) as session:
        [entry] = session.execute(
            text("select before, after from tenants.audit_entries where action = 'copy.settings'")
        ).all()
    assert set(entry.after) == {"max_open_trades", "minimum_equity", "symbols"}, "what has changed alone"


def test_a_mock_copy_needs_no_confirmation_sends_no_order_and_goes_live_with_one(
    world: World, browser: Fresh, nora: UUID
) -> None:
    ben = world.north.customers["ben"]
    customer = browser(world.north).sign_in("ben")
    form = follow_form(ben.account, kind="mock", paper="5000")
    del form["confirmed"]
    done = customer.post(f"/copy-trading/masters/{nora}/follow", data=form)
    assert done.status_code == 303, done.text[:2000]
    here = done.headers["location"]
    copy_a_trade(world, nora)
    with world.platform.database.tenant(world.north.tenant_id) as session:
        query = text("select count(*) from core.orders where account_id = :id")
        assert session.scalar(query, {"id": ben.account}) == 0
    page = customer.get(here).text
    for words in ("Mock", "Paper equity", "EURUSD", "Copy live"):
        assert words in page, words
    assert "Mock" in customer.get("/copy-trading/copies").text
    assert "tab=fees" not in page
    assert "End the mock copy" in customer.get(f"{here}/stop").text
    assert "Risk notice and fee" in customer.get(f"{here}/convert").text
    refused = customer.post(f"{here}/convert", data={"seen_fee": "0"})
    assert refused.status_code == 422
    assert "Read and confirm" in refused.text
    live = customer.post(f"{here}/convert", data={"confirmed": "on", "seen_fee": "0"})
    assert live.status_code == 303
    assert "Mock:" not in customer.get(live.headers["location"]).text
    assert re.search(r"Stopped", customer.get(here).text)


def test_the_api_tries_follows_changes_and_reads_a_copy(world: World, client: TestClient[Any], nora: UUID) -> None:
    north, ben = world.north, world.north.customers["ben"]
    headers = {"authorization": f"Bearer {token_of(world, north, 'ben')}"}
    base = f"http://{north.host}/api/v1/copy-trading"

    def ask(method: str, path: str, **body: Any) -> Any:
        return client.request(method, f"{base}/{path}", headers=headers, **({"json": body} if body else {}))

    assert ask("GET", "masters?sort=-index_return&most_drawdown=50").status_code == 200
    assert ask("GET", "masters?sort=email").status_code == 409
    assert ask("GET", f"masters/{nora}").json()["name"] == "Nora Master"
    trial = {"account_id": str(ben.account), "choices": {"copy_ratio": "2"}}
    shown = ask("POST", f"masters/{nora}/preview", **trial).json()
    assert [(line["master_lots"], line["lots"]) for line in shown["lines"]] != []
    run = ask("POST", f"masters/{nora}/dry-run", **trial)
    assert run.status_code == 202
    work_without_queues(world.platform, CLASSES)
    state = ask("GET", f"masters/{nora}/dry-run/{run.json()['id']}").json()
    assert (state["status"], state["result"]["currency"]) == ("done", "USD")
    mock = ask("POST", "copies", master_id=str(nora), account_id=str(ben.account), mock=True, paper="1000").json()
    assert mock["kind"] == "mock"
    live = ask("POST", f"copies/{mock['id']}/convert", confirmed=True).json()
    assert live["kind"] == "live"
    copy_a_trade(world, nora)
    changed = ask("PUT", f"copies/{live['id']}/settings", max_open_trades=2)
    assert changed.json()["max_open_trades"] == 2
    assert ask("PUT", f"copies/{live['id']}/settings", max_open_trades=5000).status_code == 409
    copy = ask("GET", f"copies/{live['id']}").json()
    assert (copy["choices"]["max_open_trades"], copy["open_copies"]) == (2, 1)
    found = ask("GET", f"copies/{live['id']}/fidelity").json()
    assert [line["symbol"] for line in found["lines"]] == ["EURUSD"]
    assert ask("GET", f"copies/{live['id']}/fees").json() == []
    other = {"authorization": f"Bearer {token_of(world, north, 'ann')}"}
    for path in (f"copies/{live['id']}", f"copies/{live['id']}/fidelity", f"masters/{nora}/dry-run/{run.json()['id']}"):
        assert client.get(f"{base}/{path}", headers=other).status_code == 404, path


def test_the_api_applies_and_manages_a_master(world: World, client: TestClient[Any], nora: UUID) -> None:
    north, ben = world.north, world.north.customers["ben"]
    base = f"http://{north.host}/api/v1/copy-trading"
    tokens = {who: {"authorization": f"Bearer {token_of(world, north, who)}"} for who in ("ann", "ben")}

    def ask(who: str, method: str, path: str, **body: Any) -> Any:
        return client.request(method, f"{base}/{path}", headers=tokens[who], **({"json": body} if body else {}))

    lines = ask("ben", "GET", f"criteria?account_id={ben.account}").json()
    assert {line["key"] for line in lines} == {"history", "trades", "equity", "drawdown", "win_rate"}
    assert ask("ann", "GET", f"criteria?account_id={ben.account}").status_code == 404
    made = ask("ben", "POST", "applications", account_id=str(ben.account), name="Ben Bold", fee_percent="5")
    assert (made.status_code, made.json()["status"]) == (201, "pending")
    assert ask("ben", "POST", "applications", account_id=str(ben.account), name="Ben Bold").status_code == 409
    assert ask("ann", "POST", f"applications/{made.json()['id']}/withdraw").status_code == 404
    assert ask("ben", "POST", f"applications/{made.json()['id']}/withdraw").json()["status"] == "withdrawn"
    assert [row["status"] for row in ask("ben", "GET", "applications").json()] == ["withdrawn"]
    assert [row["name"] for row in ask("ann", "GET", "mine").json()] == ["Nora Master"]
    put = ask("ann", "PUT", f"mine/{nora}", name="Nora", public=False, fee_percent="12", follower_cap=3)
    assert put.status_code == 200
    assert ask("ann", "PUT", f"mine/{nora}", name="Nora", fee_percent="31").status_code == 409
    assert ask("ben", "PUT", f"mine/{nora}", name="Mine").status_code == 404
    code = ask("ann", "POST", f"mine/{nora}/invites", max_uses=1).json()
    assert ask("ben", "GET", f"masters/{nora}").status_code == 404
    assert ask("ben", "GET", f"masters/{nora}?invite={code['code']}").json()["fee_percent"] in ("12", "12.000000")
    body = {"master_id": str(nora), "account_id": str(ben.account), "confirmed": True, "invite_code": code["code"]}
    assert ask("ben", "POST", "copies", **body).status_code == 201
    assert [row["state"] for row in ask("ann", "GET", f"mine/{nora}/invites").json()] == ["used_up"]
    assert ask("ann", "POST", f"mine/{nora}/invites/{code['id']}/revoke").json()["state"] == "revoked"
    [follower] = ask("ann", "GET", f"mine/{nora}/followers").json()
    assert "Ben" not in str(follower)
    assert ask("ann", "GET", f"mine/{nora}/earnings").json() == []
