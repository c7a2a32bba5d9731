"""Text files in the encodings that hospitals have, and files that only look like text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import Invalid
from appliance.services.hyphens import mended
from appliance.services.plain_text import looks_like_text, pages_of


@pytest.mark.parametrize(
    ("data", "pages"),
    [
        ("5 µg – dose".encode(), ["5 µg – dose"]),
        ("5 µg – dose".encode("utf-8-sig"), ["5 µg – dose"]),
        ("5 µg – dose".encode("cp1252"), ["5 µg – dose"]),
        ("5 µg – dose".encode("utf-16"), ["5 µg – dose"]),
        (b"\xfe\xff" + "doß".encode("utf-16-be"), ["doß"]),
        (b"one\r\ntwo\rthree", ["one\ntwo\nthree"]),
        (b"page one\fpage two", ["page one", "page two"]),
        (b"bell\x1b stays out", ["bell stays out"]),
    ],
)
def test_read(data: bytes, pages: list[str]) -> None:
    assert pages_of(data) == pages


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no text"),
        (b" \n\f\t", "no text"),
        (b"\xff\xfe\x00\xd8", "not text"),  # half a surrogate pair
        (b"\x81\x8d\x8f", "not text"),
        (b"caf\xe9 \x00\x01", "not text"),
        (b"a" * 20_000_001, "too large"),
    ],
)
def test_refused(data: bytes, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        pages_of(data)


@pytest.mark.parametrize("start", [b"%PDF-1.7", b"PK\x03\x04", b"\x89PNG", b"{\\rtf1", b"a\x00b"])
def test_other_kinds_do_not_look_like_text(start: bytes) -> None:
    assert not looks_like_text(start)


def test_a_long_text_gets_pages_that_end_between_paragraphs() -> None:
    paragraph = "Check the level every four hours. " * 12
    text = "\n\n".join([paragraph] * 60)
    pages = pages_of(text.encode())
    assert "".join(pages) == text
    assert all(1_000 < len(page) <= 4_500 for page in pages)
    assert all(page.endswith("\n\n") for page in pages[:-1])


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=1, max_size=20_000))
def test_nothing_is_lost(text: str) -> None:
    kept = "".join(c for c in text if c.isalnum())
    try:
        pages = pages_of(text.encode())
    except Invalid:
        assert kept == ""
        return
    assert "".join(c for page in pages for c in page if c.isalnum()) == kept


@pytest.mark.parametrize(
    ("pages", "whole"),
    [
        (["alcohol\u00adbased rub"], ["alcohol-based rub"]),
        (
            ["adminis\u00adtration", "oral administration"],
            ["administration", "oral administration"],
        ),
        (["Adminis\u00adtration; ADMINISTRATION"], ["Administration; ADMINISTRATION"]),
        (["10\u00ad20 mg"], ["10-20 mg"]),
        (["plain"], ["plain"]),
        (["at the end\u00ad"], ["at the end-"]),
    ],
)
def test_broken_words_are_mended(pages: list[str], whole: list[str]) -> None:
    assert [page.text for page in mended(pages)] == whole


def test_where_a_break_was_dropped_is_told() -> None:
    text = "adminis\u00adtration of alcohol\u00adbased rub by adminis\u00adtration"
    (page,) = mended([text + " administration"])
    assert page.text.startswith("administration of alcohol-based rub by administration")
    assert list(page.dropped) == [text.index("\u00ad"), text.rindex("\u00ad")]
