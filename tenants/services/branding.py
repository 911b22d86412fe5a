"""A tenant's brand: colours that can be read, and images that are only images."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from typing import Literal
from warnings import catch_warnings, simplefilter

from PIL import Image, UnidentifiedImageError
from sqlalchemy import select

from tenants.db import TenantSession
from tenants.models import Brand
from tenants.services import audit, validation
from tenants.services.actor import Actor
from tenants.services.errors import InvalidError
from tenants.text import _

ImageName = Literal["logo", "logo_dark", "favicon"]

COLOURS = ("primary_light", "primary_dark", "accent_light", "accent_dark")
MAX_UPLOAD = 1_000_000
"""Bytes."""
_MAX_PIXELS = 4_000_000
_SIZES = {"logo": (600, 160), "logo_dark": (600, 160), "favicon": (64, 64)}
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_COLOUR = re.compile(r"#[0-9a-f]{6}")
LEAST_CONTRAST = 3.0
"""Of buttons, icons and lines against their ground (WCAG 2.2, 1.4.11, level AA)."""
GROUND = {"light": "#ffffff", "dark": "#141a23"}
"""What cards are made of in each theme."""
_INK = ("#ffffff", "#0b0f16")


class ContrastError(InvalidError):
    """A colour that cannot be told from its ground.

    :ivar proposal: the nearest colour of the same hue that can.
    """

    def __init__(self, field: str, message: str, proposal: str) -> None:
        super().__init__(field, message)
        self.proposal = proposal


@dataclass(frozen=True, slots=True)
class Legibility:
    """How a colour can be read, as contrast ratios of 1 to 21.

    :ivar ground: against cards. :ivar ink: of the text on a button in the colour. :ivar on: that text's colour.
    :ivar link: the colour moved as far as text in it needs (4.5 : 1, WCAG 2.2, 1.4.3). :ivar proposal: the nearest colour
        that passes; the colour itself where it does.
    """

    ground: float
    ink: float
    on: str
    link: str
    proposal: str

    @property
    def passes(self) -> bool:
        """Whether it can be a brand's colour (level AA)."""
        return self.ground >= LEAST_CONTRAST


@dataclass(frozen=True, slots=True)
class BrandChange:
    """New values; none leaves the present one."""

    primary_light: str | None = None
    primary_dark: str | None = None
    accent_light: str | None = None
    accent_dark: str | None = None
    theme: Literal["auto", "light", "dark"] | None = None
    tagline: str | None = None
    support_email: str | None = None


def brand(session: TenantSession) -> Brand:
    """The tenant's brand."""
    return session.get_one(Brand, session.tenant_id)


def change_brand(session: TenantSession, change: BrandChange, actor: Actor) -> Brand:
    """Change colours and texts.

    :raises InvalidError: for a colour that is not ``#rrggbb``.
    :raises ContrastError: for one that cannot be told from its ground (:data:`LEAST_CONTRAST`), with one that can.
    """
    found = brand(session)
    cleaned: dict[str, str] = {}
    for field in COLOURS:
        value = getattr(change, field)
        if value is not None:
            cleaned[field] = colour(value, field)
    if change.theme is not None:
        if change.theme not in ("auto", "light", "dark"):
            raise InvalidError("theme", _("Choose auto, light or dark."))
        cleaned["theme"] = change.theme
    if change.tagline is not None:
        cleaned["tagline"] = validation.name(change.tagline, "tagline") if change.tagline.strip() else ""
    if change.support_email is not None:
        cleaned["support_email"] = validation.email(change.support_email) if change.support_email.strip() else ""
    before = {field: getattr(found, field) for field in cleaned}
    if before != cleaned:
        for field, new in cleaned.items():
            setattr(found, field, new)
        found.changed_at = datetime.now(UTC)
        session.flush()
        audit.record(session, actor, "brand.change", "brand", before=before, after=cleaned)
    return found


