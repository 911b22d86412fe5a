"""Logos and icons of the demo brokerages, drawn: a letter on a rounded field in the brand's colour."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

_SCALE = 4  # drawn larger and made smaller, so that edges are smooth


def emblem(letter: str, colour: str, ink: str = "#ffffff", size: int = 128) -> bytes:
    """A square PNG: `letter` in `ink` on a rounded field of `colour`."""
    side = size * _SCALE
    image = Image.new("RGBA", (side, side))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((0, 0, side - 1, side - 1), radius=side * 0.22, fill=colour)
    # A line like a price's under the letter.
    points = [(0.16, 0.80), (0.36, 0.74), (0.52, 0.82), (0.84, 0.66)]
    draw.line([(x * side, y * side) for x, y in points], fill=ink, width=side // 22, joint="curve")
    font = ImageFont.load_default(size=side * 0.56)
    draw.text((side * 0.5, side * 0.38), letter, font=font, fill=ink, anchor="mm")
    return _png(image.resize((size, size), Image.Resampling.LANCZOS))


def _png(image: Image.Image) -> bytes:
    data = BytesIO()
    image.save(data, "PNG")
    return data.getvalue()
