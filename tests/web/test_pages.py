"""Every page of the platform's own answers, for everybody who may see it, and for nobody else."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlalchemy import text

from core.trading.services import hand_over
from tenants.db import new_id
from tests.web.world import Brokerage, Browser, World

Fresh = Callable[[Brokerage], Browser]

ADMIN = (
    "/admin",
    "/admin/accounts",
    "/admin/accounts?search=ann&sort=-balance&status=active",
    "/admin/positions",
    "/admin/positions?side=buy&symbol=EURUSD&origin=manual",
    "/admin/orders?status=open",
    "/admin/customers",
    "/admin/staff",
    "/admin/settings/products",
    "/admin/settings/tokens",
    "/admin/settings/tokens/new",
    "/admin/settings/audit?search=sign",
    "/admin/settings/audit.csv",
    "/admin/developers/components",
    "/admin/developers/components/dialog",
)
PORTAL = ("/", "/overview/accounts", "/accounts/new", "/trade", "/trade?step=1h", "/history", "/settings/tokens")


def test_every_admin_page_answers_the_owner(world: World, browser: Fresh) -> None:
    owner = browser(world.north).sign_in("owner")
    ids = world.north.ids
    more = [
        f"/admin/accounts/{ids['account_id']}",
        *(f"/admin/accounts/{ids['account_id']}?tab={tab}" for tab in ("orders", "closed", "ledger")),
        f"/admin/customers/{ids['customer_id']}",
        f"/admin/positions/{ids['position_id']}/close",
        f"/admin/positions/{ids['position_id']}/protect",
        f"/admin/positions/close?ids={ids['position_id']}",
        f"/admin/orders/{ids['order_id']}/cancel",
        f"/admin/orders/cancel?ids={ids['order_id']}",
    ]
    for path in (*ADMIN, *more):
        answer = owner.get(path)
        assert answer.status_code == 200, (path, answer.text[:300])
        assert "tradeyard" not in answer.text.lower(), path


def test_every_portal_page_answers_a_customer(world: World, browser: Fresh) -> None:
    ann = browser(world.north).sign_in("ann")
    account = world.north.ids["account_id"]
    more = [
        f"/accounts/{account}",
        *(f"/accounts/{account}?tab={tab}" for tab in ("orders", "history", "ledger")),
        f"/accounts/{account}/figures",
        f"/trade/{account}/panels",
        f"/trade/candles?account={account}&symbol=EURUSD&step=1m",
        f"/positions/{world.north.ids['position_id']}/close",
    ]
    for path in (*PORTAL, *more):
        answer = ann.get(path)
        assert answer.status_code == 200, (path, answer.text[:300])
        assert "tradeyard" not in answer.text.lower(), path


def test_signing_in_leads_on_and_out_again(world: World, browser: Fresh) -> None:
    visitor = browser(world.north)
    assert visitor.get("/admin/accounts").headers["location"] == "/admin/sign-in?next=/admin/accounts"
    wrong = visitor.post("/admin/sign-in", data={"email": "owner@north.example", "password": "not the one"})
    assert wrong.status_code == 422
    assert "E-mail or password is not right." in wrong.text
    owner = visitor.sign_in("owner")
    assert owner.get("/admin").status_code == 200
    assert owner.get("/").headers["location"] == "/sign-in"  # the portal is another surface
    assert owner.post("/admin/sign-out", page="/admin").headers["location"] == "/admin/sign-in"
    assert owner.get("/admin").status_code == 303


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "/admin/accounts"])
def test_signing_in_never_leads_to_another_host_or_surface(world: World, browser: Fresh, target: str) -> None:
    visitor = browser(world.north)
    answer = visitor.post(
        "/sign-in", data={"email": "ann@north.example", "password": "two brokerages and a test", "next": target}
    )
    assert answer.headers["location"] == "/"


def test_a_form_without_its_token_is_refused(world: World, browser: Fresh, client) -> None:  # type: ignore[no-untyped-def]
    owner = browser(world.north).sign_in("owner")
    path = f"/admin/orders/{world.north.ids['order_id']}/cancel"
    assert client.post(f"http://{world.north.host}{path}", data={}).status_code == 403
    assert client.post(f"http://{world.north.host}{path}", data={"_csrf": "0" * 64}).status_code == 403
    elsewhere = owner.post(path, sec_fetch_site="cross-site")
    assert elsewhere.status_code == 403
    with world.platform.database.tenant(world.north.tenant_id) as session:
        status = session.execute(
            text("select status from core.orders where id = :id"), {"id": world.north.ids["order_id"]}
        )
        assert status.scalar_one() == "resting"


def test_staff_see_what_their_role_may(world: World, browser: Fresh) -> None:
    support = browser(world.north).sign_in("support")
    page = support.get("/admin/positions").text
    assert "Close selected" not in page
    assert "Audit log" not in page
    assert support.get("/admin/settings/audit").status_code == 404
    assert support.get(f"/admin/positions/{world.north.ids['position_id']}/close").status_code == 404
    assert support.get("/admin/developers/components").status_code == 404
    risk = browser(world.north).sign_in("risk")
    assert risk.get(f"/admin/positions/{world.north.ids['position_id']}/close").status_code == 200


def test_positions_that_a_bot_has_released_are_the_customers_own_and_tagged(world: World, browser: Fresh) -> None:
    position, bot, tag = world.north.ids["position_id"], new_id(), "Released by a bot"
    with world.platform.database.tenant(world.north.tenant_id) as session:
        session.execute(
            text("update core.positions set origin = 'bot', origin_id = :bot where id = :id"),
            {"bot": bot, "id": position},
        )
    owner = browser(world.north).sign_in("owner")
    assert tag not in owner.get("/admin/positions?origin=bot").text
    with world.platform.database.tenant(world.north.tenant_id) as session:
        assert hand_over(session, [position]) == 1
    assert tag in owner.get("/admin/positions?origin=manual").text
    assert tag not in owner.get("/admin/positions?origin=bot").text
    ann = browser(world.north).sign_in("ann")
    assert tag in ann.get("/").text


def test_closing_in_part_and_whole(world: World, browser: Fresh) -> None:
    owner = browser(world.north).sign_in("owner")
    path = f"/admin/positions/{world.north.ids['position_id']}/close"
    too_much = owner.post(path, data={"volume": "5", "key": "one"})
    assert too_much.status_code == 422
    assert "At most" in too_much.text
    part = owner.post(path, data={"volume": "0.05", "key": "two"}, hx_request="true")
    assert part.headers["hx-redirect"].startswith("/admin/positions")
    again = owner.post(path, data={"volume": "0.05", "key": "two"})  # a second click on the same form
    assert again.status_code == 303
    with world.platform.database.tenant(world.north.tenant_id) as session:
        volume = session.execute(
            text("select volume from core.positions where id = :id"), {"id": world.north.ids["position_id"]}
        )
        assert volume.scalar_one() == Decimal("0.15")
    whole = owner.post(
        "/admin/positions/close",
        page="/admin/positions",
        data={"ids": str(world.north.ids["position_id"]), "key": "three"},
    )
    assert whole.status_code == 303
    assert "Nobody holds anything" in owner.get("/admin/positions").text


def test_protecting_a_position_says_which_price_is_wrong(world: World, browser: Fresh) -> None:
    ann = browser(world.north).sign_in("ann")
    path = f"/positions/{world.north.ids['position_id']}/protect"
    wrong = ann.post(path, data={"stop_loss": "1.2000", "take_profit": ""})
    assert wrong.status_code == 422
    assert "wrong side" in wrong.text
    assert ann.post(path, data={"stop_loss": "1.09000", "take_profit": "1.11000"}).status_code == 303
    assert "1.09000" in ann.get(f"/accounts/{world.north.ids['account_id']}").text


def test_the_ticket_places_orders_once(world: World, browser: Fresh) -> None:
    ann = browser(world.north).sign_in("ann")
    ticket = {
        "account": str(world.north.ids["account_id"]),
        "symbol": "EURUSD",
        "side": "sell",
        "kind": "market",
        "volume": "0.10",
        "key": "k1",
    }
    first = ann.post("/trade/order", page="/trade", data=ticket, hx_request="true")
    assert "sold at" in first.headers["hx-trigger"]
    ann.post("/trade/order", page="/trade", data=ticket, hx_request="true")
    with world.platform.database.tenant(world.north.tenant_id) as session:
        assert (
            session.execute(text("select count(*) from core.orders where client_order_id = 'portal-k1'")).scalar_one()
            == 1
        )
    refused = ann.post("/trade/order", page="/trade", data=ticket | {"key": "k2", "volume": "900"}, hx_request="true")
    assert refused.status_code == 422
    assert 'role="alert"' in refused.text
    odd = ann.post("/trade/order", page="/trade", data=ticket | {"key": "k3", "volume": "many"})
    assert "Please enter a number" in odd.text


def test_who_is_not_verified_may_look_and_not_trade(world: World, browser: Fresh) -> None:
    new = browser(world.north).sign_in("new")
    assert "being verified" in new.get("/").text
    assert "You need an account first" in new.get("/trade").text


def test_registering_and_opening_an_account(world: World, browser: Fresh) -> None:
    visitor = browser(world.south)
    short = visitor.post("/register", data={"name": "Zoe Zimmer", "email": "zoe@example.com", "password": "short"})
    assert short.status_code == 422
    assert "at least 10 characters" in short.text
    assert (
        visitor.post(
            "/register", data={"name": "Zoe Zimmer", "email": "zoe@example.com", "password": "a longer one, please"}
        ).status_code
        == 303
    )
    with world.platform.database.tenant(world.south.tenant_id) as session:
        demo = session.execute(text("select id from core.account_types where demo")).scalar_one()
    made = visitor.post("/accounts/new", data={"type": str(demo)})
    assert made.headers["location"].startswith("/accounts/")
    assert "Demo" in visitor.get(made.headers["location"]).text


def test_tokens_are_shown_once(world: World, browser: Fresh) -> None:
    ann = browser(world.north).sign_in("ann")
    made = ann.post("/settings/tokens/new", data={"name": "Robot", "scopes": ["read", "trade"], "life": "30"})
    assert made.status_code == 200
    assert "ty_" in made.text
    listed = ann.get("/settings/tokens").text
    assert "Robot" in listed
    assert made.text.split("ty_")[1][:30] not in listed
