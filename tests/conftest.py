"""What holds for all tests."""

from __future__ import annotations

import os


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than there are processors: many tests wait for other processes."""
    return (os.cpu_count() or 1) + 1
