"""People's journeys in a real browser: from registration to a statement, a colleague's first day, a second factor, the bell."""

from __future__ import annotations

import re
import time
from typing import Any

import pyotp
import pytest
from sqlalchemy import select

from core.sdk.notify import notify
from tenants.models import Customer, Staff, Tenant
from tenants.services import people
from tenants.services.actor import OPERATOR
from tests.browser.site import SHOTS, Site, visiting

pytestmark = pytest.mark.browser


def _tenant(site: Site, brokerage: str) -> Any:
    with site.platform.database.system() as session:
        return session.scalars(select(Tenant.id).where(Tenant.key == brokerage)).one()


def test_from_registration_to_a_statement(site: Site, chromium: Any) -> None:
    with visiting(site, chromium, "aurora") as newcomer, visiting(site, chromium, "aurora") as owner:
        newcomer.go("/register")
        newcomer.shot("register")
        newcomer.page.get_by_label("Full name").fill("Nora Newcomer")
        newcomer.page.get_by_label("E-mail").fill("nora@aurora.example")
        newcomer.page.get_by_label("Password").fill("a few quiet words")
        newcomer.page.get_by_role("button", name="Open an account").click()
        newcomer.page.get_by_text("Your identity is being verified").wait_for()

        owner.sign_in("owner")
        owner.go("/admin/customers?search=nora")
        owner.page.get_by_role("link", name="Nora Newcomer").click()
        owner.page.get_by_text("Waiting to be verified").wait_for()
        owner.page.get_by_role("button", name="Verify").click()
        owner.page.get_by_role("dialog").get_by_role("button", name="Verify").click()
        owner.page.get_by_text("Nora Newcomer is verified").wait_for()
        owner.page.get_by_role("button", name="Open an account").first.click()
        owner.page.get_by_role("dialog").get_by_role("button", name="Open account").click()
        owner.page.get_by_text("is open.").wait_for()
        owner.page.get_by_role("button", name="Deposit or withdraw").click()
        dialog = owner.page.get_by_role("dialog")
        dialog.get_by_label("Amount").fill("1000")
        dialog.get_by_label("Reason").fill("First transfer")
        owner.shot("deposit")
        dialog.get_by_role("button", name="Book").click()
        owner.page.get_by_text("were paid into account").wait_for()

        # The bell has rung at the customer's open page: verified, and paid in.
        newcomer.page.locator(".ui-bell-count", has_text="2").wait_for()
        newcomer.page.locator("a.ui-bell").click()
        newcomer.page.get_by_text("You are verified").wait_for()
        newcomer.shot("notifications")
        newcomer.go("/statements")
        newcomer.page.get_by_text("First transfer").wait_for()
        newcomer.shot("statement")
        assert newcomer.page.get_by_text("Opening balance").count() == 1
        assert newcomer.messages == []
        assert owner.messages == []


def test_a_second_factor_from_the_code_to_the_next_sign_in(site: Site, chromium: Any) -> None:
    with visiting(site, chromium, "aurora") as follower:
        follower.sign_in("follower")
        follower.go("/settings/security")
        follower.page.get_by_role("button", name="Set up").click()
        dialog = follower.page.get_by_role("dialog")
        dialog.locator(".ui-qr svg").wait_for()
        follower.shot("second-factor")
        secret = dialog.locator("[data-copy]").get_attribute("data-copy")
        assert secret
        while time.time() % 30 > 24:
            time.sleep(0.5)
        dialog.get_by_label("Six-digit code").fill(pyotp.TOTP(secret).now())
        dialog.get_by_role("button", name="Switch it on").click()
        dialog.locator(".ui-codes").wait_for()
        follower.shot("recovery-codes")
        code = dialog.locator(".ui-codes li").first.text_content()
        dialog.get_by_role("link", name="I have kept them").click()
        follower.page.get_by_text("10 left").wait_for()
        follower.shot("security")
        assert follower.messages == []
    with visiting(site, chromium, "aurora") as again:
        again.sign_in("follower")
        again.page.get_by_label("Code").fill(code or "")
        again.page.get_by_role("button", name="Go on").click()
        again.page.get_by_role("heading", level=1).filter(has_text="Hello").wait_for()
        assert again.messages == []


