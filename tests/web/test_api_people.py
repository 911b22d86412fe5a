"""The API of customers, for staff with a token: the same services as the pages."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from litestar.testing import TestClient
from sqlalchemy import text

from tests.web.world import World, token_of

BASE = "http://north.localhost/api/v1"


def _bearer(world: World, who: str, scopes: tuple[str, ...] = ("read", "trade", "manage")) -> dict[str, str]:
    return {"authorization": f"Bearer {token_of(world, world.north, who, scopes)}"}


def test_customers_are_listed_verified_blocked_and_ruled_on(world: World, client: TestClient[Any]) -> None:
    staff = _bearer(world, "admin")
    found = client.get(f"{BASE}/customers?status=new", headers=staff).json()
    assert [item["email"] for item in found["items"]] == ["new@north.example"]
    path = f"{BASE}/customers/{world.north.customers['new'].id}"
    assert client.get(path, headers=staff).json()["permissions"] == []
    verified = client.post(f"{path}/verify", headers=staff).json()
    assert (verified["status"], verified["permissions"]) == ("verified", ["trading.trade"])
    denied = client.put(f"{path}/permissions/trading.trade", json={"effect": "deny"}, headers=staff).json()
    assert (denied["permissions"], denied["rulings"]) == ([], {"trading.trade": "deny"})
    back = client.put(f"{path}/permissions/trading.trade", json={"effect": None}, headers=staff).json()
    assert (back["permissions"], back["rulings"]) == (["trading.trade"], {})
    assert client.put(f"{path}/permissions/made.up", json={"effect": "deny"}, headers=staff).status_code == 422
    assert client.post(f"{path}/block", json={}, headers=staff).status_code == 422, "a reason is needed"
    assert client.post(f"{path}/block", json={"reason": "Forged papers"}, headers=staff).json()["status"] == "blocked"
    assert client.post(f"{path}/verify", headers=staff).status_code == 409
    assert client.post(f"{path}/unblock", headers=staff).json()["status"] == "verified"


def test_customers_are_invited_and_get_accounts(world: World, client: TestClient[Any]) -> None:
    staff = _bearer(world, "admin")
    guest = {"name": "Gina Guest", "email": "gina@north.example", "verified": True}
    made = client.post(f"{BASE}/customers", json=guest, headers=staff)
    assert made.status_code == 201
    assert client.post(f"{BASE}/customers", json=guest, headers=staff).status_code == 422, "the address is in use"
    with world.platform.database.tenant(world.north.tenant_id) as session:
        kind = session.execute(text("select id from core.account_types order by name limit 1")).scalar_one()
    opened = client.post(
        f"{BASE}/customers/{made.json()['id']}/accounts", json={"account_type_id": str(kind)}, headers=staff
    )
    assert (opened.status_code, opened.json()["balance"]) == (201, "0")


def test_money_is_booked_once_for_a_key_and_stated(world: World, client: TestClient[Any]) -> None:
    staff, account = _bearer(world, "admin"), world.north.customers["ben"].account
    path = f"{BASE}/accounts/{account}/funds"
    payment = {"kind": "deposit", "amount": "12.50", "reason": "Transfer", "key": "a-1"}
    first, second = (client.post(path, json=payment, headers=staff).json() for _time in range(2))
    assert (first["repeated"], second["repeated"]) == (False, True)
    assert first["entry_id"] == second["entry_id"]
    assert first["balance"] == second["balance"] == "10012.5"
    refused = client.post(path, json=payment | {"kind": "withdrawal", "amount": "99999", "key": "a-2"}, headers=staff)
    assert (refused.status_code, refused.json()["code"]) == (409, "insufficient_funds")
    sums = client.get(f"{BASE}/accounts/{account}/statement", headers=_bearer(world, "ben", ("read",))).json()
    assert (sums["opening"], sums["others"], sums["closing"]) == ("0", {"deposit": "10012.5"}, "10012.5")
    assert Decimal(sums["profit"]) == Decimal(sums["commission"]) == 0


def test_it_takes_staff_the_permission_and_the_scope(world: World, client: TestClient[Any]) -> None:
    ann = world.north.customers["ann"]
    payment = {"kind": "deposit", "amount": "5", "reason": "Mine", "key": "b-1"}
    funds, verify = f"{BASE}/accounts/{ann.account}/funds", f"{BASE}/customers/{ann.id}/verify"
    assert client.get(f"{BASE}/customers", headers=_bearer(world, "ann")).status_code == 404
    assert client.post(funds, json=payment, headers=_bearer(world, "ann")).status_code == 404
    assert client.post(funds, json=payment, headers=_bearer(world, "risk")).status_code == 404
    assert client.post(verify, headers=_bearer(world, "support")).status_code == 404
    assert client.post(verify, headers=_bearer(world, "admin", ("read", "trade"))).status_code == 403
    assert client.get(f"{BASE}/accounts/{ann.account}/statement", headers=_bearer(world, "ben")).status_code == 404
