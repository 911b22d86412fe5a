"""The module's own scan as the platform runs it, and the alerts that it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.jobs.alerts import raise_alert, settle_alert
from core.lanes.models import Quote
from core.sdk import Job
from plugins.copy_trading.plugin import KEY, CopyTrading
from tests.copy_trading.scene import Context, Scene
from tests.trading.market import MarketPlace

JOBS: dict[str, Job] = {job.name: job for job in CopyTrading().jobs()}


@dataclass
class Alerting(Context):
    """A job's context whose alerts are the platform's, in the database, and whose commits are real."""

    def alert(
        self, code: str, message: str, *, severity: str = "warning", subject: str | None = None, detail: Any = None
    ) -> None:
        raise_alert(self.session, KEY, code, message, severity=severity, subject=subject, detail=detail)

    def settle(self, code: str, subject: str | None = None) -> None:
        settle_alert(self.session, KEY, code, subject)

    def commit(self) -> None:
        self.session.commit()


def run_job(scene: Scene, name: str, payload: Mapping[str, Any] | None = None) -> None:
    """Run a job of the module once."""
    with scene.place.session() as session:
        context = Alerting(session, scene.place.tenant_id, scene.module_state, scene.settings)
        JOBS[name].run(context, payload or {})


def scan(scene: Scene) -> None:
    """Run the risk scan once."""
    run_job(scene, "risk_scan")


def alerts(scene: Scene) -> list[tuple[str, str, str | None]]:
    """(code, severity, subject) of the module's open alerts, the oldest first."""
    with scene.place.session() as session:
        rows = session.execute(
            text(
                "select code, severity, subject from core.alerts where source = :key and closed_at is null order by at, id"
            ),
            {"key": KEY},
        )
        return [(row.code, row.severity, row.subject) for row in rows]


def silence(place: MarketPlace, code: str) -> None:
    """Let a symbol have no quote any more, as after its instrument was moved to a feed that has sent none yet."""
    with place.database.system() as session:
        session.delete(session.get_one(Quote, place.instruments[code]))


def copied_orders(scene: Scene, subscription: UUID) -> int:
    """How many orders the copy has sent."""
    with scene.place.session() as session:
        query = text("select count(*) from core.orders where origin = 'copy' and origin_id = :id")
        return int(session.scalar(query, {"id": subscription}))
