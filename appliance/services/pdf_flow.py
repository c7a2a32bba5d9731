"""Text flowing down the pages of a PDF: lines broken by width, pages broken by height.

Breaks its own lines: fpdf2's do it ten times as slowly, and a long conversation is a lot of lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files

from fpdf import FPDF
from fpdf.fonts import TTFFont

PAGE_WIDTH, PAGE_HEIGHT = 595.28, 841.89  # A4, in points as everything here
MARGIN, FOOT = 56.0, 62.0
REPLACEMENT = "\u25a1"  # an empty box, for characters that the font does not have
LEADING = 1.45  # of a line, in font sizes
_WORDS = re.compile(r"[^ ]{1,1000} *| +")

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Run:
    """Words in one style."""

    text: str
    colour: Colour = (33, 37, 41)
    bold: bool = False


@dataclass(slots=True)
class _Piece:
    """What one line takes of a run."""

    text: str
    run: Run
    width: float


class PdfFlow:
    """`paragraph` after `paragraph`, then `output`; `close` in any case."""

    def __init__(self, title: str, at: datetime) -> None:
        self._pdf = _Document(title, at)
        self._fonts = {bold: self._pdf.font(bold=bold) for bold in (False, True)}
        self._y = PAGE_HEIGHT
        self._turn()

    def output(self) -> bytes:
        return bytes(self._pdf.output())

    def close(self) -> None:
        for font in self._fonts.values():
            font.ttfont.close()

    def space(self, height: float) -> None:
        self._y += height

    def need(self, height: float) -> None:
        """Go to the next page unless `height` is left on this one."""
        if self._y + height > PAGE_HEIGHT - FOOT:
            self._turn()

    def rule(self, colour: Colour) -> None:
        self._pdf.set_draw_color(*colour)
        self._pdf.set_line_width(0.6)
        self._pdf.line(MARGIN, self._y, PAGE_WIDTH - MARGIN, self._y)

    def paragraph(
        self,
        runs: Sequence[Run],
        *,
        size: float,
        indent: float = 0.0,
        bar: Colour | None = None,
        label: str | None = None,
    ) -> None:
        """`bar` draws a line along the left of the text, `label` hangs to the left of its first."""
        height = size * LEADING
        left = MARGIN + indent
        for number, line in enumerate(self._lines(runs, size, PAGE_WIDTH - MARGIN - left)):
            self.need(height)
            base = self._y + size * 1.1
            if bar is not None:
                self._pdf.set_fill_color(*bar)
                self._pdf.rect(left - 9, self._y, 2.2, height + 0.3, style="F")
            if label is not None and number == 0:
                self._write(MARGIN + indent - 24, base, Run(label, runs[0].colour), size)
            at = left
            for piece in line:
                self._write(at, base, Run(piece.text, piece.run.colour, piece.run.bold), size)
                at += piece.width
            self._y += height

    def _turn(self) -> None:
        self._pdf.add_page()
        self._y = MARGIN

    def _write(self, x: float, base: float, run: Run, size: float) -> None:
        text = self._shown(run.text.rstrip(" "), bold=run.bold)
        if text:
            self._pdf.set_font("DejaVu", "B" if run.bold else "", size)
            self._pdf.set_text_color(*run.colour)
            self._pdf.text(x, base, text)

    def _shown(self, text: str, *, bold: bool) -> str:
        """`text` in characters that the font has."""
        known = self._fonts[bold].cmap
        return "".join(c if ord(c) in known else REPLACEMENT for c in text)

    def _width(self, text: str, size: float, *, bold: bool) -> float:
        widths = self._fonts[bold].cw
        box = ord(REPLACEMENT)
        known = self._fonts[bold].cmap
        total = sum(widths[code if code in known else box] for code in map(ord, text))
        return float(total) * size / 1000

    def _lines(self, runs: Sequence[Run], size: float, room: float) -> Iterator[list[_Piece]]:
        line: list[_Piece] = []
        used = 0.0
        for run in runs:
            for number, part in enumerate(run.text.expandtabs(4).split("\n")):
                if number:
                    yield line
                    line, used = [], 0.0
                for word in _WORDS.findall(part):
                    width = self._width(word, size, bold=run.bold)
                    bare = self._width(word.rstrip(" "), size, bold=run.bold)
                    if used + bare > room and line:
                        yield line
                        line, used = [], 0.0
                    while bare > room:  # longer than a whole line
                        head = self._fitting(word, size, room, bold=run.bold)
                        yield [_Piece(word[:head], run, room)]
                        word = word[head:]
                        width = self._width(word, size, bold=run.bold)
                        bare = self._width(word.rstrip(" "), size, bold=run.bold)
                    if line and line[-1].run is run:
                        line[-1].text += word
                        line[-1].width += width
                    else:
                        line.append(_Piece(word, run, width))
                    used += width
        yield line

    def _fitting(self, word: str, size: float, room: float, *, bold: bool) -> int:
        """How many characters of `word` go into `room`, at least one."""
        used = 0.0
        for count, character in enumerate(word):
            used += self._width(character, size, bold=bold)
            if used > room:
                return max(count, 1)
        return len(word)


class _Document(FPDF):
    def __init__(self, title: str, at: datetime) -> None:
        super().__init__(unit="pt", format="A4")
        self.set_auto_page_break(False)
        self.set_title(title)
        self.set_creation_date(at)
        self.set_creator("VoiceAssist Appliance")
        room = files("appliance") / "fonts"
        self.add_font("DejaVu", "", str(room / "DejaVuSans.ttf"))
        self.add_font("DejaVu", "B", str(room / "DejaVuSans-Bold.ttf"))

    def font(self, *, bold: bool) -> TTFFont:
        found = self.fonts["dejavuB" if bold else "dejavu"]
        assert isinstance(found, TTFFont)
        return found

    def footer(self) -> None:
        self.set_font("DejaVu", "", 8)
        self.set_text_color(120, 125, 130)
        self.set_xy(MARGIN, PAGE_HEIGHT - 40)
        self.cell(PAGE_WIDTH - 2 * MARGIN, 10, f"{self.page_no()} / {{nb}}", align="R")
