"""Where the servers' sockets lie: a path a socket can have, in a folder for its owner alone."""

import hashlib
import os
import stat
from pathlib import Path

from core.data_folder import private_folder

# A socket's address holds 104 bytes on macOS and 108 on Linux, the closing zero included.
LONGEST = 103
# PostgreSQL's name is the longest of ours, and a lock file lies beside it.
LONGEST_NAME = "/.s.PGSQL.5432"


def socket_folder(data_dir: Path) -> Path:
    """The folder of the sockets of the installation in `data_dir`, made if missing.

    It is `data_dir/run`, or for a path too long to be a socket's, one below /tmp that follows from it.
    Raises `PermissionError` where somebody else made that folder first.
    """
    folder = data_dir / "run"
    if len(os.fsencode(folder)) + len(LONGEST_NAME) <= LONGEST:
        return private_folder(folder)
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    folder = Path("/tmp", f"tradeyard-{os.geteuid()}-{name}")  # noqa: S108 (ours alone: checked below)
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise PermissionError(f"{folder} was made by somebody else; remove it, or choose a shorter TRADEYARD_DATA_DIR")
    return folder
