"""The rule for refusals on small passages; its calibration on whole sets is in its constants."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any, cast

import pytest

from appliance.sentences.wording import AskedWord
from appliance.services.evidence import (
    LEAST_SIMILARITY,
    EvidenceRule,
    subject_words,
    titled_subject,
)
from appliance.services.query import Vocabulary
from appliance.services.term_rarity import Rarity, counted
from tests.engines.questions import passage
from tests.engines.word_embedder import WordEmbedder

METFORMIN = (
    "2.1 Adult Dosage\nThe recommended starting dose of metformin hydrochloride tablets is 500 mg "
    "orally twice a day. Increase metformin in increments of 500 mg weekly."
)
INTERACTIONS = (
    "Ciprofloxacin raises plasma concentrations of theophylline, clozapine, olanzapine and "
    "tizanidine. See the boxed warning of ciprofloxacin."
)
ANTIVENOM = "Snake bite antivenom is kept in fridge three."


class Learned:
    """What has been learned of these passages."""

    async def current(self) -> Rarity:
        return counted([METFORMIN, INTERACTIONS, ANTIVENOM, "The recommended dose is kept."])


RULE = EvidenceRule(WordEmbedder(), cast(Any, Learned()))


def holds(question: str, text: str, similarity: float, title: str = "Guide") -> bool:
    found = [passage(text, similarity=similarity, title=title)]
    return asyncio.run(RULE.bearing(question, found)) == found


@pytest.mark.parametrize(
    ("question", "text", "similarity", "expected"),
    [
        ("What is the starting dose of metformin?", METFORMIN, 0.68, True),
        ("Metformin dose?", METFORMIN, 0.45, True),
        ("What is the starting dose of metfornin?", METFORMIN, 0.6, True),
        # Another drug's dose is no evidence, however near the question is.
        ("What is the starting dose of vancomycin?", METFORMIN, 0.55, False),
        ("What is the starting dose of insulin glargine?", METFORMIN, 0.64, False),
        # Off topic: the similarity is not there even where words are.
        ("Who won the 1998 World Cup?", METFORMIN, 0.02, False),
        ("Who increases the starting dose of metformin?", METFORMIN, 0.10, False),
        ("Where is the snake antivenom kept?", ANTIVENOM, 0.6, True),
        ("Where is the scorpion antivenom kept?", ANTIVENOM, 0.4, False),
        ("Metformin at an eGFR of 25?", "Stop metformin at an eGFR below 30.", 0.6, True),
        (
            "Metformin with a creatinine clearance of 25?",
            "Stop metformin at an eGFR below 30.",
            0.5,
            True,
        ),
        (
            "Metformin at a GFR of 25?",
            "Stop metformin at a glomerular filtration rate below 30.",
            0.5,
            True,
        ),
        (
            "Metformin with a creatine kinase of 25?",
            "Stop metformin at an eGFR below 30.",
            0.5,
            False,
        ),
        ("Metformin for a 71 year old of 40 kg?", METFORMIN, 0.6, True),
        # Nothing that a passage could be about.
        ("What is it?", METFORMIN, 0.9, False),
        ("", METFORMIN, 0.9, False),
        ("???", METFORMIN, 0.9, False),
    ],
)
def test_evidence(question: str, text: str, similarity: float, expected: bool) -> None:
    assert holds(question, text, similarity) is expected


async def test_what_does_not_bear_is_left_out() -> None:
    question = "What is the starting dose of metformin?"
    poor = passage("Wash your hands.", 1, similarity=0.2)
    good = passage(METFORMIN, 2, similarity=0.6)
    assert await RULE.bearing(question, [poor, good]) == [good]
    assert await RULE.bearing(question, [poor]) == []
    assert await RULE.bearing(question, []) == []


async def test_words_scattered_over_passages_are_no_evidence() -> None:
    dose = passage("The recommended starting dose is 500 mg. Start low.", 1, similarity=0.5)
    drug = passage("Digoxin levels rise.", 2, similarity=0.4)
    assert (
        await RULE.bearing("What is the starting dose of digoxin in toddlers?", [dose, drug]) == []
    )


def test_the_title_names_the_subject() -> None:
    text = "The recommended starting dose is 500 mg orally twice a day."
    asked = "What is the starting dose of metformin?"
    assert holds(asked, text, 0.6, title="Metformin label")
    assert not holds(asked, text, 0.6, title="Amoxicillin label")


def test_another_document_than_the_one_asked_about_is_no_evidence() -> None:
    class Titled:
        async def current(self) -> Rarity:
            return counted([METFORMIN, INTERACTIONS, ANTIVENOM], ["Metformin label", "Cold store"])

    rule = EvidenceRule(WordEmbedder(frozenset({"stored"})), cast(Any, Titled()))
    other = passage("Store at room temperature.", 1, similarity=0.95, title="Cold store")
    own = passage("Store at room temperature.", 2, similarity=0.6, title="Metformin label")

    async def bearing(question: str) -> list[int]:
        return [p.chunk.page for p in await rule.bearing(question, [other, own])]

    assert asyncio.run(bearing("At which temperature is metformin stored?")) == [own.chunk.page]
    assert asyncio.run(bearing("At which room temperature is it stored?")) != [own.chunk.page]


def test_the_case_of_the_question_is_no_subject() -> None:
    def words(question: str) -> list[str]:
        return [word.word for word in subject_words(question)]

    assert words("Metformin at an eGFR of 25?") == ["metformin", "egfr"]
    assert words("500 mg for a 71 year old?") == ["500", "mg", "71", "year", "old"]
    assert words("Lipofuscinosis type 3") == ["lipofuscinosis", "type", "3"]


def test_a_unit_and_the_kind_of_filtration_rate_are_no_subject() -> None:
    asked = subject_words("When eGFR (mL/min/1.73 m2) is 45, what is the dose of digoxin?")
    assert [word.term for word in asked] == ["gfr", "dose", "digoxin"]
    assert asked == subject_words("When eGFR is 45 mL/min, what is the dose of digoxin?")


def test_rarity_is_learned() -> None:
    rarity = counted(["the dose of digoxin", "the dose of lisinopril", "the dose again"])
    assert rarity.of("unheard") == 1.0 and not rarity.knows("unheard")
    assert 0.0 <= rarity.of("dose") < rarity.of("digoxin") < 1.0


COMMON = "what is the starting dose of in for to be kept cost price recommended biggest".split()


def judged(question: str, text: str, similarity: float, title: str = "Guide") -> bool:
    rule = EvidenceRule(WordEmbedder(COMMON), cast(Any, Learned()))
    found = [passage(text, similarity=similarity, title=title)]
    return asyncio.run(rule.bearing(question, found)) == found


def test_a_name_that_is_missing_counts_and_a_common_word_may_be_said_otherwise() -> None:
    assert judged("What is the biggest dose of metformin?", METFORMIN, 0.95)
    assert not judged("What is the glargine dose of metformin?", METFORMIN, 0.95)


def test_the_words_of_a_name_stand_together() -> None:
    apart = "Stiff joints. The person may have a rash. Syndromes differ. Man is mortal."
    together = "Stiff person syndrome is rare."
    asked = "What is stiff person syndrome?"
    assert judged(asked, together, 0.5)
    assert not judged(asked, apart, 0.5)


def test_one_kind_is_no_answer_about_another() -> None:
    text = "Spinocerebellar ataxia type {} begins in late life and impairs gait."
    asked = "What is spinocerebellar ataxia type 3?"
    assert judged(asked, text.format("III"), 0.8)
    assert not judged(asked, text.format("6"), 0.8)


def test_what_nearly_bears_comes_along_and_what_is_further_off_does_not() -> None:
    question = "What is the starting dose of metformin?"

    def bearing(*similarities: float) -> list[int]:
        found = [
            passage(f"{METFORMIN} See {n}.", n, similarity=s) for n, s in enumerate(similarities)
        ]
        return [p.chunk.page for p in asyncio.run(RULE.bearing(question, found))]

    least = next(s / 100 for s in range(25, 100) if bearing(s / 100))
    good, nearly, far = least + 0.1, least - 0.1, least - 0.3
    assert bearing(nearly) == bearing(far) == []
    assert bearing(good, nearly, far) == [0, 1]


def test_below_a_similarity_nothing_bears_whatever_words_it_has() -> None:
    asked = "Metformin starting dose recommended?"
    assert holds(asked, METFORMIN, LEAST_SIMILARITY + 0.01, title="Metformin starting dose")
    assert not holds(asked, METFORMIN, LEAST_SIMILARITY - 0.01, title="Metformin starting dose")


def test_a_light_word_of_a_title_is_no_subject() -> None:
    drug, form = AskedWord("metformin", "metformin"), AskedWord("tablets", "tablet")
    weighed, heavy = {drug: 1.0, form: 0.4}, {drug: 1.0, form: 0.8}
    forms = Rarity(9, {}, frozenset({"tablet"}))
    both = Rarity(9, {}, frozenset({"tablet", "metformin"}))
    assert titled_subject(weighed, forms, {drug}) is None
    assert titled_subject(weighed, both, {drug}) == drug
    assert titled_subject(heavy, forms, {drug}) == form
    # A common word is the subject only where no name is.
    assert titled_subject({drug: 0.7, form: 0.8}, both, {drug}) == drug


async def test_of_a_long_story_only_the_rarest_words_are_looked_for() -> None:
    embedder = WordEmbedder()
    rule = EvidenceRule(embedder, cast(Any, Learned()))
    story = " ".join(f"word{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(200))
    await rule.bearing(f"{story} metformin", [passage(METFORMIN)])
    assert len(embedder.texts) == 24 + 1


def test_another_name_of_what_is_asked_counts() -> None:
    class Known:
        known = Vocabulary(
            Counter(["vertebral", "body", "replacement"]),
            [("VBR", "vertebral body replacement", 3)],
        )

    text = "Vertebral body replacement is contraindicated in infection."
    found = [passage(text, similarity=0.5)]
    for lexicon, expected in ((None, []), (cast(Any, Known()), found)):
        rule = EvidenceRule(WordEmbedder(), cast(Any, Learned()), lexicon)
        assert asyncio.run(rule.bearing("VBR contraindicated?", found)) == expected


async def test_of_more_than_an_answer_takes_the_best_and_those_that_rank_first() -> None:
    rule = EvidenceRule(WordEmbedder(), cast(Any, Learned()), limit=3)
    poor = [
        passage(f"Ward {n} has the starting dose of metformin.", n, similarity=0.6)
        for n in range(1, 9)
    ]
    good = passage(METFORMIN, 9, similarity=0.9)
    found = await rule.bearing("What is the starting dose of metformin?", [*poor, good])
    assert len(found) == 3 and found[-1] == good
    assert found[:2] == poor[:2]


async def test_a_heading_speaks_of_the_route_of_what_stands_below_it() -> None:
    question = "Starting dose of metformin IV?"
    below = passage(METFORMIN, similarity=0.8)
    assert await RULE.bearing(question, [below]) == []
    headed = replace(below, chunk=replace(below.chunk, section="2.3 Intravenous Use"))
    assert await RULE.bearing(question, [headed]) == [headed]
