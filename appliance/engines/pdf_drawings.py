"""What is drawn on a PDF page beside its text: rules, frames, filled areas and images.

Runs in the guarded child.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pypdfium2.raw as pdfium

from appliance.engines import pdf_calls as calls
from appliance.engines.pdf_places import Box, Dot, Drawings, Fill, Place

_MAX_OBJECTS = 50_000
_MAX_SEGMENTS = 5_000  # of all paths; a page with more is a picture
_MAX_DEPTH = 5
_THIN = 3.6  # points
_LEAST = 3.0  # a shorter rule is a dot
_BOX_SIDE = 12.0
_CORNERS = 6  # segments of a path that is a rectangle
_DOT = (1.5, 9.0)  # points
_SQUARE = 0.2  # by how much of its side a dot may be wider than high, or higher
_Matrix = tuple[float, float, float, float, float, float]
_IDENTITY: _Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def read(page: Any, place: Place) -> Drawings:
    """The drawings of a page; none where there are too many to mean anything."""
    return _Reader(place).read(page)


class _Reader:
    def __init__(self, place: Place) -> None:
        self._place = place
        self._drawings = Drawings(first_text=_MAX_OBJECTS)
        self._numbers = [ctypes.c_float() for _ in range(4)]
        self._numbers_at = [ctypes.byref(number) for number in self._numbers]
        self._channels = [ctypes.c_uint() for _ in range(4)]
        self._channels_at = [ctypes.byref(channel) for channel in self._channels]
        self._fill, self._stroke = ctypes.c_int(), ctypes.c_int()
        self._left = _MAX_OBJECTS
        self._segments = _MAX_SEGMENTS

    def read(self, page: Any) -> Drawings:
        raw = calls.address_of(page.raw)
        count = pdfium.FPDFPage_CountObjects(page.raw)
        if count > _MAX_OBJECTS:
            return Drawings(first_text=count)
        for order in range(count):
            self._object(calls.object_at(raw, order), order, _IDENTITY, 0)
        return self._drawings

    def _object(self, item: int, order: int, matrix: _Matrix, depth: int) -> None:
        self._left -= 1
        kind = calls.type_of(item) if item and self._left > 0 else 0
        if kind == pdfium.FPDF_PAGEOBJ_TEXT:
            self._drawings.first_text = min(self._drawings.first_text, order)
        elif kind == pdfium.FPDF_PAGEOBJ_PATH:
            self._path(item, order, matrix)
        elif kind in (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_SHADING):
            if (box := self._bounds(item, matrix)) is not None:
                self._drawings.fills.append(Fill(box, None, order))
        elif kind == pdfium.FPDF_PAGEOBJ_FORM and depth < _MAX_DEPTH:
            own = _times(_matrix_of(item), matrix)
            for number in range(calls.count_in_form(item)):
                self._object(calls.in_form(item, number), order, own, depth + 1)

    def _path(self, item: int, order: int, matrix: _Matrix) -> None:
        box = self._bounds(item, matrix)
        if box is None:
            return
        calls.draw_mode(item, ctypes.byref(self._fill), ctypes.byref(self._stroke))
        filled, stroked = bool(self._fill.value), bool(self._stroke.value)
        if not filled and not stroked:
            return
        drawings = self._drawings
        if _is_rule(box):
            drawings.rules.append(box)
            return
        color = self._color(item) if filled else None
        if color is not None:
            drawings.fills.append(Fill(box, color, order))
        if not stroked and color == (255, 255, 255):
            return  # nobody sees it
        count = calls.count_segments(item)
        self._segments -= count
        if self._segments < 0:
            return
        if _is_dot(box):
            is_filled = color is not None and color != (255, 255, 255)
            drawings.dots.append(Dot(box, is_filled, round=count > _CORNERS))
            return
        if count > _CORNERS or stroked:
            for shape in self._shapes(item, _times(_matrix_of(item), matrix)):
                self._shape(shape, filled, stroked)
        elif _holds_text(box):
            drawings.frames.append(box)

    def _shape(self, shape: list[tuple[float, float]], filled: bool, stroked: bool) -> None:
        xs, ys = [x for x, _ in shape], [y for _, y in shape]
        box = min(xs), min(ys), max(xs), max(ys)
        if _is_rule(box):
            self._drawings.rules.append(box)
            return
        if stroked:
            for (x0, y0), (x1, y1) in pairwise(shape):
                edge = min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)
                if _is_rule(edge) and (x0 == x1 or y0 == y1 or _is_flat(edge)):
                    self._drawings.rules.append(edge)
        if _holds_text(box):
            self._drawings.frames.append(box)

    def _shapes(self, item: int, matrix: _Matrix) -> Iterator[list[tuple[float, float]]]:
        """The subpaths of a path, as corners."""
        x, y = ctypes.c_float(), ctypes.c_float()
        x_at, y_at = ctypes.byref(x), ctypes.byref(y)
        corners: list[tuple[float, float]] = []
        for number in range(calls.count_segments(item)):
            segment = calls.segment_at(item, number)
            calls.segment_point(segment, x_at, y_at)
            if calls.segment_type(segment) == pdfium.FPDF_SEGMENT_MOVETO and corners:
                if len(corners) > 1:
                    yield corners
                corners = []
            corners.append(self._place.point(*_through(matrix, x.value, y.value)))
            if calls.segment_closes(segment):
                corners.append(corners[0])
        if len(corners) > 1:
            yield corners

    def _bounds(self, item: int, matrix: _Matrix) -> Box | None:
        """Where an object stands on the page; None when it is off it."""
        if not calls.bounds(item, *self._numbers_at):
            return None
        left, bottom, right, top = (number.value for number in self._numbers)
        if matrix is not _IDENTITY:
            corners = [_through(matrix, x, y) for x in (left, right) for y in (bottom, top)]
            left, right = min(x for x, _ in corners), max(x for x, _ in corners)
            bottom, top = min(y for _, y in corners), max(y for _, y in corners)
        box = self._place.box(left, bottom, right, top)
        place = self._place
        if box[2] < 0 or box[3] < 0 or box[0] > place.width or box[1] > place.height:
            return None
        return box

    def _color(self, item: int) -> tuple[int, int, int] | None:
        calls.fill_color(item, *self._channels_at)
        red, green, blue, alpha = (channel.value for channel in self._channels)
        return None if alpha == 0 else (red, green, blue)


def _is_rule(box: Box) -> bool:
    left, bottom, right, top = box
    width, height = right - left, top - bottom
    return min(width, height) <= _THIN and max(width, height) >= max(_LEAST, 2 * min(width, height))


def _is_flat(box: Box) -> bool:
    left, bottom, right, top = box
    return min(right - left, top - bottom) < 0.5


def _is_dot(box: Box) -> bool:
    width, height = box[2] - box[0], box[3] - box[1]
    least, most = _DOT
    return least <= min(width, height) and abs(width - height) <= _SQUARE * max(width, height) < (
        _SQUARE * most
    )


def _holds_text(box: Box) -> bool:
    left, bottom, right, top = box
    return right - left >= _BOX_SIDE and top - bottom >= _BOX_SIDE


def _matrix_of(item: int) -> _Matrix:
    matrix = pdfium.FS_MATRIX()
    calls.object_matrix(item, ctypes.byref(matrix))
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


def _times(first: _Matrix, then: _Matrix) -> _Matrix:
    if then is _IDENTITY:
        return first
    a, b, c, d, e, f = first
    return (
        a * then[0] + b * then[2],
        a * then[1] + b * then[3],
        c * then[0] + d * then[2],
        c * then[1] + d * then[3],
        e * then[0] + f * then[2] + then[4],
        e * then[1] + f * then[3] + then[5],
    )


def _through(matrix: _Matrix, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f
