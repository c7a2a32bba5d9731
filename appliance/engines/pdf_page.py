"""Reads one page of a PDF: its text as a person sees it, with places. Runs in the guarded child."""

from __future__ import annotations

from typing import Any, NamedTuple

from appliance.engines import pdf_characters, pdf_drawings
from appliance.engines.pdf_hidden import says_more, seen
from appliance.engines.pdf_layout import laid_out
from appliance.sentences.invisible import HIDING

PARTS = 10  # of a point, in which places are sent


class Read(NamedTuple):
    """`width` and `height` in points, as the page is shown. `words` holds six numbers for each
    word: start, end (characters of `text`), left, bottom, right, top (in PARTS of a point).
    `hidden` says that the page has text which nobody can see and which says what `text` does not.
    """

    text: str
    width: float
    height: float
    words: list[int]
    hidden: bool


def read(page: Any, most: int) -> Read | None:
    """A `PdfPage`, or None where it has more than `most` characters.

    Raises `PdfiumError` for a page that cannot be read.
    """
    text_page = page.get_textpage()
    if text_page.count_chars() > most:
        return None
    place = pdf_characters.place_of(page)
    all_runs = pdf_characters.read(text_page, place)
    drawings = pdf_drawings.read(page, place)
    runs = seen(page, all_runs, drawings, place)
    laid = laid_out(runs, drawings, place.width, place.height)
    words = []
    for start, end, box in laid.words:
        words += [start, end, *(round(side * PARTS) for side in box)]
    letters = "".join(character.text for run in all_runs for character in run.characters)
    hidden = says_more(all_runs, runs, laid.text) or (
        not letters.isascii() and HIDING.search(letters) is not None
    )
    return Read(laid.text, place.width, place.height, words, hidden)
