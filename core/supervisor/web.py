"""The web process: the application under uvicorn, on sockets that the supervisor listens on."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from contextlib import suppress

import uvicorn

from core.app import create_app
from core.platform import Platform

# An open event stream would hold the stop for ever.
GRACE_SECONDS = 2


class Server(uvicorn.Server):
    """Says on a descriptor when it answers."""

    def __init__(self, config: uvicorn.Config, ready: int) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, and then tell."""
        await super().startup(sockets=sockets)
        if self.started:
            # Nobody listens when the process was started again.
            with suppress(OSError):
                os.write(self._ready, b"1")


def serve(platform: Platform, sockets: Sequence[socket.socket], ready: int) -> None:
    """Serve until SIGTERM; requests that are under way get two seconds."""
    settings = platform.settings
    config = uvicorn.Config(
        create_app(platform),
        log_config=None,
        access_log=settings.log_level == "debug",
        lifespan="on",
        timeout_graceful_shutdown=GRACE_SECONDS,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        server_header=False,
    )
    Server(config, ready).run(sockets=list(sockets))
