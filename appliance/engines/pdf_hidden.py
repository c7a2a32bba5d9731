"""Text on a PDF page that nobody who looks at the page can see. Runs in the guarded child.

What looks suspicious (light or transparent, behind a drawing or of its colour) is judged by the
page itself: it is drawn with and without that text, and where no pixel changes, nothing is seen.
PDFium cannot leave out what stands in a form: such text is unseen where all is of one colour.
Invisible text over an image is what was recognised in a scan, and stays where the image shows
something.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pypdfium2.raw as pdfium
from PIL import Image, ImageChops

from appliance.engines import pdf_calls as calls
from appliance.engines.pdf_places import Box, Character, Drawings, Fill, Place, Run, Style, turned

_TINY = 1.0  # points
_LIGHT = 160  # of 255: text whose channels are all above may be invisible on white
_CLEAR = 13  # of 255: text this transparent is as good as not drawn
_FAINT = 128  # of 255: more transparent text may be invisible
_NEAR = 64  # of 255: text this near to the colour of an area may be invisible on it
_UNSEEN = 30  # of 255: a smaller difference of the page with and without text is not seen
_INVISIBLE_MODE = 3
_SCAN = 0.5  # share of the page from which on an image that covers text is a scan
_SMALLEST = 16.0  # square points of an area that can hide something
_MOST_FILLS = 200  # beyond which all text is looked at instead
_SCALE = 1.5  # pixels to a point
_MAX_SIDE = 1500  # pixels
_EDGE = 1.0  # points
_SHORT = 12  # letters of a word


def seen(page: Any, runs: Sequence[Run], drawings: Drawings, place: Place) -> list[Run]:
    """The runs without the characters that cannot be seen."""
    return _Judge(page, drawings, place).seen(runs)


def says_more(runs: Sequence[Run], kept: Sequence[Run], text: str) -> bool:
    """Whether what `seen` left out of `runs` says what the page's `text` does not: a form may have
    a copy of its words behind them; dashes or one short word tell nobody what to do.
    """
    shown = _letters(text)
    words: set[str] = set()
    for run, rest in zip(runs, kept, strict=True):
        if len(run.characters) == len(rest.characters):
            continue
        still = set(map(id, rest.characters))
        gone = "".join(" " * c.after_space + c.text for c in run.characters if id(c) not in still)
        if _letters(gone) not in shown:
            words.update(map(_letters, gone.split()))
    words.discard("")
    return len(words) > 1 or any(len(word) > _SHORT for word in words)


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


class _Judge:
    def __init__(self, page: Any, drawings: Drawings, place: Place) -> None:
        self._page = page
        self._place = place
        large = [fill for fill in drawings.fills if _area(fill.box) >= _SMALLEST]
        self._images = [fill.box for fill in large if fill.color is None]
        whole = place.width * place.height
        scans = [box for box in self._images if _area(box) >= _SCAN * whole]
        self._covers = [
            fill for fill in large if fill.order > drawings.first_text and fill.box not in scans
        ]
        self._areas = [fill for fill in large if fill.color is not None]

    def seen(self, runs: Sequence[Run]) -> list[Run]:
        hidden: set[tuple[int, int]] = set()  # (run, character)
        suspects: list[list[tuple[int, int]]] = []  # words
        for number, run in enumerate(runs):
            if not run.characters:
                continue
            suspicious = _is_transparent(run.style) or self._suspicious(run)
            if not suspicious and self._is_plain(run):
                continue
            at = -2
            for index, character in enumerate(run.characters):
                x, y = _middle(character, run.style)
                if self._is_never_seen(character, run.style, x, y):
                    hidden.add((number, index))
                elif suspicious is True or (suspicious and _any_holds(suspicious, x, y)):
                    if at != index - 1 or character.after_space:
                        suspects.append([])
                    suspects[-1].append((number, index))
                    at = index
        if suspects:
            hidden.update(self._unseen(runs, suspects))
        if not hidden:
            return list(runs)
        return [_without(run, number, hidden) for number, run in enumerate(runs)]

    def _is_plain(self, run: Run) -> bool:
        """Whether all of a run is large enough, and on the page."""
        left, bottom, right, top = _extent(run)
        inside = left >= 0 and bottom >= 0 and right <= self._place.width
        return run.style.size >= _TINY and inside and top <= self._place.height

    def _is_never_seen(self, character: Character, style: Style, x: float, y: float) -> bool:
        if style.size < _TINY and character.top - character.bottom < 1.5 * _TINY:
            return True
        place = self._place
        if not (-_EDGE <= x <= place.width + _EDGE and -_EDGE <= y <= place.height + _EDGE):
            return True
        return _is_transparent(style) and not _any_holds(self._images, x, y)

    def _suspicious(self, run: Run) -> bool | list[Box]:
        """Whether all characters of a run are, or the boxes within which they are."""
        red, green, blue, alpha = run.style.color
        if min(red, green, blue) >= _LIGHT or alpha < _FAINT:
            return True
        near = [fill for fill in self._areas if _is_near(fill, (red, green, blue))]
        boxes = [fill.box for fill in near + self._covers]
        return True if len(boxes) > _MOST_FILLS else _meeting(boxes, run)

    def _unseen(
        self, runs: Sequence[Run], suspects: Sequence[list[tuple[int, int]]]
    ) -> list[tuple[int, int]]:
        """Of the suspects, those whose words change nothing on the page."""
        own = self._own_objects()
        objects = own & {
            runs[n].objects[i]
            for word in suspects
            for n, i in word
            if not _is_transparent(runs[n].style)
        }
        scale = min(_SCALE, _MAX_SIDE / max(self._place.width, self._place.height, 1.0))
        shown = self._drawn(scale)
        for item in objects:
            calls.set_active(item, 0)
        try:
            missing = self._drawn(scale) if objects else shown
        finally:
            for item in objects:
                calls.set_active(item, 1)
        ink = ImageChops.difference(shown, missing)
        hidden = []
        for word in suspects:
            boxes = [_core(runs[n].characters[i], runs[n].style) for n, i in word]
            number, index = word[0]
            style = runs[number].style
            if runs[number].objects[index] in own and not _is_transparent(style):
                seen = max((high for _, high in _extremes(ink, boxes, scale)), default=0)
            else:
                ranges = _extremes(shown, boxes, scale)
                seen = max((high - low for low, high in ranges), default=0)
            if seen < _UNSEEN:
                hidden += word
        return hidden

    def _own_objects(self) -> set[int]:
        """The objects of the page that stand in no form."""
        raw = calls.address_of(self._page.raw)
        count = pdfium.FPDFPage_CountObjects(self._page.raw)
        return {calls.object_at(raw, number) for number in range(count)}

    def _drawn(self, scale: float) -> Image.Image:
        bitmap = self._page.render(scale=scale, rev_byteorder=True)
        image: Image.Image = bitmap.to_pil().convert("RGB")
        return image


def _extent(run: Run) -> Box:
    """The box around a run that is not empty, of the page."""
    characters = run.characters
    box = (
        min(c.left for c in characters),
        min(c.bottom for c in characters),
        max(c.right for c in characters),
        max(c.top for c in characters),
    )
    return turned(box, run.style.turn or 0)


def _meeting(boxes: Sequence[Box], run: Run) -> list[Box]:
    """Those of the boxes that a run may be in."""
    if not boxes:
        return []
    left, bottom, right, top = _extent(run)
    return [
        box
        for box in boxes
        if box[0] <= right and box[2] >= left and box[1] <= top and box[3] >= bottom
    ]


def _extremes(image: Image.Image, boxes: Sequence[Box], scale: float) -> Sequence[tuple[int, int]]:
    """The least and the most of each colour within boxes; none where they are off the page."""
    left, bottom = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, top = max(box[2] for box in boxes), max(box[3] for box in boxes)
    area = (
        max(0, int(left * scale)),
        max(0, int(image.height - top * scale)),
        min(image.width, int(right * scale) + 1),
        min(image.height, int(image.height - bottom * scale) + 1),
    )
    if area[0] >= area[2] or area[1] >= area[3]:
        return []
    extremes: Sequence[tuple[int, int]] = image.crop(area).getextrema()  # type: ignore[assignment]
    return extremes


def _core(character: Character, style: Style) -> Box:
    """Where on the page the ink of a character is."""
    if style.turn is None:
        return character.left, character.bottom, character.right, character.top
    box = (
        character.left,
        character.base - 0.2 * character.size,
        character.right,
        character.base + 0.75 * character.size,
    )
    return turned(box, style.turn)


def _middle(character: Character, style: Style) -> tuple[float, float]:
    left, bottom, right, top = _core(character, style)
    return (left + right) / 2, (bottom + top) / 2


def _without(run: Run, number: int, hidden: set[tuple[int, int]]) -> Run:
    kept = [index for index in range(len(run.characters)) if (number, index) not in hidden]
    return Run(run.style, [run.characters[n] for n in kept], [run.objects[n] for n in kept])


def _is_transparent(style: Style) -> bool:
    return style.mode == _INVISIBLE_MODE or style.color[3] < _CLEAR


def _is_near(fill: Fill, color: tuple[int, int, int]) -> bool:
    return fill.color is not None and all(
        abs(one - other) < _NEAR for one, other in zip(fill.color, color, strict=True)
    )


def _any_holds(boxes: Sequence[Box], x: float, y: float) -> bool:
    return any(box[0] <= x <= box[2] and box[1] <= y <= box[3] for box in boxes)


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
