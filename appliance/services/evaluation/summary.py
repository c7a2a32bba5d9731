"""The figures of a run: each measure with its 95 % interval and the number of cases behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from appliance.services.evaluation import measures
from appliance.services.evaluation.outcomes import Outcome


class Kind(StrEnum):
    SHARE = "share"  # 0 to 1
    COUNT = "count"
    MILLISECONDS = "ms"


@dataclass(frozen=True, slots=True)
class Measure:
    """`value` is None where no question bears on it; `low` and `high` where there is no interval.

    `cases`: what it is measured over (questions, citations, phrases).
    """

    name: str
    label: str
    kind: Kind
    higher_is_better: bool
    cases: int
    value: float | None = None
    low: float | None = None
    high: float | None = None


def summary(outcomes: Sequence[Outcome]) -> list[Measure]:
    """All measures, in the order of the report."""
    answerable = [o for o in outcomes if not o.question.refuse]
    with_pages = [o for o in answerable if o.question.pages]
    refusable = [o for o in outcomes if o.question.refuse]
    whole = [o for o in outcomes if o.error is None]
    found = [
        _proportion("right", "questions answered as expected", _each(outcomes, lambda o: o.right))
    ]
    for k in (1, 5, 10):
        found.append(_mean(f"recall_at_{k}", f"recall@{k}, documents", _recalls(answerable, k)))
    found.append(
        _mean("ndcg_at_10", "nDCG@10, documents", [
            measures.ndcg(o.document_ranks, len(o.question.documents)) for o in answerable
        ])
    )  # fmt: skip
    for k in (1, 5, 10):
        found.append(
            _mean(f"page_recall_at_{k}", f"recall@{k}, pages", [
                measures.recall(o.page_ranks, o.targets, k) for o in with_pages
            ])
        )  # fmt: skip
    citations = [citation for o in outcomes for citation in o.citations]
    found += [
        _mean("page_ndcg_at_10", "nDCG@10, pages", [
            measures.ndcg(o.page_ranks, o.targets) for o in with_pages
        ]),
        _proportion(
            "right_place",
            "an expected page (or document) is cited",
            _each(answerable, lambda o: o.places > 0),
        ),
        _mean("citation_precision", "citation precision", [
            sum(c.expected for c in o.citations) / len(o.citations)
            for o in answerable
            if o.citations
        ]),
        _mean("citation_recall", "citation recall", [o.places / o.targets for o in answerable]),
        _proportion("verbatim", "snippets word for word", [c.verbatim for c in citations]),
        _proportion(
            "phrases",
            "expected phrases in the cited words",
            [p not in o.missing_phrases for o in answerable for p in o.question.phrases],
        ),
        _proportion(
            "numbers",
            "answers that hold the number asked",
            [not o.missing_numbers for o in answerable if o.question.numbers],
        ),
        _count(
            "number_errors",
            "numbers not in the cited words",
            sum(len(o.number_errors) for o in outcomes),
            len(outcomes),
        ),
        _proportion(
            "wrong_refusals",
            "wrong refusals",
            _each(answerable, lambda o: o.refused),
            higher_is_better=False,
        ),
        _proportion(
            "missed_refusals",
            "missed refusals",
            _each(refusable, lambda o: not o.refused),
            higher_is_better=False,
        ),
        _count("failed", "answers that failed", len(outcomes) - len(whole), len(outcomes)),
    ]  # fmt: skip
    times = [o.first_token_ms for o in whole if o.first_token_ms is not None]
    for name, share in (("first_token_p50_ms", 0.5), ("first_token_p95_ms", 0.95)):
        label = f"time to first token, p{share:.0%}".rstrip("%")
        value = measures.percentile(times, share) if times else None
        found.append(Measure(name, label, Kind.MILLISECONDS, False, len(times), value))
    return found


def recall_curve(outcomes: Sequence[Outcome], *, pages: bool) -> list[float]:
    """Mean recall at 1 to 10, of documents or of pages; empty where no question names any."""
    if pages:
        judged = [(o.page_ranks, o.targets) for o in outcomes if o.question.pages]
    else:
        judged = [(o.document_ranks, len(o.question.documents)) for o in outcomes]
    judged = [(ranks, targets) for ranks, targets in judged if targets]
    if not judged:
        return []
    return [
        sum(measures.recall(ranks, targets, k) for ranks, targets in judged) / len(judged)
        for k in range(1, measures.CUTOFF + 1)
    ]


def _recalls(outcomes: Iterable[Outcome], k: int) -> list[float]:
    return [measures.recall(o.document_ranks, len(o.question.documents), k) for o in outcomes]


def _each(outcomes: Iterable[Outcome], holds: Callable[[Outcome], bool]) -> list[bool]:
    return [holds(outcome) for outcome in outcomes]


def _proportion(
    name: str, label: str, cases: Sequence[bool], *, higher_is_better: bool = True
) -> Measure:
    if not cases:
        return Measure(name, label, Kind.SHARE, higher_is_better, 0)
    low, high = measures.wilson(sum(cases), len(cases))
    share = sum(cases) / len(cases)
    return Measure(name, label, Kind.SHARE, higher_is_better, len(cases), share, low, high)


def _mean(name: str, label: str, values: Sequence[float]) -> Measure:
    if not values:
        return Measure(name, label, Kind.SHARE, True, 0)
    low, high = measures.bootstrap(values)
    return Measure(name, label, Kind.SHARE, True, len(values), sum(values) / len(values), low, high)


def _count(name: str, label: str, value: int, cases: int) -> Measure:
    return Measure(name, label, Kind.COUNT, False, cases, float(value))


KINDS = {measure.name: measure.kind for measure in summary([])}
