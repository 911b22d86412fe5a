"""The port of the web process: the one asked for, or the next that is free."""

from __future__ import annotations

import errno
import socket

from core.errors import CannotStartError

TRIES = 100
BACKLOG = 2048


def listen(host: str, port: int) -> tuple[list[socket.socket], int]:
    """Listening sockets on `host` and the first free port from `port` on; on both loopbacks for a loopback host.

    They are made before the web process and outlive it: while it is started again, connections wait.
    Raises `CannotStartError` where none is free or the host is not of this machine.
    """
    # A browser may try ::1 first for a name below localhost; nobody else should answer there.
    hosts = ["127.0.0.1", "::1"] if host in ("127.0.0.1", "localhost", "::1") else [host]
    for candidate in range(port, min(port + TRIES, 65536)):
        found = _listen_all(hosts, candidate)
        if found:
            return found, candidate
    raise CannotStartError(
        f"No port from {port} to {port + TRIES - 1} is free on {host}: set TRADEYARD_PORT to another."
    )


def _listen_all(hosts: list[str], port: int) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    for host in hosts:
        try:
            sockets.append(_listen(host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                for made in sockets:
                    made.close()
                return []
            if error.errno in (errno.EACCES, errno.EPERM):
                raise CannotStartError(
                    f"Port {port} is not for ordinary users: set TRADEYARD_PORT above 1023."
                ) from None
            if host == "::1" and sockets:
                continue  # a machine without IPv6
            raise CannotStartError(f"TRADEYARD_HOST: cannot listen on {host} ({error.strerror}).") from None
    return sockets


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    made = socket.socket(family, kind, protocol)
    try:
        # A port in TIME_WAIT after a crash is ours again at once; one somebody listens on stays theirs.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind(address)
        made.listen(BACKLOG)
    except OSError:
        made.close()
        raise
    return made
