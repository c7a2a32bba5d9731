"""PDF: what it says, that no character breaks it, and what it costs."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import pypdfium2
import pytest

import appliance
from appliance.domain import MessageStatus
from appliance.errors import Unavailable
from appliance.services.pdf_export import to_pdf
from appliance.services.transcript import Transcript
from tests.shared_data import shared_data
from tests.transcripts import MARKED, answer, citation, question, transcript

FONTS = Path(appliance.__file__).parent / "fonts"


def pages(made: Transcript) -> list[str]:
    """The words of each page, white space folded."""
    document = pypdfium2.PdfDocument(to_pdf(made, lambda: False))
    try:
        return [" ".join(page.get_textpage().get_text_range().split()) for page in document]
    finally:
        document.close()


def test_a_whole_transcript() -> None:
    cut = answer("The usual", status=MessageStatus.INTERRUPTED)
    (text,) = pages(transcript(question("How much?"), MARKED, cut, title="Doses: µg/kg ≥ 5"))
    for words in (
        "Doses: µg/kg ≥ 5",
        "Started 2026-01-02 03:04 UTC",
        "Question 2026-01-02 03:04 UTC How much?",
        "The usual dose is 5 mg. [1] Cats like it. (not supported by a document) Never 10 mg. [2]",
        "are not borne out by the passages that they cite",
        "[1] Ward handbook, section 4.2 Doses, page 3 of 12, version 7, effective 2025-01-01",
        "“The usual dose is 5 mg.”",
        "[2] Ward handbook, page 4 of 12, effective 2025-01-01",
        "This answer was interrupted.",
        "1 / 1",
    ):
        assert words in text, words


def test_what_has_become_of_a_cited_document_is_said() -> None:
    both = citation(1, document_id="a", review_by="2025-12-31")
    made = replace(transcript(answer("5 mg. [1]", citations=(both,))), superseded=frozenset("a"))
    (text,) = pages(made)
    assert "Its review was due by 2025-12-31: check that it still holds." in text
    assert "It has been replaced by a newer document since." in text
    (text,) = pages(replace(made, superseded=frozenset("b")))
    assert "replaced" not in text


def test_a_long_text_goes_over_pages_and_loses_nothing() -> None:
    words = [f"word{number}" for number in range(6000)]
    found = pages(transcript(answer(" ".join(words), citations=(citation(1),))))
    assert len(found) > 5
    shown = " ".join(found)
    assert [word for word in shown.split() if word.startswith("word")] == words
    assert found[-1].endswith(f"{len(found)} / {len(found)}")


@pytest.mark.parametrize("text", ["æ" * 50_000, " " * 20_000 + "æ", "\n" * 3000, "", "\t" * 500])
def test_text_without_places_to_break_is_broken(text: str) -> None:
    started = perf_counter()
    found = pages(transcript(question(text)))
    assert "".join(found).count("æ") == text.count("æ")
    assert perf_counter() - started < 10


def test_what_the_font_lacks_is_a_box_and_nobody_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    (text,) = pages(transcript(question("a\u4e2d\U0001f9a0\udcff\ufdd0\x07b é \u202e")))
    assert "a□□" in text and "b é" in text
    assert caplog.records == []


def test_naughty_strings(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    strings = json.loads(shared_data("payloads/blns.json").read_text("utf-8"))
    trap = citation(1, title=strings[60], section=strings[90], snippet=strings[120])
    made = transcript(
        *(question(text) for text in strings),
        *(answer(text, citations=(trap,)) for text in strings),
        title=" ".join(strings)[:200],
    )
    assert len(pages(made)) > 30
    assert caplog.records == []


def test_two_thousand_messages() -> None:
    turn = [question("How much for a child of 20 kg?"), MARKED]
    started = perf_counter()
    data = to_pdf(transcript(*(turn * 1000)), lambda: False)
    assert perf_counter() - started < 30
    assert len(data) < 5_000_000


def test_it_stops_when_nobody_wants_it_any_more() -> None:
    asked: list[int] = []

    def stopped() -> bool:
        asked.append(1)
        return len(asked) > 3

    with pytest.raises(Unavailable):
        to_pdf(transcript(*[question("x")] * 1000), stopped)
    assert len(asked) == 4


def test_the_fonts_are_those_that_are_listed() -> None:
    lines = (FONTS / "SOURCES.txt").read_text("utf-8").splitlines()
    listed = {line[66:]: line[:64] for line in lines if line.endswith(".ttf")}
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in FONTS.glob("*.ttf")
    }
    assert found == listed and len(found) == 2
    assert "Bitstream Vera" in (FONTS / "LICENSE").read_text("utf-8")
