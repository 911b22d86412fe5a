"""The password of the demo's people: words told from the installation's secret, the same at each start."""

from __future__ import annotations

from typing import Final

from core.secret import derived_key, installation_secret
from core.settings import Settings

_WORDS: Final = (
    "amber", "anchor", "apple", "aspen", "autumn", "bamboo", "beacon", "birch", "canyon", "cedar", "cherry", "cobalt",
    "coral", "crystal", "delta", "ember", "falcon", "fjord", "forest", "garden", "ginger", "glacier", "harbor", "indigo",
    "island", "juniper", "lagoon", "lantern", "maple", "marble", "meadow", "mint",
)  # fmt: skip


def demo_password(settings: Settings) -> str:
    """Three words and four digits: easy to type, and nobody's without the secret."""
    key = derived_key(installation_secret(settings), "password of the demo")
    words = [_WORDS[int(key[at : at + 8], 16) % len(_WORDS)] for at in (0, 8, 16)]
    return "-".join([*words, f"{int(key[24:32], 16) % 10_000:04}"])