def test_a_role_is_made_and_a_colleague_invited_into_it(site: Site, chromium: Any) -> None:
    with visiting(site, chromium, "aurora") as owner:
        owner.sign_in("owner")
        owner.go("/admin/staff/roles")
        owner.page.get_by_role("link", name="New role").click()
        owner.page.get_by_role("textbox", name="Name").fill("Front desk")
        owner.page.get_by_label("See customers").check()
        owner.page.get_by_role("button", name="Make the role").click()
        owner.page.get_by_text("The role Front desk is made").wait_for()
        owner.go("/admin/staff")
        owner.page.get_by_role("button", name="Invite a colleague").click()
        dialog = owner.page.get_by_role("dialog")
        dialog.get_by_label("Full name").fill("Finn Desk")
        dialog.get_by_label("E-mail").fill("finn@aurora.example")
        dialog.get_by_label("Front desk").check()
        owner.shot("invite")
        dialog.get_by_role("button", name="Send the invitation").click()
        owner.page.get_by_text("An invitation is on its way").wait_for()
        assert owner.page.get_by_label("Front desk").is_checked()
        assert owner.messages == []


def test_the_bell_rings_while_the_page_is_open(site: Site, chromium: Any) -> None:
    with visiting(site, chromium, "meridian") as owner:
        owner.sign_in("owner")
        owner.go("/admin/customers")
        assert owner.page.locator(".ui-sidebar .ui-bell-count").count() == 0
        with site.platform.database.tenant(_tenant(site, "meridian")) as session:
            me = session.scalars(select(Staff).where(Staff.email == "owner@meridian.example")).one()
            notify(session, "core", "test", [me.id], "Something has happened", href="/admin", kind="staff")
        owner.page.locator(".ui-sidebar .ui-bell-count", has_text="1").wait_for()
        owner.page.locator(".ui-sidebar a.ui-bell").click()
        owner.page.get_by_role("link", name="Something has happened").click()
        owner.page.wait_for_url(lambda address: address.endswith("/admin"))
        assert owner.page.locator(".ui-sidebar .ui-bell-count").count() == 0
        assert owner.messages == []


@pytest.mark.parametrize(
    ("size", "dark"),
    [("desktop", False), ("phone", True), *([("desktop", True), ("phone", False)] if SHOTS else [])],
    ids=lambda value: str(value),
)
def test_pages_about_people_fit_both_widths(site: Site, chromium: Any, size: str, dark: bool) -> None:
    tenant = _tenant(site, "meridian")
    with site.platform.database.tenant(tenant) as session:
        trader = session.scalars(select(Customer).where(Customer.email == "trader@meridian.example")).one()
        staff = session.scalars(select(Staff).where(Staff.email == "risk@meridian.example")).one()
        if people.by_email(session, "portal", "blocked@meridian.example") is None:
            blocked = people.invite_customer(session, "blocked@meridian.example", "Bob Blocked", OPERATOR).person
            people.block(session, blocked, OPERATOR, "A test")
    admin = [
        "/admin/customers", f"/admin/customers/{trader.id}",
        *(f"/admin/customers/{trader.id}?tab={tab}" for tab in ("access", "sessions", "activity")),
        f"/admin/customers/{trader.id}/block", "/admin/staff", "/admin/staff/roles", "/admin/staff/roles/new",
        *(f"/admin/staff/{staff.id}?tab={tab}" for tab in ("roles", "access", "activity")),
        "/admin/settings/audit", "/admin/settings/profile", "/admin/settings/security", "/admin/notifications",
    ]  # fmt: skip
    portal = [
        "/settings/profile", "/settings/security", "/settings/security/second-factor", "/settings/notifications",
        "/settings/tokens", "/notifications", "/statements", "/statements?tab=deals",
    ]  # fmt: skip
    for who, paths in (("owner", admin), ("trader", portal)):
        with visiting(site, chromium, "meridian", size=size, dark=dark) as visitor:
            visitor.sign_in(who)
            for path in paths:
                assert visitor.go(path) == 200, path
                assert not visitor.wider_than_the_screen(), path
                name = (
                    re.sub(r"[0-9a-f-]{36}", "x", path).strip("/").replace("/", "-").replace("?", "-").replace("=", "-")
                )
                visitor.shot(f"{size}-{'dark' if dark else 'light'}-{who}-{name}")
            assert visitor.messages == []
