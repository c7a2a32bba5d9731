"""Chunks are slices of pages, cover them, end where a reader would pause, and keep their ids."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.domain import Chunk, Page
from appliance.services.chunking import _MOST, _Text, chunked, with_context

DOCUMENT = "7d9c1b9e-6e5e-4d9f-8d7e-0c7b4dd7a001"
SENTENCE = "Warfarin can cause major or fatal bleeding, so the INR is checked often. "

lines = st.one_of(
    st.sampled_from(
        ["", "2.1 Recommended Dosage", "WARNING: BLEEDING RISK", "• an item", SENTENCE, "Page 3"]
    ),
    st.text(alphabet=string.printable + "µ½≥é你好\u00a0\u2028", max_size=300),
    st.text(max_size=80),
)
page_texts = st.lists(lines, max_size=30).map("\n".join)


def of(*texts: str) -> list[Chunk]:
    return chunked(DOCUMENT, [Page(number, text) for number, text in enumerate(texts, start=1)])


@settings(max_examples=200, deadline=None)
@given(st.lists(page_texts, max_size=4))
def test_exact_covering_ordered_and_bounded(texts: list[str]) -> None:
    texts = [text.encode("utf-8", "ignore").decode() for text in texts]
    chunks = of(*texts)
    assert chunks == of(*texts)
    assert [chunk.ordinal for chunk in chunks] == list(range(len(chunks)))
    assert len({chunk.id for chunk in chunks}) == len(chunks)
    for number, text in enumerate(texts, start=1):
        covered = 0
        for chunk in (chunk for chunk in chunks if chunk.page == number):
            assert chunk.text == text[chunk.char_start : chunk.char_end]
            assert chunk.text == chunk.text.strip() != ""
            assert text[covered : chunk.char_start].strip() == ""
            assert _Text.of(chunk.text).weights[-1] <= _MOST + 1
            covered = chunk.char_end
        assert text[covered:].strip() == ""


def test_long_text_is_cut_between_sentences() -> None:
    chunks = of(SENTENCE * 60)
    assert len(chunks) > 3
    assert all(chunk.text.endswith("often.") for chunk in chunks)
    assert all(50 <= len(chunk.text.split()) <= 180 for chunk in chunks)


def test_one_endless_word_is_cut_all_the_same() -> None:
    chunks = of("x" * 20_000)
    assert "".join(chunk.text for chunk in chunks) == "x" * 20_000


def test_a_section_begins_a_chunk_and_is_carried_over_pages() -> None:
    text = SENTENCE * 6
    chunks = of(
        f"{text}\n5 WARNINGS\n5.1 Hemorrhage\n{text}",
        f"{text}\n5.2 Tissue Necrosis\n{text}\n6 ADVERSE REACTIONS",
        f"{text}",
    )
    assert [(chunk.page, chunk.section) for chunk in chunks] == [
        (1, None),
        (1, "5.1 Hemorrhage"),
        (2, "5.1 Hemorrhage"),
        (2, "5.2 Tissue Necrosis"),
        (3, "6 ADVERSE REACTIONS"),
    ]
    assert chunks[1].text.startswith("5 WARNINGS\n5.1 Hemorrhage\nWarfarin")


def test_ids_say_the_same_words_at_the_same_place() -> None:
    first, second = of("One text."), of("One text!")
    assert first[0].id != second[0].id
    assert first[0].id == of("One text.", "Another page.")[0].id
    (other,) = chunked("7d9c1b9e-6e5e-4d9f-8d7e-0c7b4dd7a002", [Page(1, "One text.")])
    assert other.id != first[0].id


def test_context_names_document_and_section() -> None:
    (chunk,) = of("2.1 Adult Dosage\nThe starting dose is 500 mg.")
    assert with_context("Metformin", chunk).splitlines()[:2] == ["Metformin", "2.1 Adult Dosage"]


@pytest.mark.parametrize("text", ["", " \n\t \u00a0", "\n" * 50])
def test_blank_pages_have_no_chunks(text: str) -> None:
    assert of(text, text) == []
