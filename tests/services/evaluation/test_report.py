"""The report: one page that needs nothing else."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

from appliance.services.evaluation.comparison import compare
from appliance.services.evaluation.report import report
from tests.services.evaluation.parts import (
    CITED,
    QUESTION,
    REFUSED,
    RIGHT,
    RIGHTLY_REFUSED,
    named,
    run_of,
)

HOSTILE = '<script>alert(1)</script> & "it\'s" <img src=x onerror=y>'


class Elements(HTMLParser):
    """Every element and attribute of a page, and whether all that was opened was closed."""

    VOID = frozenset({"meta", "br", "line", "circle", "rect", "polyline"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def hostile_page() -> str:
    question = replace(
        QUESTION,
        id=HOSTILE,
        text=HOSTILE,
        documents=(HOSTILE,),
        phrases=(HOSTILE,),
        numbers=(HOSTILE,),
        category=HOSTILE,
        history=(HOSTILE,),
    )
    outcome = replace(
        RIGHT,
        question=question,
        answer=HOSTILE,
        model=HOSTILE,
        citations=(replace(CITED, title=HOSTILE, section=HOSTILE, snippet=HOSTILE),),
        missing_phrases=(HOSTILE,),
        missing_numbers=(HOSTILE,),
        number_errors=(HOSTILE,),
    )
    failed = replace(outcome, error=HOSTILE, question=replace(question, id="failed"))
    before = replace(run_of(replace(outcome, missing_phrases=()), run_id=HOSTILE))
    run = replace(run_of(outcome, failed), set_name=HOSTILE, embedding=HOSTILE, version=HOSTILE)
    comparison = compare(before, run, tolerance=0)
    return report(run, missed=[HOSTILE], comparison=comparison)


def test_what_comes_from_outside_is_text() -> None:
    page = Elements(hostile_page())
    assert page.open == []
    assert "script" not in page.names
    assert "img" not in page.names
    assert page.words.count("alert(1)") >= 14
    assert not any(name.startswith("on") for name in page.attributes)


def test_nothing_is_fetched() -> None:
    written = report(run_of(RIGHT, REFUSED, RIGHTLY_REFUSED))
    assert "default-src 'none'" in written
    assert re.search(r"https?:|//\w|url\(|@import", written) is None
    page = Elements(written)
    assert page.names.isdisjoint({"script", "link", "img", "iframe", "object", "embed", "base"})
    assert page.attributes.isdisjoint({"src", "href", "srcset", "action", "data"})


def test_it_says_why_an_answer_counts_as_wrong() -> None:
    wrong = replace(named(RIGHT, "w1"), places=0, number_errors=("7 mg",))
    words = Elements(report(run_of(wrong, REFUSED, RIGHT, RIGHTLY_REFUSED))).words
    assert "2 of 4 questions were answered as expected." in words
    assert "expected place not cited; number not in the cited words: 7 mg" in words
    assert "wrong refusal" in words
    assert "a refusal" in words
    assert "The dose is 5 mg." in words


def test_missed_requirements_come_first() -> None:
    written = report(run_of(RIGHT), missed=["right >= 2 is missed: 1"])
    assert written.index("Requirements missed.") < written.index("<h2>")
    assert "verdict failed" in written
    assert "verdict failed" not in report(run_of(RIGHT))


def test_a_comparison_shows_questions_that_turned() -> None:
    comparison = compare(run_of(RIGHT), run_of(REFUSED), tolerance=0)
    words = Elements(report(run_of(REFUSED), comparison=comparison)).words
    assert "Worse than the accepted run." in words
    assert "Now wrong" in words
    assert "q1: What is the dose?" in words


def test_plots_of_what_was_not_asked_are_left_out() -> None:
    assert "Recall at rank k" in report(run_of(RIGHT))
    untimed = replace(RIGHTLY_REFUSED, first_token_ms=None)
    written = report(run_of(untimed))
    assert "Recall at rank k" not in written
    assert "Time to the first token" not in written
    assert "By category." in written