def set_image(session: TenantSession, name: ImageName, data: bytes | None, actor: Actor) -> Brand:
    """Replace the logo or the icon by an upload, or remove it (none).

    :raises InvalidError: for anything but a PNG, JPEG, WebP or GIF image of reasonable size.
    """
    found = brand(session)
    image = None if data is None else reencode(data, _SIZES[name], name)
    before = getattr(found, f"{name}_digest")
    digest = None if image is None else sha256(image).hexdigest()[:16]
    setattr(found, name, image)
    setattr(found, f"{name}_digest", digest)
    found.changed_at = datetime.now(UTC)
    session.flush()
    audit.record(session, actor, "brand.image", "brand", name, before={"digest": before}, after={"digest": digest})
    return found


def image(session: TenantSession, name: ImageName) -> bytes | None:
    """The PNG bytes of an image, if there is one."""
    column = {"logo": Brand.logo, "logo_dark": Brand.logo_dark, "favicon": Brand.favicon}[name]
    return session.scalar(select(column))


def colour(value: str, field: str) -> str:
    """A colour as ``#rrggbb`` that stands out from the light or dark ground its field's name ends with."""
    found = value.strip().lower()
    if not _COLOUR.fullmatch(found):
        raise InvalidError(field, _("Enter a colour as # and six hexadecimal digits, such as #1f5fbf."))
    ground = field.rsplit("_", 1)[-1]
    seen = legibility(found, ground)
    if not seen.passes:
        said = {"colour": found, "ratio": f"{seen.ground:.1f}", "other": seen.proposal}
        text = (
            _(
                "{colour} has a contrast of {ratio} : 1 on light ground, less than 3 : 1. The nearest that does: {other}.",
                **said,
            )
            if ground == "light"
            else _(
                "{colour} has a contrast of {ratio} : 1 on dark ground, less than 3 : 1. The nearest that does: {other}.",
                **said,
            )
        )
        raise ContrastError(field, text, seen.proposal)
    return found


_LINK_CONTRAST = 4.8
"""A little more than WCAG asks of text, for grounds that are a little grey."""
_TINT = {"light": 0.1, "dark": 0.17}
"""What is chosen stands on a tint of the colour; as much of it as the style sheets mix, and a little more."""


def legibility(colour: str, ground: str) -> Legibility:
    """How ``#rrggbb`` can be read on ``light`` or ``dark`` ground."""
    on = max(_INK, key=lambda ink: contrast(colour, ink))
    return Legibility(
        ground=contrast(colour, GROUND[ground]),
        ink=contrast(colour, on),
        on=on,
        link=_moved(colour, ground, _LINK_CONTRAST, tint=_TINT[ground]),
        proposal=_moved(colour, ground, LEAST_CONTRAST),
    )


def _moved(colour: str, ground: str, least: float, tint: float = 0) -> str:
    """The colour mixed with as little black (on light ground) or white (on dark) as the contrast needs.

    :param tint: how much of the colour itself is in the ground that it is read on.
    """
    goal = 0 if ground == "light" else 255
    parts = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    under = [int(GROUND[ground][at : at + 2], 16) for at in (1, 3, 5)]
    seen_on = "#" + "".join(
        f"{round(part * tint + base * (1 - tint)):02x}" for part, base in zip(parts, under, strict=True)
    )
    for step in range(101):
        mixed = "#" + "".join(f"{round(part + (goal - part) * step / 100):02x}" for part in parts)
        if contrast(mixed, seen_on) >= least:
            return mixed
    return "#000000" if ground == "light" else "#ffffff"


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two ``#rrggbb`` colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def reencode(data: bytes, size: tuple[int, int], field: str) -> bytes:
    """An upload as a PNG within ``size`` pixels, with nothing of the original file but its pixels."""
    if len(data) > MAX_UPLOAD:
        raise InvalidError(field, _("The file is larger than {size} kB.", size=MAX_UPLOAD // 1000))
    try:
        with catch_warnings():
            simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(data), formats=_FORMATS) as opened:
                if opened.width * opened.height > _MAX_PIXELS:
                    raise InvalidError(field, _("The image has more than 4 million pixels."))
                pixels = opened.convert("RGBA")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombWarning) as error:
        raise InvalidError(field, _("Upload a PNG, JPEG, WebP or GIF image.")) from error
    pixels.thumbnail(size, Image.Resampling.LANCZOS)
    clean = Image.new("RGBA", pixels.size)
    clean.paste(pixels)
    encoded = BytesIO()
    clean.save(encoded, "PNG", optimize=True)
    return encoded.getvalue()


def _luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
