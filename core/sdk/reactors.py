"""Price-driven subjects: see :mod:`core.lanes.reactor`."""

from core.lanes.reactor import Reaction, Reactor, ReactorOrder, ReactorQuote, Subject, Triggers

__all__ = ["Reaction", "Reactor", "ReactorOrder", "ReactorQuote", "Subject", "Triggers"]
