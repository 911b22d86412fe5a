"""The pages that say what every setting, state and figure of copying means.

Names, bounds, limits and codes come from the models and rules themselves, so that the page cannot say anything else than what
holds; a test fails where one of them has no words.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from litestar import get
from litestar.response import Response

from core.sdk.text import _
from core.sdk.web import Form, Web, form_for
from plugins.copy_trading.rules.choices import Choices, defaults
from plugins.copy_trading.rules.figures import EXCHANGE_DAYS, MIN_SHARPE_DAYS, ROUND_THE_CLOCK_DAYS
from plugins.copy_trading.rules.modes import MODES
from plugins.copy_trading.rules.reasons import Reason, plain
from plugins.copy_trading.rules.risk import (
    DRAWDOWN_BANDS,
    LEAST_DAYS,
    LEVERAGE_BANDS,
    PROVISIONAL_DAYS,
    VOLATILITY_BANDS,
)
from plugins.copy_trading.rules.settings import CopyTradingSettings
from plugins.copy_trading.rules.sizing import RATIO_CAP
from plugins.copy_trading.rules.states import MasterStatus, Pause, SubscriptionStatus
from plugins.copy_trading.services.lists import PAUSED_BY
from plugins.copy_trading.web.words import REASONS

SUBSCRIPTION_STATES = {
    SubscriptionStatus.ACTIVE: _("The master's trades are copied."),
    SubscriptionStatus.PAUSED: _(
        "Nothing new is copied; closes, reductions and stop changes still follow the master. Nothing is made up for on resume."
    ),
    SubscriptionStatus.STOPPING: _("Stopped with its positions to be closed; it ends with the last of them."),
    SubscriptionStatus.STOPPED: _("Over for good. The customer may follow the master anew."),
}
MASTER_STATES = {
    MasterStatus.PENDING: _("The application waits for your decision."),
    MasterStatus.ACTIVE: _("Can be found and followed, and is copied."),
    MasterStatus.PAUSED: _(
        "No new followers and no new copies; closes are mirrored. Not shown to those who might follow."
    ),
    MasterStatus.DEACTIVATED: _(
        "Not shown any more. Copies wind down (the default), are closed at market, or are detached, as was chosen."
    ),
    MasterStatus.REJECTED: _("The application was turned down, with a reason; the customer may apply again."),
}
PAUSES = {
    Pause.FOLLOWER: _("The follower lifts it."),
    Pause.ADMIN: _("Staff lift it; the follower cannot."),
    Pause.RISK: _("Staff lift it. Set where critical followers are paused by themselves."),
    Pause.MASTER: _("It goes when the master is active again."),
    Pause.MODULE: _("Set when Copy Trading is switched off; after it is on again the follower's own resume lifts it."),
}
GATES = {
    Reason.MASTER_CLOSED: _("The master had closed before the copy could be opened."),
    Reason.MODULE: _("Copy Trading is not on."),
    Reason.MASTER: _("The master is not active."),
    Reason.SUBSCRIPTION: _("The copy is paused or stopping."),
    Reason.ACCOUNT: _("The account is not active, of the wrong kind, or its customer may not copy."),
    Reason.SYMBOL: _(
        "The symbol is not on the allow-list, not enabled for the account, closed, or without a fresh price."
    ),
    Reason.SYMBOL_OWNED: _("On a netting account the symbol is held by hand, by another copy or by a bot."),
    Reason.SIGNAL_AGE: _("The master's fill is older than the most signal age, by the feed's time."),
    Reason.MINIMUM_EQUITY: _(
        "The account's equity is below Minimum Equity. It goes on by itself once the equity is back."
    ),
    Reason.MAX_OPEN_TRADES: _("As many copied positions are open as Max Open Trades allows. Adds to them still pass."),
    Reason.SIZING: _("The sizing mode could not tell a size, such as on margin that cannot be reckoned now."),
    Reason.BELOW_MIN_LOT: _(
        "The size is below the symbol's minimum lot; judged on the whole opening order of the master."
    ),
    Reason.MAXIMUM_LOT: _("Maximum Lot is below the symbol's minimum lot."),
    Reason.MARGIN: _("Not enough free margin, or opens are blocked while the account is highly leveraged."),
    Reason.SLIPPAGE: _(
        "The price is worse than the master's by more than Slippage Tolerance. A better price is always taken."
    ),
    Reason.REFUSED: _("The order itself was refused, with its own reason."),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A setting: its name, what it means, what it starts with here, and within which bounds or from what it is chosen."""

    name: str
    meaning: str
    here: str
    bounds: str


