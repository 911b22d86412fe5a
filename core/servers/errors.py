"""What goes wrong with embedded servers."""

from core.errors import CannotStartError


class ServersError(CannotStartError):
    """A server that cannot start or be reached; the text says why and what to do."""


class ServersBusyError(ServersError):
    """Another process of the installation runs the servers already."""
