"""Text that makes a careless pattern try every pair of places: minutes of work if it is one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from appliance.domain import Page
from appliance.sentences import segments
from appliance.sentences.orders import orders
from appliance.sentences.wording import Wording
from appliance.services.chunking import chunked
from appliance.services.claims import read_claims
from appliance.services.evidence import subject_words
from appliance.services.frequencies import frequencies
from appliance.services.lexicon import learned

LENGTH = 120_000
DOCUMENT = "4d0f1e1c-0000-4000-8000-00000000000f"


def chunks(text: str) -> object:
    return chunked(DOCUMENT, [Page(number=1, text=text)])


def vocabulary(text: str) -> object:
    return learned([text])


@pytest.mark.parametrize(
    "unit", [" ", "\n", "\n \n", "a", "1", "1,", "[1", "![", "(ab) ", "APPLE PIE\n", "- item\n"]
)
@pytest.mark.parametrize(
    "read",
    [segments, orders, Wording, chunks, read_claims, subject_words, frequencies, vocabulary],
)
def test_the_work_grows_with_the_text(read: Callable[[str], object], unit: str) -> None:
    assert read((unit * LENGTH)[:LENGTH]) is not None
