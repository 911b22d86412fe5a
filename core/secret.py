"""The installation's secret: given by setting, or made once and kept in the data folder."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from core.data_folder import prepare_data_folder
from core.settings import Settings, SettingsError
from tenants.services.sealing import Sealer


def installation_secret(settings: Settings) -> str:
    """The secret of this installation (32 characters or more); made on first use, whoever comes first.

    Raises `SettingsError` where the kept file cannot be read, or others may read it.
    """
    given = settings.secret.get_secret_value()
    if given:
        return given
    path = settings.secret_file
    if not path.exists():
        _make(path)
    try:
        if path.stat().st_mode & 0o077:
            raise SettingsError(f"{path} can be read by others: chmod 600 it, and change the secret if somebody has.")
        secret = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read ({error}): restore it, or set TRADEYARD_SECRET.") from None
    if len(secret) < 32:
        raise SettingsError(f"{path} is too short to be the secret: restore it, or set TRADEYARD_SECRET.")
    return secret


def derived_key(secret: str, purpose: str) -> str:
    """A key of its own for `purpose`, 64 hex digits: HMAC-SHA-256 (RFC 2104) of the purpose under the secret."""
    return hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()


def sealer(settings: Settings) -> Sealer:
    """What seals the secrets that this installation keeps in its database."""
    return Sealer(derived_key(installation_secret(settings), "secrets at rest"))


def _make(path: Path) -> None:
    prepare_data_folder(path.parent)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        # A link, unlike a rename, does not replace the secret of a process that was quicker.
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
