"""Which words of an answer rest on which marker."""

from __future__ import annotations

import pytest

from appliance.services.claims import divide, join, read_claims


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Give 5 mg [1].", [("Give 5 mg", (1,))]),
        ("Give 5 mg. [1]", [("Give 5 mg.", (1,))]),
        ("Give 5 mg. [1][2] [3]", [("Give 5 mg.", (1, 2, 3))]),
        ("Give 5 mg. [1, 2]", [("Give 5 mg.", (1, 2))]),
        ("Give 5 mg. [2][2]", [("Give 5 mg.", (2,))]),
        ("A thing. [1] Another. [2]", [("A thing.", (1,)), ("Another.", (2,))]),
        ("A thing. [1]\nAnother.", [("A thing.", (1,)), ("Another.", ())]),
        ("Nothing cited", [("Nothing cited", ())]),
        ("[1] [2]", []),
        ("See [12345] there", [("See [12345] there", ())]),
        ("Not a marker [a] [-1] [1.5]", [("Not a marker [a] [-1] [1.5]", ())]),
        ("", []),
    ],
)
def test_claims_and_their_markers(answer: str, expected: list[tuple[str, tuple[int, ...]]]) -> None:
    claims = read_claims(answer)
    assert [(claim.text, claim.numbers) for claim in claims] == expected
    for claim in claims:
        assert answer[claim.start : claim.words_end] == claim.text
        assert claim.words_end <= claim.end <= len(answer)


def test_a_full_stop_behind_the_marker_belongs_to_the_claim() -> None:
    (claim,) = read_claims("Give 5 mg [1].")
    assert claim.end == len("Give 5 mg [1].")


def test_only_the_exact_introduction_claims_nothing() -> None:
    introduction = ["From the documents:", "Read otherwise."]
    answer = "From the documents:\n\nGive 5 mg. [1]"
    assert [c.text for c in read_claims(answer, introduction=introduction)] == ["Give 5 mg."]
    read = f"Read otherwise.\n\n{answer}"
    assert [c.text for c in read_claims(read, introduction=introduction)] == ["Give 5 mg."]
    # An engine must not slip a claim past the check by putting it first.
    slipped = "From the documents: 50 mg is safe:\n"
    assert len(read_claims(slipped, introduction=introduction)) == 1


def test_divided_only_the_last_sentence_carries_the_marker() -> None:
    answer = "Give 5 mg. Stop on bleeding. [2]"
    (claim,) = read_claims(answer)
    parts = divide(claim)
    assert [(part.text, part.numbers) for part in parts] == [
        ("Give 5 mg.", ()),
        ("Stop on bleeding.", (2,)),
    ]
    for part in parts:
        assert answer[part.start : part.words_end] == part.text
    assert parts[-1].end == len(answer)


def test_joined_the_markers_in_between_are_words() -> None:
    answer = "As shown [1] in trials. [2]"
    first, last = read_claims(answer)
    whole = join(answer, first, last)
    assert (whole.text, whole.numbers) == ("As shown [1] in trials.", (2,))
