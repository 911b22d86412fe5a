"""Customers' pages: their bots, choosing a strategy, launching."""

from __future__ import annotations

from uuid import UUID

from litestar import get, post
from litestar.response import Response
from litestar.types import ControllerRouterHandler

from core.sdk.data import new_id
from core.sdk.text import _
from core.sdk.web import FromPath, Web, parse_form
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.services.access import allowed_strategies
from plugins.bot_trading.services.errors import BotRefusedError
from plugins.bot_trading.services.launching import launch
from plugins.bot_trading.web.bot_page import show_bot
from plugins.bot_trading.web.commanding import command_routes
from plugins.bot_trading.web.launching import LaunchPage, errors_by_field, open_launch, wish_of
from plugins.bot_trading.web.permissions import LAUNCH
from plugins.bot_trading.web.previewing import begin_run, show_preview, show_run
from plugins.bot_trading.web.tables import bots_table, history_table, strategy_titles

__all__ = ["portal_routes"]

_OPT = {"permission": LAUNCH}


def portal_routes(strategies: Strategies) -> list[ControllerRouterHandler]:
    """The handlers of the area ``portal``."""
    return [*_bot_routes(strategies), *_launch_routes(strategies), *command_routes(strategies, _OPT)]


def _bot_routes(strategies: Strategies) -> list[ControllerRouterHandler]:
    @get("/", opt=_OPT, sync_to_thread=True)
    def my_bots(web: Web) -> Response[str]:
        """The customer's bots."""
        with web.session() as session:
            table = bots_table(web, session)
            history = history_table(web, session, strategies)
        return web.render(
            "portal/bots.html", title=_("Bots"), table=table, history=history, titles=strategy_titles(strategies)
        )

    @get("/bots/{bot_id:uuid}", opt=_OPT, sync_to_thread=True)
    def bot(web: Web, bot_id: FromPath[UUID]) -> Response[str]:
        """One bot."""
        return show_bot(web, strategies, bot_id, "portal/bot.html")

    @get("/reference", opt=_OPT, sync_to_thread=True)
    def reference(web: Web) -> Response[str]:
        """What Bot Trading is: strategies, parameters, states."""
        with web.session() as session:
            allowed = allowed_strategies(session, strategies, web.settings(), web.person_id)
        return web.render(
            "shared/reference.html", title=_("Bot Trading"), strategies=[strategies[key] for key in allowed]
        )

    return [my_bots, bot, reference]


def _launch_routes(strategies: Strategies) -> list[ControllerRouterHandler]:
    @get("/new", opt=_OPT, sync_to_thread=True)
    def choose(web: Web) -> Response[str]:
        """The strategies that the customer may run."""
        with web.session() as session:
            allowed = allowed_strategies(session, strategies, web.settings(), web.person_id)
        return web.render("portal/choose.html", title=_("New bot"), strategies=[strategies[key] for key in allowed])

    @get("/new/{key:str}", opt=_OPT, sync_to_thread=True)
    def form(web: Web, key: FromPath[str]) -> Response[str]:
        """The form of a strategy on one account and symbol; ``clone`` fills it like a bot of the customer's."""
        return _form(web, open_launch(web, strategies, key))

    @post("/new/{key:str}/preview", opt=_OPT, sync_to_thread=True, status_code=200)
    def preview(web: Web, key: FromPath[str]) -> Response[str]:
        """What a launch would do and what each field may be, as the customer types."""
        return show_preview(web, strategies, key)

    @post("/new/{key:str}/run", opt=_OPT, sync_to_thread=True, status_code=200)
    def run(web: Web, key: FromPath[str]) -> Response[str]:
        """Run the strategy over recorded prices, in the background."""
        return begin_run(web, strategies, key)

    @get("/previews/{preview_id:uuid}", opt=_OPT, sync_to_thread=True)
    def progress(web: Web, preview_id: FromPath[UUID]) -> Response[str]:
        """How far a run is, or what it came to."""
        return show_run(web, strategies, preview_id)

    @post("/new/{key:str}", opt=_OPT, sync_to_thread=True, status_code=200)
    def start(web: Web, key: FromPath[str]) -> Response[str]:
        """Launch."""
        page = open_launch(web, strategies, key)
        parsed = parse_form(page.strategy.settings_model, web.form)
        if parsed.value is None:
            return _form(web, page.with_form(parsed.form), status=422)
        sent = (list(web.form.get("launch_key", ())) or [""])[-1][:64] or str(new_id())
        try:
            with web.session() as session:
                bot = launch(session, strategies, page.limits, wish_of(web, page, parsed.value, sent))
                web.audit(
                    session,
                    "bot_trading.bot.launch",
                    str(bot.id),
                    after={"strategy": key, "investment": str(bot.investment), "currency": bot.currency},
                )
        except BotRefusedError as refused:
            errors, whole = errors_by_field(refused.refusals, page.form)
            return _form(web, page.with_form(parsed.form.with_errors(errors, whole)), status=422)
        return web.redirect(f"bots/{bot.id}", notice=_("Your bot is launched."))

    return [choose, form, preview, run, progress, start]


def _form(web: Web, page: LaunchPage, status: int = 200) -> Response[str]:
    return web.render(
        "portal/launch.html",
        status=status,
        title=_("New {strategy}", strategy=page.strategy.title),
        page=page,
        launch_key=str(new_id()),
    )
