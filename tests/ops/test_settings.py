"""Settings: read from the environment, documented, and named with their remedy when they are wrong."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from core.secret import derived_key, installation_secret
from core.settings import Settings, SettingsError, load_settings
from core.settings_page import settings_page

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_is_the_settings() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert page == settings_page(), "run: tradeyard settings --markdown > docs/settings.md"


def test_every_setting_is_described() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name


def test_values_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEYARD_PORT", "9002")
    assert load_settings().port == 9002
    assert load_settings(port=9003).port == 9003
    assert load_settings({}).port == 8000


def test_values_come_from_a_given_environment() -> None:
    settings = load_settings({"TRADEYARD_PORT": "9001", "TRADEYARD_FEED": "Synthetic", "TRADEYARD_REDIS_URL": ""})
    assert (settings.port, settings.feed, settings.redis_url) == (9001, "synthetic", "")


def test_the_database_driver_is_named() -> None:
    settings = load_settings({"TRADEYARD_DATABASE_URL": "postgres://o:p@db/x"})
    assert settings.database_url == "postgresql+psycopg://o:p@db/x"
    assert "o:p" not in repr(settings)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings({}).port = 1


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        (
            {"TRADEYARD_PORT": "eighty"},
            r"TRADEYARD_PORT: input should be a valid integer.*Port the web process listens on",
        ),
        ({"TRADEYARD_PORT": "70000"}, "TRADEYARD_PORT: input should be less than or equal to 65535"),
        ({"TRADEYARD_DATABASE_URL": "mysql://x"}, "TRADEYARD_DATABASE_URL: must begin with postgresql://"),
        ({"TRADEYARD_REDIS_URL": "http://x"}, "TRADEYARD_REDIS_URL: must begin with redis://"),
        ({"TRADEYARD_SECRET": "short"}, "TRADEYARD_SECRET: must have 32 characters or more"),
        ({"TRADEYARD_FEED": "file"}, "TRADEYARD_FEED=file needs TRADEYARD_FEED_PRICES"),
        ({"TRADEYARD_MAIL": "smtp"}, "TRADEYARD_MAIL=smtp needs TRADEYARD_SMTP_URL"),
        (
            {"TRADEYARD_DATABSE_URL": "x"},
            r"TRADEYARD_DATABSE_URL: there is no such setting; did you mean TRADEYARD_DATABASE",
        ),
    ],
)
def test_a_wrong_value_is_named_with_its_remedy(environ: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        load_settings(environ)


def test_all_wrong_values_are_named_at_once_and_none_is_shown() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({"TRADEYARD_PORT": "x", "TRADEYARD_LANES": "0", "TRADEYARD_SECRET": "my-password"})
    lines = str(caught.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == ["TRADEYARD_PORT", "TRADEYARD_SECRET", "TRADEYARD_LANES"]
    assert "my-password" not in str(caught.value)


def test_the_command_tells_it_without_a_traceback() -> None:
    environ = {**os.environ, "TRADEYARD_PORT": "x"}
    done = subprocess.run(
        [sys.executable, "-m", "core.cli", "settings"],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 2
    assert "TRADEYARD_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    settings = load_settings({"TRADEYARD_DATA_DIR": str(tmp_path / "data")})
    secret = installation_secret(settings)
    assert len(secret) >= 32
    assert installation_secret(settings) == secret
    assert stat.S_IMODE(settings.secret_file.stat().st_mode) == 0o600
    assert sorted(path.name for path in settings.data_dir.iterdir()) == [".tradeyard", "secret"]


def test_a_secret_that_others_can_read_stops_the_start(tmp_path: Path) -> None:
    settings = load_settings({"TRADEYARD_DATA_DIR": str(tmp_path)})
    installation_secret(settings)
    settings.secret_file.chmod(0o644)
    with pytest.raises(SettingsError, match="can be read by others"):
        installation_secret(settings)


def test_keys_differ_by_purpose() -> None:
    # RFC 4231, test case 2.
    assert derived_key("Jefe", "what do ya want for nothing?").startswith("5bdcc146bf60754e6a042426089575c7")
    assert derived_key("Jefe", "another") != derived_key("Jefe", "one")
