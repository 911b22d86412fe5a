"""The typed facade over pluggy: each plugin has a plugin manager of its own and is called alone."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Iterable
from typing import Any

import pluggy
from pluggy import PluginValidationError

from core.runtime.alarm import OverBudgetError, time_limit
from core.sdk.hooks import PROJECT, PluginSpec

DECLARATION_SECONDS = 10.0
"""A declaration returns data; one that takes longer than this does something else."""

HOOKS = tuple(name for name in vars(PluginSpec) if not name.startswith("_"))
"""Names of the contract's hooks."""


class RejectionError(Exception):
    """A plugin cannot be used. The text says why and what to do; ``trace`` is the plugin's own, if it raised."""

    def __init__(self, reason: str, trace: str = "") -> None:
        super().__init__(reason)
        self.reason, self.trace = reason, trace


class PluginHooks:
    """The hooks of one plugin.

    :param points: classes with the hook specifications of other plugins, which this one may implement as well.
    :raises RejectionError: when the plugin does not fit the specifications.
    """

    def __init__(self, plugin: object, points: Iterable[type] = ()) -> None:
        self.plugin = plugin
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(PluginSpec)
        for point in points:
            self._manager.add_hookspecs(point)
        try:
            self._manager.register(plugin)
        except PluginValidationError as error:
            raise RejectionError(f"a hook does not fit its specification: {str(error).splitlines()[-1]}") from error
        except Exception as error:
            # pluggy looks at every attribute, and an attribute may do anything.
            raise raised("looking for its hooks", error) from error
        self._known = {name for name in vars(self._manager.hook) if not name.startswith("_")}

    def check_names(self) -> None:
        """Refuse hooks that do not exist and methods that bear a hook's name without being marked as one."""
        try:
            self._manager.check_pending()
        except PluginValidationError as error:
            name = str(error).partition("hook '")[2].partition("'")[0]
            raise RejectionError(
                f"there is no hook {name!r}; the contract has {', '.join(sorted(HOOKS))}."
                " A hook of another plugin needs that plugin in `requires`, or optionalhook=True"
            ) from error
        marked = {caller.name for caller in self._manager.get_hookcallers(self.plugin) or ()}
        for name in HOOKS:
            if name not in marked and callable(inspect.getattr_static(self.plugin, name, None)):
                raise RejectionError(f"the method {name!r} bears a hook's name and is not marked with @hookimpl")

    def has(self, hook: str) -> bool:
        """Whether the plugin implements ``hook``."""
        caller = getattr(self._manager.hook, hook, None)
        return bool(caller is not None and caller.get_hookimpls())

    def call(self, hook: str, **arguments: Any) -> Any:
        """What the plugin returns for ``hook``, which it must implement.

        :raises RejectionError: when it raises, takes too long or is not an ordinary function.
        """
        impls = getattr(self._manager.hook, hook).get_hookimpls()
        if len(impls) != 1 or impls[0].wrapper or impls[0].hookwrapper:
            raise RejectionError(f"the hook {hook!r} must be one plain function, no wrapper")
        function = impls[0].function
        if inspect.iscoroutinefunction(function):
            raise RejectionError(f"the hook {hook!r} is `async def`; declarations return data at once: make it `def`")
        try:
            with time_limit(DECLARATION_SECONDS):
                value = function(*(arguments[name] for name in impls[0].argnames))
        except OverBudgetError:
            raise RejectionError(
                f"the hook {hook!r} took longer than {DECLARATION_SECONDS:g} s; declarations only return data"
            ) from None
        except RejectionError:
            raise
        except (Exception, SystemExit) as error:
            raise raised(f"the hook {hook!r}", error) from error
        if inspect.iscoroutine(value):
            value.close()  # or Python warns of one that was never awaited
            raise RejectionError(f"the hook {hook!r} returned a coroutine; declarations return data: make it `def`")
        return value


def raised(what: str, error: BaseException) -> RejectionError:
    """The rejection of a plugin in which ``what`` has raised ``error``."""
    return RejectionError(f"{what} raised {type(error).__name__}: {error}", "".join(traceback.format_exception(error)))
