"""A process of the installation for tests: holds a snapshot and answers what it knows, a line for each line of input.

Usage: ``python -m tests.tenants.snapshot_process <system url> [fork]``. Commands: ``state <tenant> <module>``,
``may <tenant> <staff> <permission>``, ``host <host>``, ``version``; the end of the input ends it.
"""

from __future__ import annotations

import os
import sys
from uuid import UUID

from tenants.db import Database
from tenants.snapshot import SnapshotHolder


def answer(holder: SnapshotHolder, words: list[str]) -> object:
    snapshot = holder.current
    match words:
        case ["state", tenant, module]:
            return snapshot.state(UUID(tenant), module)
        case ["may", tenant, staff, permission]:
            return permission in snapshot.tenants[UUID(tenant)].staff.get(UUID(staff), frozenset())
        case ["host", host]:
            found = snapshot.by_host(host)
            return found.key if found else None
        case _:
            return snapshot.version


def main() -> None:
    database = Database(sys.argv[1], sys.argv[1])
    holder = SnapshotHolder(database)
    if "fork" in sys.argv:
        # The parent has a snapshot running too, with its thread and connections: the child must not be harmed by them.
        holder.start("parent")
        child = os.fork()
        if child:
            _, status = os.waitpid(child, 0)
            holder.stop()
            sys.exit(os.waitstatus_to_exitcode(status))
        database.dispose(close=False)
    holder.start("worker")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        sys.stdout.write(f"{answer(holder, line.split())}\n")
        sys.stdout.flush()
    holder.stop()


if __name__ == "__main__":
    main()
