"""A run against the one that was accepted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.services.evaluation.comparison import NothingInCommon, compare
from tests.services.evaluation.parts import REFUSED, RIGHT, named, run_of


def test_the_same_is_no_regression() -> None:
    comparison = compare(run_of(RIGHT), run_of(RIGHT), tolerance=0)
    assert not comparison.regressed
    assert (comparison.better, comparison.worse, comparison.left_out) == ((), (), ())


def test_questions_that_turned_are_named() -> None:
    before = run_of(named(RIGHT, "a"), named(REFUSED, "b"), named(RIGHT, "c"))
    after = run_of(named(REFUSED, "a"), named(RIGHT, "b"), named(RIGHT, "c"))
    comparison = compare(before, after, tolerance=0)
    assert comparison.better == ("b",)
    assert comparison.worse == ("a",)
    assert not comparison.regressed  # as many as before


def test_worse_by_more_than_is_tolerated() -> None:
    before = run_of(*(named(RIGHT, str(n)) for n in range(10)))
    after = run_of(named(REFUSED, "0"), *(named(RIGHT, str(n)) for n in range(1, 10)))
    names = {c.after.name for c in compare(before, after, tolerance=0.05).changes if c.regressed}
    assert names == {"right", "right_place", "citation_recall", "wrong_refusals"}
    assert not compare(before, after, tolerance=0.1).regressed
    assert not compare(after, before, tolerance=0).regressed


def test_an_error_more_is_never_tolerated() -> None:
    worse = replace(RIGHT, number_errors=("7",))
    comparison = compare(run_of(RIGHT), run_of(worse), tolerance=1)
    assert [c.after.name for c in comparison.changes if c.regressed] == ["number_errors"]


def test_times_count_only_when_asked_for() -> None:
    slow = replace(RIGHT, first_token_ms=100.0)
    assert not compare(run_of(RIGHT), run_of(slow), tolerance=0).regressed
    assert compare(run_of(RIGHT), run_of(slow), tolerance=0, slowdown=2).regressed
    assert not compare(run_of(RIGHT), run_of(slow), tolerance=0, slowdown=20).regressed


def test_only_what_both_asked_alike_is_compared() -> None:
    reworded = replace(RIGHT, question=replace(RIGHT.question, id="c", text="Another?"))
    before = run_of(named(RIGHT, "a"), named(RIGHT, "b"), named(RIGHT, "c"))
    after = run_of(named(RIGHT, "a"), reworded, named(REFUSED, "d"))
    comparison = compare(before, after, tolerance=0)
    assert comparison.left_out == ("b", "c", "d")
    assert not comparison.regressed


def test_runs_with_no_question_in_common_are_not_compared() -> None:
    reworded = replace(RIGHT, question=replace(RIGHT.question, text="Another?"))
    for after in (run_of(named(REFUSED, "b")), run_of(reworded), run_of()):
        with pytest.raises(NothingInCommon, match="no question in common"):
            compare(run_of(RIGHT), after, tolerance=1)
