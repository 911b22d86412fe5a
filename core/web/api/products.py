"""Product configs, for staff."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from litestar import get, post
from litestar.params import FromPath, JSONBody
from pydantic import BaseModel, Field

from core.runtime import LoadedPlugin
from core.runtime.gate import PluginError
from core.runtime.modules import impact, missing, toggle_off, toggle_on
from core.web.api.shapes import ProductOut
from core.web.page import Page
from core.web.refusals import NotFoundError, RefusedError
from tenants.models import ProductConfig
from tenants.services import products
from tenants.snapshot import wait_acknowledged

__all__ = ["ROUTES"]

_VIEW: dict[str, Any] = {"permission": "products.view", "audience": "staff"}
_MANAGE: dict[str, Any] = {"permission": "products.manage", "audience": "staff", "scope": "manage"}


class Remaining(BaseModel):
    """A line of what the module holds."""

    label: str
    count: int
    notional: str | None
    currency: str | None


class ProductDetail(ProductOut):
    """A module with what it needs and what it holds."""

    missing: list[str]
    remaining: int
    holds: list[Remaining]
    choices: list[str]
    settings: dict[str, object]


class SwitchIn(BaseModel):
    """The state to bring a module to. ``leave``: how to leave what is open, one of the module's ``choices``."""

    state: Literal["on", "off"]
    leave: Annotated[str | None, Field(max_length=40)] = None


class SwitchOut(BaseModel):
    """What became of it; ``pending`` names processes that have not acknowledged it within two seconds."""

    state: str
    pending: list[str]


@get("/product-configs", opt=_VIEW, sync_to_thread=True, tags=["Product configs"])
def listing(web: Page) -> list[ProductOut]:
    """All installed modules with their states."""
    with web.session() as session:
        return [
            _out(plugin, products.config(session, plugin.key)) for plugin in web.kit.platform.runtime.plugins.values()
        ]


@get("/product-configs/{key:str}", opt=_VIEW, sync_to_thread=True, tags=["Product configs"])
def detail(web: Page, key: FromPath[str]) -> ProductDetail:
    """One module: what it needs, what it holds, its settings."""
    plugin = _plugin(web, key)
    with web.session() as session:
        config = products.config(session, key)
        holds, lacking = impact(session, key), missing(session, key)
        settings = plugin.settings.model_validate(dict(config.settings)).model_dump(mode="json")
    return ProductDetail(
        **_out(plugin, config).model_dump(),
        missing=[item.title for item in lacking],
        remaining=holds.remaining,
        holds=[
            Remaining(
                label=i.label,
                count=i.count,
                notional=None if i.notional is None else str(i.notional),
                currency=i.currency,
            )
            for i in holds.items
        ],
        choices=[choice.key for choice in holds.choices],
        settings=settings,
    )


@post("/product-configs/{key:str}/state", opt=_MANAGE, sync_to_thread=True, status_code=200, tags=["Product configs"])
def switch(web: Page, key: FromPath[str], data: JSONBody[SwitchIn]) -> SwitchOut:
    """Switch a module on or off; answers once the processes have acknowledged it."""
    plugin = _plugin(web, key)
    try:
        with web.session() as session:
            on = data.state == "on"
            change = toggle_on(session, key, web.who) if on else toggle_off(session, key, data.leave, web.who)
    except PluginError as error:
        web.kit.platform.gate.record(error)
        raise RefusedError("module_failed", f"{plugin.manifest.title} failed while it was switched on.") from error
    pending = wait_acknowledged(web.kit.platform.database)
    return SwitchOut(state=change.after, pending=[f"{item.kind} {item.pid}" for item in pending])


def _plugin(web: Page, key: str) -> LoadedPlugin:
    plugin = web.kit.platform.runtime.get(key)
    if plugin is None:
        raise NotFoundError(key)
    return plugin


def _out(plugin: LoadedPlugin, config: ProductConfig) -> ProductOut:
    about = plugin.manifest
    return ProductOut(
        key=plugin.key, title=about.title, summary=about.summary, version=about.version, state=config.state,
        allowed=config.allowed, changed_at=config.changed_at, changed_by=config.changed_by,
    )  # fmt: skip


ROUTES = [listing, detail, switch]
