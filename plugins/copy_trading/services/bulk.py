"""Pause, resume or stop many followers: some at a time, each some in a transaction of its own, with progress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from core.sdk import JobContext
from core.sdk.data import TenantSession
from plugins.copy_trading.rules.states import By, Pause
from plugins.copy_trading.services import following
from plugins.copy_trading.services.stopping import stop

JOB = "follower_commands"
ACTIONS = ("pause", "resume", "stop")
STEP = 25
"""Followers of one transaction; so many at once are done while the page waits."""


def carry_out(session: TenantSession, action: str, ids: Sequence[UUID], choice: str = "") -> int:
    """One of :data:`ACTIONS` for followers; how many it changed. Asked again it changes nothing.

    :raises IllegalMoveError: for a stop without a choice.
    """
    if action == "pause":
        return following.pause(session, ids, Pause.ADMIN)
    if action == "resume":
        return len(following.resume_copying(session, ids, By.ADMIN))
    return stop(session, ids, choice)


def run(ctx: JobContext, payload: Mapping[str, Any]) -> None:
    """The job: ``action``, ``ids``, ``choice``. Run again after a crash it goes over what is done without effect."""
    ids = [UUID(value) for value in payload["ids"]]
    changed = 0
    for start in range(0, len(ids), STEP):
        changed += carry_out(ctx.session, payload["action"], ids[start : start + STEP], payload.get("choice", ""))
        ctx.progress(min(start + STEP, len(ids)), len(ids), result={"changed": changed})
        ctx.commit()
