"""German is whole: every text that is marked has a translation with the same names in braces, and none is left over."""

from __future__ import annotations

from click.testing import CliRunner

from core.commands.texts import command


def test_the_german_catalogs_are_whole() -> None:
    outcome = CliRunner().invoke(command, ["de", "--check"])
    assert outcome.exit_code == 0, outcome.output
    assert outcome.output.count("0 to mend") == 3
