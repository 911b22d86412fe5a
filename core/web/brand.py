"""A brokerage's colours as custom properties, and its images: all that varies from one tenant to another."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from tenants.services.branding import legibility
from tenants.snapshot import BrandView, TenantView

__all__ = ["css_url", "icon_svg", "icon_url", "logo_urls", "properties", "style_sheet"]

_SHEET_VERSION = 5
"""Moves with the form of the style sheet, so that browsers ask again."""


def css_url(tenant: TenantView) -> str:
    """The address of the style sheet; it changes with the colours."""
    brand = tenant.brand
    seen = f"{_SHEET_VERSION}{brand.primary_light}{brand.primary_dark}{brand.accent_light}{brand.accent_dark}"
    return f"/brand/{hashlib.blake2b(seen.encode(), digest_size=6).hexdigest()}/style.css"


def icon_url(tenant: TenantView) -> str:
    """The icon of the browser's tab: the brokerage's own, or its initials on its colour."""
    if tenant.brand.favicon_digest:
        return f"/brand/{tenant.brand.favicon_digest}/favicon.png"
    seen = hashlib.blake2b(f"{tenant.name}{tenant.brand.primary_light}".encode(), digest_size=6).hexdigest()
    return f"/brand/{seen}/icon.svg"


def logo_urls(tenant: TenantView) -> tuple[str, str]:
    """The logo on light and on dark ground; empty texts where there is none."""
    light, dark = tenant.brand.logo_digest, tenant.brand.logo_dark_digest
    light_url = f"/brand/{light}/logo.png" if light else ""
    return light_url, f"/brand/{dark}/logo_dark.png" if dark else light_url


@lru_cache(maxsize=256)
def style_sheet(brand: BrandView) -> str:
    """The style sheet. Text on a coloured button is black or white, whichever can be read better."""
    blocks = []
    for selector, ground, primary, accent in (
        (":root", "light", brand.primary_light, brand.accent_light),
        ('[data-bs-theme="dark"]', "dark", brand.primary_dark, brand.accent_dark),
    ):
        values = ";".join(f"{name}:{value}" for name, value in properties(primary, accent, ground).items())
        blocks.append(f"{selector}{{{values}}}")
    return "\n".join(blocks) + "\n"


def properties(primary: str, accent: str, ground: str) -> dict[str, str]:
    """The custom properties that a brand's two colours give on ``light`` or ``dark`` ground."""
    seen = legibility(primary, ground)
    return {
        "--tblr-primary": primary,
        "--tblr-primary-rgb": _channels(primary),
        "--tblr-primary-fg": seen.on,
        "--ui-accent": accent,
        "--ui-link": seen.link,
    }


def icon_svg(tenant: TenantView) -> str:
    """A square with the brokerage's initial."""
    primary = tenant.brand.primary_light
    letter = next((character for character in tenant.name.upper() if character.isalnum()), "·")
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">'
        f'<rect width="64" height="64" rx="16" fill="{primary}"/>'
        f'<text x="32" y="45" font-family="system-ui,sans-serif" font-size="36" font-weight="700" text-anchor="middle"'
        f' fill="{legibility(primary, "light").on}">{letter}</text></svg>'
    )


def _channels(colour: str) -> str:
    return ", ".join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))
