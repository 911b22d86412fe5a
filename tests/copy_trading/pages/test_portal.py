"""The customer's side in the running application: become a master, be found, be followed, rehearse."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

from core.jobs.queues import CLASSES
from core.jobs.sweep import work_without_queues
from plugins.copy_trading.models import Confirmation, Master
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.rules.states import MasterStatus
from plugins.copy_trading.services import mastering
from plugins.copy_trading.services.profiles import Profile, take_profile
from tests.copy_trading.pages.test_pages import copy_a_trade, follow_form
from tests.web.world import Brokerage, Browser, World

Fresh = Callable[[Brokerage], Browser]


def change(world: World, master: UUID, **values: Any) -> None:
    """Change a master's own settings."""
    with world.platform.database.tenant(world.north.tenant_id) as session:
        row = mastering.get(session, master)
        profile = {"name": row.name, "about": row.about, "public": row.public, "follower_cap": row.follower_cap,
                   "fee_percent": row.fee_percent, **values}  # fmt: skip
        take_profile(CopyTradingSettings(), row, Profile(**profile))


def test_an_application_shows_its_criteria_is_rejected_with_a_reason_and_made_again(
    world: World, browser: Fresh
) -> None:
    ben = world.north.customers["ben"]
    customer = browser(world.north).sign_in("ben")
    page = customer.get("/copy-trading/apply").text
    for words in ("History, days", "Closed trades", "Maximum drawdown, %", "Win rate, %", "asked ≥ 20", "not met"):
        assert words in page, words
    other = customer.post("/copy-trading/apply/criteria", "/copy-trading/apply", {"account": str(ben.account)})
    assert "10,000.00" in other.text
    sent = {"account": str(ben.account), "name": "Ben Bold", "about": "Bold", "public": "on", "fee_percent": "10"}
    assert customer.post("/copy-trading/apply", data={**sent, "fee_percent": "31"}).status_code == 422
    assert customer.post("/copy-trading/apply", data=sent).status_code == 303
    page = customer.get("/copy-trading/apply").text
    assert "Pending" in page
    assert "criteria were not met" in page
    with world.platform.database.tenant(world.north.tenant_id) as session:
        [master] = session.query(Master).all()
        mastering.reject(session, master, by="staff", reason="come back with a record")
    page = customer.get("/copy-trading/apply").text
    assert "come back with a record" in page
    assert customer.post("/copy-trading/apply", data=sent).status_code == 303
    withdraw = re.search(
        r'action="(/copy-trading/apply/[0-9a-f-]+/withdraw)"', customer.get("/copy-trading/apply").text
    )
    assert withdraw
    assert customer.post(withdraw[1], "/copy-trading/apply").status_code == 303
    assert "Withdrawn" in customer.get("/copy-trading/apply").text


def test_my_master_page_has_figures_followers_earnings_codes_and_settings(
    world: World, browser: Fresh, nora: UUID
) -> None:
    ben = world.north.customers["ben"]
    follower = browser(world.north).sign_in("ben")
    assert follower.post(f"/copy-trading/masters/{nora}/follow", data=follow_form(ben.account)).status_code == 303
    assert follower.get(f"/copy-trading/mine/{nora}").status_code == 404, "not theirs"
    copy_a_trade(world, nora)
    master = browser(world.north).sign_in("ann")
    here = f"/copy-trading/mine/{nora}"
    for tab, words in {
        "overview": ("Return since the start", "Monthly returns", "Risk score by part", "EURUSD"),
        "followers": ("Proportional", "Copied P&amp;L", "followers.csv"),
        "earnings": ("Earned in all", "No fee has come in yet"),
        "invites": ("No code yet", "Make a code"),
        "settings": ("Nickname", "Most followers", "Performance fee"),
    }.items():
        page = master.get(f"{here}?tab={tab}")
        assert page.status_code == 200, tab
        for word in words:
            assert word in page.text, (tab, word)
    assert "Ben Trader" not in master.get(f"{here}?tab=followers").text
    assert master.get(f"{here}?tab=nothing").status_code == 404
    rows = master.get(f"{here}/followers.csv").text.splitlines()
    assert len(rows) == 2
    assert master.get(f"{here}/earnings.csv").status_code == 200
    saved = {"name": "Nora Bold", "about": "Trends", "follower_cap": "5", "fee_percent": "15"}
    assert master.post(here, f"{here}?tab=settings", saved).status_code == 303
    with world.platform.database.tenant(world.north.tenant_id) as session:
        row = mastering.get(session, nora)
        assert (row.name, row.public, row.follower_cap, row.fee_percent) == ("Nora Bold", False, 5, 15)
    assert master.post(here, f"{here}?tab=settings", {**saved, "fee_percent": "31"}).status_code == 422


