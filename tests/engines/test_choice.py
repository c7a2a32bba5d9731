"""Which quotes make an answer, of candidates whose merits are given."""

from __future__ import annotations

import numpy as np
import pytest

from appliance.engines.candidates import Candidate
from appliance.engines.choice import (
    FLOOR,
    MARGIN,
    MOST_LINES,
    MOST_QUOTES,
    WHOLE_SLACK,
    Choice,
    chosen,
)
from appliance.engines.quotes import Quote

ASKED = "How much zelocin is given?"


def candidate(
    *lines: str,
    passage: int = 0,
    lead: str = "",
    heading: str = "",
    limits: bool = False,
    is_rest: bool = False,
    is_unbounded: bool = False,
) -> Candidate:
    quote = Quote(passage, 0, heading, lead, lines, is_rest)
    return Candidate(quote, 1.0, 0.0, limits, is_unbounded)


def told(
    *found: tuple[Candidate, float], question: str = ASKED, alike: bool = False
) -> list[tuple[str, ...]]:
    """The lines of the chosen quotes. `alike`: all mean the same."""
    return [quote.lines for quote in choice(*found, question=question, alike=alike).quotes]


def choice(*found: tuple[Candidate, float], question: str = ASKED, alike: bool = False) -> Choice:
    vectors = np.eye(len(found), dtype=np.float32)
    if alike:
        vectors = np.tile(vectors[:1], (len(found), 1))
    return chosen(question, [one for one, _ in found], [merit for _, merit in found], vectors)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        # Places in the document, and literature.
        ("Give 500 mg (2.1, 5).", "Give 500 mg (7).", 1),
        ("Give 500 mg [7].", "Give 500 mg [9, 10].", 1),
        ("Give 500 mg [see Dosage (2.1)].", "Give 500 mg [see Dosage (2.4), Use (8)].", 1),
        ("Give 500 mg (see 5.3).", "Give 500 mg (see section 5.4).", 1),
        # Values.
        ("Give 500 mg.", "Give 250 mg.", 2),
        ("Give 500 mg (maximum per day 2000).", "Give 500 mg (maximum per day 1000).", 2),
        ("Give 500 mg (at most for 7).", "Give 500 mg (at most for 9).", 2),
        ("Give 500 mg (2000).", "Give 500 mg (1000).", 2),
        ("Give 500 mg [up to 20].", "Give 500 mg [up to 30].", 2),
    ],
)
def test_references_make_no_difference_and_values_do(one: str, other: str, expected: int) -> None:
    assert len(told((candidate(one), 1.0), (candidate(other), 0.95), alike=True)) == expected


def test_what_is_far_below_the_best_is_left_out() -> None:
    best, near, far = candidate("one"), candidate("two"), candidate("three")
    found = (best, 0.9), (near, 0.9 - MARGIN + 0.01), (far, 0.9 - MARGIN - 0.01)
    assert told(*found) == [("one",), ("two",)]
    assert told((best, FLOOR - 0.01)) == []


def test_a_limit_is_said_with_less_merit_and_pushes_nothing_out() -> None:
    best, near = candidate("one"), candidate("two")
    limit = candidate("no", limits=True)
    low = 0.9 - MARGIN - 0.2
    assert told((best, 0.9), (limit, low)) == [("one",), ("no",)]
    assert told((best, 0.9), (candidate("no"), low)) == [("one",)]
    # It stands first, yet the others need not be as good as it is.
    found = (best, 0.7), (near, 0.6), (limit, 0.7)
    assert set(told(*found)) == {("one",), ("two",), ("no",)}
    assert told((limit, FLOOR - 0.2)) == [("no",)]


def test_of_long_lists_the_best_is_whole_and_no_other_comes_on_top() -> None:
    one = candidate(*(f"a{n}" for n in range(MOST_LINES + 4)), lead="One:")
    other = candidate(*(f"b{n}" for n in range(MOST_LINES - 2)), lead="Other:")
    short = candidate("c", lead="")
    assert told((one, 0.9), (other, 0.89)) == [one.quote.lines]
    assert told((short, 0.9), (other, 0.89)) == [("c",), other.quote.lines]
    # A list that goes on in another passage is one list.
    rest = candidate("d", passage=1, lead="One:")
    assert told((one, 0.9), (rest, 0.89)) == [one.quote.lines, ("d",)]


