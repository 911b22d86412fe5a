"""The addresses of the database and of Redis, each role's own."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import URL, make_url

from core.secret import derived_key, installation_secret
from core.settings import Settings, SettingsError
from tenants.db import Roles


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the servers are. ``owner`` migrates and owns the tables, ``app`` and ``system`` are the runtime's roles."""

    owner: str
    app: str
    system: str
    redis: str
    roles: Roles

    @property
    def database(self) -> str:
        """Name of the database."""
        return make_url(self.owner).database or ""


def resolve(settings: Settings) -> Addresses:
    """The addresses that follow from the settings.

    :raises SettingsError: where an address is missing: the embedded servers have not been started.
    """
    for name in ("database_url", "redis_url"):
        if not getattr(settings, name):
            raise SettingsError(
                f"TRADEYARD_{name.upper()} is empty and no embedded server runs here: start it with `tradeyard up`"
            )
    roles = Roles(app=f"{settings.database_role_prefix}_app", system=f"{settings.database_role_prefix}_system")
    owner = make_url(settings.database_url)
    return Addresses(
        owner=settings.database_url,
        app=settings.database_app_url or _as(owner, roles.app, settings),
        system=settings.database_system_url or _as(owner, roles.system, settings),
        redis=settings.redis_url,
        roles=Roles(
            app=_role_of(settings.database_app_url, roles.app),
            system=_role_of(settings.database_system_url, roles.system),
        ),
    )


def role_password(settings: Settings, role: str) -> str:
    """The password of a runtime role that the migration makes: derived, so that nobody has to keep it."""
    return derived_key(installation_secret(settings), f"database role {role}")


def _as(owner: URL, role: str, settings: Settings) -> str:
    return owner.set(username=role, password=role_password(settings, role)).render_as_string(hide_password=False)


def _role_of(url: str, default: str) -> str:
    return (make_url(url).username or default) if url else default
