"""Collect the texts that are marked for translation, and check the catalogs of a language."""

from pathlib import Path

import click

from core import catalogs
from core.errors import CannotStartError
from core.runtime import load_runtime

ROOT = Path(__file__).parents[2]
OWN = {"core": ROOT / "core", "tenants": ROOT / "tenants"}


@click.command(help=__doc__)
@click.argument("language", default="de")
@click.option(
    "--check",
    is_flag=True,
    help="Change nothing; fail where a text is missing, left over or differs in its names in braces.",
)
@click.option(
    "--plugin",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    multiple=True,
    help="The folder of another plugin's module, whose catalogs are to be written or checked beside our own.",
)
def command(language: str, check: bool, plugin: tuple[Path, ...]) -> None:
    own = catalogs.collect(OWN)
    wanted = {ROOT / "core" / "locale": own}
    modules = [one.folder for one in load_runtime().plugins.values() if one.folder.is_relative_to(ROOT)]
    for folder in (*modules, *(one.resolve() for one in plugin)):
        wanted[folder / "locale"] = catalogs.collect({folder.name: folder}, own)
    wrong = 0
    for folder, texts in wanted.items():
        file = folder / f"{language}.po"
        catalog = catalogs.read(file) if check else catalogs.update(file, texts)
        found = list(catalogs.findings(catalog, texts))
        wrong += len(found)
        click.echo(f"{file}: {len(texts)} texts, {len(found)} to mend")
        for finding in found if check else ():
            click.echo(f"  {finding.kind}: {finding.message}")
    if check and wrong:
        raise CannotStartError(f"{wrong} texts are to be mended: run `tradeyard texts {language}` and translate")
