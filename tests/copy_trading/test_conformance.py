"""The module keeps the rules of the contract, as anybody's plugin does."""

from __future__ import annotations

from core.sdk.testing.conformance import check_plugin


def test_the_module_keeps_the_rules() -> None:
    check_plugin("copy_trading")
