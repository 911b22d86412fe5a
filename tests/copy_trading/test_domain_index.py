"""Every row of the page of rules of copy trading has a test that names it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.copy_trading.domain_index import IN_TEXT, INDEX

HERE = Path(__file__).parent
_HEADERS = {"setting", "figure", "given"}


def rows(page: str) -> set[tuple[str, str]]:
    """(section, key) of each row of a table and each rule of a list."""
    found, section = set(), ""
    for block in re.split(r"\n(?=#|\||- |\d\. |\n)", page):
        line = " ".join(block.split())
        rule = re.match(r"(?:- |\d\. )(.*)", line)
        if line.startswith("#"):
            section = re.split(r"[(:,]", line.lstrip("# "))[0].strip()
        elif line.startswith("|"):
            cell = line.strip("|").split("|")[0].strip(" `")
            if set(cell) - set("- ") and cell not in _HEADERS:
                found.add((section, cell))
        elif rule:
            found.add((section, " ".join(re.sub(r"[`*]", "", rule[1]).split()[:4])))
    return found


def functions_of(path: Path) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}


@pytest.mark.shared
def test_each_row_of_the_page_is_held_by_a_test(shared_dir: Path) -> None:
    known = {(section, key) for section, keys in INDEX.items() for key in keys} - IN_TEXT
    assert rows((shared_dir / "domain" / "copy-trading.md").read_text()) == known


def test_each_test_that_the_index_names_is_there() -> None:
    names = {name for keys in INDEX.values() for tests in keys.values() for name in tests}
    files = {name.split("::")[0] for name in names}
    there = {f"{file}::{test}" for file in files for test in functions_of(HERE / file)}
    assert names - there == set()
