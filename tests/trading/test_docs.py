"""docs/trading.md names what the code answers with."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def codes_in(*folders: str) -> set[str]:
    found: set[str] = set()
    for folder in folders:
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text()
            found |= set(re.findall(r'Refusal\(\s*"([a-z_]+)"', text))
            for pair in re.findall(r'Refusal\(\s*"([a-z_]+)" if .*? else "([a-z_]+)"\)', text):
                found |= set(pair)
            found |= set(re.findall(r'finish\([^)]*?"(?:cancelled|rejected|partial)", "([a-z_]+)"', text))
    return found


def test_every_reason_is_explained() -> None:
    documented = set(re.findall(r"`([a-z_]+)`", (ROOT / "docs" / "trading.md").read_text()))
    used = codes_in("core/trading", "core/venues")
    assert len(used) > 20
    assert used <= documented, sorted(used - documented)
