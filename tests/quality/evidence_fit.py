"""Fits the weights of the evidence rule on development questions, and judges those in the code.

Each question is asked where the documents on its subject are there, and where they are taken out:
the first must be answered, the second refused. The questions on drug labels are those of the
development set; those of the other sets are drawn from the end of the order from whose beginning
the refusals are measured, so that none of these is looked at.

The model is logistic, and of each question's passages the one that speaks most for an answer
decides (multiple instances: Andrews et al., NIPS 2002): the weights are fitted to those, the
deciding passages are chosen anew, and so on. Each set, and in it answers and refusals, weighs the
same. The first fit of the weights in the code had other questions besides (the same asked in a
ward's words) and its bias and the weight of titles set by hand: what is compared is the loss, for
the code's weights with their own bias and with the best one.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from appliance.container import Container
from appliance.engines.protocols import Embedder
from appliance.services.evaluation.evaluation import Evaluation
from appliance.services.evaluation.questions import read_set
from appliance.services.evidence import WEIGHTS, EvidenceRule
from appliance.services.lexicon import Lexicon
from appliance.services.retrieval import PASSAGES, SPARE
from appliance.services.term_rarity import TermRarity
from tests.quality import clinical, refusals
from tests.quality.corpora import Corpus, opened

NAMES = ("bias", "similarity", "cover", "missing", "apart", "titled")
QUESTIONS = 100  # of a set, whose subject is there, and as many whose subject is gone
DOCUMENTS = 2_000  # of a set, those that answer among them
FOLDS = 5
ROUNDS, STEPS = 8, 30
LONGEST_STEP = 1.0  # of Newton's method, which overshoots where the odds are near 0 or 1
RIDGE = 0.2  # on all weights, hardly on the bias, beside the losses of all questions
_LOOKED_AT = SPARE * PASSAGES  # passages

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """A question: `signs` has a row for each passage that is about it, the first column ones."""

    set_name: str
    answers: bool
    signs: Vector


async def examples(folder: Path, corpora: Sequence[Corpus], embedder: Embedder) -> list[Example]:
    """`folder` holds the drug labels."""
    found = await _clinical(folder, embedder)
    for corpus in corpora:
        found += await _drawn(corpus, embedder)
    return found


async def _clinical(folder: Path, embedder: Embedder) -> list[Example]:
    """Half of the subjects are there at a time: each question is asked twice."""
    asked = [q for q in read_set(clinical.DEVELOPMENT_SET).questions if not q.history]
    subjects = sorted({clinical.subject_of(q) for q in asked if not q.refuse})
    found = []
    for half in (subjects[::2], subjects[1::2]):

        def is_there(path: Path, half: Sequence[str] = half) -> bool:
            return path.stem.split("_")[1] in half

        async with (
            clinical.indexed(folder, embedder, wanted=is_there) as (container, evaluated),
            _rule(container, embedder) as rule,
        ):
            for question in asked:
                answers = not question.refuse and clinical.subject_of(question) in half
                found.append(
                    await _example("pdf_clinical", question.text, answers, evaluated, rule)
                )
    return found


async def _drawn(corpus: Corpus, embedder: Embedder) -> list[Example]:
    drawn = refusals.drawn(corpus)[::-1]
    subject = refusals.Subjects(corpus)
    gone = drawn[:QUESTIONS]
    removed = {entry.id for question in gone for entry in subject.entries(question)}
    there = [q for q in drawn[QUESTIONS : 4 * QUESTIONS] if q.relevant.isdisjoint(removed)]
    del there[QUESTIONS:]
    needed = {identity for question in there for identity in question.relevant}
    left = [entry for entry in corpus.entries if entry.id not in removed]
    chance = random.Random(refusals.SEED)
    rest = chance.sample([e for e in left if e.id not in needed], max(0, DOCUMENTS - len(needed)))
    kept = {entry.id for entry in rest} | needed
    entries = [entry for entry in left if entry.id in kept]
    found = []
    with tempfile.TemporaryDirectory() as directory:
        async with (
            opened(Path(directory), embedder, entries) as (container, evaluated),
            _rule(container, embedder) as rule,
        ):
            for questions, answers in ((gone, False), (there, True)):
                for question in questions:
                    found.append(
                        await _example(corpus.name, question.text, answers, evaluated, rule)
                    )
    return found


@asynccontextmanager
async def _rule(container: Container, embedder: Embedder) -> AsyncIterator[EvidenceRule]:
    rarity, lexicon = (
        TermRarity(container.database),
        Lexicon(container.database, lambda: embedder.words),
    )
    await lexicon.open()
    await lexicon.settled()
    try:
        yield EvidenceRule(embedder, rarity, lexicon)
    finally:
        await lexicon.close()
        await rarity.close()


async def _example(
    name: str, question: str, answers: bool, evaluated: Evaluation, rule: EvidenceRule
) -> Example:
    passages = (await evaluated.found(question))[:_LOOKED_AT]
    rows = [
        (1.0, s.similarity, s.cover, s.missing, s.apart, s.titled)
        for s in await rule.signs(question, passages)
        if s.is_about
    ]
    return Example(name, answers, np.array(rows, dtype=np.float64).reshape(-1, len(NAMES)))


def fitted(found: Sequence[Example], start: Vector) -> Vector:
    """The weights of `NAMES`, from `start` on."""
    told = [one for one in found if len(one.signs)]
    shares = _shares(told)
    answers = np.array([one.answers for one in told], dtype=np.float64)
    ridge = RIDGE / len(told) * np.eye(len(NAMES))
    ridge[0, 0] *= 0.01
    weights = start
    for _ in range(ROUNDS):
        rows = np.stack([one.signs[np.argmax(one.signs @ weights)] for one in told])
        for _ in range(STEPS):
            odds = _probability(rows @ weights)
            slope = rows.T @ ((odds - answers) * shares) + ridge @ weights
            curve = rows.T @ (rows * (odds * (1 - odds) * shares)[:, None]) + ridge
            step = np.linalg.solve(curve, slope)
            weights = weights - step * min(1.0, LONGEST_STEP / max(float(np.abs(step).max()), 1e-9))
    return weights


def loss(found: Sequence[Example], weights: Vector) -> float:
    """The mean log loss; 0.69 is that of a coin. A question without passages is no question."""
    told = [one for one in found if len(one.signs)]
    scores = np.array([float(np.max(one.signs @ weights)) for one in told])
    right = np.where([one.answers for one in told], scores, -scores)
    return float(_shares(told) @ np.logaddexp(0.0, -right))


def mistakes(found: Sequence[Example], weights: Vector) -> tuple[float, float]:
    """The shares of missed and of wrong refusals."""

    def answered(one: Example) -> bool:
        return len(one.signs) > 0 and float(np.max(one.signs @ weights)) > 0

    missed = [answered(one) for one in found if not one.answers]
    wrong = [not answered(one) for one in found if one.answers]
    return float(np.mean(missed)), float(np.mean(wrong))


def cross_validated(found: Sequence[Example], fit: Callable[[Sequence[Example]], Vector]) -> float:
    """The mean loss of each fold under what `fit` makes of the others."""
    order = list(found)
    random.Random(refusals.SEED).shuffle(order)
    folds = [order[fold::FOLDS] for fold in range(FOLDS)]
    return float(
        np.mean(
            [
                loss(held, fit([one for fold in folds if fold is not held for one in fold]))
                for held in folds
            ]
        )
    )


def current() -> Vector:
    return np.array(astuple(WEIGHTS), dtype=np.float64)


def with_best_bias(found: Sequence[Example], weights: Vector) -> Vector:
    shifts = np.arange(-4.0, 4.01, 0.05)
    biases = [weights + np.eye(len(NAMES))[0] * shift for shift in shifts]
    return min(biases, key=lambda one: loss(found, one))


def told(found: Sequence[Example]) -> str:
    """The report."""
    code = current()
    new = fitted(found, code)
    lines = [f"  {'':12}{'in the code':>12}{'refitted':>12}"]
    lines += [f"  {n:12}{a:12.2f}{b:12.2f}" for n, a, b in zip(NAMES, code, new, strict=True)]
    bias = with_best_bias(found, code)[0]
    rows = (
        ("loss", loss(found, code), loss(found, new)),
        (f"loss, bias {bias:.2f}", loss(found, with_best_bias(found, code)), loss(found, new)),
        (
            f"loss, {FOLDS} folds",
            cross_validated(found, lambda others: with_best_bias(others, code)),
            cross_validated(found, lambda others: fitted(others, code)),
        ),
    )
    lines += [f"  {name:18}{a:6.3f}{b:12.3f}" for name, a, b in rows]
    for name in dict.fromkeys(one.set_name for one in found):
        of_set = [one for one in found if one.set_name == name]
        rates = [mistakes(of_set, weights) for weights in (code, new)]
        shown = "   ".join(f"missed {m:5.1%}, wrong {w:5.1%}" for m, w in rates)
        lines.append(f"  {name} ({len(of_set)}): {shown}")
    return "\n".join(lines)


def _shares(told: Sequence[Example]) -> Vector:
    """Of each question in the whole, so that each set's answers and refusals weigh the same."""
    keys = [(one.set_name, one.answers) for one in told]
    return np.array([1.0 / (keys.count(key) * len(set(keys))) for key in keys])


def _probability(scores: Vector) -> Vector:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(scores, -30, 30))), dtype=np.float64)
