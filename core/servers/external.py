"""Servers given by setting: looked at before anything is built on them."""

import psycopg
import redis

from core.servers.errors import ServersError
from core.settings import Settings

LEAST_POSTGRES = 15
CONNECT_SECONDS = 5


def check_external(settings: Settings) -> None:
    """Reach the servers that `settings` name. Raises `ServersError` naming the setting, the failure and the remedy."""
    if settings.database_url:
        _check_postgres(settings.database_url)
    if settings.redis_url:
        _check_redis(settings.redis_url)


def _check_postgres(url: str) -> None:
    try:
        address = url.replace("+psycopg", "", 1)
        with psycopg.connect(address, connect_timeout=CONNECT_SECONDS) as connection:
            version = connection.info.server_version // 10_000
    except psycopg.OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        raise ServersError(
            f"TRADEYARD_DATABASE_URL: PostgreSQL cannot be reached ({reason}). Check that it runs and that the address,"
            " user, password and database are right; leave it empty for the embedded server."
        ) from None
    if version < LEAST_POSTGRES:
        raise ServersError(
            f"TRADEYARD_DATABASE_URL: PostgreSQL {version} is too old; {LEAST_POSTGRES} or later is needed."
        )


def _check_redis(url: str) -> None:
    client = redis.Redis.from_url(url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=CONNECT_SECONDS)
    try:
        client.ping()
    except redis.RedisError as error:
        raise ServersError(
            f"TRADEYARD_REDIS_URL: the server cannot be reached ({error}). Check that it runs and that the address is"
            " right; leave it empty for the embedded server."
        ) from None
    finally:
        client.close()
