"""Run one worker process, for queues of this installation, beside those of `tradeyard up`."""

from collections.abc import Sequence

import click

from core.settings import load_settings


@click.command(help=__doc__)
@click.option(
    "--queue",
    "queues",
    multiple=True,
    default=["critical", "trading", "default", "bulk"],
    show_default=True,
    help="A class of jobs, or one lane such as lane-0; repeat it for several, served in this order.",
)
def command(queues: Sequence[str]) -> None:
    from core.logs import configure_logging
    from core.platform import build_platform
    from core.servers import serving
    from core.worker import UnknownQueueError, main

    given = load_settings()
    configure_logging(given, f"worker-{'-'.join(queues)}")
    with serving(given) as settings, build_platform(settings) as platform:
        try:
            main(platform, queues)
        except UnknownQueueError as error:
            raise click.BadParameter(str(error), param_hint="--queue") from None
