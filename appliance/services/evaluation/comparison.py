"""Two runs of one set: what got better, what got worse, and whether that is a regression."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.errors import Conflict
from appliance.services.evaluation.outcomes import EvaluationRun, Outcome
from appliance.services.evaluation.summary import Kind, Measure, summary

_ROUNDING = 1e-9


class NothingInCommon(Conflict):
    """The runs asked no question alike: that nothing got worse would mean nothing."""


@dataclass(frozen=True, slots=True)
class Change:
    """One measure before and after; `regressed`: worse by more than is tolerated."""

    before: Measure
    after: Measure
    regressed: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Of the questions that both runs asked alike; `left_out` are the ids of all others."""

    before: EvaluationRun
    after: EvaluationRun
    changes: tuple[Change, ...]
    better: tuple[str, ...]  # ids: wrong before, right now
    worse: tuple[str, ...]
    left_out: tuple[str, ...]

    @property
    def regressed(self) -> bool:
        return any(change.regressed for change in self.changes)


def compare(
    before: EvaluationRun,
    after: EvaluationRun,
    *,
    tolerance: float,
    slowdown: float | None = None,
) -> Comparison:
    """`tolerance`: how much worse a share may be; a count may not be worse at all.

    Times count when `slowdown`, the greatest ratio of after to before, is given: they depend on
    what else the machine does. Raises `NothingInCommon`.
    """
    earlier = {outcome.question.id: outcome for outcome in before.outcomes}
    later = {outcome.question.id: outcome for outcome in after.outcomes}
    shared = [i for i, o in later.items() if i in earlier and earlier[i].question == o.question]
    if not shared:
        raise NothingInCommon(
            f"The run {after.id} has no question in common with {before.id}, which was accepted: "
            "there is nothing to compare."
        )
    was, now = [earlier[i] for i in shared], [later[i] for i in shared]
    changes = [
        Change(old, new, _is_regression(old, new, tolerance, slowdown))
        for old, new in zip(summary(was), summary(now), strict=True)
    ]
    return Comparison(
        before,
        after,
        tuple(changes),
        better=_turned(now, was),
        worse=_turned(was, now),
        left_out=tuple(sorted((earlier.keys() | later.keys()) - set(shared))),
    )


def _turned(right: list[Outcome], wrong: list[Outcome]) -> tuple[str, ...]:
    pairs = zip(right, wrong, strict=True)
    return tuple(one.question.id for one, other in pairs if one.right and not other.right)


def _is_regression(old: Measure, new: Measure, tolerance: float, slowdown: float | None) -> bool:
    if old.value is None or new.value is None:
        return False
    if new.kind is Kind.MILLISECONDS:
        return slowdown is not None and new.value > slowdown * old.value
    loss = old.value - new.value if new.higher_is_better else new.value - old.value
    return loss > (tolerance if new.kind is Kind.SHARE else 0) + _ROUNDING