def test_a_whole_takes_the_place_of_a_part_that_is_hardly_better() -> None:
    part, whole = candidate("one", lead="List:"), candidate("one", "two", lead="List:")
    assert told((part, 0.9), (whole, 0.9 - WHOLE_SLACK + 0.01)) == [("one", "two")]
    assert told((part, 0.9), (whole, 0.9 - WHOLE_SLACK - 0.01)) == [("one",)]


def test_cases_in_the_next_passage_of_the_section_come_along() -> None:
    cases = candidate("For patients with a: 1", "For patients with b: 2", heading="Use")
    third, low = "For patients with c: 3", 0.9 - MARGIN - 0.1
    found = (cases, 0.9), (candidate(third, passage=1, heading="Use"), low)
    assert told(*found) == [cases.quote.lines, (third,)]
    for other in (
        candidate(third, passage=1, heading="Storage"),
        candidate("Shake well", passage=1, heading="Use"),
    ):
        assert told((cases, 0.9), (other, low)) == [cases.quote.lines]


def test_a_section_is_told_whole_but_not_to_who_asks_whether() -> None:
    one = candidate("one", heading="4 CONTRAINDICATIONS")
    weak = candidate("two", heading="4 CONTRAINDICATIONS")
    found = (one, 0.9), (weak, 0.5)
    asked = "What are the contraindications of zelocin?"
    assert told(*found, question=asked) == [("one",), ("two",)]
    assert told(*found, question="Is zelocin contraindicated in glaucoma?") == [("one",)]


@pytest.mark.parametrize(
    ("question", "heading"),
    [
        ("What is the boxed warning of zelocin?", "WARNING: SEIZURES"),
        ("What are the contraindications of zelocin?", "4 CONTRAINDICATIONS"),
    ],
)
def test_a_section_is_one_unit_however_long(question: str, heading: str) -> None:
    said = [f"Sentence {n}. {'x' * 400}" for n in range(MOST_QUOTES + 3)]
    found = [(candidate(line, heading=heading), 0.9 - n / 10) for n, line in enumerate(said)]
    assert told(*found, question=question) == [(line,) for line in said]
    assert choice(*found, question=question).more == ()
    # Another passage with such a section comes on top only where there is room.
    other = candidate("More.", passage=1, heading=heading), 0.9
    assert ("More.",) not in told(*found, other, question=question)


def test_where_a_list_goes_on_that_is_not_quoted_whole_is_known() -> None:
    items = [(candidate(f"item {n}", lead="List:"), 0.9) for n in range(MOST_QUOTES + 1)]
    assert choice(*items).more == (0,)
    assert choice(*items[:-1]).more == ()
    # Items that do not answer, other lists and rows of a table are not missed.
    for other in (
        (candidate("item", lead="List:"), 0.9 - MARGIN - 0.1),
        (candidate("item", lead="Other:"), 0.9),
        (candidate("a\tb", lead="List:"), 0.9),
    ):
        assert choice(*items[:-1], other).more == ()


def test_the_rest_of_a_list_in_the_next_passage_comes_along() -> None:
    first = candidate("one", "two", lead="List:"), 0.9
    rest = candidate("three", passage=1, lead="List:", is_rest=True), 0.5
    assert told(first, rest) == [("one", "two"), ("three",)]
    assert told(first, rest, question="Is zelocin in the list?") == [("one", "two")]
    for other in (
        candidate("three", passage=1, lead="List:"),
        candidate("three", passage=1, lead="Another:", is_rest=True),
    ):
        assert told(first, (other, 0.5)) == [("one", "two")]
    # Of one item of the list nobody needs the rest.
    assert told((candidate("one", lead="List:"), 0.9), rest) == [("one",)]
    long = candidate("three " * 300, passage=1, lead="List:", is_rest=True), 0.5
    assert choice(first, long).more == (1,)


def test_beside_a_limit_no_dose_is_told_that_may_be_for_others() -> None:
    limit = candidate("It is not known in infants.", limits=True)
    others = candidate("Up to 2,000 mg weekly.", is_unbounded=True)
    meal = candidate("It is taken with a meal.")
    assert set(told((others, 0.9), (meal, 0.9), (limit, 0.8))) == {
        meal.quote.lines,
        limit.quote.lines,
    }
    assert set(told((others, 0.9), (meal, 0.9))) == {others.quote.lines, meal.quote.lines}
    # A limit that is not near enough to be told decides nothing.
    assert set(told((others, 0.9), (limit, 0.2))) == {others.quote.lines}
