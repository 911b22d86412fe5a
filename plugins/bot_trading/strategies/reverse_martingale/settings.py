"""What a customer chooses for a Reverse Martingale."""

from decimal import Decimal
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from core.sdk.text import _
from plugins.bot_trading.strategies.cycles import settings as shared
from plugins.bot_trading.strategies.protocol import Side

__all__ = ["ReverseMartingaleSettings"]

_PLACE: Final[dict[str, JsonValue]] = {"section": _("Reverse Martingale")}


class ReverseMartingaleSettings(BaseModel):
    """Parameters of a Reverse Martingale. Limits are in the symbol's quote currency."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    variant: Literal["anti", "alternate"] = Field(
        default="anti",
        title=_("Variant"),
        description=_(
            "Anti: the size grows after a win and begins anew after a loss; one position at a time. Alternate: the size"
            " grows and the direction turns after a loss, positions stay open; needs a hedging account."
        ),
        json_schema_extra={
            **_PLACE,
            "labels": {"anti": _("Anti (grow after a win)"), "alternate": _("Alternate (turn after a loss)")},
        },
    )
    direction: Side = shared.direction(_("Reverse Martingale"))
    initial_lot: Decimal = shared.initial_lot(_PLACE)
    take_profit_pips: Decimal = shared.take_profit_pips(_PLACE, _("From the entry of the last level opened."))
    stop_loss_pips: Decimal = shared.stop_loss_pips(_PLACE, _("From the entry of the last level opened."))
    levels: int = shared.levels(
        _PLACE,
        _("Anti: wins after which a streak ends. Alternate: how often the bot opens a level in one cycle, at most."),
    )
    multiplier: Decimal = shared.multiplier(_PLACE)
    repeat: shared.Repeat = shared.repeat()
    cycles: int = shared.cycle_count()
    cooldown_s: int = shared.cooldown()
    max_cycles_per_hour: int | None = shared.cycles_an_hour()
    daily_loss_limit: Decimal | None = shared.daily_loss()
    max_spread_pips: Decimal | None = shared.max_spread(
        _("Nothing is opened while the spread is wider; closing goes on. Empty: 30 % of the stop-loss.")
    )
