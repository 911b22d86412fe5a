"""What the pages say exists: links, commands, settings, make's targets, files."""

import re
from pathlib import Path

import click
import pytest

from core.cli import LazyGroup, tradeyard
from core.settings import FOREIGN, PREFIX, Settings

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md"), *(ROOT / "examples").glob("*/*.md")])


def ids(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """The anchors that headings get where Markdown is rendered."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name) if name else page
        assert file.exists(), f"{target}: there is no {file}"
        if anchor:
            assert anchor in anchors(file), f"{target}: {file.name} has no such heading"


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_commands_exist(page: Path) -> None:
    known = set(LazyGroup().list_commands(click.Context(tradeyard)))
    plugins = {folder.name for folder in (ROOT / "examples").iterdir()}
    spans = re.findall(r"`tradeyard ([a-z-]+)(?: ([a-z-]+))?", page.read_text(encoding="utf-8"))
    spans += re.findall(r"^tradeyard ([a-z-]+)(?: ([a-z-]+))?", page.read_text(encoding="utf-8"), re.MULTILINE)
    for name, sub in spans:
        if name in plugins:
            continue
        assert name in known, f"tradeyard {name}"
        command = tradeyard.get_command(click.Context(tradeyard), name)
        if sub and isinstance(command, click.Group):
            assert command.get_command(click.Context(command), sub) is not None, f"tradeyard {name} {sub}"


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_settings_exist(page: Path) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for name in re.findall(r"TRADEYARD_[A-Z0-9_]+", page.read_text(encoding="utf-8")):
        assert name in known or name.startswith(FOREIGN) or name.endswith("_"), name


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_targets_of_make_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for words in re.findall(r"(?:`|^)make ([a-z -]+)", page.read_text(encoding="utf-8"), re.MULTILINE):
        for target in words.split():
            assert target in targets, f"make {target}"
            break  # what follows may be prose


def test_nothing_of_the_workshop_is_told() -> None:
    """Pages speak of the project, not of the machines it was made on."""
    for page in PAGES:
        assert not re.search(r"(?<![\w.])/(?:work|root|home)/", page.read_text(encoding="utf-8")), page