def choices_of(settings: CopyTradingSettings) -> list[Entry]:
    """Every setting of a copy with this brokerage's default and bounds."""
    given: Form = form_for(Choices, defaults(settings), choices={"mode": MODES.choices()})
    bounds: dict[str, str] = {
        "copy_ratio": f"{plain(settings.copy_ratio_min)} – {plain(settings.copy_ratio_max)}",
        "fixed_size": f"≤ {plain(settings.fixed_size_max)}",
        "max_open_trades": f"1 – {settings.max_open_trades_max}",
        "minimum_equity": f"0 – {plain(settings.minimum_equity_max)}",
        "slippage_tolerance": f"0 – {plain(settings.slippage_max)} %",
    }
    entries = []
    for item in given.only(*(name for name in Choices.model_fields if name != "mode_settings")).fields:
        options = ", ".join(str(label) for _value, label in item.choices)
        value = dict(item.choices).get(item.value, item.value) if item.kind != "switch" else _yes(bool(item.value))
        here = f"{value} {item.unit}".strip() if value not in ("", None, ()) else "–"
        entries.append(Entry(item.label, item.help, here, bounds.get(item.name, options)))
    return entries


def other_modes() -> list[tuple[str, str]]:
    """The sizing modes that other plugins have added, with their own settings."""
    found = []
    for key, mode in MODES.items():
        if key not in ("proportional", "fixed"):
            own = ", ".join(str(info.title or name) for name, info in mode.settings.model_fields.items())
            found.append((mode.title, f"{mode.description} {own}".strip()))
    return found


def figures(settings: CopyTradingSettings) -> list[tuple[str, str, str]]:
    """Every figure: name, formula, in words; limits are the rules' own."""
    limits = settings.leverage_limits
    return [
        (_("Equity"), "E = B + ΣP", _("Balance and the floating P&L of all open positions.")),
        (
            _("Total P&L"),
            "E − Σ(in − out)",
            _("Realised and floating with commission and swap: what the equity holds beyond the money moved in."),
        ),
        (
            _("Return index"),
            "I = Π (Eᵢ − Fᵢ) ÷ Eᵢ₋₁",
            _("Time-weighted: money moved in or out (F) starts a new sub-period and is neither gain nor loss."),
        ),
        (_("Monthly return"), "Π(1 + r) − 1", _("Over the month; the first and the last month are partial.")),
        (
            _("Drawdown"),
            "1 − I ÷ max I",
            _(
                "How far the index is below its running peak, with floating P&L; the deepest with its dates of peak, trough and recovery."
            ),
        ),
        (
            _("Sharpe ratio"),
            "mean(r) ÷ std(r, n−1) × √N",
            _(
                "Of the daily returns that are over, without a risk-free rate; N = {all} as soon as a round-the-clock symbol"
                " (crypto) has been traded, else {working} on working days. From {least} returns on; none at zero deviation.",
                all=ROUND_THE_CLOCK_DAYS,
                working=EXCHANGE_DAYS,
                least=MIN_SHARPE_DAYS,
            ),
        ),
        (_("Win rate"), "100 × n(P > 0) ÷ n", _("Of fully closed positions, by their net P&L; break-even is no win.")),
        (
            _("Profit factor"),
            "ΣP⁺ ÷ ΣP⁻",
            _("Net gains of winners divided by net losses of losers; none without a loss."),
        ),
        (
            _("Risk score"),
            "max(v, d, l)",
            _(
                "1 to 10: the highest of three parts each day, shown as the mean of the last seven days. Provisional under"
                " {provisional} days of history, none under {least}. 1–3 low, 4–6 medium, 7–10 high.",
                provisional=PROVISIONAL_DAYS,
                least=LEAST_DAYS,
            ),
        ),
        (_("Effective leverage"), "Σ notional ÷ E", _("The value of all open positions divided by equity.")),
        (
            _("Over-leveraged follower"),
            "",
            _(
                "Warning from {warning}× or below a margin level of {warning_level} %; high from {high}× or below"
                " {high_level} %; critical below {critical_level} %.",
                warning=plain(limits.warning_leverage),
                warning_level=plain(limits.warning_level),
                high=plain(limits.high_leverage),
                high_level=plain(limits.high_level),
                critical_level=plain(limits.critical_level),
            ),
        ),
        (
            _("Copied P&L"),
            "Σ P",
            _("Of linked positions only, realised and floating, until they are closed or detached."),
        ),
        (
            _("Assets under copy"),
            "Σ E",
            _("Equity of the accounts that follow, at middle rates; mock copies count for nothing."),
        ),
        (
            _("Copy fidelity"),
            "",
            _(
                "Expected against real size, price and P&L of each copy; the gap split into latency, slippage, rounding, skips and fees."
            ),
        ),
        (
            _("Performance fee"),
            "pct × max(0, P − HWM)",
            _(
                "Of the cumulative net realised P&L of a copy above its high-water mark, which then moves to P; monthly and on stop."
            ),
        ),
    ]


