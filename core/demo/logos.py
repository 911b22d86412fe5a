"""Logos and icons of the demo brokerages, drawn: a letter on a rounded field in the brand's colour, and the name."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

_SCALE = 3  # drawn larger and made smaller, so that edges are smooth


def icon(letter: str, colour: str, size: int = 64) -> bytes:
    """A square PNG: a white letter on a rounded field of `colour`."""
    return _png(_emblem(letter, colour, "#ffffff", size))


def logo(name: str, colour: str, *, ink: str, on: str, height: int = 96) -> bytes:
    """A PNG with the emblem and the name beside it.

    :param ink: colour of the name. :param on: colour of the letter on the field.
    """
    font = ImageFont.load_default(size=height * _SCALE * 0.56)
    width = font.getlength(name)
    gap, side = height * _SCALE // 3, height * _SCALE
    image = Image.new("RGBA", (int(side + gap + width + gap // 2), side))
    image.paste(_emblem(name[0], colour, on, side), (0, 0))
    # Stroked, since the one weight there is looks thin beside the field.
    draw = ImageDraw.Draw(image)
    draw.text(
        (side + gap, side * 0.5), name, font=font, fill=ink, anchor="lm", stroke_width=side // 110, stroke_fill=ink
    )
    return _png(image.resize((image.width // _SCALE, height), Image.Resampling.LANCZOS))


def _emblem(letter: str, colour: str, ink: str, size: int) -> Image.Image:
    side = size * _SCALE
    image = Image.new("RGBA", (side, side))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((0, 0, side - 1, side - 1), radius=side * 0.22, fill=colour)
    # A line like a price's under the letter.
    points = [(0.16, 0.80), (0.36, 0.74), (0.52, 0.82), (0.84, 0.66)]
    draw.line([(x * side, y * side) for x, y in points], fill=ink, width=side // 18, joint="curve")
    font = ImageFont.load_default(size=side * 0.58)
    draw.text(
        (side * 0.5, side * 0.38), letter, font=font, fill=ink, anchor="mm", stroke_width=side // 70, stroke_fill=ink
    )
    return image.resize((size, size), Image.Resampling.LANCZOS)


def _png(image: Image.Image) -> bytes:
    data = BytesIO()
    image.save(data, "PNG")
    return data.getvalue()
