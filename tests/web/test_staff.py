"""Settings → Staff & roles: colleagues invited, put into roles, ruled on and shut out; roles made and removed."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from tests.web.world import PASSWORD, Brokerage, Browser, World

Fresh = Callable[[Brokerage], Browser]


def _rows(world: World, sql: str, **values: object) -> list[Any]:
    with world.platform.database.tenant(world.north.tenant_id) as session:
        return list(session.execute(text(sql), values).all())


def _group(world: World, name: str) -> str:
    return str(_rows(world, "select id from tenants.groups where name = :name", name=name)[0].id)


def test_a_colleague_is_invited_into_a_role_and_works(
    world: World, browser: Fresh, caplog: pytest.LogCaptureFixture
) -> None:
    owner = browser(world.north).sign_in("owner")
    risk = _group(world, "Risk")
    with caplog.at_level(logging.INFO, "tradeyard.mail"):
        sent = owner.post(
            "/admin/staff/invite", data={"name": "Rita Risk", "email": "rita@north.example", "roles": [risk]}
        )
    assert sent.status_code == 303
    page = owner.get(sent.headers["location"]).text
    assert "Invited" in page
    assert "Send the invitation again" in page
    link = re.search(r"http://north\.localhost(/admin/invitation/\S+)", caplog.text)
    assert link, caplog.text
    rita = browser(world.north)
    assert rita.post(link[1], data={"password": PASSWORD}).headers["location"] == "/admin"
    assert rita.get("/admin/positions").status_code == 200
    assert rita.get("/admin/staff").status_code == 404
    assert 'href="/admin/staff"' not in rita.get("/admin").text


def test_roles_and_single_rulings_count_from_the_next_click(world: World, browser: Fresh) -> None:
    support = world.north.staff["support"]
    owner = browser(world.north).sign_in("owner")
    base = f"/admin/staff/{support.id}"
    assert (
        owner.post(
            f"{base}/roles", page=base, data={"roles": [_group(world, "Support"), _group(world, "Risk")]}
        ).status_code
        == 303
    )
    assert (
        owner.post(
            f"{base}/access",
            page=f"{base}?tab=access",
            data={"rule.brand.manage": "grant", "rule.trading.manage": "deny"},
        ).status_code
        == 303
    )
    page = owner.get(f"{base}?tab=access").text
    assert page.count('value="grant" checked') == page.count('value="deny" checked') == 1
    with world.platform.database.tenant(world.north.tenant_id) as session:
        from tenants.services.permissions import one_staff_permissions

        held = one_staff_permissions(session, support.id)
    assert "brand.manage" in held
    assert "audit.view" in held, "of Risk"
    assert "trading.manage" not in held, "of Risk, but denied"


def test_the_last_owner_stays(world: World, browser: Fresh) -> None:
    owner = browser(world.north).sign_in("owner")
    me = world.north.staff["owner"]
    base = f"/admin/staff/{me.id}"
    refused = owner.post(f"{base}/roles", page=base, data={"roles": [_group(world, "Admin")]})
    assert (refused.status_code, "The last owner stays" in refused.text) == (409, True)
    assert f"{base}/block" not in owner.get(base).text, "nobody deactivates themselves"
    assert owner.post(f"{base}/block", page=base, data={"reason": "a mistake"}).status_code == 409
    # An admin cannot do anything to an owner, nor become one.
    admin = browser(world.north).sign_in("admin")
    assert admin.post(f"{base}/block", page=base, data={"reason": "a coup"}).status_code == 409
    mine = f"/admin/staff/{world.north.staff['admin'].id}"
    assert admin.post(f"{mine}/roles", page=mine, data={"roles": [_group(world, "Owner")]}).status_code == 409


def test_a_deactivated_colleague_is_out_at_once(world: World, browser: Fresh) -> None:
    risk = world.north.staff["risk"]
    out = browser(world.north).sign_in("risk")
    token = next(cookie.value for cookie in out.client.cookies.jar if cookie.name == "staff_session")
    owner = browser(world.north).sign_in("owner")
    base = f"/admin/staff/{risk.id}"
    assert "signed out everywhere at once" in owner.get(f"{base}/block").text
    assert owner.post(f"{base}/block", page=base, data={"reason": "Left the company"}).status_code == 303
    answer = owner.client.get(
        f"http://{world.north.host}/admin", headers={"cookie": f"staff_session={token}"}, follow_redirects=False
    )
    assert answer.headers["location"] == "/admin/sign-in"
    assert owner.post(f"{base}/unblock", page=base).status_code == 303
    browser(world.north).sign_in("risk")


def test_roles_are_made_changed_and_removed(world: World, browser: Fresh) -> None:
    owner = browser(world.north).sign_in("owner")
    new = {"name": "Front desk", "description": "Answers", "permissions": ["customers.view", "trading.view"]}
    assert owner.post("/admin/staff/roles/new", data=new).status_code == 303
    assert "There is a group Front desk already" in owner.post("/admin/staff/roles/new", data=new).text
    base = f"/admin/staff/roles/{_group(world, 'Front desk')}"
    assert owner.post(base, data=new | {"name": "Desk", "permissions": ["customers.view"]}).status_code == 303
    held = _rows(
        world, "select permission from tenants.group_permissions where group_id = :id", id=_group(world, "Desk")
    )
    assert [row.permission for row in held] == ["customers.view"]
    support = world.north.staff["support"]
    member = f"/admin/staff/{support.id}"
    owner.post(f"{member}/roles", page=member, data={"roles": [_group(world, "Desk")]})
    assert re.search(r"Members</dt><dd>1<", owner.get(f"{base}/remove").text)
    assert owner.post(f"{base}/remove").status_code == 303
    assert not _rows(world, "select 1 from tenants.group_members where staff_id = :id", id=support.id)


def test_built_in_roles_keep_their_name_and_the_owners_hold_everything(world: World, browser: Fresh) -> None:
    owner = browser(world.north).sign_in("owner")
    risk, everything = _group(world, "Risk"), _group(world, "Owner")
    assert (
        owner.post(f"/admin/staff/roles/{risk}", data={"name": "Hazard", "permissions": ["audit.view"]}).status_code
        == 303
    )
    assert _group(world, "Risk") == risk
    assert owner.post(f"/admin/staff/roles/{risk}/remove", page="/admin").status_code == 409
    page = owner.get(f"/admin/staff/roles/{everything}").text
    assert "Save the role" not in page
    assert owner.post(f"/admin/staff/roles/{everything}", data={"permissions": []}).status_code == 409


def test_only_who_may_sees_and_changes_staff(world: World, browser: Fresh) -> None:
    support = browser(world.north).sign_in("support")
    member = f"/admin/staff/{world.north.staff['risk'].id}"
    for path in ("/admin/staff", "/admin/staff/roles", "/admin/staff/roles/new", member, f"{member}/block"):
        assert support.get(path).status_code == 404, path
    assert support.post(f"{member}/roles", page="/admin", data={"roles": []}).status_code == 404
