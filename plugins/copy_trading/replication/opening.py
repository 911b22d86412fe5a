"""One opening fill for a chunk: what each follower looks like, the decisions, the orders, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import text

from core.sdk.data import new_id
from core.sdk.trading import AccountFill, LockedAccount, MarketView, OrderRequest, OrderResult
from plugins.copy_trading.replication.fills import open_of
from plugins.copy_trading.replication.orders import opening_order, refusal_of
from plugins.copy_trading.replication.rows import Follower, LinkRow, SkipRow
from plugins.copy_trading.rules.figures import effective_leverage, leverage_warning
from plugins.copy_trading.rules.numbers import product, quotient
from plugins.copy_trading.rules.opens import Copy, decide_opens
from plugins.copy_trading.rules.reasons import Refusal
from plugins.copy_trading.rules.slippage import tolerance_class
from plugins.copy_trading.rules.states import Pause, names
from plugins.copy_trading.rules.targets import after_own_close, after_partial_fill, mirrored_stops
from plugins.copy_trading.rules.views import Follower as View
from plugins.copy_trading.rules.views import Link, Market, MasterOpen, Opening

if TYPE_CHECKING:
    from .chunk import Chunk, Scene

_ZERO = Decimal(0)
Openings = dict[tuple[UUID, UUID], Opening]


class OpeningWave:
    """Decides and books one opening fill for all followers of a chunk."""

    def __init__(self, scene: Scene, chunk: Chunk, openings: Openings) -> None:
        self.scene, self.chunk, self.openings = scene, chunk, openings
        self._markets: dict[tuple[UUID, str], tuple[Market | None, UUID | None]] = {}
        self._rates: dict[str, Decimal | None] = {}

    def run(self, fill: AccountFill, later: Sequence[AccountFill]) -> None:
        """Carry the fill to the followers; ``later`` are fills whose closes they have had."""
        opened = self.opened(fill, later)
        views = [view for row in self.chunk.followers.values() if (view := self.view(row, fill, opened)) is not None]
        if not views:
            return
        max_age_ms = self.scene.settings.max_signal_age_s * 1000
        decided = decide_opens(self.scene.module, self.scene.master.status, opened, views, max_age_ms)
        for skip in decided.skips:
            self._skip(fill, opened, skip.subscription, skip.refusal, skip.opening, skip.asked)
        stops = self._masters_stops(fill.position_id) if decided.copies else (None, None)
        requests = [self._request(fill, made, stops) for made in decided.copies if made.volume]
        results = {one.client_order_id: one for one in self.chunk.place(requests)} if requests else {}
        by_order = {request.origin.id: results[request.client_order_id] for request in requests}
        for made in decided.copies:
            self._take(fill, opened, made, by_order.get(made.subscription))

    def opened(self, fill: AccountFill, later: Sequence[AccountFill]) -> MasterOpen:
        """The opening leg as the rules read it, with what it binds for the master."""
        opened = open_of(fill, later, self.scene.settings.ratio_basis == "balance", self.chunk.market)
        return opened._replace(margin_per_lot=self._masters_margin(fill))

    # --- what a follower looks like --------------------------------------------------------------------------------

    def view(self, row: Follower, fill: AccountFill, opened: MasterOpen) -> View | None:
        """The follower as the rules see it; none when the fill cannot touch it."""
        if row.last_open >= fill.fill_no:
            return None
        link = self._live_link(row.id, fill.position_id)
        opening = self.openings.get((fill.order_id, row.id))
        if link is None and opening is None and not opened.new:
            return None
        account = self.chunk.market.accounts[row.account_id]
        code = next((to for of, to in row.terms.symbol_map if of == opened.symbol), opened.symbol)
        market, symbol_id = self._market(account.account_type_id, code)
        rate = self._rate(account.currency)
        equity = account.equity
        return View(
            subscription=row.id,
            terms=row.terms,
            equity=_ZERO if equity is None else equity,
            basis=account.balance if self.scene.settings.ratio_basis == "balance" else equity or _ZERO,
            free_margin=account.free_margin,
            rate=Decimal(1) if rate is None else rate,
            open_trades=sum(one.origin == "copy" and one.origin_id == row.id for one in account.positions)
            + account.opening(row.id),
            market=market,
            symbol=opened.symbol,
            hold=_hold(row),
            account_problem=self._problem(row, account, equity, rate),
            owner=_owner(account, symbol_id, link),
            link=None if link is None or market is None else Link(link.target, link.held, market.step),
            opening=opening,
        )

    def _live_link(self, subscription_id: UUID, position_id: UUID) -> LinkRow | None:
        """The live link, after taking note of what the follower's own hand has closed."""
        link = self.chunk.links.get((subscription_id, position_id))
        if link is None or link.state != "live":
            return None
        real = self.chunk.real(link)
        if real < link.held:
            target = after_own_close(link.target, link.held, real)
            link.target, link.held = (_ZERO, _ZERO) if target is None else (target, real)
            link.state = "left" if target is None else "live"
            self.chunk.changes.touch(link)
        return link if link.state == "live" else None

    def _market(self, account_type_id: UUID, code: str) -> tuple[Market | None, UUID | None]:
        known = self._markets.get((account_type_id, code))
        if known is None:
            symbol_id = self.chunk.market.symbol_id(code)
            market = None
            if symbol_id is not None:
                view = self.chunk.market.market(account_type_id, symbol_id)
                tolerance = self.scene.settings.tolerance(tolerance_class(view.asset_class, view.base))
                market = _rules_market(view, tolerance)
            known = self._markets[account_type_id, code] = market, symbol_id
        return known

    def _masters_margin(self, fill: AccountFill) -> Decimal:
        """What one lot binds for the master, in the master's currency; 0 without a rate."""
        quote = self.chunk.market.quote_currency(fill.symbol_id)
        rate = self.chunk.market.middle_rate(quote, self.scene.master.currency)
        if rate is None:
            return _ZERO
        value = product(self.chunk.market.contract_size(fill.symbol_id), fill.price, rate[0])
        return quotient(value, product(rate[1], self.scene.master.leverage_of(fill.symbol_id)))

    def _rate(self, currency: str) -> Decimal | None:
        """Worth of one unit of the master's currency in ``currency`` at the middle."""
        if currency not in self._rates:
            fraction = self.chunk.market.middle_rate(self.scene.master.currency, currency)
            self._rates[currency] = None if fraction is None else quotient(*fraction)
        return self._rates[currency]

    def _problem(
        self, row: Follower, account: LockedAccount, equity: Decimal | None, rate: Decimal | None
    ) -> tuple[str, str] | None:
        if account.status != "active":
            return account.status, "active"
        if account.customer_status != "verified":
            return f"customer:{account.customer_status}", "verified"
        if row.customer_id in self.scene.denied:
            return "no_permission", "permission"
        if account.mode != self.scene.master.mode:
            return account.mode, self.scene.master.mode
        if equity is None:
            return "position_without_quote", "equity_known"
        if self.scene.settings.high_blocks_opens:
            limits = self.scene.settings.leverage_limits
            leverage = effective_leverage(self.chunk.market.notional(account.id), equity)
            level = equity / account.margin * 100 if account.margin else None
            warning = leverage_warning(leverage, level, limits)
            if warning in ("high", "critical"):
                shown = "none" if leverage is None else f"{leverage:.1f}"
                return f"leverage:{shown}:{warning}", f"below_leverage:{limits.high_leverage:f}"
        if rate is None:
            return f"no_rate:{self.scene.master.currency}:{account.currency}", "rate"
        return None

    # --- orders and what became of them ----------------------------------------------------------------------------

    def _masters_stops(self, position_id: UUID) -> tuple[Decimal | None, Decimal | None]:
        row = self.scene.session.execute(
            text("select stop_loss, take_profit from core.positions where id = :id and closed_ts_ms is null"),
            {"id": position_id},
        ).one_or_none()
        return (None, None) if row is None else (row[0], row[1])

    def _request(self, fill: AccountFill, made: Copy, stops: tuple[Decimal | None, Decimal | None]) -> OrderRequest:
        row = self.chunk.followers[made.subscription]
        own = mirrored_stops(*stops, row.terms.reverse)
        return opening_order(self.scene.tenant_id, made, fill.fill_no, row.account_id, self._symbol_id(row, fill), own)

    def _symbol_id(self, row: Follower, fill: AccountFill) -> UUID:
        link = self.chunk.links.get((row.id, fill.position_id))
        if link is not None:
            return link.symbol_id
        code = self.chunk.market.symbol_code(fill.symbol_id)
        mapped = next((to for of, to in row.terms.symbol_map if of == code), code)
        return self.chunk.market.symbol_id(mapped) or fill.symbol_id

    def _take(self, fill: AccountFill, opened: MasterOpen, made: Copy, result: OrderResult | None) -> None:
        """Write down what became of a copy: a link, or a skip where nothing of it was filled."""
        row = self.chunk.followers[made.subscription]
        link = self.chunk.links.get((row.id, fill.position_id))
        filled = result.filled if result is not None else _ZERO
        flying = result is not None and result.status in ("pending", "resting", "unknown")
        if result is not None and not filled and not flying:
            opening = made.opening if link is not None else made.opening._replace(over=True)
            self._skip(fill, opened, row.id, refusal_of(result, made.limit), opening, made.asked)
            return
        self._keep(fill, opened, row.id, made.opening)
        if link is None:
            link = LinkRow(
                new_id(),
                row.id,
                fill.position_id,
                row.account_id,
                self._symbol_id(row, fill),
                made.side,
                _ZERO,
                _ZERO,
                [],
                opened_no=fill.fill_no,
            )
            self.chunk.links[row.id, fill.position_id] = link
            self.chunk.changes.add(link)
        ordered = made.volume if flying else filled
        link.target = after_partial_fill(made.target, made.volume, ordered)
        link.held += ordered
        link.asked += made.asked
        if result is not None and flying:
            link.flying.append(result.order_id)
            link.in_flight += made.volume - filled
        link.cut_from = made.cut_from if made.cut_from is not None else link.cut_from
        for one in result.fills if result is not None else ():
            if one.position_id not in link.position_ids:
                link.position_ids.append(one.position_id)
        self.chunk.changes.touch(link)

    def _skip(
        self,
        fill: AccountFill,
        opened: MasterOpen,
        subscription_id: UUID,
        refusal: Refusal,
        opening: Opening,
        asked: Decimal | None,
    ) -> None:
        self._keep(fill, opened, subscription_id, opening)
        self.chunk.changes.skips.append(
            SkipRow(
                subscription_id,
                fill.fill_no,
                fill.symbol_id,
                opened.side,
                fill.volume,
                refusal.reason,
                refusal.found,
                refusal.needed,
                refusal.setting,
                refusal.setting_value,
                fill.ts_ms,
                asked,
            )
        )

    def _keep(self, fill: AccountFill, opened: MasterOpen, subscription_id: UUID, opening: Opening) -> None:
        """Remember an order that may still fill; forget a complete one that was remembered."""
        key = (fill.order_id, subscription_id)
        if not opened.complete or key in self.openings:
            self.openings[key] = opening
            self.chunk.changes.openings[key] = (opening, opened.complete)


def _hold(row: Follower) -> tuple[str, str] | None:
    if row.reasons:
        return f"paused:{','.join(names(Pause(row.reasons)))}", "active"
    return None if row.status == "active" else (row.status, "active")


def _owner(account: LockedAccount, symbol_id: UUID | None, link: LinkRow | None) -> str | None:
    """Who else holds the symbol on a netting account, where one symbol has one owner."""
    if account.mode != "netting":
        return None
    own = link.position_ids if link is not None else ()
    return next((one.origin for one in account.positions if one.symbol_id == symbol_id and one.id not in own), None)


def _rules_market(view: MarketView, tolerance: Decimal) -> Market:
    return Market(
        code=view.code,
        contract=view.contract_size,
        step=view.lot_step,
        minimum=view.min_lot,
        maximum=view.max_lot,
        tick=view.tick,
        bid=view.bid,
        ask=view.ask,
        at_ms=view.at_ms,
        tolerance=tolerance,
        money_rate=view.money_rate,
        leverage=view.leverage,
        cost_per_lot=view.margin_per_lot + view.commission_per_lot,
        problem=view.problem,
    )


__all__ = ["OpeningWave"]
