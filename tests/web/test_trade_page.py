"""The trading page: what the ticket says before an order is sent, working orders that change, history, favourites, tags."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from litestar import get
from litestar.testing import TestClient
from sqlalchemy import text

from core.app import create_app
from core.platform import Platform, build_platform
from core.preparation import prepare
from core.runtime import Runtime, Source, load_runtime
from core.runtime.loading import Candidate
from core.sdk import Manifest, Routes, hookimpl
from core.trading.services import close_positions, place_orders
from core.trading.types import OrderRequest
from tenants.db import new_id
from tests.web.world import Browser, World, build_world, token_of

HTMX = {"hx_request": "true"}


@get("/", sync_to_thread=True)
def page() -> str:
    return "bots"


class Robots:
    """A module whose orders lead to pages of its own."""

    @hookimpl
    def manifest(self) -> Manifest:
        return Manifest("robots", "Robots", "For tests.", "1.0", "nobody@example.test")

    @hookimpl
    def routes(self) -> Routes:
        return Routes(portal=[page], origins={"bot": "machines/{id}"})


@pytest.fixture(scope="module")
def platform(servers_for_tests: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    runtime = load_runtime([Candidate(Source("robots", "tests:Robots", "robots", "1.0"), Robots)])
    assert isinstance(runtime, Runtime)
    assert not runtime.rejected
    with servers_for_tests.fresh_database() as name:
        settings = servers_for_tests.settings(tmp_path_factory.mktemp("trade"), name)
        prepare(settings, runtime)
        with build_platform(settings, runtime) as built:
            yield built


@pytest.fixture(scope="module")
def world(platform: Platform) -> World:
    return build_world(platform, ("robots",))


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[TestClient[Any]]:
    with TestClient(create_app(world.platform), base_url=f"http://{world.north.host}") as opened:
        yield opened


@pytest.fixture(scope="module")
def ann(client: TestClient[Any], world: World) -> Browser:
    """A customer with a position and a working order, signed in."""
    return Browser(client, world.north).sign_in("ann")


def _ticket(world: World, **more: str) -> dict[str, str]:
    account = str(world.north.ids["account_id"])
    known = {"account": account, "symbol": "EURUSD", "side": "buy", "kind": "market", "volume": "0.10", "key": "x"}
    return known | more


def _count(world: World, table: str) -> int:
    with world.platform.database.tenant(world.north.tenant_id) as session:
        return int(session.scalar(text(f"select count(*) from core.{table}")) or 0)  # noqa: S608 - names of this file


def _limit(world: World, key: str) -> Any:
    with world.platform.database.tenant(world.north.tenant_id) as session:
        account, symbol = world.north.ids["account_id"], world.north.ids["symbol"]
        wanted = OrderRequest(key, account, symbol, "buy", Decimal("0.10"), kind="limit", price=Decimal("1.05"))
        return place_orders(session, [wanted])[0].order_id


def test_the_ticket_says_what_its_order_would_come_to_and_places_nothing(world: World, ann: Browser) -> None:
    before = _count(world, "orders"), _count(world, "events")
    sent = _ticket(world, stop_loss="1.09000", take_profit="1.12010")
    shown = ann.post("/trade/preview", page="/trade", data=sent, **HTMX)
    plain = re.sub(r"<[^>]+>|\s+", " ", shown.text)
    assert "1.10010" in plain
    for label in ("Margin", "Free margin then", "One pip"):
        assert label in plain
    assert "\u2212101.00 USD" in plain, "0.1 lots from 1.10010 to 1.09000"
    assert "+200.00 USD" in plain, "0.1 lots from 1.10010 to 1.12010"
    assert (_count(world, "orders"), _count(world, "events")) == before


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"volume": ""}, "volume", "Enter how many lots"),
        ({"volume": "0.015"}, "volume", "steps of 0.01"),
        ({"volume": "500"}, "volume", "largest order"),
        ({"kind": "limit"}, "price", "Enter the price"),
        ({"kind": "limit", "price": "1.050001"}, "price", "steps of 0.00001"),
        ({"stop_loss": "1.2"}, "stop_loss", "wrong side"),
        ({"take_profit": "1.0"}, "take_profit", "wrong side"),
        ({"take_profit": "soon"}, "take_profit", "enter a number"),
        ({"volume": "40"}, "", "not enough free margin"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    world: World, ann: Browser, change: dict[str, str], field: str, words: str
) -> None:
    preview = ann.post("/trade/preview", page="/trade", data=_ticket(world, **change), **HTMX)
    empty = field in ("volume", "price") and not _ticket(world, **change).get(field)
    assert f'data-ticket-field="{"" if empty else field}"' in preview.text, "what is still to be typed is no mistake"
    assert words in preview.text
    sent = ann.post("/trade/order", page="/trade", data=_ticket(world, key=str(new_id()), **change), **HTMX)
    assert sent.status_code == 422
    assert words in sent.text
    if field:
        assert f'id="ticket-{field}-error"' in sent.text


def test_a_working_order_is_changed_once_however_often_it_is_sent(world: World, ann: Browser) -> None:
    order = _limit(world, "to-change")
    path = f"/orders/{order}/change"
    dialog = ann.get(path, hx_request="true", hx_target="dialog#dialog").text
    assert 'value="1.05"' in dialog
    wrong = ann.post(path, data={"volume": "0.10", "price": "1.05", "stop_loss": "1.06", "take_profit": "", "key": "a"})
    assert "wrong side" in wrong.text
    before = _count(world, "orders")
    for _ in range(2):
        form = {"volume": "0.20", "price": "1.04", "stop_loss": "", "take_profit": "1.2", "key": "b"}
        assert ann.post(path, data=form).status_code == 303
    assert _count(world, "orders") == before + 1
    shown = ann.get(f"/trade?account={world.north.ids['account_id']}&tab=orders").text
    assert "1.04000" in shown
    assert "cannot be changed" in ann.get(path, hx_request="true", hx_target="dialog#dialog").text


def test_on_the_trading_page_a_dialog_closes_without_leaving_it(world: World, ann: Browser) -> None:
    order = _limit(world, "to-cancel")
    came = f"http://{world.north.host}/trade?symbol=EURUSD"
    answer = ann.post(f"/orders/{order}/cancel", page="/trade", hx_request="true", hx_current_url=came)
    assert "hx-redirect" not in answer.headers
    assert "account-changed" in answer.headers["hx-trigger"]


def test_everything_of_an_account_is_closed_by_one_question(world: World, ann: Browser) -> None:
    account, other = world.north.ids["account_id"], world.north.customers["ben"].account
    with world.platform.database.tenant(world.north.tenant_id) as session:
        wanted = OrderRequest("more", account, world.north.ids["symbol"], "sell", Decimal("0.10"))
        place_orders(session, [wanted])
        held = session.scalar(
            text("select count(*) from core.positions where closed_ts_ms is null and account_id = :a"), {"a": account}
        )
    asked = ann.get(f"/positions/close?account={account}", hx_request="true", hx_target="dialog#dialog")
    assert f"Close {held} positions?" in asked.text
    for path in (f"/positions/close?account={other}", f"/orders/cancel?account={other}", "/positions/close?account=x"):
        assert ann.get(path).status_code == 404, path


def test_favourites_stand_first_and_are_ones_own(world: World, ann: Browser, client: TestClient[Any]) -> None:
    mark = {"account": str(world.north.ids["account_id"]), "symbol": "EURUSD", "marked": "yes"}
    starred = ann.post("/trade/favourites", page="/trade", data=mark, **HTMX)
    assert 'aria-pressed="true"' in starred.text
    assert 'aria-pressed="true"' in ann.get("/trade").text.partition('id="watch"')[2]
    theirs = mark | {"account": str(world.north.customers["ben"].account)}
    assert ann.post("/trade/favourites", page="/trade", data=theirs, **HTMX).status_code == 404
    ann.post("/trade/favourites", page="/trade", data=mark | {"marked": "no"}, **HTMX)
    assert _count(world, "favourite_symbols") == 0


def test_history_is_filtered_and_exported(world: World, ann: Browser) -> None:
    with world.platform.database.tenant(world.north.tenant_id) as session:
        wanted = OrderRequest(
            "to-close", world.north.ids["account_id"], world.north.ids["symbol"], "sell", Decimal("0.30")
        )
        position = place_orders(session, [wanted])[0].fills[0].position_id
        close_positions(session, [(position, None, "done")])
    assert "Nothing matches" in ann.get("/history?side=buy&until=2001-01-01").text
    assert "EURUSD" in ann.get("/history?side=sell").text
    file = ann.get("/history.csv?side=sell&since=2001-01-01")
    assert file.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(file.text)))
    assert [row["Lots"] for row in rows if row["Position"] == str(position)] == ["0.300000000000"]
    assert not list(csv.DictReader(io.StringIO(ann.get("/history.csv?since=2099-01-01").text)))


def test_origin_tags_lead_to_what_placed_the_order(world: World, ann: Browser) -> None:
    bot = new_id()
    with world.platform.database.tenant(world.north.tenant_id) as session:
        change = text("update core.positions set origin = 'bot', origin_id = :bot where id = :id")
        session.execute(change, {"bot": bot, "id": world.north.ids["position_id"]})
    account = world.north.ids["account_id"]
    for path in (f"/trade?account={account}", f"/accounts/{account}"):
        assert f'href="/robots/machines/{bot}"' in ann.get(path).text, path


def test_a_closed_market_is_said_calmly(world: World, ann: Browser) -> None:
    with world.platform.database.tenant(world.north.tenant_id) as session:
        session.execute(text('update core.symbols set hours = \'{"sun": [["00:00", "00:01"]]}\''))
    try:
        assert "Market closed" in ann.get("/trade").text
        preview = ann.post("/trade/preview", page="/trade", data=_ticket(world), **HTMX)
        assert "ui-estimate-quiet" in preview.text
        assert "market is closed" in preview.text
    finally:
        with world.platform.database.tenant(world.north.tenant_id) as session:
            session.execute(text("update core.symbols set hours = '{}'"))


def test_the_api_previews_and_changes_as_the_page_does(world: World, client: TestClient[Any]) -> None:
    bearer = {"authorization": f"Bearer {token_of(world, world.north, 'ann')}"}
    body = {
        "account_id": str(world.north.ids["account_id"]), "client_order_id": "api", "symbol": "EURUSD", "side": "buy",
        "kind": "limit", "volume": "0.10", "price": "1.05",
    }  # fmt: skip
    base = f"http://{world.north.host}/api/v1/orders"
    tried = client.post(f"{base}/preview", json=body, headers=bearer).json()
    assert (tried["status"], tried["commission"]) == ("resting", "0")
    assert Decimal(tried["margin"]) > 0
    placed = client.post(base, json=body, headers=bearer).json()
    change = {"client_order_id": "api-2", "volume": "0.20", "price": "1.04"}
    changed = client.put(f"{base}/{placed['order_id']}", json=change, headers=bearer).json()
    assert (changed["status"], changed["client_order_id"]) == ("resting", "api-2")
    late = client.put(f"{base}/{placed['order_id']}", json=change | {"client_order_id": "api-3"}, headers=bearer)
    assert (late.status_code, late.json()["code"]) == (409, "not_working")
