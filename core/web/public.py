"""What anybody may load: static files, a brokerage's style sheet and images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from litestar import Request, get, route
from litestar.params import FromPath
from litestar.response import Response

from core.web import brand
from core.web.assets import Assets
from core.web.page import Page
from core.web.refusals import NotFoundError
from core.web.visit import visit_of
from tenants.services import branding

__all__ = ["FACE_ROUTES", "ROUTES", "static_route"]

_FOR_EVER = "public, max-age=31536000, immutable"
_IMAGES: dict[str, branding.ImageName] = {"logo.png": "logo", "logo_dark.png": "logo_dark", "favicon.png": "favicon"}
_OPEN: dict[str, Any] = {"static": True}


def static_route(assets: Assets) -> Any:
    """The route of all static files."""

    @get("/static/{digest:str}/{owner:str}/{name:path}", opt=_OPEN, include_in_schema=False, sync_to_thread=True)
    def static(
        request: Request[Any, Any, Any], digest: FromPath[str], owner: FromPath[str], name: FromPath[str]
    ) -> Response[bytes]:
        asset = assets.read(owner, str(name).lstrip("/"))
        if asset is None:
            raise NotFoundError(str(name))
        headers = {
            "cache-control": _FOR_EVER if assets.current(digest, owner) else "no-cache",
            "vary": "Accept-Encoding",
        }
        if asset.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            headers["content-encoding"] = "gzip"
            return Response(asset.packed, media_type=asset.content_type, headers=headers)
        return Response(asset.raw, media_type=asset.content_type, headers=headers)

    return static


@get("/brand/{digest:str}/style.css", opt=_OPEN, include_in_schema=False)
async def style(request: Request[Any, Any, Any], digest: FromPath[str]) -> Response[str]:
    """The brokerage's colours."""
    text = brand.style_sheet(visit_of(request).tenant.brand)
    return Response(text, media_type="text/css; charset=utf-8", headers={"cache-control": _FOR_EVER})


@get("/brand/{digest:str}/icon.svg", opt=_OPEN, include_in_schema=False)
async def icon(request: Request[Any, Any, Any], digest: FromPath[str]) -> Response[str]:
    """The icon of a brokerage that has uploaded none."""
    text = brand.icon_svg(visit_of(request).tenant)
    return Response(text, media_type="image/svg+xml", headers={"cache-control": _FOR_EVER})


@get("/brand/{digest:str}/{image:str}", opt=_OPEN, include_in_schema=False, sync_to_thread=True)
def image(web: Page, digest: FromPath[str], image: FromPath[str]) -> Response[bytes]:
    """An uploaded logo or icon."""
    name = _IMAGES.get(image)
    if name is None:
        raise NotFoundError(image)
    with web.session() as session:
        found = branding.image(session, name)
    if found is None:
        raise NotFoundError(image)
    return Response(found, media_type="image/png", headers={"cache-control": _FOR_EVER})


@get("/healthz", opt=_OPEN, include_in_schema=False)
async def alive() -> Response[str]:
    """For a balancer: this process answers."""
    return Response("ok\n", media_type="text/plain; charset=utf-8")


@route(
    ["/{rest:path}"],
    http_method=["GET", "POST", "PUT", "PATCH", "DELETE"],
    opt={"sign_in": False},
    include_in_schema=False,
    sync_to_thread=False,
)
def nowhere(rest: FromPath[Path]) -> Response[None]:
    """Any other address: it is the surface's own page that says so, with everything else an answer carries."""
    raise NotFoundError(str(rest))


FACE_ROUTES = [style, icon, alive, nowhere]
"""What a surface needs that has no uploads."""
ROUTES = [*FACE_ROUTES, image]
