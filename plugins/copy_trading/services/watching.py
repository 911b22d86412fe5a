"""Masters who deteriorate: staff are alerted when it begins, the alert settles when it is over, the next episode is news."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from core.sdk import JobContext
from core.sdk.alerts import open_alerts
from core.sdk.data import TenantSession
from core.sdk.text import _
from core.sdk.trading import money_moved
from plugins.copy_trading.replication.orders import MODULE
from plugins.copy_trading.replication.telling import followers_of, tell_followers
from plugins.copy_trading.rules.numbers import ZERO
from plugins.copy_trading.rules.reasons import plain
from plugins.copy_trading.rules.risk import LEAST_DAYS
from plugins.copy_trading.rules.settings import CopyTradingSettings

RISK, DRAWDOWN, LOSING, LEVERAGE, MONEY = CODES = (
    "master_risk", "master_drawdown", "master_losing", "master_leverage", "master_money",
)  # fmt: skip
SCORE_LIMIT, SCORE_RISE = 8, 2
"""A risk score of 8, or one that has risen by 2 within a week, is an alert."""
MONEY_HOURS = 24
"""Money that moved within so many hours is news."""

# The score of a week before is the mean of the seven daily scores before the last seven, as the present one is of the last.
_MASTERS = text("""
select m.id, m.account_id, m.name, a.currency, s.score, s.day - s.first_day as days, s.losing, s.equity, s.notional,
  case when s.peak > 0 then (1 - s.index / s.peak) * 100 else 0 end as drawdown,
  case when s.equity > 0 then s.notional / s.equity end as leverage,
  (select round(avg(d.score)) from copy_trading.master_days d where d.master_id = m.id and d.score is not null
    and d.day < s.day - 7 and d.day >= s.day - 14) as score_before
from copy_trading.masters m join core.accounts a on a.id = m.account_id
left join copy_trading.standings s on s.master_id = m.id
where m.status in ('active', 'paused') order by m.id
""")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a master that staff should look at, in words."""

    words: str
    severity: str = "warning"


def watch(ctx: JobContext, _payload: Mapping[str, Any]) -> None:
    """Look at every master's figures; raise what has begun, settle what is over."""
    settings: CopyTradingSettings = ctx.settings()
    known = open_alerts(ctx.session, MODULE, CODES)
    seen: set[tuple[str, str | None]] = set()
    rows = ctx.session.execute(_MASTERS).all()
    moved = money_moved(ctx.session, [row.account_id for row in rows], MONEY_HOURS)
    for row in rows:
        for code, finding in findings(row, moved.get(row.account_id, ZERO), settings).items():
            seen.add((code, str(row.id)))
            if (code, str(row.id)) in known:
                continue
            ctx.alert(code, finding.words, severity=finding.severity, subject=str(row.id), detail={"master": row.name})
            if code == MONEY:
                _tell_of_money(ctx.session, row.id)
    for code, subject in known - seen:
        ctx.settle(code, subject)


def findings(row: Row[Any], moved: Decimal, settings: CopyTradingSettings) -> dict[str, Finding]:
    """What is wrong with a master now, by the alert's code; a figure that is not known yet is not wrong."""
    found: dict[str, Finding] = {}
    score = row.score if row.days is not None and row.days >= LEAST_DAYS else None
    if score is not None:
        rise = 0 if row.score_before is None else score - int(row.score_before)
        if score >= SCORE_LIMIT or rise >= SCORE_RISE:
            words = _(
                "The risk score of {master} is {score}; a week before it was {before}.",
                master=row.name, score=score, before="–" if row.score_before is None else int(row.score_before),
            )  # fmt: skip
            found[RISK] = Finding(words, "critical" if score >= SCORE_LIMIT else "warning")
    if row.drawdown is not None and row.drawdown >= settings.alert_drawdown:
        limit = plain(settings.alert_drawdown)
        found[DRAWDOWN] = Finding(
            _(
                "{master} is {drawdown} % below the best so far; the limit is {limit} %.",
                master=row.name,
                drawdown=f"{row.drawdown:.1f}",
                limit=limit,
            )
        )
    if row.losing is not None and row.losing >= settings.alert_losing_streak:
        found[LOSING] = Finding(_("{master} has lost {count} trades in a row.", master=row.name, count=row.losing))
    if row.notional and (row.leverage is None or row.leverage >= settings.alert_leverage):
        shown = "∞" if row.leverage is None else f"{row.leverage:.1f}"
        found[LEVERAGE] = Finding(
            _(
                "The effective leverage of {master} is {leverage}×; the limit is {limit}×.",
                master=row.name,
                leverage=shown,
                limit=plain(settings.alert_leverage),
            )
        )
    if moved and row.equity is not None and abs(moved) >= settings.alert_money_percent / 100 * abs(row.equity):
        amount = f"{abs(moved):.2f}"
        template = (
            _("{master} has paid in {amount} {currency}: the ratio of copies to the master's trades falls.",
              master=row.name, amount=amount, currency=row.currency)
            if moved > 0
            else _("{master} has taken out {amount} {currency}: the ratio of copies to the master's trades rises.",
                   master=row.name, amount=amount, currency=row.currency)
        )  # fmt: skip
        found[MONEY] = Finding(template)
    return found


def _tell_of_money(session: TenantSession, master_id: UUID) -> None:
    tell_followers(
        session,
        followers_of(session, master_id),
        "master_money",
        lambda master: _(
            "{master} has moved money: copies of the next trades will have another size than before.", master=master
        ),
    )
