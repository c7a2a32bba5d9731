"""`python -m tests.quality`: the quality of retrieval, answers and refusals on the reference sets.

    python -m tests.quality [PART ...] [--cache FOLDER] [--report FOLDER]

Vectors are kept in the cache: the first time takes as long as embedding 45,000 passages does, half
an hour on two cores. Parts: bioasq_snippets, medquad_qa, clinical, refusals; and only where they
are named clinical_dev, the questions that the answers by quotation were fitted on, and
fit_evidence, the weights of the evidence rule refitted on development questions. Prints a table
with what is to be reached; exit code 1 when something measured is not.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from appliance.engines.embedder import LlamaEmbedder
from appliance.processors import compute_threads
from appliance.services.evaluation.outcomes import EvaluationRun, Outcome
from appliance.services.evaluation.questions import read_set
from appliance.services.evaluation.report import interval_text, report, value_text
from appliance.services.evaluation.summary import Measure, summary
from tests.embedding_model import PATH as MODEL
from tests.quality import clinical, evidence_fit
from tests.quality.corpora import corpus
from tests.quality.kept_vectors import KeptVectors
from tests.quality.ranking import WAYS, rank
from tests.quality.refusals import refusals
from tests.shared_data import ROOT

RETRIEVAL = {"bioasq_snippets": (0.82, 0.0), "medquad_qa": (0.70, 0.02)}  # at least; above a leg
PARTS = (*RETRIEVAL, "clinical", "refusals")
CLINICAL = {"clinical": clinical.SET, "clinical_dev": clinical.DEVELOPMENT_SET}
FIT = "fit_evidence"
KNOWN = tuple(dict.fromkeys((*PARTS, *CLINICAL, FIT)))
# How many of the hundred whose subject is gone, and of the hundred whose is there, by set.
DRAWN = {"medquad_qa": 50, "bioasq_snippets": 32, "pdf_clinical": 18}


class Table:
    """Prints rows as they come, and remembers whether all was reached."""

    def __init__(self) -> None:
        self.reached = True
        self.outcomes: list[Outcome] = []

    def head(self, text: str) -> None:
        print(f"\n{text}", flush=True)

    def row(self, label: str, value: str, interval: str, reach: str, *, met: bool | None) -> None:
        mark = {None: "", True: "reached", False: "MISSED"}[met]
        self.reached &= met is not False
        print(f"  {label:44}{value:>9}  {interval:16}  {reach:22}{mark}", flush=True)

    def measure(self, measure: Measure, label: str, sign: str, bound: float) -> None:
        assert measure.value is not None
        met = measure.value >= bound if sign == ">=" else measure.value <= bound
        value, interval = value_text(measure), interval_text(measure)
        self.row(f"{label} ({measure.cases})", value, interval, f"{sign} {bound:g}", met=met)


async def retrieval(table: Table, name: str, embedder: KeptVectors) -> None:
    sets = corpus(ROOT / "retrieval" / name)
    table.head(f"{name}: nDCG@10, {len(sets.entries)} documents, {len(sets.questions)} questions")
    scores = await rank(sets, embedder)
    *legs, ours = WAYS
    for way in legs:
        table.row(way, f"{scores[way]:.3f}", "", "", met=None)
    least, above = RETRIEVAL[name]
    bound = max(least, max(scores[way] for way in legs[:2]) + above)
    table.row(ours, f"{scores[ours]:.3f}", "", f">= {bound:.3f}", met=scores[ours] >= bound)


async def clinical_answers(table: Table, path: Path, embedder: KeptVectors) -> EvaluationRun:
    questions = read_set(path)
    table.head(f"{questions.name}: {len(questions.questions)} questions")
    run = await clinical.ask(ROOT / "pdf_clinical", embedder, questions)
    found = {measure.name: measure for measure in summary(run.outcomes)}
    table.measure(found["right_place"], "right page cited", ">=", 0.9)
    table.measure(found["verbatim"], "snippets word for word", ">=", 1.0)
    table.measure(found["numbers"], "answers with the number asked", ">=", 0.85)
    for name in ("page_recall_at_1", "page_recall_at_5", "page_ndcg_at_10", "citation_precision"):
        measure = found[name]
        value, interval = value_text(measure), interval_text(measure)
        table.row(f"{measure.label} ({measure.cases})", value, interval, "", met=None)
    for name in ("wrong_refusals", "missed_refusals"):
        measure = found[name]
        value, interval = value_text(measure), interval_text(measure)
        table.row(f"{measure.label} ({measure.cases})", value, interval, "", met=None)
    table.outcomes += run.outcomes
    return run


async def refused(table: Table, embedder: KeptVectors) -> EvaluationRun:
    run = await clinical.refusals(ROOT / "pdf_clinical", embedder, DRAWN["pdf_clinical"])
    outcomes = list(run.outcomes)
    for name in ("bioasq_snippets", "medquad_qa"):
        outcomes += await refusals(corpus(ROOT / "retrieval" / name), embedder, DRAWN[name])
    table.head("refusals: subject removed, and subject there")
    for name in DRAWN:
        of_set = summary([o for o in outcomes if o.question.category == name])
        for measure in of_set:
            if measure.name in ("missed_refusals", "wrong_refusals"):
                value, interval = value_text(measure), interval_text(measure)
                label = f"{name}: {measure.label} ({measure.cases})"
                table.row(label, value, interval, "", met=None)
    found = {measure.name: measure for measure in summary(outcomes)}
    table.measure(found["missed_refusals"], "missed refusals", "<=", 0.05)
    table.measure(found["wrong_refusals"], "wrong refusals", "<=", 0.1)
    table.outcomes += outcomes
    return replace(run, set_name="refusals", outcomes=tuple(outcomes))


async def measured(parts: Sequence[str], cache: Path) -> tuple[bool, list[EvaluationRun]]:
    model = await LlamaEmbedder.open(MODEL, threads=compute_threads())
    embedder = KeptVectors(model, cache)
    table = Table()
    runs = []
    for name in parts:
        if name in RETRIEVAL:
            await retrieval(table, name, embedder)
        elif name in CLINICAL:
            runs.append(await clinical_answers(table, CLINICAL[name], embedder))
        elif name == FIT:
            sets = [corpus(ROOT / "retrieval" / name) for name in RETRIEVAL]
            found = await evidence_fit.examples(ROOT / "pdf_clinical", sets, embedder)
            table.head(f"weights of the evidence rule: {len(found)} development questions")
            print(evidence_fit.told(found), flush=True)
        else:
            runs.append(await refused(table, embedder))
    if table.outcomes:
        errors = next(m for m in summary(table.outcomes) if m.name == "number_errors")
        table.head("all answers")
        table.measure(errors, "numbers not in the cited words", "<=", 0)
    embedder.end()
    await model.close()
    return table.reached, runs


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(KNOWN))
    parser.add_argument("--cache", type=Path, default=Path("build/quality"))
    parser.add_argument("--report", type=Path, default=Path("build/quality"))
    options = parser.parse_args()
    if unknown := set(options.parts) - set(KNOWN):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(KNOWN)}")
    for needed in (MODEL, ROOT / "retrieval", ROOT / "pdf_clinical"):
        if not needed.exists():
            print(f"{needed} is not on this machine: nothing was measured.", file=sys.stderr)
            return 1
    reached, runs = asyncio.run(measured(options.parts or PARTS, options.cache))
    options.report.mkdir(parents=True, exist_ok=True)
    for run in runs:
        path = options.report / f"{run.set_name}.html"
        path.write_text(report(run), "utf-8")
        print(path)
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
