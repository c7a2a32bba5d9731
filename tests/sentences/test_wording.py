from __future__ import annotations

import pytest

from appliance.sentences.wording import Wording, asked_words, is_family, is_slip


def held(question: str, text: str, *, may_be_slip: bool = False) -> list[bool]:
    wording = Wording(text)
    return [wording.holds(word, may_be_slip=may_be_slip) > 0 for word in asked_words(question)]


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("overdose", "10 OVERDOSAGE"),
        ("disposal", "Dispose of them at once."),
        ("haemodialysis", "Hemodialysis patients"),
        ("oedema tumours", "edema and tumors"),
        ("catheterisation", "after catheterization"),
        ("sulphate", "ferrous sulfate"),
        ("inherited", "the inheritance of it"),
        ("CPX351", "CPX-351 was given"),
        ("type 2", "diabetes of type 2"),
    ],
)
def test_a_word_written_otherwise(question: str, text: str) -> None:
    assert all(held(question, text))


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("prednisolone", "prednisone"),
        ("hypotension", "hypertension"),
        ("cefotaxime", "ceftazidime cefepime"),
        ("interferon", "interleukin"),
    ],
)
def test_another_name_is_not_held(question: str, text: str) -> None:
    assert not any(held(question, text, may_be_slip=True))


def test_a_kind_is_told_apart() -> None:
    assert held("glycogenosis type 3", "Glycogenosis of type 2, and 3 others") == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [("amoxicilin", "amoxicillin"), ("warfrin", "warfarin"), ("metfromin", "metformin")],
)
def test_a_slip(one: str, other: str) -> None:
    assert is_slip(one, other) and is_slip(other, one)
    assert held(one, other, may_be_slip=True) == [True]
    assert is_family(one, other) or held(one, other) == [False]


def test_no_slip() -> None:
    assert not is_slip("dose", "does")  # too short to tell
    assert not is_slip("marfan", "warfan")  # the first letter is mostly right
    assert not is_slip("warfarin", "warfarin")
