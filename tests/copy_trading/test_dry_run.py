"""The dry run decides as the replication does: the same past gives the same copies, skips, P&L and equity."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from core.feeds.models import Tick
from plugins.copy_trading.models import Master
from plugins.copy_trading.rules.choices import Choices
from plugins.copy_trading.services import rehearsing
from plugins.copy_trading.services.past import DAYS
from plugins.copy_trading.services.previewing import preview
from tests.copy_trading.scene import Context, Scene
from tests.copy_trading.test_sizing_modes import margin_use

__all__ = ["margin_use"]

D = Decimal


@dataclass
class JobRun(Context):
    """A job's context that keeps what the job says of itself."""

    steps: list[tuple[int, int]] = field(default_factory=list)
    result: dict[str, Any] = field(default_factory=dict)

    def progress(self, done: int, total: int, *, result: Any = None) -> None:
        self.steps.append((done, total))
        self.result = dict(result or self.result)


def dry_run(scene: Scene, master: UUID, account: UUID, **choices: Any) -> dict[str, Any]:
    payload = {
        "customer": str(scene.customer_of(account)),
        "master": str(master),
        "account": str(account),
        "choices": Choices(**choices).model_dump(mode="json"),
    }
    with scene.place.session() as session:
        context = JobRun(session, scene.place.tenant_id, "on", scene.settings)
        rehearsing.run(context, payload)
    assert context.steps[-1][0] == context.steps[-1][1] > 0
    return context.result


def tick(scene: Scene, bid: str, ask: str | None = None) -> None:
    """A quote that is stored as the feed stores it."""
    seq = scene.place.quote("EURUSD", bid, ask or bid)
    with scene.place.database.system() as session:
        session.add(
            Tick(
                instrument_id=scene.place.instruments["EURUSD"],
                seq=seq,
                ts_ms=1_700_000_000_000 + seq * 1000,
                bid=int(D(bid) * 100_000),
                ask=int(D(ask or bid) * 100_000),
            )
        )


def a_history(scene: Scene, master: UUID) -> None:
    """Opens, adds, partial closes and a loss, each carried to the followers at once."""
    account = scene.master_account(master)
    tick(scene, "1.08500", "1.08502")
    first = scene.trade(account, "buy", "1.00").fills[0].position_id
    scene.copy(master)
    tick(scene, "1.08600", "1.08602")
    second = scene.trade(account, "sell", "0.50").fills[0].position_id
    scene.copy(master)
    small = scene.trade(account, "buy", "0.01").fills[0].position_id
    scene.copy(master)
    tick(scene, "1.08700", "1.08703")
    scene.trade(account, "sell", "0.40", position_id=first, reduce_only=True)
    scene.copy(master)
    tick(scene, "1.08300", "1.08302")
    for position, side, volume in ((first, "sell", "0.60"), (second, "buy", "0.50"), (small, "sell", "0.01")):
        scene.trade(account, side, volume, position_id=position, reduce_only=True)
        scene.copy(master)
    scene.trade(account, "buy", "2.00")
    scene.copy(master)
    tick(scene, "1.08400", "1.08402")


@pytest.mark.parametrize(
    "choices",
    [
        {},
        {"copy_ratio": D("0.5"), "reverse": True},
        {"mode": "fixed", "fixed_size": D("0.05"), "max_open_trades": 1},
        {"minimum_equity": D(2600)},
        {"maximum_lot": D("0.20"), "below_minimum_lot": "round_up"},
        {"symbols": ["GBPUSD"]},
    ],
    ids=["proportional", "reversed", "fixed and one at a time", "minimum equity", "maximum lot", "allow-list"],
)
def test_a_dry_run_agrees_with_what_a_follower_with_these_settings_got(scene: Scene, choices: dict[str, Any]) -> None:
    master, follower, onlooker = scene.master(), scene.account("2500"), scene.account("2500")
    subscription = scene.follow(master, follower, **choices)
    a_history(scene, master)
    found = dry_run(scene, master, onlooker, **choices)
    with scene.place.session() as session:
        from core.trading.services import account_states

        real = account_states(session, [follower])[follower]
    assert D(found["equity"]) == real.equity.quantize(D("0.01"))
    positions = [one for one in scene.place.positions(follower) if one.opened_volume]
    assert found["copies"] == len(positions)
    assert {one["reason"]: one["count"] for one in found["skips"]} == _counted(scene, subscription)
    assert (found["orders"], found["without_quote"]) == (4, 0)
    assert found["curve"][0][1] == 2500.0


def _counted(scene: Scene, subscription: UUID) -> dict[str, int]:
    counts: dict[str, int] = {}
    for skip in scene.skips(subscription):
        counts[skip.reason] = counts.get(skip.reason, 0) + 1
    return counts


