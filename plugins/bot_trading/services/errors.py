"""Refusals of bot trading, with the way out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.sdk.text import Text, _
from plugins.bot_trading.strategies.protocol import Refusal

__all__ = ["REFUSALS", "BotRefusedError", "refusal"]

REFUSALS: dict[str, tuple[str, str]] = {
    "strategy_not_allowed": (
        _("This strategy is not available to you."),
        _("Choose another strategy, or ask support."),
    ),
    "account_not_found": (_("There is no such account."), _("Choose one of your accounts.")),
    "symbol_not_found": (_("There is no such symbol."), _("Choose one of the symbols offered.")),
    "too_many_bots": (_("You run as many bots as are allowed."), _("Stop one of them first.")),
    "capital_above_limit": (_("A bot may use at most {most} here."), _("Use at most {most}.")),
    "loss_above_limit": (
        _("The worst case would lose more than {most}, which is the most that is allowed."),
        _("Set a stop-loss price, or a closer one."),
    ),
    "too_many_levels": (_("There are more levels than allowed."), _("Choose at most {most}.")),
    "multiplier_above_limit": (_("The multiplier is larger than is allowed."), _("Choose at most {most}.")),
    "symbol_owned": (
        _("This account holds the symbol already, and a netting account has one owner for each symbol."),
        _("Close what is there, or use another account."),
    ),
    "market_closed": (_("The market is closed."), _("Try again in its trading hours.")),
    "quote_stale": (_("There is no fresh price for this symbol."), _("Try again when prices arrive.")),
    "insufficient_funds": (_("The account has not enough free money."), _("Invest less, or deposit first.")),
    "insufficient_margin": (_("The account has not enough free money."), _("Invest less, or deposit first.")),
    "margin_call": (_("The account is below its margin call level."), _("Deposit, or close positions first.")),
    "not_paused": (_("Only a paused bot can be resumed."), ""),
    "not_halted": (_("Only a halt from outside can be lifted."), ""),
    "not_running": (_("The bot does not run."), ""),
    "stopped": (_("The bot has been stopped."), ""),
    "stopped_otherwise": (_("The bot is already being stopped in another way."), _("The first choice stands.")),
    "confirmation_needed": (_("Resuming would place orders that execute at once."), _("Look at them and confirm.")),
    "still_held": (_("Another reason still holds the bot."), _("It resumes when that is lifted too.")),
    "preview_too_long": (_("So many days are not offered."), _("Choose fewer days.")),
    "previews_under_way": (_("Your earlier runs are not finished yet."), _("Wait until one of them is done.")),
    "module_off": (_("Bot Trading is switched off."), ""),
}
"""Code → what is wrong, and the remedy."""


def refusal(code: str, *, field: str | None = None, **facts: str) -> Refusal:
    """A refusal by its code. An unknown one (of the order path) is shown as it is."""
    message, remedy = REFUSALS.get(code, (_("Refused: {reason}.", reason=code.replace("_", " ")), ""))
    return Refusal(code, _with(message, facts), _with(remedy, facts), field, facts)


def _with(text: str, facts: Mapping[str, str]) -> str:
    return text.format(**facts) if isinstance(text, Text) and facts else text


class BotRefusedError(Exception):
    """An action on a bot that is refused; nothing of it is kept. It carries all reasons."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__(", ".join(item.code for item in refusals))
        self.refusals = tuple(refusals)

    @property
    def first(self) -> Refusal:
        """The reason that is shown where there is room for one."""
        return self.refusals[0]
