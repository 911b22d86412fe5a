"""Runs that asked to be run in a moment are woken when their time has come, and not a sweep later."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from core.jobs import sweep
from core.jobs.queues import WakeUp
from core.sdk.testing.workbench import Workbench


def test_only_what_has_just_become_due_is_woken(workbench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[WakeUp] = []
    monkeypatch.setattr(workbench.platform.queues, "wake", lambda items: woken.extend(items))
    with workbench.one.session() as session:
        for name, after in (("now", -0.1), ("later", 30), ("long ago", -60)):
            session.execute(
                text(
                    "insert into core.job_runs (id, job, queue, payload, due_at) values (gen_random_uuid(),"
                    " 'bot_trading.marks', 'default', cast(:payload as jsonb), now() + make_interval(secs => :after))"
                ),
                {"payload": f'{{"name": "{name}"}}', "after": after},
            )
    assert sweep.wake_delayed(workbench.platform) == 1
    payloads: list[Any] = []
    with workbench.platform.database.system() as session:
        for item in woken:
            payloads += session.scalars(
                text("select payload ->> 'name' from core.job_runs where id = :run"), {"run": item.payload["run"]}
            ).all()
    assert payloads == ["now"]
