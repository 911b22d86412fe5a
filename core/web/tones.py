"""The colour and the words of a status. Colour never stands alone: the word is always beside it."""

from __future__ import annotations

from tenants.text import _, _c

__all__ = ["side_label", "status_label", "status_tone"]

_TONES: dict[str, str] = {}
for _tone, _names in {
    "green": "active on running filled verified open approved ok healthy completed live granted alive",
    "blue": "new pending waiting waiting_trigger validating working accepted resting submitted triggered",
    "yellow": "paused draining stopping partially_filled partial warning unknown stale blocked_insufficient_funds degraded behind failing",
    "red": "rejected blocked error halted failed quarantined suspended margin_call stopped_out critical revoked silent",
}.items():
    _TONES |= dict.fromkeys(_names.split(), _tone)


def status_tone(status: object) -> str:
    """``green``, ``blue``, ``yellow``, ``red``, or ``secondary`` for what is over or off."""
    return _TONES.get(str(getattr(status, "value", status)).lower(), "secondary")


_LABELS = {
    "active": _("Active"),
    "on": _("On"),
    "off": _("Off"),
    "running": _("Running"),
    "filled": _("Filled"),
    "verified": _("Verified"),
    "open": _("Open"),
    "approved": _("Approved"),
    "ok": _("Ok"),
    "healthy": _("Healthy"),
    "completed": _("Completed"),
    "live": _("Live"),
    "granted": _("Granted"),
    "new": _("New"),
    "pending": _("Pending"),
    "waiting": _("Waiting"),
    "waiting_trigger": _("Waiting trigger"),
    "validating": _("Validating"),
    "working": _("Working"),
    "accepted": _("Accepted"),
    "resting": _("Resting"),
    "submitted": _("Submitted"),
    "triggered": _("Triggered"),
    "paused": _("Paused"),
    "draining": _("Draining"),
    "stopping": _("Stopping"),
    "stopped": _("Stopped"),
    "partial": _("Partial"),
    "partially_filled": _("Partially filled"),
    "warning": _("Warning"),
    "unknown": _("Unknown"),
    "stale": _("Stale"),
    "blocked_insufficient_funds": _("Blocked insufficient funds"),
    "degraded": _("Degraded"),
    "rejected": _("Rejected"),
    "blocked": _("Blocked"),
    "error": _("Error"),
    "halted": _("Halted"),
    "failed": _("Failed"),
    "quarantined": _("Quarantined"),
    "suspended": _("Suspended"),
    "margin_call": _("Margin call"),
    "stopped_out": _("Stopped out"),
    "critical": _("Critical"),
    "revoked": _("Revoked"),
    "cancelled": _("Cancelled"),
    "closed": _("Closed"),
    "left": _("Left"),
    "detached": _("Detached"),
    "deactivated": _("Deactivated"),
    "withdrawn": _("Withdrawn"),
    "invited": _("Invited"),
    "queued": _("Queued"),
    "done": _("Done"),
    "parked": _("Parked"),
    "stored": _("Stored"),
    "refused": _("Refused"),
    "disabled": _("Disabled"),
    "enabled": _("Enabled"),
    "draft": _("Draft"),
    "released": _("Released"),
    "manual": _("Manual"),
    "copy": _("Copy"),
    "bot": _("Bot"),
    "system": _("System"),
    "market": _("Market"),
    "limit": _("Limit"),
    "stop": _("Stop"),
    "take_profit": _("Take profit"),
    "stop_loss": _("Stop loss"),
    "stop_out": _("Stop out"),
    "buy": _("Buy"),
    "sell": _("Sell"),
    "long": _("Long"),
    "short": _("Short"),
    "public": _("Public"),
    "private": _("Private"),
    "info": _("Info"),
    "high": _("High"),
    "medium": _("Medium"),
    "low": _("Low"),
    "deposit": _("Deposit"),
    "withdrawal": _("Withdrawal"),
    "correction": _("Correction"),
    "commission": _("Commission"),
    "swap": _("Swap"),
    "fee": _("Fee"),
    "realised": _("Realised"),
    "staff": _("Staff"),
    "customer": _("Customer"),
    "expired": _("Expired"),
    "none": _("None"),
    "alive": _("Alive"),
    "hedging": _("Hedging"),
    "netting": _("Netting"),
    "silent": _("Silent"),
    "behind": _("Behind"),
    "failing": _("Failing"),
    "trade": _c("noun", "Trade"),
    "negative_balance": _("Negative balance"),
    "fx": _("Currencies"),
    "metal": _("Metal"),
    "crypto": _("Crypto"),
    "index": _("Index"),
    "stock": _("Stock"),
    "account": _("Account"),
    "account_type": _("Account type"),
    "order": _("Order"),
    "position": _("Position"),
    "brand": _("Brand"),
    "product": _("Product"),
    "symbol": _("Symbol"),
    "host": _("Host"),
    "currency": _("Currency"),
    "alert": _("Alert"),
    "master": _("Master"),
    "subscription": _("Subscription"),
    "group": _("Group"),
    "token": _("Token"),
    "session": _("Session"),
    "company": _("Company"),
    "invitation": _("Invitation"),
    "application": _("Application"),
    "commands": _("Commands"),
    "copies": _("Copies"),
}


def status_label(status: object) -> str:
    """The status in words."""
    key = str(getattr(status, "value", status))
    known = _LABELS.get(key.lower())
    if known is not None:
        return str(known)
    text = key.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def side_label(name: str) -> str:
    """``buy``, ``sell``, ``long`` or ``short`` in words."""
    return status_label(name)
