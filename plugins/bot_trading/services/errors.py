"""Refusals of bot trading, with the way out."""

from __future__ import annotations

from collections.abc import Sequence

from plugins.bot_trading.strategies.protocol import Refusal

__all__ = ["REFUSALS", "BotRefusedError", "refusal"]

REFUSALS: dict[str, tuple[str, str]] = {
    "strategy_not_allowed": ("This strategy is not available to you.", "Choose another strategy, or ask support."),
    "account_not_found": ("There is no such account.", "Choose one of your accounts."),
    "symbol_not_found": ("There is no such symbol.", "Choose one of the symbols offered."),
    "too_many_bots": ("You run as many bots as are allowed.", "Stop one of them first."),
    "capital_above_limit": ("The investment exceeds what is allowed for a bot.", "Invest less."),
    "loss_above_limit": ("The worst case would lose more than is allowed.", "Set a stop-loss price, or a closer one."),
    "too_many_levels": ("There are more levels than allowed.", "Choose fewer levels."),
    "multiplier_above_limit": ("The multiplier is larger than is allowed.", "Choose a smaller one."),
    "symbol_owned": (
        "This account holds the symbol already, and a netting account has one owner for each symbol.",
        "Close what is there, or use another account.",
    ),
    "market_closed": ("The market is closed.", "Try again in its trading hours."),
    "quote_stale": ("There is no fresh price for this symbol.", "Try again when prices arrive."),
    "insufficient_funds": ("The account has not enough free money.", "Invest less, or deposit first."),
    "insufficient_margin": ("The account has not enough free money.", "Invest less, or deposit first."),
    "margin_call": ("The account is below its margin call level.", "Deposit, or close positions first."),
    "not_paused": ("Only a paused bot can be resumed.", ""),
    "not_running": ("The bot does not run.", ""),
    "stopped": ("The bot has been stopped.", ""),
    "stopped_otherwise": ("The bot is already being stopped in another way.", "The first choice stands."),
    "confirmation_needed": ("Resuming would place orders that execute at once.", "Look at them and confirm."),
    "still_held": ("Another reason still holds the bot.", "It resumes when that is lifted too."),
    "module_off": ("Bot Trading is switched off.", ""),
}
"""Code → what is wrong, and the remedy."""


def refusal(code: str, *, field: str | None = None, **facts: str) -> Refusal:
    """A refusal by its code. An unknown one (of the order path) is shown as it is."""
    message, remedy = REFUSALS.get(code, (f"Refused: {code.replace('_', ' ')}.", ""))
    return Refusal(code, message, remedy, field, facts)


class BotRefusedError(Exception):
    """An action on a bot that is refused; nothing of it is kept. It carries all reasons."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__(", ".join(item.code for item in refusals))
        self.refusals = tuple(refusals)

    @property
    def first(self) -> Refusal:
        """The reason that is shown where there is room for one."""
        return self.refusals[0]
