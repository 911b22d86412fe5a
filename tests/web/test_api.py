"""The API: tokens, scopes, problem details, OpenAPI, and the same trading as the pages."""

from __future__ import annotations

from typing import Any

import pytest
from litestar.testing import TestClient

from tests.web.world import World, token_of


def _headers(world: World, who: str, *scopes: str) -> dict[str, str]:
    token = token_of(world, world.north, who, scopes or ("read", "trade", "manage"))
    return {"authorization": f"Bearer {token}"}


def test_no_token_a_wrong_one_and_a_missing_scope(world: World, client: TestClient[Any]) -> None:
    bare = client.get("/api/v1/accounts")
    assert bare.status_code == 401
    assert bare.headers["content-type"] == "application/problem+json"
    assert bare.headers["www-authenticate"] == "Bearer"
    assert client.get("/api/v1/accounts", headers={"authorization": "Bearer ty_wrong"}).status_code == 401
    order = {
        "account_id": str(world.north.ids["account_id"]),
        "client_order_id": "a",
        "symbol": "EURUSD",
        "side": "buy",
        "volume": "0.1",
    }
    answer = client.post("/api/v1/orders", json=order, headers=_headers(world, "ann", "read"))
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert (
        client.post(
            "/api/v1/product-configs/x/state", json={"state": "on"}, headers=_headers(world, "owner", "trade")
        ).status_code
        == 403
    )


def test_customers_reach_their_own_and_staff_all(world: World, client: TestClient[Any]) -> None:
    ann, ben, owner = (_headers(world, who) for who in ("ann", "ben", "owner"))
    account = world.north.ids["account_id"]
    assert client.get(f"/api/v1/accounts/{account}", headers=ann).json()["balance"] == "10000"
    assert client.get(f"/api/v1/accounts/{account}", headers=ben).status_code == 404
    assert client.get("/api/v1/accounts", headers=ben).json()["total"] == 1
    assert client.get("/api/v1/accounts", headers=owner).json()["total"] == 2
    (held,) = client.get("/api/v1/positions", headers=ann).json()["items"]
    assert (held["symbol"], held["origin"], held["released_by"]) == ("EURUSD", "manual", None)
    assert client.get(f"/api/v1/accounts/{account}/ledger", headers=ann).json()["items"][-1]["kind"] == "deposit"
    quote = client.get(f"/api/v1/accounts/{account}/quotes", headers=ann).json()[0]
    assert (quote["bid"], quote["ask"]) == ("1.1", "1.1001")
    assert client.get("/api/v1/product-configs", headers=ann).status_code == 404
    assert client.get("/api/v1/product-configs", headers=owner).json() == []


def test_orders_are_placed_once_and_cancelled(world: World, client: TestClient[Any]) -> None:
    ann = _headers(world, "ann")
    order = {
        "account_id": str(world.north.ids["account_id"]), "client_order_id": "api-1", "symbol": "EURUSD", "side": "buy",
        "kind": "limit", "volume": "0.10", "price": "1.05000",
    }  # fmt: skip
    first = client.post("/api/v1/orders", json=order, headers=ann).json()
    again = client.post("/api/v1/orders", json=order, headers=ann).json()
    assert (first["status"], again["repeated"], again["order_id"]) == ("resting", True, first["order_id"])
    assert client.delete(f"/api/v1/orders/{first['order_id']}", headers=ann).json()["status"] == "cancelled"
    refused = client.post(
        "/api/v1/orders",
        json=order | {"client_order_id": "api-2", "kind": "market", "price": None, "volume": "50"},
        headers=ann,
    )
    assert (refused.status_code, refused.json()["status"], refused.json()["reason"]) == (
        201,
        "rejected",
        "insufficient_margin",
    )
    closed = client.post(
        f"/api/v1/positions/{world.north.ids['position_id']}/close", json={"client_order_id": "c1"}, headers=ann
    )
    assert closed.json()["status"] == "filled"


@pytest.mark.parametrize("body", [{}, {"volume": "many"}, {"side": "up"}])
def test_a_body_that_cannot_be_read_is_a_problem_with_fields(
    world: World, client: TestClient[Any], body: dict[str, str]
) -> None:
    answer = client.post("/api/v1/orders", json=body, headers=_headers(world, "ann"))
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "invalid")
    assert problem["errors"]
    assert problem["instance"].startswith("urn:request:")


def test_openapi_describes_the_brokerage_and_names_nobody_else(world: World, client: TestClient[Any]) -> None:
    described = client.get("/api/v1/openapi.json").json()
    assert described["info"]["title"] == "North Markets API"
    assert "/api/v1/orders" in described["paths"]
    assert "tradeyard" not in client.get("/api/v1/openapi.json").text.lower()
    assert described["components"]["schemas"]
    assert client.get("/api/schema-of-everything").status_code == 404


def test_every_answer_carries_its_headers(world: World, client: TestClient[Any]) -> None:
    page = client.get("/sign-in")
    policy = page.headers["content-security-policy"]
    nonce = policy.split("'nonce-")[1].split("'")[0]
    assert "unsafe-inline" not in policy
    assert f'<script nonce="{nonce}"' in page.text
    assert page.text.count("<script") == page.text.count(f'nonce="{nonce}"')
    assert " style=" not in page.text
    assert " onclick" not in page.text
    assert page.headers["x-request-id"]
    assert page.headers["cache-control"] == "no-store"
    assert client.get("/sign-in").headers["content-security-policy"] != policy
    sheet = page.text.split('rel="stylesheet" href="')[1].split('"')[0]
    asset = client.get(sheet)
    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    old = client.get("/static/000000000000/" + sheet.split("/", 3)[3])
    assert old.headers["cache-control"] == "no-cache"
    assert client.get("/static/x/core/../app.py").status_code == 404
    assert client.get("/static/x/core/%2e%2e/page.py").status_code == 404


def test_a_missing_page_is_calm(world: World, client: TestClient[Any]) -> None:
    page = client.get("/nothing/here")
    assert page.status_code == 404
    assert "There is nothing here" in page.text
    assert client.get("/api/v1/nothing").json()["code"] == "not_found"
