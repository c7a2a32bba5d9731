"""`voiceassist eval run`, `list`, `report`, `compare`, `accept`, `delete`"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from appliance.cli.options import (
    EXIT_FAILED,
    EXIT_USAGE,
    failures_as_text,
    load_settings,
    settings_options,
)
from appliance.cli.private_file import write_private

if TYPE_CHECKING:
    from appliance.container import Container
    from appliance.services.evaluation.comparison import Comparison
    from appliance.services.evaluation.outcomes import EvaluationRun
    from appliance.services.evaluation.questions import QuestionSet
    from appliance.services.evaluation.requirements import Requirement
    from appliance.services.evaluation.runs import EvaluationRuns

T = TypeVar("T")
TOLERANCE = 0.02

require_option = click.option(
    "--require",
    "require",
    multiple=True,
    metavar="'MEASURE >= NUMBER'",
    help="What must be reached (or <=), e.g. 'page_recall_at_5 >= 90%'. May be given repeatedly.",
)
tolerance_option = click.option(
    "--tolerance",
    type=click.FloatRange(0, 1),
    default=TOLERANCE,
    show_default=True,
    help="How much worse a share may be. Counts of errors may not be worse at all.",
)
slowdown_option = click.option(
    "--slowdown",
    type=click.FloatRange(1),
    metavar="RATIO",
    help="How many times longer the first token may take; without it, times are only shown.",
)


@click.group("eval")
def evaluation() -> None:
    """Test the answers of this appliance on questions of your own, offline.

    A set is a file of one question a line (JSON lines, or a CSV with a heading) with the fields

    \b
    id         a name of your own, used once
    question   the words to ask
    documents  who answers it: document ids, titles or file names
    pages      the pages that each hold the answer, where there is one document
    phrases    words that must stand in the text cited
    numbers    numbers with their units that the answer must give ("500 mg")
    refuse     true: the documents do not answer it, and there must be no answer
    category   a heading of your own for the report
    history    questions asked before this one in the same conversation

    All but id and question may be left out; a question either names documents or is to be refused.
    In JSON, documents, pages, phrases, numbers and history are lists; in CSV they are one cell with
    | between the entries.
    """


@evaluation.command("run")
@settings_options
@click.argument(
    "set_file", metavar="SET", type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option("--name", help="Name of the set (default: the file's, without its ending).")
@click.option("--limit", type=click.IntRange(1), help="Ask the first so many questions alone.")
@click.option(
    "--report",
    "report_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a report (HTML) here: questions and answers in the clear, readable by you alone.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option("--accept", is_flag=True, help="Accept the run, unless a requirement is missed.")
@require_option
@click.option(
    "--requirements",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help='A TOML file with require = ["MEASURE >= NUMBER", ...].',
)
def run(
    data_dir: Path | None,
    config: Path | None,
    set_file: Path,
    name: str | None,
    limit: int | None,
    report_file: Path | None,
    as_json: bool,
    accept: bool,
    require: Sequence[str],
    requirements: Path | None,
) -> None:
    """Ask every question of SET and measure the answers.

    The questions take the way that a clinician's take, without HTTP; no conversation is left
    behind, and the audit trail says that a run took place. Works while the appliance serves: the
    run makes a search index of its own, for as long as it lasts, and shares the processor with the
    answers of others, which the times to the first token then show.

    The run is kept, encrypted. Exit code 0: done. 1: a requirement was missed, or the run could not
    be made. 2: the set or the command line is wrong. Three requirements always hold: number_errors
    <= 0, verbatim >= 1, failed <= 0.
    """
    with usage_errors():
        questions = _read_set(set_file, name, limit)
        required = _requirements(require, requirements)
    settings = load_settings(config, data_dir=data_dir)
    from appliance.cli import evaluation_text
    from appliance.container import Container
    from appliance.services.evaluation.requirements import missed
    from appliance.services.evaluation.summary import summary

    async def evaluate() -> tuple[EvaluationRun, list[str], Comparison | None]:
        container = Container(settings)
        try:
            runs = await container.open_evaluation_runs()
            done = await _evaluate(container, runs, questions)
            lines = missed(summary(done.outcomes), required)
            done = await runs.keep(done, accepted=accept and not lines)
            return done, lines, await _compared_if_alike(runs, done)
        finally:
            await container.close()

    with failures_as_text(), usage_errors():
        done, lines, comparison = asyncio.run(evaluate())
        if report_file is not None:
            _write_report(report_file, done, lines, comparison)
    if as_json:
        click.echo(json.dumps(evaluation_text.as_json(done, lines)))
    else:
        click.echo(evaluation_text.table(done))
        click.echo(evaluation_text.faults(done))
        for line in lines:
            click.echo(line)
        if accept:
            click.echo("The run is not accepted." if lines else "The run is accepted.")
    if lines:
        raise SystemExit(EXIT_FAILED)


@evaluation.command("list")
@settings_options
def list_runs(data_dir: Path | None, config: Path | None) -> None:
    """List the runs that are kept, the newest first."""
    from appliance.cli import evaluation_text

    runs = _with_runs(data_dir, config, lambda runs: runs.listing())
    for one in runs:
        click.echo(evaluation_text.line(one))
    if not runs:
        click.echo("There is no run yet.")


@evaluation.command("report")
@settings_options
@click.argument("run_id", metavar="[RUN]", required=False)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The HTML file to write: questions and answers in the clear, readable by you alone.",
)
@require_option
def write_report(
    data_dir: Path | None,
    config: Path | None,
    run_id: str | None,
    out: Path,
    require: Sequence[str],
) -> None:
    """Write the report of RUN (the newest, unless named by its id or the beginning of it)."""
    from appliance.services.evaluation.requirements import missed
    from appliance.services.evaluation.summary import summary

    with usage_errors():
        required = _requirements(require, None)

    async def both(runs: EvaluationRuns) -> tuple[EvaluationRun, Comparison | None]:
        found = await runs.get(run_id)
        return found, await _compared_if_alike(runs, found)

    found, comparison = _with_runs(data_dir, config, both)
    with failures_as_text():
        _write_report(out, found, missed(summary(found.outcomes), required), comparison)


@evaluation.command("compare")
@settings_options
@click.argument("run_id", metavar="[RUN]", required=False)
@tolerance_option
@slowdown_option
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def compare_runs(
    data_dir: Path | None,
    config: Path | None,
    run_id: str | None,
    tolerance: float,
    slowdown: float | None,
    as_json: bool,
) -> None:
    """Compare RUN (the newest, unless named) with the run of its set that was accepted last.

    Questions are named by their ids alone. Exit code 0: no worse. 1: a measure is worse by more
    than the tolerance, there is nothing to compare with, or the two share no question.
    """
    from appliance.cli import evaluation_text

    async def both(runs: EvaluationRuns) -> Comparison | None:
        return await _compared(runs, await runs.get(run_id), tolerance, slowdown)

    comparison = _with_runs(data_dir, config, both)
    if comparison is None:
        click.echo(
            "error: No other run of this set has been accepted. Accept one with "
            "`voiceassist eval accept RUN`.",
            err=True,
        )
        raise SystemExit(EXIT_FAILED)
    if as_json:
        click.echo(json.dumps(evaluation_text.comparison_json(comparison)))
    else:
        click.echo(evaluation_text.comparison_table(comparison))
    if comparison.regressed:
        raise SystemExit(EXIT_FAILED)


@evaluation.command("accept")
@settings_options
@click.argument("run_id", metavar="RUN")
def accept_run(data_dir: Path | None, config: Path | None, run_id: str) -> None:
    """Make RUN (its id or the beginning of it) the one that later runs are compared with."""
    accepted = _with_runs(data_dir, config, lambda runs: runs.accept(run_id))
    click.echo(f"The run {accepted.id} is accepted.")


@evaluation.command("delete")
@settings_options
@click.argument("run_id", metavar="RUN")
def delete_run(data_dir: Path | None, config: Path | None, run_id: str) -> None:
    """Forget RUN, its questions and answers with it."""
    deleted = _with_runs(data_dir, config, lambda runs: runs.delete(run_id))
    click.echo(f"The run {deleted} is deleted.")


@contextmanager
def usage_errors() -> Iterator[None]:
    """A set or a requirement that cannot be used: its faults line by line, and exit code 2."""
    from appliance.services.evaluation.questions import BadSet
    from appliance.services.evaluation.requirements import BadRequirement

    try:
        yield
    except BadSet as error:
        for problem in error.problems:
            click.echo(f"error: {problem}", err=True)
    except BadRequirement as error:
        click.echo(f"error: {error}", err=True)
    else:
        return
    raise SystemExit(EXIT_USAGE)


def _read_set(path: Path, name: str | None, limit: int | None) -> QuestionSet:
    from appliance.services.evaluation.questions import BadSet, read_set

    try:
        questions = read_set(path, name=name)
    except OSError as error:
        raise BadSet([f"{path}: {error.strerror or error}"]) from None
    return replace(questions, questions=questions.questions[:limit])


def _requirements(texts: Sequence[str], path: Path | None) -> list[Requirement]:
    from appliance.services.evaluation import requirements

    from_file = [] if path is None else requirements.from_file(path)
    return [*from_file, *map(requirements.parse, texts)]


async def _evaluate(
    container: Container, runs: EvaluationRuns, questions: QuestionSet
) -> EvaluationRun:
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    ) as progress:
        opening = progress.add_task("opening", total=1)
        evaluated = await container.open_evaluation()
        progress.advance(opening)
        asking = progress.add_task("asking", total=len(questions.questions))
        await runs.begin(len(questions.questions))
        return await evaluated.run(
            questions, told=lambda done: progress.update(asking, completed=done)
        )


async def _compared(
    runs: EvaluationRuns,
    run: EvaluationRun,
    tolerance: float = TOLERANCE,
    slowdown: float | None = None,
) -> Comparison | None:
    from appliance.services.evaluation.comparison import compare

    before = await runs.accepted_before(run)
    if before is None:
        return None
    return compare(before, run, tolerance=tolerance, slowdown=slowdown)


async def _compared_if_alike(runs: EvaluationRuns, run: EvaluationRun) -> Comparison | None:
    from appliance.services.evaluation.comparison import NothingInCommon

    try:
        return await _compared(runs, run)
    except NothingInCommon:
        return None


def _with_runs(
    data_dir: Path | None, config: Path | None, work: Callable[[EvaluationRuns], Awaitable[T]]
) -> T:
    settings = load_settings(config, data_dir=data_dir)
    from appliance.container import Container

    async def done() -> T:
        container = Container(settings)
        try:
            return await work(await container.open_evaluation_runs())
        finally:
            await container.close()

    with failures_as_text():
        return asyncio.run(done())


def _write_report(
    path: Path, run: EvaluationRun, missed: Sequence[str], comparison: Comparison | None
) -> None:
    from appliance.services.evaluation.report import report

    write_private(path, report(run, missed=missed, comparison=comparison))
    click.echo(f"{path}: questions and answers stand there in the clear.", err=True)
