"""One brokerage's people get 404 for every object of another, on every route: the walk follows the table of routes."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.testing import TestClient
from sqlalchemy import select, text

from core.platform import Platform
from tenants.models import Customer, Staff, Tenant
from tenants.services import tokens
from tenants.services.actor import OPERATOR
from tests.web.demo import OURS, THEIRS, client, module_settings, platform, signed_in
from tests.web.world import Browser

__all__ = ["client", "module_settings", "platform"]

# Any body that some handler takes: what is not asked for is passed over.
BODY = {
    "client_order_id": "walk", "account_id": None, "symbol": "AAPL", "side": "buy", "volume": "1", "state": "on",
    "command": "pause", "choice": "keep", "reason": "walk", "action": "pause", "effect": "deny", "amount": "1", "key": "walk",
}  # fmt: skip


@pytest.fixture(scope="module")
def their_objects(platform: Platform) -> dict[str, UUID]:
    """One object of the other brokerage for every table that has a tenant and an identifier."""
    with platform.database.system() as session:
        tenant = session.scalars(select(Tenant.id).where(Tenant.key == THEIRS)).one()
        tables = session.execute(
            text(
                "select table_schema, table_name from information_schema.columns where column_name in ('tenant_id', 'id')"
                " and table_schema not in ('pg_catalog', 'information_schema') group by 1, 2 having count(*) = 2 order by 1, 2"
            )
        ).all()
        found = {}
        for schema, name in tables:
            query = text(f'select id from "{schema}"."{name}" where tenant_id = :tenant limit 1')  # noqa: S608 - of the catalogue
            row = session.execute(query, {"tenant": tenant}).first()
            if row is not None:
                found[f"{schema}.{name}"] = row[0]
    return found


def _bearer(platform: Platform, browser: Browser, who: str) -> dict[str, str]:
    person = next(iter((browser.brokerage.staff or browser.brokerage.customers).values()))
    with platform.database.tenant(browser.brokerage.tenant_id) as session:
        row: Any = session.get(Staff if who == "owner" else Customer, (browser.brokerage.tenant_id, person.id))
        token = tokens.make_token(session, row, "walk", ["read", "trade", "manage"], OPERATOR)[1]
    return {"authorization": f"Bearer {token}"}


def _walk(app: Litestar, area: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    """Method and path of every route of an area whose path names an object."""
    for route in app.routes:
        handlers = [item for item in getattr(route, "route_handlers", ()) if isinstance(item, HTTPRouteHandler)]
        for handler in handlers:
            if "uuid}" in route.path and area(route.path):
                for method in sorted(handler.http_methods - {"OPTIONS", "HEAD"}):
                    yield str(method), route.path


def _is_admin(path: str) -> bool:
    return path.startswith("/admin")


def _is_api(path: str) -> bool:
    return path.startswith("/api")


def _is_portal(path: str) -> bool:
    return not _is_admin(path) and not _is_api(path)


def _fill(path: str, value: UUID) -> str:
    return re.sub(r"\{(\w+):(\w+)\}", lambda m: str(value) if m[2] == "uuid" else "pause", path)


CASES = [
    ("owner", _is_admin, False),
    ("trader", _is_portal, False),
    ("owner", _is_api, True),
    ("trader", _is_api, True),
]


@pytest.mark.parametrize(
    ("who", "area", "api"), CASES, ids=["staff: admin", "customer: portal", "staff: API", "customer: API"]
)
def test_every_object_of_the_other_brokerage_is_404(
    platform: Platform,
    client: TestClient[Any],
    their_objects: dict[str, UUID],
    who: str,
    area: Callable[[str], bool],
    api: bool,
) -> None:
    browser = signed_in(platform, client, who)
    headers = _bearer(platform, browser, who) if api else {}
    host = f"http://{OURS}.localhost"
    csrf = (
        ""
        if api
        else re.search(r'csrf-token" content="(\w+)"', browser.get("/admin" if who == "owner" else "/").text)[1]
    )  # type: ignore[index]
    routes = list(_walk(client.app, area))
    assert len(routes) > 5
    assert len(their_objects) > 12
    wrong: list[tuple[str, str, str, int]] = []
    chance = random.Random(11)
    for method, path in routes:
        singular = re.search(r"\{(\w+)_id:uuid\}", path)
        named = {k: v for k, v in their_objects.items() if singular and singular[1] in k}
        # What the address asks for, or where no table is named like it everything; and some objects of other kinds.
        named = (named or their_objects) | dict(chance.sample(sorted(their_objects.items()), 3))
        for kind, found in named.items():
            sent: dict[str, Any] = {"headers": headers, "follow_redirects": False}
            if method != "GET":
                sent |= (
                    {"json": BODY | {"account_id": str(found)}}
                    if api
                    else {"data": {"_csrf": csrf, "volume": "1", "choice": "keep"}}
                )
            answer = client.request(method, host + _fill(path, found), **sent)
            nobody = (
                client.request(method, host + _fill(path, uuid4()), **sent)
                if answer.status_code in (400, 422)
                else answer
            )
            # A body that the handler cannot read says the same of every object, of one that never was as well.
            if answer.status_code != 404 and not (answer.status_code in (400, 422) and _same(answer, nobody)):
                wrong.append((method, path, kind, answer.status_code))
    assert not wrong


def _same(one: Any, other: Any) -> bool:
    def strip(answer: Any) -> Any:
        return {key: value for key, value in answer.json().items() if key != "instance"}

    return bool(one.status_code == other.status_code and strip(one) == strip(other))


def test_objects_named_in_the_query_are_404_too(
    platform: Platform, client: TestClient[Any], their_objects: dict[str, UUID]
) -> None:
    account, position = their_objects["core.accounts"], their_objects["core.positions"]
    order = their_objects["core.orders"]
    owner = signed_in(platform, client, "owner")
    for path in (
        f"/admin/positions/close?ids={position}",
        f"/admin/orders/cancel?ids={order}",
        f"/admin/live?topics=quotes:{account}",
    ):
        assert owner.get(path).status_code == 404, path
    trader = signed_in(platform, client, "trader")
    for path in (
        f"/positions/close?ids={position}",
        f"/trade/candles?account={account}&symbol=AAPL",
        f"/live?topics=quotes:{account}",
    ):
        assert trader.get(path).status_code == 404, path
    assert str(account) not in trader.get(f"/trade?account={account}").text  # falls back to the customer's own


def test_a_session_is_good_at_its_own_brokerage_alone(platform: Platform, client: TestClient[Any]) -> None:
    browser = signed_in(platform, client, "owner")
    token = next(cookie.value for cookie in client.cookies.jar if cookie.name == "staff_session")
    client.cookies.clear()
    answer = client.get(
        f"http://{THEIRS}.localhost/admin", headers={"cookie": f"staff_session={token}"}, follow_redirects=False
    )
    assert answer.headers["location"] == "/admin/sign-in"
    bearer = _bearer(platform, browser, "owner")
    assert client.get(f"http://{OURS}.localhost/api/v1/me", headers=bearer).status_code == 200
    assert client.get(f"http://{THEIRS}.localhost/api/v1/me", headers=bearer).status_code == 401


def test_an_unknown_host_gets_a_plain_404(client: TestClient[Any]) -> None:
    for path in ("/", "/admin", "/api/v1/me", "/static/x/core/css/base.css"):
        answer = client.get(f"http://nobody.localhost{path}")
        assert (answer.status_code, answer.text) == (404, "Not found\n")
