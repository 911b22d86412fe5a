"""The rules that hold for the whole of the code."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("core", "tenants", "plugins")
LINES = 400


def sources() -> list[Path]:
    folders = (*PACKAGES, "tests", "examples")
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run([program, "--no-cache", "--no-logo"], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages and their rules, to break them in."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("static", "__pycache__"))
    return folder


def test_imports_go_one_way() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("where", "what"),
    [
        ("tenants/__init__.py", "import core.settings"),
        ("core/schema.py", "import plugins.bot_trading"),
        ("plugins/bot_trading/__init__.py", "import plugins.copy_trading"),
        ("plugins/copy_trading/__init__.py", "import core.settings"),
        ("plugins/copy_trading/__init__.py", "import tenants.db"),
    ],
)
def test_a_wrong_import_is_found(copy: Path, where: str, what: str) -> None:
    file = copy / where
    kept = file.read_text(encoding="utf-8")
    try:
        file.write_text(f"{kept}\n\n{what}\n", encoding="utf-8")
        done = lint_imports(copy)
        assert done.returncode != 0, done.stdout
        assert "BROKEN" in done.stdout
    finally:
        file.write_text(kept, encoding="utf-8")


def test_no_file_is_longer_than_a_reader_bears() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in sources()
        # A revision lists the tables as they were; nobody reads it for its ideas.
        if "versions" not in path.parts
        if (lines := len(path.read_text().splitlines())) > LINES
    }
    assert long == {}


def test_every_module_says_what_it_is() -> None:
    bare = [
        str(path.relative_to(ROOT))
        for path in sources()
        if path.parts[len(ROOT.parts)] in PACKAGES
        and (text := path.read_text(encoding="utf-8").lstrip())
        and not text.startswith(('"""', 'r"""'))
    ]
    assert bare == []


def test_the_core_names_no_plugin() -> None:
    named = re.compile(r"copy.?trading|bot.?trading|spot.?grid", re.IGNORECASE)
    found = [
        f"{path.relative_to(ROOT)}: {text!r}"
        for path in (*(ROOT / "core").rglob("*.py"), *(ROOT / "tenants").rglob("*.py"))
        for text in texts_and_imports(path)
        if named.search(text)
    ]
    assert found == []


def texts_and_imports(path: Path) -> list[str]:
    """The strings and imports of a file; docstrings may give examples."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            found.append(node.value)
        elif isinstance(node, ast.ImportFrom):
            found.append(node.module or "")
        elif isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
    return found


def test_nothing_is_left_for_later() -> None:
    words = re.compile(r"\b(TODO|FIXME|XXX)\b")
    here = Path(__file__)
    found = [str(path.relative_to(ROOT)) for path in sources() if path != here and words.search(path.read_text())]
    assert found == []
