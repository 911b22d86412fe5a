"""docs/plugins.md is the contract on one page: it names every hook, and nothing that is not one."""

from __future__ import annotations

import pkgutil
import re
from pathlib import Path

import core.sdk
from core import commands
from core.events.draining import BUDGET_S as HANDLER_S
from core.runtime import declared, migrating, modules, quarantine
from core.runtime.calls import SLOT_S
from core.runtime.facade import HOOKS
from core.web.mounting import RESERVED

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "plugins.md").read_text(encoding="utf-8")


def rows(title: str) -> list[str]:
    """The first cells of the table of a section."""
    section = PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    return [row.split("|")[1].strip() for row in section.splitlines() if row.startswith("|")][2:]


def test_every_hook_and_no_other() -> None:
    assert [name.strip("`") for name in rows("Hooks")] == list(HOOKS)


def test_every_hook_says_what_it_is_for() -> None:
    for name in HOOKS:
        assert getattr(core.sdk.hooks.PluginSpec, name).__doc__, name


def test_names_of_the_contract_are_exported() -> None:
    named = set(re.findall(r"`([A-Z]\w+)`…?(?= \|)", PAGE)) - {"Reactor", "Venue", "Demo"}
    assert named <= set(core.sdk.__all__)
    assert f"now {core.sdk.API_VERSION[0]}.{core.sdk.API_VERSION[1]}" in PAGE


def test_numbers_are_those_of_the_code() -> None:
    flat = " ".join(PAGE.split())
    assert f"handlers have {HANDLER_S:g} s for a batch" in flat
    assert f"exposure {modules.BUDGET_S:g} s, fragments {SLOT_S:g} s" in flat
    assert f"{quarantine.FAULTS} errors in {quarantine.WINDOW_S // 60} minutes" in flat
    assert f"In quarantine for {quarantine.TENANTS} brokerages" in flat


def test_places_and_anchors_are_those_of_the_code() -> None:
    for place in declared.PLACES:
        assert f"`{place}`" in PAGE, place
    for anchor in migrating.ANCHORS:
        assert f"`{anchor}`" in PAGE, anchor


def test_addresses_and_commands_of_the_core_are_nobodys_key() -> None:
    assert {path.replace("-", "_") for path in RESERVED} <= declared.RESERVED
    own = {module.name for module in pkgutil.iter_modules(commands.__path__)}
    assert own <= declared.RESERVED


def test_the_page_is_linked() -> None:
    assert "plugins.md" in (DOCS / "architecture.md").read_text(encoding="utf-8")