def test_a_private_master_is_found_with_a_code_until_it_is_revoked(world: World, browser: Fresh, nora: UUID) -> None:
    change(world, nora, public=False)
    master = browser(world.north).sign_in("ann")
    here = f"/copy-trading/mine/{nora}"
    tab = f"{here}?tab=invites"
    assert master.post(f"{here}/invites", tab, {"expires_at": "2001-01-01T00:00"}).status_code == 422
    assert master.post(f"{here}/invites", tab, {"note": "friends", "max_uses": "3"}).status_code == 303
    page = master.get(tab).text
    code = re.search(r"/invited/(\w+)", page)
    revoke = re.search(rf'action="({here}/invites/[0-9a-f-]+/revoke)"', page)
    assert code
    assert revoke
    visitor = browser(world.north).sign_in("ben")
    assert "Nora Master" not in visitor.get("/copy-trading/masters").text
    assert visitor.get(f"/copy-trading/masters/{nora}").status_code == 404
    led = visitor.get(f"/copy-trading/invited?code={code[1].lower()}")
    assert led.headers["location"] == f"/copy-trading/masters/{nora}?invite={code[1]}"
    public = visitor.get(led.headers["location"]).text
    assert f"/copy-trading/masters/{nora}/follow?invite={code[1]}" in public
    form = visitor.get(f"/copy-trading/masters/{nora}/follow?invite={code[1]}")
    assert f'name="invite" value="{code[1]}"' in form.text
    again = browser(world.north).sign_in("ann")
    assert again.post(revoke[1], tab).status_code == 303
    visitor = browser(world.north).sign_in("ben")
    assert visitor.get(f"/copy-trading/masters/{nora}?invite={code[1]}").status_code == 404
    assert visitor.get(f"/copy-trading/invited/{code[1]}").headers["location"].endswith("/masters?invite=unknown")
    assert "lets nobody in" in visitor.get("/copy-trading/masters?invite=unknown").text


def test_masters_are_filtered_sorted_and_downloaded_and_the_paused_stay_in_the_sums(
    world: World, browser: Fresh, nora: UUID
) -> None:
    customer = browser(world.north).sign_in("ben")
    page = customer.get("/copy-trading/masters?sort=-sharpe&risk=3&drawdown=10&gain=0&search=nora")
    assert page.status_code == 200
    page = customer.get("/copy-trading/masters").text
    for words in ("Return", "Drawdown", "Risk", "Sharpe", "Followers", "Copied assets", "Nora Master"):
        assert words in page, words
    assert "Nora Master" not in customer.get("/copy-trading/masters?search=ann%40north").text, (
        "nobody is found by e-mail"
    )
    assert "Nora Master" in customer.get("/copy-trading/masters.csv").text
    ben = world.north.customers["ben"]
    assert customer.post(f"/copy-trading/masters/{nora}/follow", data=follow_form(ben.account)).status_code == 303
    assert "you copy" in customer.get("/copy-trading/masters").text
    with world.platform.database.tenant(world.north.tenant_id) as session:
        mastering.set_status(session, mastering.get(session, nora), MasterStatus.PAUSED)
    page = customer.get("/copy-trading/masters").text
    assert "Nora Master" not in page
    assert re.search(r"<strong>1</strong> <span[^>]*>copies under way", page), "aggregates keep who is not shown"
    assert customer.get(f"/copy-trading/masters/{nora}").status_code == 200, "who follows still sees the page"
    assert browser(world.north).sign_in("new").get(f"/copy-trading/masters/{nora}").status_code in (403, 404)


def test_the_fee_and_the_notice_are_confirmed_first_and_kept_with_their_version(
    world: World, browser: Fresh, nora: UUID
) -> None:
    change(world, nora, fee_percent=Decimal(20))
    ben = world.north.customers["ben"]
    customer = browser(world.north).sign_in("ben")
    url = f"/copy-trading/masters/{nora}/follow"
    page = customer.get(url).text
    assert "performance fee of 20.00" in page
    assert "Version 1" in page
    stale = customer.post(url, data=follow_form(ben.account, seen_fee="10"))
    assert stale.status_code == 422
    assert "fee has changed" in stale.text
    assert customer.post(url, data=follow_form(ben.account, seen_fee="20")).status_code == 303
    with world.platform.database.tenant(world.north.tenant_id) as session:
        [kept] = session.query(Confirmation).all()
        settings = CopyTradingSettings()
        assert (kept.notice_version, kept.notice, kept.fee_percent) == ("1", settings.risk_notice, 20)


def test_the_form_shows_a_live_preview_and_a_dry_run_with_its_progress(
    world: World, browser: Fresh, nora: UUID
) -> None:
    ben = world.north.customers["ben"]
    customer = browser(world.north).sign_in("ben")
    url = f"/copy-trading/masters/{nora}"
    page = customer.get(f"{url}/follow").text
    assert f'hx-post="{url}/preview"' in page
    shown = customer.post(f"{url}/preview", f"{url}/follow", follow_form(ben.account)).text
    for words in ("A typical trade", "Last trades: 1 of 1 would be copied", "EURUSD", "0.2"):
        assert words in shown, words
    skipped = customer.post(f"{url}/preview", f"{url}/follow", follow_form(ben.account, minimum_equity="20000")).text
    assert "skipped" in skipped
    assert "Below Minimum Equity" in skipped
    wrong = customer.post(f"{url}/preview", f"{url}/follow", follow_form(ben.account, copy_ratio="50")).text
    assert "Mend these first" in wrong
    begun = customer.post(f"{url}/dry-run", f"{url}/follow", follow_form(ben.account)).text
    watch = re.search(rf'hx-get="({url}/dry-run/[0-9a-f-]+)"', begun)
    assert watch, begun
    assert watch[1] in customer.get(watch[1]).text, "it asks again until it is done"
    work_without_queues(world.platform, CLASSES)
    result = customer.get(watch[1]).text
    for words in ("Copied", "Maximum drawdown", "Performance fee", "Skipped"):
        assert words in result, words
    assert browser(world.north).sign_in("ann").get(watch[1]).status_code == 404, "somebody else's dry run"
