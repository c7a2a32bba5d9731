"""A run as one page of HTML that needs nothing else: no script, no other file, no network.

It holds questions and answers in the clear.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape

from appliance.services.evaluation import plots
from appliance.services.evaluation.comparison import Comparison
from appliance.services.evaluation.outcomes import Cited, EvaluationRun, Outcome
from appliance.services.evaluation.report_style import STYLE
from appliance.services.evaluation.summary import Kind, Measure, recall_curve, summary

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"


def report(
    run: EvaluationRun, *, missed: Sequence[str] = (), comparison: Comparison | None = None
) -> str:
    """`missed`: the requirements not reached, as text; `comparison`: with an accepted run."""
    measures = summary(run.outcomes)
    wrong = [outcome for outcome in run.outcomes if not outcome.right]
    right = [outcome for outcome in run.outcomes if outcome.right]
    title = f"Evaluation of {run.set_name}"
    return "".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
            f"<h1>{escape(title)}</h1>",
            _about(run),
            _verdict(run, wrong, missed, comparison),
            "" if comparison is None else _compared(comparison),
            "<h2>Measures</h2>",
            _table(measures),
            _figures(run, measures),
            f"<h2>Wrong: {len(wrong)}</h2>",
            "".join(map(_article, wrong)) or "<p>None.</p>",
            f"<h2>Right: {len(right)}</h2>",
            f"<details><summary>Show them</summary>{''.join(map(_article, right))}</details>",
            "</body></html>\n",
        ]
    )


def _about(run: EvaluationRun) -> str:
    models = ", ".join(sorted({o.model for o in run.outcomes if o.model})) or "none"
    accepted = "" if run.accepted_at is None else f", accepted {run.accepted_at:%Y-%m-%d %H:%M} UTC"
    facts = (
        f"Run {run.id}, {run.created_at:%Y-%m-%d %H:%M} UTC{accepted}. Appliance {run.version}, "
        f"{run.documents} documents, embedding {run.embedding}, answers by {models}."
    )
    return f'<p class="soft">{escape(facts)}</p>'


def _verdict(
    run: EvaluationRun,
    wrong: Sequence[Outcome],
    missed: Sequence[str],
    comparison: Comparison | None,
) -> str:
    lines = [f"Missed: {line}" for line in missed]
    if comparison is not None and comparison.regressed:
        lines.append("Worse than the accepted run.")
    counts = Counter(fault.value for outcome in wrong for fault in outcome.faults)
    lines += [f"{count} × {fault}" for fault, count in counts.most_common()]
    failed = bool(missed) or (comparison is not None and comparison.regressed)
    total = len(run.outcomes)
    missed_text = "Requirements missed. " if failed else ""
    told = f"{missed_text}{total - len(wrong)} of {total} questions were answered as expected."
    return (
        f'<div class="verdict{" failed" if failed else ""}"><p><strong>{told}</strong></p>'
        f"{''.join(f'<p>{escape(line)}</p>' for line in lines)}</div>"
    )


def _table(measures: Iterable[Measure]) -> str:
    rows = "".join(
        f"<tr><td>{escape(m.label)}</td><td><code>{m.name}</code></td>"
        f'<td class="n">{value_text(m)}</td><td class="n">{interval_text(m)}</td>'
        f'<td class="n">{m.cases}</td></tr>'
        for m in measures
    )
    heads = (("", "measure"), ("", "name"), ("n", "value"), ("n", "95 % interval"), ("n", "over"))
    head = "".join(f'<th class="{kind}">{text}</th>' for kind, text in heads)
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def value_text(measure: Measure) -> str:
    if measure.value is None:
        return "–"
    if measure.kind is Kind.SHARE:
        return f"{measure.value:.3f}"
    unit = " ms" if measure.kind is Kind.MILLISECONDS else ""
    return f"{measure.value:.0f}{unit}"


def interval_text(measure: Measure) -> str:
    if measure.low is None or measure.high is None:
        return ""
    return f"{measure.low:.3f} to {measure.high:.3f}"


def _figures(run: EvaluationRun, measures: Sequence[Measure]) -> str:
    times = [o.first_token_ms for o in run.outcomes if o.first_token_ms is not None]
    categories: dict[str, list[bool]] = {}
    for outcome in run.outcomes:
        name = outcome.question.category or (
            "to refuse" if outcome.question.refuse else "to answer"
        )
        categories.setdefault(name, []).append(outcome.right)
    curves = [
        ("documents", recall_curve(run.outcomes, pages=False)),
        ("pages", recall_curve(run.outcomes, pages=True)),
    ]
    figures = [("Each measure with its 95 % interval.", plots.intervals(measures))]
    if any(values for _, values in curves):
        text = "Share of the expected documents and pages among the first k found."
        figures.append((text, plots.curves(curves)))
    counted = [(name, sum(r), len(r) - sum(r)) for name, r in sorted(categories.items())]
    figures.append(("By category.", plots.stacked(counted)))
    if times:
        text = "Share of the answers that had begun, over the time since the question."
        figures.append((text, plots.cumulative(times)))
    return "".join(
        f"<figure>{drawn}<figcaption>{escape(text)}</figcaption></figure>"
        for text, drawn in figures
    )


def _compared(comparison: Comparison) -> str:
    before = comparison.before
    rows = "".join(
        f"<tr><td>{escape(c.after.label)}</td>"
        f'<td class="n">{value_text(c.before)}</td><td class="n">{value_text(c.after)}</td>'
        f"<td>{'<span class=bad>worse</span>' if c.regressed else ''}</td></tr>"
        for c in comparison.changes
    )
    texts = {o.question.id: o.question.text for o in comparison.after.outcomes}
    turned = "".join(
        f"<p>{word}:</p><ul>{''.join(_item(i, texts[i]) for i in ids)}</ul>"
        for word, ids in (("Now right", comparison.better), ("Now wrong", comparison.worse))
        if ids
    )
    left_out = len(comparison.left_out)
    note = f"<p>{left_out} questions that only one of the two asked are left out.</p>"
    return (
        f"<h2>Compared with the run accepted before</h2><p class=soft>Run {escape(before.id)} of "
        f"{before.created_at:%Y-%m-%d %H:%M} UTC.</p><div class=scroll><table><thead><tr>"
        "<th>measure</th><th class=n>before</th><th class=n>now</th><th></th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div>{turned}{note if left_out else ''}"
    )


def _item(question_id: str, text: str) -> str:
    return f"<li>{escape(question_id)}: {escape(text)}</li>"


def _article(outcome: Outcome) -> str:
    question = outcome.question
    entries: list[tuple[str, str]] = []
    if question.history:
        entries.append(("asked before", "<br>".join(map(escape, question.history))))
    entries.append(("expected", _expected(outcome)))
    entries.append(("answered", f'<div class="answer">{escape(outcome.answer) or "nothing"}</div>'))
    if outcome.citations:
        entries.append(("citations", "".join(map(_citation, outcome.citations))))
    if not question.refuse:
        entries.append(("found", escape(_found(outcome))))
    if outcome.faults:
        why = "; ".join(_why(outcome))
        entries.append(("why wrong", f'<span class="bad">{escape(why)}</span>'))
    listed = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in entries)
    mark = '<span class="good">right</span>' if outcome.right else '<span class="bad">wrong</span>'
    return (
        f"<article><h3>{escape(question.text)}</h3>"
        f'<p class="soft">{escape(question.id)}, {mark}</p><dl>{listed}</dl></article>'
    )


def _expected(outcome: Outcome) -> str:
    question = outcome.question
    if question.refuse:
        return "a refusal"
    lines = ["; ".join(question.documents)]
    if question.pages:
        lines[0] += f", page {', '.join(map(str, question.pages))}"
    lines += [f"“{phrase}”" for phrase in question.phrases]
    if question.numbers:
        lines.append(f"numbers: {', '.join(question.numbers)}")
    return "<br>".join(map(escape, lines))


def _citation(cited: Cited) -> str:
    place = f"[{cited.index}] {cited.title}, page {cited.page}"
    if cited.section:
        place += f", {cited.section}"
    mark = "good" if cited.expected else "bad"
    word = "expected" if cited.expected else "not expected"
    return (
        f'<p>{escape(place)} <span class="{mark}">{word}</span></p>'
        f"<blockquote>{escape(cited.snippet)}</blockquote>"
    )


def _found(outcome: Outcome) -> str:
    ranks = outcome.page_ranks if outcome.question.pages else outcome.document_ranks
    noun = "page" if outcome.question.pages else "document"
    if not ranks:
        return f"no expected {noun} among those found"
    return f"expected {noun} at rank {', '.join(map(str, ranks))}"


def _why(outcome: Outcome) -> list[str]:
    details = {
        "failed": outcome.error,
        "phrase not in the cited words": ", ".join(f"“{p}”" for p in outcome.missing_phrases),
        "number not in the answer": ", ".join(outcome.missing_numbers),
        "number not in the cited words": ", ".join(outcome.number_errors),
    }
    return [
        f"{fault.value}: {details[fault.value]}" if details.get(fault.value) else fault.value
        for fault in outcome.faults
    ]
