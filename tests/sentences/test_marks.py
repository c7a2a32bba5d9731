from __future__ import annotations

import pytest

from appliance.sentences.marks import rebracketed
from appliance.services.claims import read_claims


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Give 5 mg [7].", "Give 5 mg (7)."),
        ("As shown [7, 12][13–15].", "As shown (7, 12)(13–15)."),
        ("Guide [1;2] of [2019]", "Guide (1;2) of (2019)"),
        ("[see Warnings] [a] [] [12345] 5 [mg]", "[see Warnings] [a] [] [12345] 5 [mg]"),
    ],
)
def test_a_documents_marks_are_no_citations(text: str, shown: str) -> None:
    assert rebracketed(text) == shown
    assert len(shown) == len(text)
    assert all(claim.numbers == () for claim in read_claims(shown))