def bands() -> list[tuple[int, str, str, str]]:
    """How the parts of the risk score are judged: score, and what of each part gives it; from the rules' own tables."""
    volatility: dict[int, str] = {}
    before = Decimal(0)
    for limit, score in VOLATILITY_BANDS:
        volatility[score] = f"{plain(before)} – {_percent(limit)} %"
        before = Decimal(_percent(limit))
    volatility[10] = f"≥ {plain(before)} %"
    drawdown = {score: f"≥ {_percent(depth)} %" for depth, score in DRAWDOWN_BANDS}
    leverage = {score: f"≥ {plain(Decimal(str(multiple)))}×" for multiple, score in LEVERAGE_BANDS}
    return [
        (score, volatility.get(score, ""), drawdown.get(score, ""), leverage.get(score, "")) for score in range(1, 11)
    ]


def _percent(fraction: float) -> str:
    return plain(Decimal(str(fraction)) * 100)


def _yes(value: bool) -> str:
    return _("on") if value else _("off")


def _render(web: Web, *, staff: bool) -> Response[str]:
    settings: CopyTradingSettings = web.settings()
    context: dict[str, Any] = {
        "choices": choices_of(settings),
        "states": [(status.value, words) for status, words in SUBSCRIPTION_STATES.items()],
        "master_states": [(status.value, words) for status, words in MASTER_STATES.items()],
        "pauses": [(PAUSED_BY[(reason.name or "").lower()], words) for reason, words in PAUSES.items()],
        "other_modes": other_modes(),
        "gates": [(REASONS[reason.value], words) for reason, words in GATES.items()],
        "figures": figures(settings),
        "bands": bands(),
        "ratio_cap": plain(RATIO_CAP),
        "settings": settings,
        "staff": staff,
        "title": _("Copy Trading"),
    }
    return web.render("reference.html", **context)


@get("/reference", opt={"permission": "copy_trading.masters.view"}, sync_to_thread=True)
def admin_reference(web: Web) -> Response[str]:
    """For staff."""
    return _render(web, staff=True)


@get("/reference", opt={"permission": "copy_trading.copy"}, sync_to_thread=True)
def portal_reference(web: Web) -> Response[str]:
    """For customers."""
    return _render(web, staff=False)


ADMIN = [admin_reference]
PORTAL = [portal_reference]
