"""The module's part of the demo brokerages: masters who trade, followers who copy for real and on paper, an applicant."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import Any
from zlib import crc32

from sqlalchemy import select, text

from core.sdk.data import TenantSession
from core.sdk.demo import DemoCustomer, DemoScene
from core.sdk.trading import OrderRequest, close_positions, place_orders
from plugins.copy_trading.models import Master, Subscription
from plugins.copy_trading.rules.choices import Choices
from plugins.copy_trading.services import applying, following, invites, mastering, mocking
from plugins.copy_trading.services.errors import RefusedError
from plugins.copy_trading.services.fee_lines import set_fee
from plugins.copy_trading.services.profiles import Profile

_MODES: tuple[dict[str, Any], ...] = (
    {},
    {"copy_ratio": Decimal(2)},
    {"mode": "fixed", "fixed_size": Decimal("0.1")},
    {"copy_ratio": Decimal("0.5"), "max_open_trades": 2},
)
SETTINGS = {"max_signal_age_s": 7 * 86_400, "slippage_stock": "5", "slippage_fx": "1"}
"""The demo's prices take days in a second, so a copy that comes a blink later finds another day's price."""
_FEE, _PAPER = Decimal(20), Decimal(10_000)
_TURN = 8
"""Prices between two trades of a demo master, so that there is something to see and time to see it."""


def prepare(session: TenantSession, scene: DemoScene, settings: Any) -> None:
    """Make the demo's masters, each followed by some of the followers; what is there is left alone."""
    masters = _masters(session, scene, settings)
    public = [master for master in masters if master.public]
    if not public:
        return
    followers = scene.who("follower")
    for at, customer in enumerate(followers):
        if session.scalar(select(Subscription.id).where(Subscription.account_id == customer.account_id).limit(1)):
            continue
        choices = Choices(**_MODES[at % len(_MODES)])
        customer_id, account_id = customer.customer_id, customer.account_id
        try:
            following.follow(
                session,
                settings,
                customer_id=customer_id,
                account_id=account_id,
                master_id=public[at % len(public)].id,
                choices=choices,
                confirmed=True,
            )
        except RefusedError:
            # An account of the other position mode cannot follow this master; the demo does without.
            continue
        if at == 0:
            # Beside the real copy, so that both can be compared.
            mocking.start(
                session,
                settings,
                customer_id=customer_id,
                account_id=account_id,
                master_id=public[-1].id,
                choices=Choices(),
                paper=_PAPER,
            )
    for customer in scene.who("trader")[1:2]:
        if session.scalar(select(Master.id).where(Master.account_id == customer.account_id)) is None:
            _apply(session, settings, customer)


def _masters(session: TenantSession, scene: DemoScene, settings: Any) -> list[Master]:
    """The masters: the last of three is private and lets followers in by a code, the last public one asks a fee."""
    customers = scene.who("master")
    public = min(len(customers), 2)
    found = []
    for at, customer in enumerate(customers):
        master = session.scalar(select(Master).where(Master.account_id == customer.account_id))
        if master is None:
            master = mastering.grant(
                session, account_id=customer.account_id, name=customer.name, by="demo", public=at < public
            )
            if at == public - 1:
                set_fee(settings, master, min(_FEE, settings.max_fee_percent))
            if not master.public:
                invites.make(session, master, note="For friends", max_uses=10)
        found.append(master)
    return found


def _apply(session: TenantSession, settings: Any, customer: DemoCustomer) -> None:
    profile = Profile(customer.name, "A few positions at a time, opened and closed by hand.")
    # The brokerage's own rule may refuse; the demo does without.
    with suppress(RefusedError):
        applying.apply(
            session, settings, customer_id=customer.customer_id, account_id=customer.account_id, profile=profile
        )


def play(session: TenantSession, scene: DemoScene, _settings: Any) -> None:
    """Let one of the masters open or close something every few prices.

    One booking in a transaction: a second would lock its account after the first has locked its events.
    """
    codes = sorted(code for code in scene.symbols if code in scene.prices)
    masters = scene.who("master")
    if not codes or not masters:
        return
    clock = session.scalar(text("select coalesce(sum(seq), 0) from core.quotes")) or 0
    turn = int(clock) // _TURN
    client_order_id = f"demo-{turn}"
    at = crc32(client_order_id.encode()) % len(masters)
    customer = masters[at]
    if session.scalar(
        text("select 1 from core.orders where account_id = :account and client_order_id = :key"),
        {"account": customer.account_id, "key": client_order_id},
    ):
        return
    held = session.execute(
        text(
            "select id from core.positions where account_id = :account and closed_ts_ms is null order by opened_ts_ms, id"
        ),
        {"account": customer.account_id},
    ).all()
    if len(held) >= 3 + at:
        close_positions(session, [(held[0].id, None, client_order_id)])
    else:
        code = codes[(turn + at) % len(codes)]
        _open(session, scene, customer.account_id, code, client_order_id, buy=(turn + at) % 3 != 0)


def _open(
    session: TenantSession, scene: DemoScene, account_id: Any, code: str, client_order_id: str, *, buy: bool
) -> None:
    """A position worth about the account's balance."""
    row = session.execute(
        text(
            "select a.balance, y.contract_size, y.lot_step, y.min_lot from core.accounts a, core.symbols y"
            " where a.id = :account and y.id = :symbol"
        ),
        {"account": account_id, "symbol": scene.symbols[code]},
    ).one()
    steps = row.balance / 2 / (row.contract_size * scene.prices[code]) // row.lot_step
    volume = max(steps * row.lot_step, row.min_lot)
    place_orders(
        session,
        [OrderRequest(client_order_id, account_id, scene.symbols[code], "buy" if buy else "sell", volume)],
    )
