"""Row 11: pages/s of ingest over raw pypdfium2 text and raw embedding of the same passages.

    python -m tests.benchmarks.bench_ingest [PDF] [--threads 2] [--repeats 5]

Ingest is all of it: the file is stored, read in the guarded child, laid out, cut, embedded, indexed
and published. The reference takes the text of every page in this process and embeds the passages
that ingest made of them, one after the other. Without a PDF it is a label of the reference data, or
one written here.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import numpy as np
import pypdfium2
from numpy.typing import NDArray

from appliance.domain import DocumentStatus
from appliance.engines.embedder import LlamaEmbedder
from appliance.engines.pdf import PdfReader
from tests import pdf_writer
from tests.benchmarks.bench_embedding import RAW_BATCH, WORDS, RawLoop
from tests.benchmarks.interleaved import interleave
from tests.embedding_model import PATH
from tests.library import in_pieces, library
from tests.shared_data import ROOT

LABEL = ROOT / "pdf_clinical" / "fda_metformin_highlights_2026.pdf"


class Recorder:
    """An embedder that keeps the texts it was given."""

    def __init__(self, embedder: LlamaEmbedder) -> None:
        self._embedder = embedder
        self.name = embedder.name
        self.dimensions = embedder.dimensions
        self.words = embedder.words
        self.texts: list[str] = []

    async def embed(self, texts: Sequence[str], *, background: bool = False) -> NDArray[np.float32]:
        self.texts += texts
        return await self._embedder.embed(texts, background=background)


def written(pages: int = 24) -> bytes:
    """Pages of 40 lines, always the same ones."""
    chooser = random.Random(11)
    return pdf_writer.pdf(
        [[" ".join(chooser.choices(WORDS, k=12)) + "." for _ in range(40)] for _ in range(pages)]
    )


def raw_text(data: bytes) -> int:
    """How many pages there are, all of whose text was taken."""
    with pypdfium2.PdfDocument(data) as document:
        for page in document:
            text_page = page.get_textpage()
            text_page.get_text_range()
            text_page.close()
            page.close()
        return len(document)


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("pdf", type=Path, nargs="?", default=LABEL)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    data = options.pdf.read_bytes() if options.pdf.exists() else written()
    count = raw_text(data)
    embedder = await LlamaEmbedder.open(PATH, threads=options.threads)
    raw = RawLoop(PATH, options.threads, RAW_BATCH)
    passages: list[str] = []

    async def ours() -> float:
        recorder = Recorder(embedder)
        with tempfile.TemporaryDirectory() as directory:
            made = library(
                Path(directory), embedder=cast(Any, recorder), max_upload_bytes=len(data) + 1
            )
            async with made as lib:
                started = time.perf_counter()
                document = await lib.add("label.pdf", data)
                document = await lib.settled(document.id, timeout_s=3600)
                took = time.perf_counter() - started
                assert document.status is DocumentStatus.INDEXED
        passages[:] = recorder.texts
        return count / took

    async def reference() -> float:
        started = time.perf_counter()
        await asyncio.to_thread(raw_text, data)
        await asyncio.to_thread(raw.embed, passages)
        return count / (time.perf_counter() - started)

    async def reading() -> float:
        started = time.perf_counter()
        async with aclosing(PdfReader().pages(in_pieces(data))) as pages:
            async for _ in pages:
                pass
        return time.perf_counter() - started

    mine, theirs = await interleave(ours, reference, options.repeats)
    read = [await reading() for _ in range(3)]
    print(f"{count} pages, {len(passages)} passages")
    print(f"ingest                 {mine.median:7.2f} pages/s  ({mine.spread})")
    print(f"raw text and embedding {theirs.median:7.2f} pages/s  ({theirs.spread})")
    print(f"ratio                  {mine.median / theirs.median:7.3f}   reach 0.85")
    print(f"of it, reading and laying out in the child: {1000 * min(read) / count:.1f} ms a page")
    await embedder.close()
    raw.close()


if __name__ == "__main__":
    asyncio.run(main())
