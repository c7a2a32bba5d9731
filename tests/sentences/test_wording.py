from __future__ import annotations

import pytest

from appliance.sentences.wording import Wording, asked_words, is_family, is_slip, phrase_of


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


@pytest.mark.parametrize(
    ("question", "word", "phrase"),
    [
        (
            "Symptoms of spinocerebellar ataxia type 3?",
            "spinocerebellar",
            "spinocerebellar ataxia type 3",
        ),
        ("Is chorea-acanthocytosis inherited?", "acanthocytosis", "chorea acanthocytosis"),
        ("How often is the resuscitation trolley checked?", "trolley", "resuscitation trolley"),
        ("Who is at risk of ataxia, chorea and gout?", "chorea", "chorea"),
        ("What is lactose intolerance in children?", "lactose", "lactose intolerance"),
        ("When are gloves changed?", "changed", "gloves changed"),
    ],
)
def test_the_phrase_of_a_word(question: str, word: str, phrase: str) -> None:
    words = asked_words(question)
    of = next(w for w in words if w.word == word)
    assert " ".join(w.word for w in phrase_of(of, words, question)) == phrase


@pytest.mark.parametrize(
    ("asked", "text", "held"),
    [
        ("ataxia type 3", "Ataxia type III begins late.", True),
        ("ataxia type III", "Ataxia type 3 begins late.", True),
        ("ataxia type 3", "Ataxia type II begins late.", False),
    ],
)
def test_a_kind_is_told_by_figure_or_numeral(asked: str, text: str, held: bool) -> None:
    kind = asked_words(asked)[-1]
    assert kind.tells_kind
    assert bool(Wording(text).holds(kind)) is held


def test_an_article_tells_no_kind() -> None:
    def told(text: str) -> list[str]:
        return [word.term for word in asked_words(text) if word.tells]

    assert told("warfarin while a woman is pregnant") == []
    assert told("metformin a day") == []
    assert told("patients I treat for influenza A") == ["influenza a"]
