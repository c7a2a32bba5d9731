"""PDFium's functions that are called for every character, bound without ctypes' pointer types.

A page has thousands of characters, often each with a text object of its own, and a pointer type
costs more than the call. Pointers are plain addresses here: `address_of` gives those of PDFium's
own handles, `ctypes.byref` those of values to fill in.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import pypdfium2.raw as pdfium

_POINTER, _INT = ctypes.c_void_p, ctypes.c_int


def address_of(handle: Any) -> int:
    return ctypes.cast(handle, ctypes.c_void_p).value or 0


def _bound(function: Any, result: Any, *arguments: Any) -> Callable[..., Any]:
    call: Callable[..., Any] = ctypes.CFUNCTYPE(result, *arguments)(address_of(function))
    return call


# Of a text page: (page, index of the character, …).
text_object = _bound(pdfium.FPDFText_GetTextObject, _POINTER, _POINTER, _INT)
unicode = _bound(pdfium.FPDFText_GetUnicode, ctypes.c_uint, _POINTER, _INT)
loose_box = _bound(pdfium.FPDFText_GetLooseCharBox, _INT, _POINTER, _INT, _POINTER)
origin = _bound(pdfium.FPDFText_GetCharOrigin, _INT, _POINTER, _INT, _POINTER, _POINTER)
font_size = _bound(pdfium.FPDFText_GetFontSize, ctypes.c_double, _POINTER, _INT)
matrix = _bound(pdfium.FPDFText_GetMatrix, _INT, _POINTER, _INT, _POINTER)

# Of an object of a page: (object, …).
render_mode = _bound(pdfium.FPDFTextObj_GetTextRenderMode, _INT, _POINTER)
fill_color = _bound(
    pdfium.FPDFPageObj_GetFillColor, _INT, _POINTER, _POINTER, _POINTER, _POINTER, _POINTER
)
type_of = _bound(pdfium.FPDFPageObj_GetType, _INT, _POINTER)
object_at = _bound(pdfium.FPDFPage_GetObject, _POINTER, _POINTER, _INT)
bounds = _bound(
    pdfium.FPDFPageObj_GetBounds, _INT, _POINTER, _POINTER, _POINTER, _POINTER, _POINTER
)
object_matrix = _bound(pdfium.FPDFPageObj_GetMatrix, _INT, _POINTER, _POINTER)
draw_mode = _bound(pdfium.FPDFPath_GetDrawMode, _INT, _POINTER, _POINTER, _POINTER)
set_active = _bound(pdfium.FPDFPageObj_SetIsActive, _INT, _POINTER, _INT)

# Of a path: (path, …); of a segment of a path: (segment, …).
count_segments = _bound(pdfium.FPDFPath_CountSegments, _INT, _POINTER)
segment_at = _bound(pdfium.FPDFPath_GetPathSegment, _POINTER, _POINTER, _INT)
segment_type = _bound(pdfium.FPDFPathSegment_GetType, _INT, _POINTER)
segment_point = _bound(pdfium.FPDFPathSegment_GetPoint, _INT, _POINTER, _POINTER, _POINTER)
segment_closes = _bound(pdfium.FPDFPathSegment_GetClose, _INT, _POINTER)

# Of a form: (form, …).
count_in_form = _bound(pdfium.FPDFFormObj_CountObjects, _INT, _POINTER)
in_form = _bound(pdfium.FPDFFormObj_GetObject, _POINTER, _POINTER, ctypes.c_ulong)
