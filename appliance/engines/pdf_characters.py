"""The characters of a PDF page and where they stand, from PDFium. Runs in the guarded child."""

from __future__ import annotations

import ctypes
import math
from typing import Any

import pypdfium2.raw as pdfium

from appliance.engines import pdf_calls as calls
from appliance.engines.pdf_places import Character, Place, Run, Style, upright

_SKEW = 0.05  # radians by which text may lean and still be upright
_FAR = 1e6  # points
_SPACES = frozenset({0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x20, 0x85, 0xA0, 0x1680, 0x2028, 0x2029}) | {
    *range(0x2000, 0x200B),
    0x202F,
    0x205F,
    0x3000,
}


def place_of(page: Any) -> Place:
    """How a page's coordinates become those that `Place` gives."""
    rect = pdfium.FS_RECTF()
    pdfium.FPDF_GetPageBoundingBox(page, rect)
    width, height = page.get_size()
    return Place(rect.left, rect.bottom, width, height, pdfium.FPDFPage_GetRotation(page) % 4)


def read(text_page: Any, place: Place) -> list[Run]:
    """All characters of a page in the order of the file."""
    raw = calls.address_of(text_page.raw)
    box, x, y = pdfium.FS_RECTF(), ctypes.c_double(), ctypes.c_double()
    box_at, x_at, y_at = ctypes.byref(box), ctypes.byref(x), ctypes.byref(y)
    style_of = _Styles(raw, place)
    runs: list[Run] = []
    run = Run(Style(0.0, 0, 0, (0, 0, 0, 0)))
    last, space = 0, False
    size, turn = 0.0, 0
    shifted = place.turns == 0
    for index in range(text_page.count_chars()):
        address = calls.text_object(raw, index)
        code = calls.unicode(raw, index)
        if not address or code in _SPACES:
            space = True
            continue
        if address != last:
            last = address
            found = style_of(address, index)
            if found != run.style or not runs:
                run = Run(found)
                runs.append(run)
                size, turn = found.size, found.turn or 0
        calls.loose_box(raw, index, box_at)
        calls.origin(raw, index, x_at, y_at)
        if not -_FAR < x.value + y.value + box.left + box.bottom + box.right + box.top < _FAR:
            continue  # nowhere, or not a number
        text = chr(code) if code <= 0x10FFFF else "\ufffd"
        if shifted and not turn:
            dx, dy = place.left, place.bottom
            run.characters.append(
                Character(
                    text,
                    box.left - dx,
                    box.bottom - dy,
                    box.right - dx,
                    box.top - dy,
                    y.value - dy,
                    size,
                    space,
                )
            )
        else:
            shown = upright(place.box(box.left, box.bottom, box.right, box.top), turn)
            at = place.point(x.value, y.value)
            run.characters.append(
                Character(text, *shown, upright((*at, *at), turn)[1], size, space)
            )
        run.objects.append(address)
        space = False
    return runs


class _Styles:
    def __init__(self, raw: int, place: Place) -> None:
        self._raw = raw
        self._angle = place.turns * math.pi / 2  # by which the page is turned clockwise
        self._matrix = pdfium.FS_MATRIX()
        self._channels = [ctypes.c_uint() for _ in range(4)]
        self._channels_at = [ctypes.byref(channel) for channel in self._channels]
        self._matrix_at = ctypes.byref(self._matrix)

    def __call__(self, address: int, index: int) -> Style:
        size = calls.font_size(self._raw, index)
        matrix = self._matrix
        calls.matrix(self._raw, index, self._matrix_at)
        turn: int | None = 0
        if matrix.b or matrix.a <= 0 or self._angle:
            angle = math.atan2(matrix.b, matrix.a) - self._angle
            quarters = round(angle / (math.pi / 2))
            turn = None if abs(angle - quarters * math.pi / 2) > _SKEW else quarters % 4
        calls.fill_color(address, *self._channels_at)
        red, green, blue, alpha = self._channels
        return Style(
            round(abs(size) * math.hypot(matrix.c, matrix.d), 2),
            turn,
            calls.render_mode(address),
            (red.value, green.value, blue.value, alpha.value),
        )
