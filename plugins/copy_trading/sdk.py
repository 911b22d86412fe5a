"""What copy trading offers other plugins: sizing modes of their own.

A mode is one class with a settings model and a pure function over all followers at once. Return it from ``sizing_modes``:

    class MyPlugin:
        @hookimpl
        def sizing_modes(self):
            return [MyMode()]

and name ``copy_trading`` in the manifest's ``requires``. It appears in the form of a follow and in the API, is stored with the
subscription, and goes through the same gates, limits, rounding and targets as the modes that come with the module.
"""

from plugins.copy_trading.rules.modes import MasterOrder, NoSettings, Sizing, SizingMode
from plugins.copy_trading.rules.numbers import product, quotient

__all__ = ["MasterOrder", "NoSettings", "Sizing", "SizingMode", "product", "quotient"]
