"""The colour and the words of a status. Colour never stands alone: the word is always beside it."""

from __future__ import annotations

__all__ = ["status_label", "status_tone"]

_TONES: dict[str, str] = {}
for _tone, _names in {
    "green": "active on running filled verified open approved ok healthy completed live granted",
    "blue": "new pending waiting waiting_trigger validating working accepted resting submitted triggered",
    "yellow": "paused draining stopping partially_filled partial warning unknown stale blocked_insufficient_funds degraded",
    "red": "rejected blocked error halted failed quarantined suspended margin_call stopped_out critical revoked",
}.items():
    _TONES |= dict.fromkeys(_names.split(), _tone)


def status_tone(status: object) -> str:
    """``green``, ``blue``, ``yellow``, ``red``, or ``secondary`` for what is over or off."""
    return _TONES.get(str(getattr(status, "value", status)).lower(), "secondary")


def status_label(status: object) -> str:
    """The status in words."""
    text = str(getattr(status, "value", status)).replace("_", " ").strip()
    return text[:1].upper() + text[1:]
