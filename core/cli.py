"""The command `tradeyard`: its subcommands are the files of `core/commands`, imported when called."""

import ast
import pkgutil
import sys
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

import click

from core import commands
from core.errors import CannotStartError

PLUGINS = "tradeyard.plugins"


class LazyGroup(click.Group):
    """A group whose commands are modules, and the groups that plugins add; listing them imports neither."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = (module.name for module in pkgutil.iter_modules(commands.__path__))
        return sorted(name.replace("_", "-") for name in names if not name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return _plugin_group(cmd_name)
        module = import_module(f"{commands.__name__}.{cmd_name.replace('-', '_')}")
        command = module.command
        if not isinstance(command, click.Command):
            raise TypeError(f"{module.__name__}.command is not a click command")
        command.name = cmd_name
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _summary(name)) for name in self.list_commands(ctx)])
        plugins = ", ".join(sorted(name.replace("_", "-") for name in _plugin_names()))
        if plugins:
            with formatter.section("Plugins, some with commands of their own"):
                formatter.write_text(plugins)


def _plugin_names() -> set[str]:
    return {entry.name for entry in entry_points(group=PLUGINS)}


def _plugin_group(name: str) -> click.Command | None:
    """The commands of a plugin, by its key with hyphens; none where it is not installed or declares none."""
    key = name.replace("-", "_")
    if key not in _plugin_names():
        return None
    from core.runtime import load_runtime

    runtime = load_runtime()
    plugin = runtime.get(key)
    if plugin is not None:
        return plugin.cli
    reason = next((item.reason for item in runtime.rejected if item.source.name == key), "it is not loaded")
    raise CannotStartError(f"plugin {key} is left out: {reason}")


def _summary(name: str) -> str:
    source = Path(commands.__path__[0], name.replace("-", "_") + ".py")
    if not source.exists():  # a package of subcommands
        source = source.with_suffix("") / "__init__.py"
    docstring = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0]


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tradeyard", prog_name="tradeyard")
def tradeyard() -> None:
    """Tradeyard: the service on which brokerages run white-label trading modules."""


def main() -> None:
    """Run the command line; what stops the start is told without a traceback (wrong settings: status 2)."""
    try:
        tradeyard()
    except CannotStartError as error:
        lines = "\n".join(f"  {line}" for line in str(error).splitlines())
        click.echo(f"Tradeyard cannot start:\n{lines}", err=True)
        sys.exit(error.exit_status)


if __name__ == "__main__":
    main()
