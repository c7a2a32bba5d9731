"""The fitting of the evidence rule's weights, on made examples."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.quality.evidence_fit import (
    NAMES,
    Example,
    cross_validated,
    current,
    fitted,
    loss,
    mistakes,
    with_best_bias,
)

NOTHING = np.zeros(len(NAMES))


def example(similarity: float, *, answers: bool, name: str = "a") -> Example:
    """Of two passages, the other with nothing in its favour."""
    signs = np.zeros((2, len(NAMES)))
    signs[:, 0] = 1.0
    signs[1, 1] = similarity
    return Example(name, answers, signs)


EXAMPLES = [
    example((n + 5 * answers) / 15, answers=answers, name=name)
    for n in range(10)
    for answers in (True, False)
    for name in "ab"
]


def test_what_speaks_for_an_answer_is_learned() -> None:
    weights = fitted(EXAMPLES, current())
    assert weights[1] > 0 > weights[0]
    assert loss(EXAMPLES, weights) < loss(EXAMPLES, NOTHING) == pytest.approx(math.log(2))
    assert loss(EXAMPLES, weights) < loss(EXAMPLES, current())
    assert cross_validated(EXAMPLES, lambda found: fitted(found, current())) < math.log(2)


def test_each_set_and_each_kind_weighs_the_same() -> None:
    few, many = example(0.9, answers=True), example(0.9, answers=False)
    weights = NOTHING + np.eye(len(NAMES))[1] * 4
    once = loss([few, many], weights)
    assert loss([few, *[many] * 50], weights) == pytest.approx(once)
    other = replace(many, set_name="b")
    assert loss([few, many, other], weights) > once


def test_mistakes_are_counted_of_each_kind() -> None:
    sure = NOTHING + np.eye(len(NAMES))[0]
    assert mistakes(EXAMPLES, sure) == (1.0, 0.0)
    assert mistakes(EXAMPLES, -sure) == (0.0, 1.0)
    nothing_found = Example("a", answers=True, signs=np.zeros((0, len(NAMES))))
    refused = Example("a", answers=False, signs=np.zeros((0, len(NAMES))))
    assert mistakes([nothing_found, refused], sure) == (0.0, 1.0)


def test_the_best_bias_moves_nothing_else() -> None:
    moved = with_best_bias(EXAMPLES, current())
    assert loss(EXAMPLES, moved) < loss(EXAMPLES, current())
    assert list(moved[1:]) == list(current()[1:])
