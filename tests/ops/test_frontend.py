"""The front end is built from exactly what is locked, and carries its licences."""

import json
from pathlib import Path

import pytest

from core.commands.frontend import build

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    folder = tmp_path / "node_modules"
    for name, version in (("thing", "1.2.3"), ("@scope/other", "4.5.6")):
        package = folder / name
        (package / "dist").mkdir(parents=True)
        (package / "package.json").write_text(json.dumps({"name": name, "version": version, "license": "MIT"}))
        (package / "LICENSE").write_text(f"Licence of {name}")
        (package / "dist" / "file.js").write_text("let it = 1\n//# sourceMappingURL=file.js.map\n")
        inner = package / "node_modules" / "inner"
        inner.mkdir(parents=True)
        (inner / "package.json").write_text(json.dumps({"name": "inner", "version": "0"}))
    return folder


def test_files_are_copied_with_a_manifest_and_licences(packages: Path, tmp_path: Path) -> None:
    target = tmp_path / "vendor"
    files = {"a/thing.js": "thing/dist/file.js", "b/other.js": "@scope/other/dist/file.js"}
    assert build(files, packages, target) == (2, 22)
    manifest = json.loads((target / "manifest.json").read_text())
    assert list(manifest) == list(files)
    assert (target / "a" / "thing.js").read_text() == "let it = 1\n"
    licences = (target / "LICENCES.txt").read_text()
    assert "thing 1.2.3 (MIT)\n\nLicence of thing" in licences
    assert "@scope/other 4.5.6 (MIT)\n\nLicence of @scope/other" in licences
    assert "inner" not in licences


def test_what_is_no_longer_named_goes(packages: Path, tmp_path: Path) -> None:
    target = tmp_path / "vendor"
    build({"old.js": "thing/dist/file.js"}, packages, target)
    build({"new.js": "thing/dist/file.js"}, packages, target)
    assert sorted(path.name for path in target.iterdir()) == ["LICENCES.txt", "manifest.json", "new.js"]


def test_a_build_that_fails_leaves_the_last_one(packages: Path, tmp_path: Path) -> None:
    target = tmp_path / "vendor"
    build({"good.js": "thing/dist/file.js"}, packages, target)
    with pytest.raises(FileNotFoundError):
        build({"bad.js": "thing/dist/missing.js"}, packages, target)
    assert (target / "good.js").exists()


def test_versions_are_exact_and_the_lock_names_no_registry() -> None:
    package = json.loads((ROOT / "package.json").read_text())
    for name, version in package["dependencies"].items():
        assert version[0].isdigit(), f"{name} {version}"
    lock = json.loads((ROOT / "package-lock.json").read_text())
    assert lock["packages"][""]["dependencies"] == package["dependencies"]
    for name, entry in lock["packages"].items():
        assert "resolved" not in entry, name
        assert name == "" or entry["integrity"].startswith("sha512-"), name


def test_every_served_file_is_of_a_package_that_is_named() -> None:
    package = json.loads((ROOT / "package.json").read_text())
    for name, source in package["vendor"].items():
        parts = source.split("/")
        owner = "/".join(parts[:2]) if source.startswith("@") else parts[0]
        assert owner in package["dependencies"], name
