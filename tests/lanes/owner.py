"""A process that works on a lane until it is killed: `python -m tests.lanes.owner FILE`, FILE a JSON document."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from uuid import UUID

import redis

from core.lanes.lane import Lane
from core.lanes.workers import LaneWorkers
from tenants.db import Database
from tests.lanes.conftest import OneReactor
from tests.lanes.grid import GridReactor, grid_setup


def main() -> None:
    given = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    database = Database(given["app"], given["system"])
    reactor = GridReactor({UUID(given["subject"]): grid_setup(given["golden"])})
    lane = Lane(
        database=database,
        redis=redis.Redis.from_url(given["redis"]),
        number=0,
        workers=LaneWorkers(OneReactor(reactor)),
        settled=lambda: True,
        owner=f"process {os.getpid()}",
    )
    Path(sys.argv[1]).with_name(f"{os.getpid()}.ready").touch()
    while True:
        if not lane.run(0.5):
            time.sleep(0.02)


if __name__ == "__main__":
    main()
