"""Alerts are told once for each episode, shown in the reader's language, and closed with a reason."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import text

from core.sdk.alerts import raise_alert, settle_alert
from core.sdk.text import _
from tests.web.world import Brokerage, Browser, World

Fresh = Callable[[Brokerage], Browser]


def test_an_alert_is_open_once_and_told_again_in_its_next_episode(world: World) -> None:
    with world.platform.database.tenant(world.north.tenant_id) as session:
        first = [
            raise_alert(session, "core", "late", _("Late by {span}", span="3 s"), subject="EURUSD")
            for _time in range(2)
        ]
        assert first == [True, False]
        assert not settle_alert(session, "core", "late", "GBPUSD")
        assert settle_alert(session, "core", "late", "EURUSD")
        assert not settle_alert(session, "core", "late", "EURUSD")
        assert raise_alert(session, "core", "late", _("Late by {span}", span="5 s"), subject="EURUSD")
        settle_alert(session, "core", "late", "EURUSD")


def test_staff_read_filter_and_close_alerts(world: World, browser: Fresh) -> None:
    with world.platform.database.tenant(world.north.tenant_id) as session:
        raise_alert(session, "core", "feed", _("The feed of {symbol} is silent", symbol="XAUUSD"), severity="critical")
        alert = session.execute(text("select id from core.alerts where code = 'feed'")).scalar_one()
    support = browser(world.north).sign_in("support")
    assert "XAUUSD" in support.get("/admin/alerts").text
    assert "/close" not in support.get("/admin/alerts").text
    assert support.get(f"/admin/alerts/{alert}/close").status_code == 404
    assert browser(world.south).sign_in("owner").get(f"/admin/alerts/{alert}/close").status_code == 404
    owner = browser(world.north).sign_in("owner")
    assert "The feed of XAUUSD is silent" in owner.get("/admin/alerts?state=open&severity=critical").text
    assert "XAUUSD" not in owner.get("/admin/alerts?state=closed").text
    assert "XAUUSD" in owner.get("/admin").text
    assert owner.post(f"/admin/alerts/{alert}/close", data={"reason": ""}).status_code == 422
    owner.post(f"/admin/alerts/{alert}/close", data={"reason": "Spoke to the bank"})
    assert "XAUUSD" in owner.get("/admin/alerts?state=closed").text
    assert "Spoke to the bank" in owner.get("/admin/settings/audit?search=alert").text
