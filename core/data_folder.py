"""The folder in which an installation keeps everything."""

import os
from pathlib import Path

from core.settings import SettingsError

MARK = ".tradeyard"


def prepare_data_folder(folder: Path) -> None:
    """Make `folder`, readable by its owner alone, and mark it as ours.

    Raises `SettingsError` where it belongs to somebody else or holds other things: a mistyped setting must not close
    a shared folder to everybody.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        mark = folder / MARK
        if not mark.exists():
            if any(folder.iterdir()):
                raise SettingsError(
                    f"TRADEYARD_DATA_DIR: {folder} is not empty and holds no data of ours; choose a new or an empty folder."
                )
            mark.touch(mode=0o600)
        if folder.stat().st_uid != os.geteuid():
            raise SettingsError(
                f"TRADEYARD_DATA_DIR: {folder} belongs to another user; start as that user, or choose another folder."
            )
        folder.chmod(0o700)
    except OSError as error:
        raise SettingsError(
            f"TRADEYARD_DATA_DIR: {folder} cannot be used ({error.strerror}); choose a folder you can write to."
        ) from None


def private_folder(folder: Path) -> Path:
    """`folder`, made if missing, for its owner alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder
