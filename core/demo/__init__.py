"""The demo: two brokerages that are alive, for whoever sees the product for the first time.

:func:`seed` makes them before the processes start; the process of :mod:`core.demo.playing` keeps them going.
"""

from core.demo.seeding import SignIn, seed

__all__ = ["SignIn", "seed"]
