"""The examples come in like anybody's plugins: as wheels of their own, in a clean environment beside the project's wheel."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ("trade-journal", "dca-bot")


def run(*command: str | Path, cwd: Path, environ: Mapping[str, str] | None = None) -> str:
    """What a command prints; its whole output where it fails."""
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def build_wheel(source: Path, target: Path) -> Path:
    """Build a wheel offline, with what this environment has."""
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", target, source, cwd=target)
    return next(target.glob("*.whl"))


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with all the wheels, and this one's dependencies without the project."""
    folder = tmp_path_factory.mktemp("clean")
    wheels = []
    for name, source in (("platform", ROOT), *((name, ROOT / "examples" / name) for name in EXAMPLES)):
        (folder / name).mkdir()
        wheels.append(build_wheel(source, folder / name))
    dependencies = folder / "dependencies"
    dependencies.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        # The editable project and whatever else a .pth file would let in stay behind.
        if not entry.name.startswith(("tradeyard", "_editable", "__editable__")) and entry.suffix != ".pth":
            (dependencies / entry.name).symlink_to(entry)
    venv.create(folder / "env", symlinks=True)
    python = folder / "env" / "bin" / "python"
    packages = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    (packages / "dependencies.pth").write_text(f"{dependencies}\n")
    for wheel in wheels:
        run(
            sys.executable,
            "-m",
            "uv",
            "pip",
            "install",
            "--offline",
            "--no-deps",
            "--python",
            python,
            wheel,
            cwd=folder,
        )
    return python


def test_each_is_installed_as_a_distribution_of_its_own(environment: Path, tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    told = run(
        environment,
        "-c",
        "import json, core; from core.runtime import load_runtime; r = load_runtime();"
        "print(json.dumps([core.__file__, {k: str(p.source) for k, p in r.plugins.items()}, [x.reason for x in r.rejected]]))",
        cwd=tmp_path,
        environ=clean,
    )
    where, plugins, rejected = json.loads(told.splitlines()[-1])
    assert not where.startswith(str(ROOT / "core"))
    assert (
        plugins["trade_journal"] == "trade_journal = trade_journal.plugin:TradeJournal (tradeyard-trade-journal 1.0.0)"
    )
    assert plugins["dca_bot"] == "dca_bot = dca_bot.plugin:DcaBot (tradeyard-dca-bot 1.0.0)"
    assert set(plugins) == {"bot_trading", "copy_trading", "dca_bot", "trade_journal"}
    assert rejected == []


def test_their_own_tests_pass_there(environment: Path, tmp_path: Path) -> None:
    """The journal is switched on for one of two brokerages and works there and only there; the strategy is launched and trades."""
    for name in EXAMPLES:
        shutil.copytree(ROOT / "examples" / name / "tests", tmp_path / "tests" / name)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    told = run(environment, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests", cwd=tmp_path, environ=clean)
    assert " passed" in told
    assert "failed" not in told
