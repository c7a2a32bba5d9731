"""Estimated tokens: never far from what the embedding model's vocabulary makes of a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.services.token_weights import Weighed, clipped, weight


@pytest.mark.parametrize(
    ("text", "tokens"),
    [  # as the vocabulary of BERT (uncased) divides them
        ("The dose is 500 mg twice a day.", 9),
        ("Warfarin sodium can cause major or fatal bleeding.", 11),
        ("INR 2.0 to 3.0", 9),
        ("CYP2C9", 5),
        ("", 0),
    ],
)
def test_estimates(text: str, tokens: int) -> None:
    assert weight(text) == pytest.approx(tokens, abs=1.5)


@given(st.text(max_size=300), st.floats(0, 60))
def test_clipped_fits_and_is_a_beginning(text: str, most: float) -> None:
    short = clipped(text, most)
    assert weight(short) <= most
    assert text.startswith(short)


@given(st.text(max_size=300))
def test_weights_add_up(text: str) -> None:
    weighed = Weighed.of(text)
    assert weighed.before(len(text)) == weighed.weights[-1] == pytest.approx(weight(text))
    assert weighed.reach(weighed.weights[-1]) == len(text)
