"""What people are told: the bell, the page, what is mailed, and who hears of it."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Row, text

from core.jobs.postman import send_waiting
from core.sdk.notify import notify
from tenants.services.notifications import take_mails
from tenants.text import _
from tests.web.world import Brokerage, Browser, World

Fresh = Callable[[Brokerage], Browser]


def _tell(
    world: World, person: UUID, what: str, *, mail: bool = False, staff: bool = False, source: str = "core"
) -> None:
    with world.platform.database.tenant(world.north.tenant_id) as session:
        kind = "staff" if staff else "customer"
        notify(
            session,
            source,
            "news",
            [person],
            _("{what} has happened", what=what),
            href="/history",
            mail=mail,
            kind=kind,
            tone="warning",
        )


def _sql(world: World, statement: str) -> Sequence[Row[Any]]:
    with world.platform.database.tenant(world.north.tenant_id) as session:
        return session.execute(text(statement)).all()


def test_the_bell_counts_and_the_page_lists_and_marks(world: World, browser: Fresh) -> None:
    ann, ben = world.north.customers["ann"], world.north.customers["ben"]
    for number in range(3):
        _tell(world, ann.id, f"Thing {number}")
    _tell(world, ben.id, "Ben's own")
    me = browser(world.north).sign_in("ann")
    assert 'class="ui-bell-count" aria-hidden="true">3<' in me.get("/").text
    page = me.get("/notifications").text
    assert [page.index(f"Thing {number}") for number in (2, 1, 0)] == sorted(page.index(f"Thing {n}") for n in range(3))
    assert "Ben" not in page
    first = re.search(r'href="(/notifications/[0-9a-f-]{36})"', page)
    assert first
    assert me.get(first[1]).headers["location"] == "/history"
    assert 'aria-hidden="true">2<' in me.get("/notifications/bell").text
    assert "Thing 2 has" not in me.get("/notifications?show=unread").text
    assert me.post("/notifications/read", page="/notifications").status_code == 303
    assert "ui-bell-count" not in me.get("/").text
    assert "You have read everything" in me.get("/notifications?show=unread").text
    other = browser(world.north).sign_in("ben")
    assert other.get(first[1]).status_code == 404, "somebody else's"


def test_staff_have_a_bell_of_their_own(world: World, browser: Fresh) -> None:
    _tell(world, world.north.staff["risk"].id, "A margin call", staff=True)
    me = browser(world.north).sign_in("risk")
    page = me.get("/admin/notifications").text
    assert "A margin call has happened" in page
    assert f"notifications%3A{world.north.staff['risk'].id}" in page, "the page's one stream carries them"
    assert page.count("data-stream") == 1
    assert browser(world.north).sign_in("support").get("/admin/notifications").text.count("A margin call") == 0


def test_mails_go_to_who_wants_them_once(world: World, browser: Fresh, caplog: pytest.LogCaptureFixture) -> None:
    ann, ben = world.north.customers["ann"], world.north.customers["ben"]
    me = browser(world.north).sign_in("ben")
    assert 'name="mail" value="core" checked' in me.get("/settings/notifications").text
    assert me.post("/settings/notifications", data={}).status_code == 303
    assert 'name="mail" value="core" checked' not in me.get("/settings/notifications").text
    for person in (ann, ben):
        _tell(world, person.id, "A payment", mail=True)
    _tell(world, ann.id, "Something small")
    with caplog.at_level(logging.INFO, "tradeyard.mail"):
        assert send_waiting(world.platform) == 1
        assert send_waiting(world.platform) == 0
    assert "mail to ann@north.example from North Markets: A payment has happened" in caplog.text
    assert "north.localhost" in caplog.text
    assert "tradeyard:" not in caplog.text.lower()
    assert "Something small" not in caplog.text


def test_a_mail_that_fails_is_tried_again_and_given_up_after_a_day(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = world.north.customers["ann"]
    _tell(world, ann.id, "A payment", mail=True)
    answers = {"now": "550 no such mailbox"}
    tried: list[str] = []
    monkeypatch.setattr(
        "core.jobs.postman.try_to_send", lambda _settings, mail: tried.append(mail.to) or answers["now"]
    )

    def row() -> tuple[str, int, float | None]:
        found = _sql(
            world, "select mail, mail_tries, extract(epoch from mail_after - now())::float from tenants.notifications"
        )
        return tuple(found[0])  # type: ignore[return-value]

    def alerts() -> list[str]:
        return [one[0] for one in _sql(world, "select message from core.alerts where closed_at is null")]

    assert send_waiting(world.platform) == 0
    mail, tries, seconds = row()
    assert (mail, tries) == ("wanted", 1)
    assert seconds is not None
    assert 40 < seconds <= 60, "not before a pause"
    assert send_waiting(world.platform) == 0
    assert len(tried) == 1, "the pause is not over"
    _sql(world, "update tenants.notifications set mail_after = now() returning 1")
    assert send_waiting(world.platform) == 0
    seconds = row()[2]
    assert seconds is not None
    assert 100 < seconds <= 120, "twice as long"
    assert not alerts()
    _sql(world, "update tenants.notifications set mail_after = now(), at = now() - interval '25 hours' returning 1")
    assert send_waiting(world.platform) == 0
    assert row() == ("failed", 3, None)
    assert len(alerts()) == 1
    assert "ann@north.example" in alerts()[0]
    assert "550 no such mailbox" in alerts()[0]
    answers["now"] = ""
    _tell(world, ann.id, "Another payment", mail=True)
    assert send_waiting(world.platform) == 1
    assert len(tried) == 4
    assert not alerts(), "the address is reached again"


def test_a_mail_is_not_lost_with_the_process_that_took_it(world: World, caplog: pytest.LogCaptureFixture) -> None:
    _tell(world, world.north.customers["ann"].id, "A payment", mail=True)
    with world.platform.database.system() as session:
        assert len(take_mails(session) or []) == 1
    assert send_waiting(world.platform) == 0, "somebody has taken it"
    _sql(world, "update tenants.notifications set mail_after = now() returning 1")
    with caplog.at_level(logging.INFO, "tradeyard.mail"):
        assert send_waiting(world.platform) == 1
    assert _sql(world, "select mail from tenants.notifications")[0][0] == "sent"


def test_nobody_hears_of_what_somebody_else_is_told(world: World, browser: Fresh) -> None:
    from core.web.live.route import may_hear

    class Web:
        surface, person_id = "admin", world.north.staff["risk"].id

        class kit:  # noqa: N801 - as the page names it
            class platform:  # noqa: N801 - the same
                runtime = world.platform.runtime

    mine, others = Web.person_id, world.north.staff["owner"].id
    assert may_hear(Web, f"notifications:{mine}")  # type: ignore[arg-type]
    assert not may_hear(Web, f"notifications:{others}")  # type: ignore[arg-type]


def test_who_verifies_customers_hears_of_a_registration(world: World, browser: Fresh) -> None:
    visitor = browser(world.north)
    sent = {"name": "Vera Visitor", "email": "vera@north.example", "password": "some quiet words"}
    assert visitor.post("/register", data=sent).headers["location"] == "/"
    assert "Your identity is being verified" in visitor.get("/").text
    assert "Vera Visitor has registered" in browser(world.north).sign_in("admin").get("/admin/notifications").text
    assert "Vera Visitor" not in browser(world.north).sign_in("support").get("/admin/notifications").text
