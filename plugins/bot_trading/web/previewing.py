"""The launch preview: what the settings would do, what each field may be, and a run over recorded prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as default
from decimal import Decimal
from typing import Any
from uuid import UUID

from litestar.response import Response

from core.sdk.jobs import RunState, run_state
from core.sdk.text import _
from core.sdk.web import NotFoundError, Web, levels_of, parse_form
from plugins.bot_trading.models import PreviewRun
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.running import load_market
from plugins.bot_trading.services.errors import BotRefusedError
from plugins.bot_trading.services.rehearsing import ask_rehearsal, find_rehearsal, known_rehearsal
from plugins.bot_trading.strategies.protocol import Strategy
from plugins.bot_trading.texts import decision_text
from plugins.bot_trading.web.charting import PRICES, equity_chart, preview_lines, rehearsed_chart
from plugins.bot_trading.web.launching import open_launch, wish_of

__all__ = ["RunView", "begin_run", "show_preview", "show_run"]

_DECIMALS = frozenset(
    {"investment", "total", "cycle_profit", "realised", "inventory_realised", "floating", "fees", "drawdown", "worst"}
)


@dataclass(frozen=True, slots=True)
class RunView:
    """A run over recorded prices as its card shows it: how far it is, or its figures with charts and decisions."""

    id: UUID
    strategy: Strategy[Any, Any]
    currency: str
    state: RunState | None
    result: dict[str, Any] | None
    figures: Mapping[str, Any] = default(default_factory=dict)
    charts: tuple[Any, ...] = ()
    decisions: tuple[tuple[int, str, str], ...] = ()

    @property
    def over(self) -> bool:
        """Whether it has failed: nothing more will come."""
        if self.result is not None:
            return bool(self.result.get("failed"))
        return self.state is None or self.state.over


def show_preview(web: Web, strategies: Strategies, key: str) -> Response[str]:
    """The dry validation of the form as it is typed."""
    page = open_launch(web, strategies, key, drawn=False)
    parsed = parse_form(page.strategy.settings_model, web.form)
    with web.session() as session:
        check = page.check(session, strategies, parsed.raw, parsed.value)
        run = None
        if parsed.value is not None and page.place is not None:
            wish = wish_of(web, page, parsed.value, "")
            known = known_rehearsal(session, page.place, wish, _days(web))
            run = None if known is None else _view(session, strategies, known)
    typed = {item.name: item.error for item in parsed.form.fields if item.error}
    return web.render(
        "portal/preview.html",
        page=page,
        check=check,
        preview=check.preview,
        market=page.place.market if page.place is not None else None,
        errors={**check.errors, **typed},
        lines=levels_of(preview_lines(check.preview)),
        chart_id=PRICES,
        run=run,
        ready=parsed.value is not None,
    )


def begin_run(web: Web, strategies: Strategies, key: str) -> Response[str]:
    """Ask for a run; the answer shows how far it is."""
    page = open_launch(web, strategies, key, drawn=False)
    parsed = parse_form(page.strategy.settings_model, web.form)
    if parsed.value is None or page.place is None:
        return _refused(web, key, str(_("Some fields need another look.")))
    try:
        with web.session() as session:
            found = ask_rehearsal(session, page.limits, page.place, wish_of(web, page, parsed.value, ""), _days(web))
            view = _view(session, strategies, found)
    except BotRefusedError as refused:
        return _refused(web, key, f"{refused.first.message} {refused.first.remedy}".strip())
    return web.render("portal/run.html", key=key, run=view, ready=True, refused="")


def show_run(web: Web, strategies: Strategies, preview_id: UUID) -> Response[str]:
    """How far a run is, or what it came to. Raises ``NotFoundError`` for another's."""
    with web.session() as session:
        found = find_rehearsal(session, web.person_id, preview_id)
        if found is None:
            raise NotFoundError(str(preview_id))
        view = _view(session, strategies, found)
    return web.render("portal/run.html", key=found.strategy, run=view, ready=True, refused="")


def _view(session: Any, strategies: Strategies, found: PreviewRun) -> RunView:
    strategy = strategies.get(found.strategy)
    if strategy is None:
        raise NotFoundError(found.strategy)
    market = load_market(found.request["market"])
    state = run_state(session, found.run_id) if found.run_id is not None else None
    view = RunView(found.id, strategy, market.currency, state, found.result)
    if found.result is None or not found.result.get("quotes"):
        return view
    charts = (equity_chart(found.result, strategy.words.profit), rehearsed_chart(found.result, market.tick))
    told = tuple(
        (one["ts_ms"], one["code"], str(decision_text(one["code"], one["facts"])))
        for one in reversed(found.result["decisions"][-60:])
    )
    figures = {name: Decimal(value) if name in _DECIMALS else value for name, value in found.result.items()}
    return RunView(found.id, strategy, market.currency, state, found.result, figures, charts, told)


def _days(web: Web) -> int:
    sent = (list(web.form.get("days", ())) or [""])[-1]
    return int(sent) if sent.isdecimal() and len(sent) < 5 else 1


def _refused(web: Web, key: str, why: str) -> Response[str]:
    return web.render("portal/run.html", key=key, run=None, ready=True, refused=why)
