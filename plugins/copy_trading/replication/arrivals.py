"""What arrives late from venues: taken into its link, and closed where the master has closed it meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from core.sdk import JobContext
from core.sdk.events import account_stream
from core.sdk.text import _
from plugins.copy_trading.replication import read
from plugins.copy_trading.replication.chunk import FollowerError, Scene, load

AT_A_TIME = 200


def take_arrivals(ctx: JobContext, _payload: Mapping[str, Any]) -> None:
    """Look after the links that have orders under way, each subscription alone."""
    rows = ctx.session.execute(
        text(
            "select distinct l.subscription_id, l.account_id, m.account_id as master_account from copy_trading.links l"
            " join copy_trading.subscriptions s on s.id = l.subscription_id"
            " join copy_trading.masters m on m.id = s.master_id"
            " where l.state = 'live' and (l.flying <> '{}' or (l.target = 0 and l.held > 0))"
            " order by l.subscription_id limit :most"
        ),
        {"most": AT_A_TIME},
    ).all()
    for row in rows:
        try:
            with ctx.session.begin_nested():
                _take(ctx, row.subscription_id, row.account_id, account_stream(row.master_account))
        except FollowerError as error:
            ctx.alert(
                "late_close_refused",
                _("A position of a copy arrived late from its venue, and its close was refused. It is tried again."),
                severity="critical",
                subject=str(row.subscription_id),
                detail={"error": str(error)},
            )
        except OperationalError:
            raise
        else:
            ctx.settle("late_close_refused", str(row.subscription_id))
        ctx.commit()


def _take(ctx: JobContext, subscription_id: UUID, account_id: UUID, stream: str) -> None:
    master = read.master_of_stream(ctx.session, stream)
    if master is None:
        return
    scene = Scene(ctx.session, ctx.tenant_id, master, ctx.settings(), ctx.module_state)
    chunk = load(scene, [(subscription_id, account_id)])
    if subscription_id in chunk.followers:
        chunk.take_links(read.live_links(ctx.session, [subscription_id]))
        chunk.close_late()
        chunk.finish()
