"""What a run must reach."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.services.evaluation.requirements import (
    BadRequirement,
    Requirement,
    from_file,
    missed,
    parse,
)
from appliance.services.evaluation.summary import summary
from tests.services.evaluation.parts import CITED, REFUSED, RIGHT, RIGHTLY_REFUSED


@pytest.mark.parametrize(
    ("text", "requirement"),
    [
        ("right >= 0.8", Requirement("right", ">=", 0.8)),
        ("right >= 100%", Requirement("right", ">=", 1)),
        ("right >= 1", Requirement("right", ">=", 1)),
        ("number_errors <= 3", Requirement("number_errors", "<=", 3)),
        (" right>=80% ", Requirement("right", ">=", 0.8)),
        ("first_token_p95_ms <= 2000", Requirement("first_token_p95_ms", "<=", 2000)),
    ],
)
def test_forms(text: str, requirement: Requirement) -> None:
    assert parse(text) == requirement


@pytest.mark.parametrize(
    "text",
    [
        "", "right", "right = 0.8", "right > 0.8", "right >= high", "wrong >= 0.1",
        "page_recall_at_5 >= 101%", "right >= 1.5", "ndcg_at_10 >= 80", "missed_refusals <= 200%",
        "number_errors <= 5%", "first_token_p95_ms <= 100%",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told(text: str) -> None:
    with pytest.raises(BadRequirement):
        parse(text)


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "accept.toml"
    path.write_text('require = ["right >= 90%", "missed_refusals <= 5%"]')
    assert [str(one) for one in from_file(path)] == ["right >= 0.9", "missed_refusals <= 0.05"]


@pytest.mark.parametrize(
    "text",
    ["", "require = 1", "require = [1]", "require = []\nother = 1", "require", 'require = ["x"]'],
)
def test_a_bad_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "accept.toml"
    path.write_text(text)
    with pytest.raises(BadRequirement):
        from_file(path)


def test_missed() -> None:
    good = summary([RIGHT, RIGHTLY_REFUSED])
    assert missed(good, [parse("right >= 100%"), parse("missed_refusals <= 0")]) == []
    half = summary([RIGHT, REFUSED])
    assert missed(half, [parse("right >= 60%")]) == ["right >= 0.6 is missed: 0.5"]
    assert missed(good, [parse("page_recall_at_5 >= 0")]) == [
        "page_recall_at_5 >= 0 is missed: no question of the set bears on it"
    ]


def test_what_no_run_may_do() -> None:
    number = replace(RIGHT, number_errors=("7",))
    altered = replace(RIGHT, citations=(replace(CITED, verbatim=False),))
    failed = replace(RIGHT, error="broken")
    for outcome, name in ((number, "number_errors"), (altered, "verbatim"), (failed, "failed")):
        (line,) = missed(summary([outcome]), [])
        assert line.startswith(name)
