"""Show every setting, its value and what it means."""

import click

from core.settings import PREFIX, Settings, load_settings
from core.settings_page import settings_page


@click.command(help=__doc__)
@click.option("--markdown", is_flag=True, help="Print the page docs/settings.md.")
def command(markdown: bool) -> None:
    if markdown:
        click.echo(settings_page(), nl=False)
        return
    settings = load_settings()
    for name in Settings.model_fields:
        value = getattr(settings, name)
        # Addresses may hold passwords; nobody should find one in a pasted listing.
        shown = "(set)" if value and name in SECRETS else value
        click.echo(f"{PREFIX}{name.upper()}={'' if shown is None else shown}")


SECRETS = frozenset({"database_url", "database_app_url", "database_system_url", "redis_url", "secret", "smtp_url"})
