"""The figures of a run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.services.evaluation.outcomes import Outcome
from appliance.services.evaluation.summary import Measure, recall_curve, summary
from tests.services.evaluation.parts import (
    CITED,
    QUESTION,
    REFUSED,
    RIGHT,
    RIGHTLY_REFUSED,
    TO_REFUSE,
)


def figures(*outcomes: Outcome) -> dict[str, Measure]:
    return {measure.name: measure for measure in summary(outcomes)}


def test_each_measure_by_hand() -> None:
    asked = replace(
        QUESTION, documents=("a", "b"), phrases=("one", "two"), numbers=("5 mg",), pages=()
    )
    half = replace(
        RIGHT,
        question=asked,
        document_ranks=(2,),
        targets=2,
        citations=(CITED, replace(CITED, expected=False, verbatim=False)),
        missing_phrases=("two",),
        missing_numbers=("5 mg",),
        number_errors=("7", "9 mg"),
        first_token_ms=30.0,
    )
    on_page = replace(RIGHT, question=replace(QUESTION, pages=(1,)), page_ranks=(2,))
    failed = replace(RIGHT, error="broken", citations=(), places=0, first_token_ms=None)
    answered = replace(RIGHT, question=TO_REFUSE, document_ranks=(), targets=0, places=0)
    measured = figures(half, on_page, REFUSED, failed, RIGHTLY_REFUSED, answered)
    values = {name: measure.value for name, measure in measured.items()}
    assert values == pytest.approx(
        {
            "right": 2 / 6,
            "recall_at_1": 3 / 4,
            "recall_at_5": (0.5 + 3) / 4,
            "recall_at_10": (0.5 + 3) / 4,
            "ndcg_at_10": (0.6309298 / 1.6309298 + 3) / 4,
            "page_recall_at_1": 0.0,
            "page_recall_at_5": 1.0,
            "page_recall_at_10": 1.0,
            "page_ndcg_at_10": 0.6309298,
            "right_place": 2 / 4,
            "citation_precision": (0.5 + 1) / 2,
            "citation_recall": (0.5 + 1 + 0 + 0) / 4,
            "verbatim": 3 / 4,
            "phrases": 1 / 2,
            "numbers": 0.0,
            "number_errors": 2,
            "wrong_refusals": 1 / 4,
            "missed_refusals": 1 / 2,
            "failed": 1,
            "first_token_p50_ms": 10.0,
            "first_token_p95_ms": 26.0,
        }
    )
    assert measured["wrong_refusals"].cases == 4
    assert measured["missed_refusals"].cases == 2
    assert not measured["wrong_refusals"].higher_is_better
    assert measured["right"].low is not None


def test_nothing_is_made_up_where_nothing_was_asked() -> None:
    measured = figures(RIGHTLY_REFUSED)
    assert measured["recall_at_1"].value is None
    assert measured["citation_precision"].value is None
    assert measured["verbatim"].value is None
    assert measured["missed_refusals"].value == 0
    assert all(measure.value in (None, 0) for measure in summary([]))


def test_recall_curve() -> None:
    late = replace(RIGHT, document_ranks=(3,))
    assert recall_curve([RIGHT, late, RIGHTLY_REFUSED], pages=False) == [0.5, 0.5] + [1.0] * 8
    assert recall_curve([RIGHT], pages=True) == []
