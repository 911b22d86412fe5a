"""The how-to's part on copy trading, walked in a real browser from a brokerage that has just been made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, text

from core.jobs.queues import CLASSES
from core.jobs.sweep import work_without_queues
from core.onboarding import DEFAULT_TYPES, make_brokerage, open_account
from core.sdk.alerts import raise_alert
from core.trading.models import AccountType, Symbol
from core.trading.services import deposit, place_orders
from core.trading.types import OrderRequest
from plugins.copy_trading.rules.choices import Choices
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.services import follower_figures, following, mastering, observing
from tenants.db import new_id
from tenants.models import Customer
from tenants.services.actor import OPERATOR
from tenants.services.making import NewTenant
from tenants.services.passwords import hash_password
from tests.browser.site import Site, Visitor, visiting

pytestmark = pytest.mark.browser

FRESH = "harbour"
DAY_MS = 86_400_000
DAYS = 75


@pytest.fixture(scope="module")
def people(site: Site) -> Iterator[dict[str, UUID]]:
    """A brokerage that has just been made, with two verified customers; their accounts."""
    new = NewTenant(FRESH, "Harbour Markets", [f"{FRESH}.localhost"], f"owner@{FRESH}.example", "Olga", site.password)
    made = make_brokerage(site.platform.database, new, OPERATOR, types=DEFAULT_TYPES)
    accounts: dict[str, UUID] = {}
    with site.platform.database.tenant(made.tenant_id) as session:
        standard = session.scalars(select(AccountType).where(AccountType.name == "Standard")).one()
        for name, money in (("mia", 10_000), ("finn", 4_000)):
            customer = Customer(
                id=new_id(),
                email=f"{name}@{FRESH}.example",
                name=name.title(),
                status="verified",
                password_hash=hash_password(site.password),
            )
            session.add(customer)
            session.flush()
            account = open_account(session, customer.id, standard.id, OPERATOR)
            deposit(session, account.id, Decimal(money), key="first", actor="test", note="Opening deposit")
            accounts[name] = account.id
    yield accounts


def tenant_of(site: Site, brokerage: str = FRESH) -> UUID:
    tenant = site.platform.snapshot.refresh().by_key(brokerage)
    assert tenant is not None
    return tenant.id


def a_stock(session: Any) -> Symbol:
    """A symbol whose lot is one share, so that small accounts can trade it."""
    found = session.scalars(select(Symbol).where(Symbol.asset_class == "stock").order_by(Symbol.code)).first()
    assert isinstance(found, Symbol)
    return found


def buy(site: Site, account: UUID, volume: str) -> None:
    """A trade of a master, and everything that comes of it."""
    with site.platform.database.tenant(tenant_of(site)) as session:
        symbol = a_stock(session)
        [result] = place_orders(session, [OrderRequest(str(new_id()), account, symbol.id, "buy", Decimal(volume))])
        assert result.status == "filled", result
    work_without_queues(site.platform, CLASSES)
    with site.platform.database.tenant(tenant_of(site)) as session:
        ids = session.scalars(text("select id from copy_trading.subscriptions")).all()
        follower_figures.refresh(session, CopyTradingSettings().leverage_limits, ids)


def act(page: Page, opener: str, *, choose: str = "", scope: str = "main") -> None:
    """Click a button that asks first, answer, and wait until it is done."""
    page.locator(scope).get_by_role("button", name=opener).first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=opener).wait_for()
    if choose:
        dialog.get_by_label(choose).check(force=True)
    if dialog.get_by_label("Reason").count():
        dialog.get_by_label("Reason").fill("risk profile is concerning")
    dialog.get_by_role("button", name=opener).click()
    expect(page.get_by_role("dialog")).to_be_hidden()


def enable(owner: Visitor) -> None:
    """Go to Settings → Product Configs and toggle on Copy Trading; before, it is hidden from portal and navigation."""
    page = owner.page
    owner.go("/admin")
    assert page.get_by_role("link", name="Master Traders").count() == 0
    page.get_by_role("link", name="Product Configs").first.click()
    page.get_by_role("switch", name="Copy Trading").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Switch on").click()
    page.get_by_role("navigation").get_by_role("link", name="Master Traders").first.wait_for()


def test_an_admin_follows_the_how_to_word_by_word(site: Site, chromium: Any, people: dict[str, UUID]) -> None:
    with visiting(site, chromium, FRESH) as owner, visiting(site, chromium, FRESH) as customer:
        page = owner.sign_in("owner").page
        enable(owner)
        # Go to Trading → Master Traders: on a fresh platform this list is empty, and says what to do.
        page.get_by_role("navigation").get_by_role("link", name="Master Traders").first.click()
        expect(page.locator("main")).to_contain_text("No master traders yet")
        owner.shot("copy-fresh")

        # A qualifying customer applies in the portal; the admin sees the criteria and approves.
        customer.sign_in("mia")
        customer.go("/copy-trading/apply")
        customer.page.get_by_label("Name").first.fill("Mia Calm")
        customer.page.locator("main").get_by_role("button", name="Apply").click()
        expect(customer.page.locator("main")).to_contain_text("Pending")
        owner.go("/admin/copy-trading/masters")
        page.get_by_role("link", name="Applications").first.click()
        expect(page.locator("main")).to_contain_text("not met")
        owner.shot("copy-applications")
        act(page, "Approve")
        expect(page.locator("main")).to_contain_text("Approved")

        # Another customer follows; what the master buys is copied.
        master = master_of(site)
        follow(site, people["finn"], master)
        buy(site, people["mia"], "10")

        # This shows all registered master traders with follower count, total P&L, win rate and status.
        page.get_by_role("navigation").get_by_role("link", name="Master Traders").first.click()
        row = page.locator("#masters tbody tr").first
        for words in ("Followers", "Total P&L", "Win rate", "Status"):
            expect(page.locator("#masters thead")).to_contain_text(words)
        expect(row).to_contain_text("Active")
        # Click on any master trader to review their record.
        row.get_by_role("link", name="Mia Calm").click()
        for words in ("Equity curve", "Monthly returns", "Drawdown", "Risk score", "Sharpe ratio"):
            expect(page.locator("main")).to_contain_text(words)
        page.locator("canvas").first.wait_for()
        owner.shot("copy-master")

        # Use the Status controls to pause or deactivate them.
        controls = page.get_by_role("group", name="Status controls")
        controls.get_by_role("button", name="Pause").click()
        dialog = page.get_by_role("dialog")
        for words in ("Followers", "Open copied positions", "Notional", "Estimated spread cost"):
            expect(dialog).to_contain_text(words)
        owner.shot("copy-impact")
        dialog.get_by_label("Reason").fill("to be looked at")
        dialog.get_by_role("button", name="Pause").click()
        expect(page.locator("main")).to_contain_text("to be looked at")
        act(page, "Activate")

        # Open the Followers tab: copy mode, copy ratio, copied P&L, warnings.
        page.get_by_role("link", name=re.compile("^Followers")).click()
        table = page.locator("#followers")
        for words in ("Copy mode", "Proportional", "Copy ratio", "Copied P&L"):
            expect(table).to_contain_text(words)
        for words in ("Max Open Trades", "Minimum Equity", "Slippage Tolerance"):
            expect(page.locator("main")).to_contain_text(words)
        owner.shot("copy-followers")
        # Use Pause Copying or Stop Copying for at-risk accounts.
        act(page, "Pause Copying", scope="#followers")
        expect(table).to_contain_text("by staff")
        act(page, "Resume Copying", scope="#followers")
        expect(table).not_to_contain_text("by staff")
        act(page, "Stop Copying", choose="Close all copied positions", scope="#followers")
        expect(table).to_contain_text("Nobody follows yet")

        # See Copy Trading: the reference is linked from the pages that it explains.
        page.get_by_role("link", name="Reference").first.click()
        for words in ("Copy Trading", "Max Open Trades", "Minimum Equity", "Slippage Tolerance", "Sharpe ratio"):
            expect(page.locator("main")).to_contain_text(words)
        # See Product Settings.
        page.locator("main").get_by_role("link", name="Product Settings").first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Product Settings")
        owner.shot("product-settings")
        assert owner.messages == []

        # A deteriorating master is told where staff look.
        with site.platform.database.tenant(tenant_of(site)) as session:
            raise_alert(
                session, "copy_trading", "master_risk", "The risk score of Mia Calm rose to 9", subject=str(master)
            )
        owner.go(f"/admin/copy-trading/masters/{master}")
        expect(page.locator("main")).to_contain_text("The risk score of Mia Calm rose to 9")
        owner.go("/admin/copy-trading/masters/summary")
        expect(page.locator("main")).to_contain_text("The risk score of Mia Calm rose to 9")


def master_of(site: Site) -> UUID:
    with site.platform.database.tenant(tenant_of(site)) as session:
        return session.scalars(text("select id from copy_trading.masters")).one()


def follow(site: Site, account: UUID, master: UUID) -> None:
    with site.platform.database.tenant(tenant_of(site)) as session:
        following.follow(
            session,
            CopyTradingSettings(),
            customer_id=session.scalars(
                text("select customer_id from core.accounts where id = :id"), {"id": account}
            ).one(),
            account_id=account,
            master_id=master,
            choices=Choices(),
            confirmed=True,
        )


@pytest.fixture(scope="module")
def history(site: Site) -> UUID:
    """Two and a half months of the demo's masters at Aurora, day by day; one of them."""
    tenant = tenant_of(site, "aurora")
    with site.platform.database.tenant(tenant) as session:
        account = session.scalar(
            text(
                "select a.id from core.accounts a join copy_trading.masters m on m.account_id = a.id order by m.name limit 1"
            )
        )
        assert account is not None
        extra = session.execute(
            text(
                "select a.id, c.name from core.accounts a join tenants.customers c on c.id = a.customer_id"
                " where a.balance > 0 and not exists (select from copy_trading.masters m where m.account_id = a.id)"
                " order by a.number limit 3"
            )
        ).all()
        for row in extra:
            mastering.grant(session, account_id=row.id, name=row.name, by="test")
        symbol = a_stock(session)
        for volume, owner in (("120", account), *((str(40 + 30 * at), row.id) for at, row in enumerate(extra))):
            place_orders(session, [OrderRequest(str(new_id()), owner, symbol.id, "buy", Decimal(volume))])
    for day in range(DAYS):
        with site.platform.database.system() as session:
            session.execute(
                text("update core.quotes set feed_ts_ms = feed_ts_ms + :day, bid = bid + :by, ask = ask + :by"),
                {"day": DAY_MS, "by": (7 * day) % 13 * 9 - 44},
            )
        with site.platform.database.tenant(tenant) as session:
            if day == DAYS // 2:
                deposit(session, account, Decimal(2_500), key=f"more-{day}", actor="test", note="More")
        with site.platform.database.tenant(tenant) as session:
            masters = session.scalars(text("select id from copy_trading.masters")).all()
            observing.look_at(session, masters)
            if day == DAYS - 1:
                ids = session.scalars(text("select id from copy_trading.subscriptions")).all()
                follower_figures.refresh(session, CopyTradingSettings().leverage_limits, ids)
    with site.platform.database.tenant(tenant) as session:
        master = session.scalars(
            text("select id from copy_trading.masters where account_id = :id"), {"id": account}
        ).one()
        raise_alert(
            session,
            "copy_trading",
            "master_drawdown",
            "Drawdown past the limit: 21 % (limit 20 %)",
            subject=str(master),
        )
        return master


PLACES = (
    "masters", "masters/applications", "masters/summary", "masters/reconciliation", "masters/{id}", "masters/{id}?tab=trades",
    "masters/{id}?tab=followers", "masters/{id}?tab=skips", "masters/{id}?tab=fees", "masters/{id}?tab=alerts", "reference",
)  # fmt: skip


@pytest.mark.parametrize(
    ("size", "dark"),
    [("phone", False), ("desktop", True)],
    ids=["phone light", "desktop dark"],
)
def test_the_pages_of_staff_are_calm_everywhere(
    site: Site, chromium: Any, history: UUID, size: str, dark: bool
) -> None:
    with visiting(site, chromium, "aurora", size=size, dark=dark) as owner:
        owner.sign_in("owner")
        for place in PLACES:
            assert owner.go(f"/admin/copy-trading/{place.format(id=history)}") == 200, place
            if place == "masters/{id}":
                owner.page.locator("canvas").first.wait_for()
            assert not owner.wider_than_the_screen(), place
            name = re.sub(r"\W+", "-", place.format(id="one"))
            owner.shot(f"copy-admin-{name}-{size}-{'dark' if dark else 'light'}")
        assert owner.messages == []
