"""Every setting of an installation, in one place.

A setting is an environment variable ``TRADEYARD_<NAME>``, or the same line in a file ``.env`` of the working folder
(the environment wins). `docs/settings.md` is generated from this file: ``tradeyard settings --markdown``.
"""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from core.errors import CannotStartError

PREFIX = "TRADEYARD_"

# Names below the prefix that belong to the test fixtures and to plugins, not to this model.
FOREIGN = ("TRADEYARD_TEST_", "TRADEYARD_PLUGIN_", "TRADEYARD_SHARED")


class SettingsError(CannotStartError):
    """Settings that the product cannot start with. The text names each of them and its remedy."""

    exit_status = 2


class Settings(BaseSettings):
    """The settings of one installation; immutable."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, validate_default=True
    )

    # --- where things are kept
    data_dir: Path = Field(
        Path("var"),
        description="Folder of everything this installation keeps: embedded databases, the secret, uploads, run files."
        " Made on first use, readable by its owner alone.",
    )
    database_url: str = Field(
        "",
        repr=False,
        description="PostgreSQL (15 or later) of the owner role, `postgresql://user:password@host/database`."
        " Empty: the embedded server below the data folder.",
    )
    database_app_url: str = Field(
        "",
        repr=False,
        description="PostgreSQL as the application role, which row-level security binds. Empty: derived from the"
        " owner's address, and the role is made at migration.",
    )
    database_system_url: str = Field(
        "",
        repr=False,
        description="PostgreSQL as the system role, which works across tenants. Empty: derived as above.",
    )
    database_role_prefix: str = Field(
        "tradeyard",
        pattern=r"^[a-z][a-z0-9_]{0,40}$",
        description="Prefix of the database roles made at migration (`<prefix>_app`, `<prefix>_system`). Give each"
        " installation its own where several share one PostgreSQL server.",
    )
    database_pool_size: int = Field(
        10, ge=1, le=200, description="Most database connections of one process and role (connections)."
    )
    redis_url: str = Field(
        "",
        repr=False,
        description="Redis-compatible server, `redis://…`, `rediss://…` or `unix://…`."
        " Empty: the embedded Valkey below the data folder.",
    )

    demo: bool = Field(
        True,
        description="Make two demo brokerages, with sign-ins that `up` prints, where the database has no brokerage yet."
        " Set it to false where others can reach the product.",
    )

    # --- web
    host: str = Field("127.0.0.1", min_length=1, description="Address the web process listens on.")
    port: int = Field(
        8000,
        ge=1,
        le=65535,
        description="Port the web process listens on; if it is taken, `up` says so and finds another.",
    )
    base_domain: str = Field(
        "localhost",
        pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$",
        description="Domain below which the demo brokerages get their host names (`northwind.localhost`)."
        " Hosts of real tenants are set in the product.",
    )
    operator_host: str = Field(
        "operator.localhost",
        pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$",
        description="Host of the platform operators' own pages, which answer on no brokerage's host."
        " `tradeyard operator create` makes a sign-in.",
    )
    https: bool = Field(
        False,
        description="Set where a proxy in front speaks HTTPS: addresses begin with `https`, cookies are marked secure.",
    )
    trusted_proxies: str = Field(
        "",
        description="Addresses of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed, with commas.",
    )
    session_hours: int = Field(
        12, ge=1, le=24 * 90, description="Life of a sign-in (hours); it ends then, however busy it was."
    )
    session_idle_minutes: int = Field(
        120, ge=5, le=24 * 60 * 90, description="Life of a sign-in without a request (minutes)."
    )
    secret: SecretStr = Field(
        SecretStr(""),
        description="Secret that signs tokens and derives keys, 32 characters or more. Empty: made on first use, kept"
        " in `<data folder>/secret` (mode 0600). Whoever has it can sign in as anybody: back it up apart.",
    )

    # --- prices
    feed: Literal["demo", "file", "synthetic", "live", "none"] = Field(
        "demo",
        description="Where prices come from. `demo`: real daily prices of five stocks, played again and again;"
        " `file`: the file of the next setting; `synthetic`: made up and labelled so; `live`: exchanges through ccxt;"
        " `none`: no feed process.",
    )
    feed_prices: Path | None = Field(
        None, description="CSV or Parquet file of ticks or bars for `file` (`up --prices FILE` sets both)."
    )
    feed_symbol: str = Field("", description="Feed symbol of the file's prices. Empty: taken from the file's name.")
    feed_speed: float = Field(
        1.0,
        gt=0,
        le=1_000_000,
        description="How many times faster than real time a file's prices are played (factor); nights and weekends are"
        " shortened to 5 seconds. Of the demo's daily prices 1 is a quote a second, of synthetic ones four.",
    )
    feed_seed: int = Field(1, ge=0, description="Seed of the synthetic prices: the same seed gives the same prices.")
    feed_exchange: str = Field("coinbase", description="Exchange, as ccxt names it, for `live`.")

    # --- processes
    workers_critical: int = Field(1, ge=1, le=64, description="Worker processes for stops, closes and kill switches.")
    workers_trading: int = Field(1, ge=1, le=64, description="Worker processes for replication and other trading jobs.")
    workers_default: int = Field(1, ge=1, le=64, description="Worker processes for everything else, bulk jobs last.")
    lanes: int = Field(1, ge=1, le=64, description="Lanes, each the one owner of a shard of instruments (processes).")
    lane_slice_seconds: int = Field(
        30, ge=1, le=60, description="Length of a lane's slice, after which it queues its next one (seconds)."
    )
    stop_seconds: float = Field(
        5.0, gt=0, le=300, description="Time that processes get to stop cleanly before they are killed (seconds)."
    )

    # --- mail
    mail: Literal["console", "smtp"] = Field(
        "console", description="Where mail goes: `console` writes it to the log, `smtp` sends it."
    )
    smtp_url: SecretStr = Field(
        SecretStr(""),
        description="Mail server for `smtp`: `smtp://user:password@host:587` (STARTTLS) or `smtps://…:465`.",
    )
    mail_from: str = Field(
        "no-reply@localhost",
        description="Address that mail comes from, under the name of the brokerage that it is about.",
    )

    # --- telling what happens
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least severity logged.")
    log_format: Literal["text", "json"] = Field("text", description="Log lines for people or for machines.")

    @field_validator("database_url", "database_app_url", "database_system_url")
    @classmethod
    def _postgres(cls, value: str) -> str:
        if value and not value.startswith(("postgresql://", "postgres://", "postgresql+psycopg://")):
            raise ValueError("must begin with postgresql://, such as postgresql://owner:password@localhost/tradeyard")
        # SQLAlchemy would pick another driver for the bare scheme.
        return "postgresql+psycopg://" + value.split("://", 1)[1] if value else value

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: str) -> str:
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must begin with redis://, rediss:// or unix://, such as redis://localhost:6379/0")
        return value

    @field_validator("secret")
    @classmethod
    def _long_secret(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < 32:
            raise ValueError("must have 32 characters or more, or be empty to have one made")
        return value

    @field_validator("log_level", "log_format", "feed", "mail", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        # Processes change their folder; the same data must be found from all of them.
        return value.expanduser().absolute()

    @model_validator(mode="after")
    def _together(self) -> "Settings":
        if self.feed == "file" and self.feed_prices is None:
            raise ValueError(f"{PREFIX}FEED=file needs {PREFIX}FEED_PRICES, the price file to play")
        if self.mail == "smtp" and not self.smtp_url.get_secret_value():
            raise ValueError(f"{PREFIX}MAIL=smtp needs {PREFIX}SMTP_URL, the server to send through")
        if (self.database_app_url or self.database_system_url) and not self.database_url:
            raise ValueError(
                f"{PREFIX}DATABASE_APP_URL and …_SYSTEM_URL need {PREFIX}DATABASE_URL, the owner's address"
            )
        return self

    @property
    def secret_file(self) -> Path:
        """Where the generated secret is kept."""
        return self.data_dir / "secret"


class _Given(Settings):
    """Settings made of nothing but what they are given: neither environment nor `.env`."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def load_settings(environ: Mapping[str, str] | None = None, /, **overrides: Any) -> Settings:
    """Read the settings; `overrides` (from the command line) win over the environment.

    Raises `SettingsError` with one line for each wrong value: its variable, what is wrong, what to do.
    """
    names = os.environ if environ is None else environ
    problems = list(_unknown(names))
    try:
        # pydantic-settings reads the process's environment itself; a given mapping (tests) replaces it.
        settings = Settings(**overrides) if environ is None else _from_mapping(environ, overrides)
    except ValidationError as error:
        problems += [_sentence(item) for item in error.errors(include_url=False)]
    else:
        if not problems:
            return settings
    raise SettingsError("\n".join(problems))


def _from_mapping(environ: Mapping[str, str], overrides: Mapping[str, Any]) -> Settings:
    values = {
        name: environ[PREFIX + name.upper()] for name in Settings.model_fields if environ.get(PREFIX + name.upper())
    }
    return _Given(**(values | dict(overrides)))


def _unknown(names: Mapping[str, str]) -> list[str]:
    known = {PREFIX + field.upper() for field in Settings.model_fields}
    problems = []
    for name in sorted(names):
        if name.startswith(PREFIX) and name not in known and not name.startswith(FOREIGN):
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else "`tradeyard settings` lists them all."
            problems.append(f"{name}: there is no such setting; {hint}")
    return problems


def _sentence(item: Any) -> str:
    # Input values are left out: some are secrets.
    message = str(item["msg"]).removeprefix("Value error, ")
    if not item["loc"]:
        return message
    field = str(item["loc"][0])
    described = Settings.model_fields[field].description or ""
    return f"{PREFIX}{field.upper()}: {message[0].lower()}{message[1:]}. ({described})"
