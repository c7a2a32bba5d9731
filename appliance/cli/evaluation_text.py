"""Evaluation runs for the terminal: figures and question ids, never the words of a question."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from appliance.services.evaluation.comparison import Comparison
from appliance.services.evaluation.outcomes import EvaluationRun
from appliance.services.evaluation.report import interval_text, value_text
from appliance.services.evaluation.summary import Measure, summary


def table(run: EvaluationRun) -> str:
    lines = [f"{'measure':22}{'value':>10}  {'95 % interval':18}{'over':>6}"]
    lines += [
        f"{m.name:22}{value_text(m):>10}  {interval_text(m):18}{m.cases:>6}"
        for m in summary(run.outcomes)
    ]
    return "\n".join([line(run), "", *lines])


def line(run: EvaluationRun) -> str:
    right = sum(outcome.right for outcome in run.outcomes)
    accepted = "" if run.accepted_at is None else f"  accepted {run.accepted_at:%Y-%m-%d %H:%M}"
    return (
        f"{run.id}  {run.created_at:%Y-%m-%d %H:%M}  {run.set_name}  "
        f"{right}/{len(run.outcomes)} right{accepted}"
    )


def faults(run: EvaluationRun) -> str:
    """The ids of the questions that went wrong, by the reason."""
    ids: defaultdict[str, list[str]] = defaultdict(list)
    for outcome in run.outcomes:
        for fault in outcome.faults:
            ids[fault.value].append(outcome.question.id)
    return "\n".join(f"{fault}: {', '.join(named)}" for fault, named in ids.items())


def as_json(run: EvaluationRun, missed: list[str]) -> dict[str, Any]:
    return {
        "run": run.id,
        "set": run.set_name,
        "created_at": run.created_at.isoformat(),
        "accepted": run.accepted_at is not None,
        "measures": {m.name: _figures(m) for m in summary(run.outcomes)},
        "missed": missed,
        "wrong": {
            o.question.id: [fault.value for fault in o.faults] for o in run.outcomes if not o.right
        },
    }


def comparison_table(comparison: Comparison) -> str:
    lines = [
        f"accepted: {line(comparison.before)}",
        f"now:      {line(comparison.after)}",
        "",
        f"{'measure':22}{'accepted':>12}{'now':>12}",
    ]
    for change in comparison.changes:
        mark = "  worse" if change.regressed else ""
        before, after = value_text(change.before), value_text(change.after)
        lines.append(f"{change.after.name:22}{before:>12}{after:>12}{mark}")
    for word, ids in (("now right", comparison.better), ("now wrong", comparison.worse)):
        if ids:
            lines.append(f"{word}: {', '.join(ids)}")
    if comparison.left_out:
        lines.append(f"left out, asked by one of the two alone: {', '.join(comparison.left_out)}")
    return "\n".join(lines)


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    return {
        "before": comparison.before.id,
        "after": comparison.after.id,
        "regressed": [c.after.name for c in comparison.changes if c.regressed],
        "measures": {
            c.after.name: {"before": c.before.value, "after": c.after.value}
            for c in comparison.changes
        },
        "now_right": list(comparison.better),
        "now_wrong": list(comparison.worse),
        "left_out": list(comparison.left_out),
    }


def _figures(measure: Measure) -> dict[str, Any]:
    return {
        "value": measure.value,
        "low": measure.low,
        "high": measure.high,
        "cases": measure.cases,
    }