def test_modes_of_other_plugins_size_a_dry_run_and_a_preview_as_they_size_copies(
    margin_use: None,
    scene: Scene,
) -> None:
    chosen = {"mode": "margin_use", "mode_settings": {"share": "0.5"}}
    master, follower, onlooker = scene.master(), scene.account("2500"), scene.account("2500")
    scene.follow(master, follower, **chosen)
    tick(scene, "1.08500")
    scene.trade(scene.master_account(master), "buy", "1.00")
    scene.copy(master)
    tick(scene, "1.08600")
    [real] = scene.place.positions(follower)
    assert real.volume == D("0.12")
    found = dry_run(scene, master, onlooker, **chosen)
    assert (found["copies"], D(found["net"])) == (1, D("12.00"))
    with scene.place.session() as session:
        [line] = preview(session, scene.settings, master, onlooker, Choices(**chosen)).lines
    assert line.lots is not None


def test_the_copy_stop_loss_ends_a_dry_run(scene: Scene) -> None:
    master, onlooker = scene.master(), scene.account("2500")
    tick(scene, "1.08500")
    scene.trade(scene.master_account(master), "buy", "4.00")  # a copy of 1.00: 100 pips are 1,000 dollars
    tick(scene, "1.08000")
    tick(scene, "1.07900")
    found = dry_run(scene, master, onlooker, stop_loss_percent=D(20))
    assert found["stopped_ms"] is not None
    assert (D(found["net"]), D(found["drawdown"])) == (D(-500), D(20))


def test_the_masters_fee_is_reckoned_up_in_a_dry_run(scene: Scene) -> None:
    master, onlooker = scene.master(), scene.account("2500")
    scene.place.change(Master, (scene.place.tenant_id, master), fee_percent=D(20))
    account = scene.master_account(master)
    tick(scene, "1.08500")
    position = scene.trade(account, "buy", "1.00").fills[0].position_id
    tick(scene, "1.08900")
    scene.trade(account, "sell", "1.00", position_id=position, reduce_only=True)
    found = dry_run(scene, master, onlooker)  # 0.25 lots and 40 pips: 100 dollars
    assert (D(found["fees"]), D(found["net"])) == (D(20), D(80))
    assert (found["closed"], found["won"]) == (1, 1)


def test_a_dry_run_looks_back_so_many_days_and_no_further(scene: Scene) -> None:
    master, onlooker = scene.master(), scene.account("2500")
    account = scene.master_account(master)
    scene.place.quote("EURUSD", "1.08500", "1.08500", ts_ms=1_700_000_000_000)
    scene.trade(account, "buy", "1.00")
    later = 1_700_000_000_000 + (DAYS + 1) * 86_400_000
    scene.place.quote("EURUSD", "1.08500", "1.08500", ts_ms=later)
    scene.trade(account, "buy", "0.40")
    found = dry_run(scene, master, onlooker)
    assert (found["orders"], found["copies"], found["without_quote"]) == (1, 1, 1)


# --- the live preview --------------------------------------------------------------------------------------------------


def test_the_preview_sizes_the_masters_last_trades_by_the_same_rules(scene: Scene) -> None:
    master, onlooker = scene.master(), scene.account("2500")
    account = scene.master_account(master)
    for volume in ("1.00", "0.50", "0.01"):
        scene.trade(account, "buy", volume)
    with scene.place.session() as session:
        shown = preview(session, scene.settings, master, onlooker, Choices())
    lines = [(line.master_lots, line.lots, line.exact) for line in shown.lines]
    assert lines == [(D("0.01"), None, None), (D("0.50"), D("0.12"), D("0.125")), (D("1.00"), D("0.25"), D("0.25"))]
    refusal = shown.lines[0].refusal
    assert refusal is not None
    assert (refusal.reason, refusal.found, refusal.needed) == ("below_min_lot", "0.0025", "0.01")
    assert (refusal.setting, refusal.setting_value) == ("copy_ratio", "4")
    assert (shown.own, shown.master, shown.copied) == (D(2500), D(10000), 2)
    assert shown.typical is not None
    assert shown.typical.master_lots == D("0.50")
    assert shown.lines[2].margin == D("271.25")  # 0.25 × 100,000 × 1.085 ÷ 100
    assert scene.orders(onlooker) == [], "a preview orders nothing"


@pytest.mark.parametrize(
    ("choices", "reason", "setting"),
    [
        ({"minimum_equity": D(5000)}, "below_minimum_equity", "minimum_equity"),
        ({"symbols": ["GBPUSD"]}, "symbol_not_allowed", "symbols"),
        ({"copy_ratio": D(10)}, None, None),
        ({"mode": "fixed", "fixed_size": D("0.001")}, "below_min_lot", "fixed_size"),
        ({"mode": "fixed", "fixed_size": D(40)}, "insufficient_margin", "fixed_size"),
        ({"maximum_lot": D("0.001")}, "maximum_lot", "maximum_lot"),
    ],
)
def test_the_preview_names_the_gate_that_would_skip_and_the_setting_that_would_not(
    scene: Scene, choices: dict[str, Any], reason: str | None, setting: str | None
) -> None:
    master, onlooker = scene.master(), scene.account("2500")
    scene.trade(scene.master_account(master), "buy", "0.50")
    with scene.place.session() as session:
        [line] = preview(session, scene.settings, master, onlooker, Choices(**choices)).lines
    if reason is None:
        assert (line.lots, line.refusal) == (D("1.25"), None)
    else:
        assert line.refusal is not None
        assert (line.refusal.reason, line.refusal.setting) == (reason, setting)
