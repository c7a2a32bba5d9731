"""`voiceassist kb import`"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from appliance.cli.options import EXIT_FAILED, failures_as_text, load_settings, settings_options
from appliance.cli.pieces import pieces
from appliance.domain import Document, DocumentStatus
from appliance.errors import ApplianceError

if TYPE_CHECKING:
    from appliance.services.knowledge import Knowledge

SUFFIXES = {".pdf", ".txt"}
POLL_S = 0.3


@click.group()
def kb() -> None:
    """Manage the knowledge base from the console."""


@kb.command("import")
@settings_options
@click.argument("directory", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--category", help="Category given to every imported document.")
def import_directory(
    data_dir: Path | None, config: Path | None, directory: Path, category: str | None
) -> None:
    """Put every PDF and TXT below DIRECTORY into the knowledge base and wait until it is indexed.

    A document that is already there is left alone. Works while the appliance serves: that process
    then does the indexing. Exit code 1 when a document could not be indexed; the reason is printed.
    """
    settings = load_settings(config, data_dir=data_dir)
    found = sorted(
        path for path in directory.rglob("*") if path.is_file() and path.suffix.lower() in SUFFIXES
    )
    if not found:
        click.echo(f"There is no PDF or TXT below {directory}.", err=True)
        raise SystemExit(EXIT_FAILED)
    from appliance.container import Container

    async def run() -> list[tuple[str, str]]:
        container = Container(settings)
        try:
            await container.open_knowledge()
            return await _import(container.knowledge, found, category)
        finally:
            await container.close()

    with failures_as_text():
        failures = asyncio.run(run())
    for name, reason in failures:
        click.echo(f"{name}: {reason}", err=True)
    click.echo(f"{len(found) - len(failures)} of {len(found)} documents are indexed.")
    if failures:
        raise SystemExit(EXIT_FAILED)


async def _import(
    knowledge: Knowledge, found: list[Path], category: str | None
) -> list[tuple[str, str]]:
    """Store all, then wait until each is indexed or failed; returns (file name, reason)."""
    from appliance.services.knowledge import Metadata

    failures: list[tuple[str, str]] = []
    waiting: dict[str, str] = {}  # document id -> file name
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    ) as progress:
        storing = progress.add_task("storing", total=len(found))
        for path in found:
            try:
                document, _ = await knowledge.import_file(
                    path.name, pieces(path), Metadata(category=category)
                )
                waiting[document.id] = path.name
            except ApplianceError as error:
                failures.append((path.name, error.message))
            progress.advance(storing)
        indexing = progress.add_task("indexing", total=len(waiting))
        while waiting:
            done = [await knowledge.get(document_id) for document_id in waiting]
            for document in filter(_has_ended, done):
                name = waiting.pop(document.id)
                if document.status is DocumentStatus.FAILED:
                    failures.append((name, document.error or "failed"))
                progress.advance(indexing)
            await asyncio.sleep(POLL_S)
    return failures


def _has_ended(document: Document) -> bool:
    return document.status in (DocumentStatus.INDEXED, DocumentStatus.FAILED)
