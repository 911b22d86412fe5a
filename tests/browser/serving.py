"""A web process of its own over the settings it is given: ``python -m tests.browser.serving SETTINGS.json PORT``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import uvicorn

from core.app import create_app
from core.platform import build_platform
from core.settings import Settings


def main(path: str, port: str) -> None:
    """Serve until SIGTERM."""
    settings = Settings.model_validate(json.loads(Path(path).read_text("utf-8")))
    with build_platform(settings) as platform:
        uvicorn.run(
            create_app(platform), host="127.0.0.1", port=int(port), log_level="warning", timeout_graceful_shutdown=1
        )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
