"""A page of a PDF as a PNG, with words marked as with a yellow pen. Runs in the guarded child."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image, ImageChops, ImageDraw

from appliance.engines.pdf_marks import Box, find, lines_of

DOTS_PER_INCH = 150
MAX_SIDE = 2000  # pixels
MAX_MARKED = 100  # places on one page
_POINTS_PER_INCH = 72
_PEN = (255, 236, 92)
_PAD = 1.0  # points around marked words


def png(
    document: Any,
    number: int,
    words: str | None,
    near: int | None,
    boxes: Sequence[Sequence[float]] = (),
) -> bytes:
    """Page `number` (from 1) of a `PdfDocument`.

    Marked are `boxes` (left, bottom, right, top in points of the page as it is shown), or else
    `words`, found as in `pdf_marks.find` with `near`.
    Raises `PdfiumError` for a page that cannot be read.
    """
    page = document[number - 1]
    width, height = page.get_size()
    longest = max(width, height, 1.0)
    # One less: the sides are rounded up.
    scale = min(DOTS_PER_INCH / _POINTS_PER_INCH, (MAX_SIDE - 1) / longest)
    bitmap = page.render(scale=scale, rev_byteorder=True)
    image = bitmap.to_pil().convert("RGB")
    if boxes:
        image = _marked(image, [_shown(box, height, scale) for box in boxes[:MAX_MARKED]])
    elif words:
        place = bitmap.get_posconv(page)
        image = _marked(image, [_pixels(place, box) for box in _boxes(page, words, near)])
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _boxes(page: Any, words: str, near: int | None) -> list[Box]:
    text_page = page.get_textpage()
    codes = [pdfium.FPDFText_GetUnicode(text_page, i) for i in range(text_page.count_chars())]
    characters = "".join(chr(code) if code <= 0x10FFFF else " " for code in codes)
    boxes: list[Box] = []
    for first, last in find(characters, words, near)[:MAX_MARKED]:
        found = []
        for index in range(first, last + 1):
            if characters[index].isspace():
                continue
            try:
                left, bottom, right, top = text_page.get_charbox(index, loose=True)
            except pypdfium2.PdfiumError:
                continue  # a character that stands nowhere
            if left < right and bottom < top:
                found.append((left, bottom, right, top))
        boxes += lines_of(found)
    return boxes


def _shown(box: Sequence[float], height: float, scale: float) -> tuple[float, ...]:
    left, bottom, right, top = box
    sides = left - _PAD, height - top - _PAD, right + _PAD, height - bottom + _PAD
    return tuple(scale * side for side in sides)


def _pixels(place: Any, box: Box) -> tuple[float, ...]:
    left, bottom, right, top = box
    # The page may be turned: its corners change places.
    xs, ys = zip(
        place.to_bitmap(left - _PAD, bottom - _PAD),
        place.to_bitmap(right + _PAD, top + _PAD),
        strict=True,
    )
    return min(xs), min(ys), max(xs), max(ys)


def _marked(image: Image.Image, places: Sequence[tuple[float, ...]]) -> Image.Image:
    """Multiplied with the pen's colour, so that what is dark stays as it is."""
    pen = Image.new("RGB", image.size, (255, 255, 255))
    draw = ImageDraw.Draw(pen)
    for place in places:
        draw.rectangle(place, fill=_PEN)
    return ImageChops.multiply(image, pen)
