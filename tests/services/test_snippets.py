"""services/snippets.py"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.services.snippets import CHARACTERS, snippet

FILLER = "lorem ipsum dolor sit amet " * 20


def hits(text: str, *words: str) -> list[str]:
    found = snippet(text, words)
    return [found.text[start:end] for start, end in found.matches]


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("The dose, a DOSE.", ["dose"], ["dose", "DOSE"]),
        ("Doses and overdose", ["dos"], ["Dos"]),
        ("dosed dose", ["dose", "x"], ["dose"]),  # whole, unless it comes last
        ("Übelkeit", ["ubel"], ["Übel"]),
        ("u\u0308bel", ["übel"], ["u\u0308bel"]),
        ("5 HT3 and 5-HT3", ["5-ht3"], ["5 HT3", "5-HT3"]),
        ("Straße", ["strasse"], ["Straße"]),
        ("a <b>dose</b>", ["dose"], ["dose"]),
        ("nothing", ["dose"], []),
        ("nothing", ["—"], []),
        ("a.b (c+", ["(c+"], ["c"]),
    ],
)
def test_hits(text: str, words: list[str], expected: list[str]) -> None:
    assert hits(text, *words) == expected


def test_it_shows_what_stands_around_the_first_hit() -> None:
    found = snippet(FILLER + "the usual dose\nis 5 mg " + FILLER, ["dose"])
    assert "the usual dose is 5 mg lorem" in found.text
    assert found.text.startswith("…") and found.text.endswith("…")
    assert len(found.text) <= CHARACTERS + 2
    assert [found.text[a:b] for a, b in found.matches] == ["dose"]


def test_without_a_hit_it_shows_the_beginning() -> None:
    assert snippet("short\n text", ["x"]).text == "short text"
    found = snippet(FILLER, ["x"])
    assert found.text.startswith("lorem ipsum") and found.text.endswith("…")
    assert snippet("", ["x"]).text == ""


@given(
    text=st.text(max_size=400),
    words=st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=4),
)
def test_matches_lie_inside(text: str, words: list[str]) -> None:
    found = snippet(text, words)
    assert len(found.text) <= CHARACTERS + 2
    assert all(0 <= start < end <= len(found.text) for start, end in found.matches)
