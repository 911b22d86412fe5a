"""Where log lines go and what they look like."""

from __future__ import annotations

import json
import logging
import logging.handlers
import sys
from datetime import UTC, datetime
from pathlib import Path

from core.settings import Settings

LOG_BYTES = 10_000_000
KEPT = 3

# Libraries that speak at "info" of what is nobody's concern here.
QUIETER = ("alembic", "httpx", "urllib3", "rq", "rq.worker")


class TextFormatter(logging.Formatter):
    """One line for people: time (UTC), severity, logger, message; a trace below it."""

    def __init__(self, process: str) -> None:
        super().__init__(f"%(asctime)s %(levelname)-7s {process} %(name)s: %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 (the library's name)
        return datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class JsonFormatter(logging.Formatter):
    """One JSON object a line: `time`, `level`, `process`, `logger`, `message` and, with a trace, `trace`."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure_logging(settings: Settings, process: str, file: Path | None = None) -> None:
    """Send this process's log to `file` (10 MB, three older ones kept), or to standard error where none is given."""
    handler: logging.Handler
    if file is None:
        handler = logging.StreamHandler(sys.stderr)
    else:
        handler = logging.handlers.RotatingFileHandler(file, maxBytes=LOG_BYTES, backupCount=KEPT, encoding="utf-8")
    handler.setFormatter(JsonFormatter(process) if settings.log_format == "json" else TextFormatter(process))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(settings.log_level.upper())
    logging.captureWarnings(capture=True)
    if settings.log_level != "debug":
        for name in QUIETER:
            logging.getLogger(name).setLevel(logging.WARNING)
