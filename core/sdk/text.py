"""Texts for people, in the reader's language; see :mod:`tenants.text`.

Catalogs of a plugin are files ``locale/<language>.po`` beside its module; ``tradeyard texts`` writes and checks them.
"""

from tenants.text import Text, _, _c, _n

__all__ = ["Text", "_", "_c", "_n"]
