"""Row 21: time to the first words of a whole answer over the sum of its stages called bare.

    python -m tests.benchmarks.bench_answer [--repeats 5]

The quoting engine over the sample handbook, with the embedding model that `make run` builds. The
bare stages: embedding the question, both legs of the search, the passages from SQLite, judging the
evidence, and the engine up to its first words. The whole also stores the question durably, reads it
with the documents' vocabulary, ranks, audits and streams. Nothing is taken from the cache.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from contextlib import aclosing
from pathlib import Path
from time import perf_counter

from appliance.cli.pieces import pieces
from appliance.container import Container
from appliance.domain import DocumentStatus, Principal, Question
from appliance.engines.extractive import ExtractiveAnswerer
from appliance.settings import Settings
from tests.answering_parts import ORIGIN, enrol, principal
from tests.benchmarks.interleaved import interleave

SAMPLE = Path("data/sample_ward_handbook.txt")
QUESTIONS = (
    "How often is potassium checked during replacement?",
    "How is a fall on the ward reported?",
    "What is done before a blood transfusion begins?",
    "When is the needle disposal box replaced?",
)
ADA = principal()
DEPTH = 64  # hits asked of each leg, as the search does


async def whole(container: Container, asker: Principal) -> float:
    """Milliseconds to the first words, summed over the questions."""
    total = 0.0
    for text in QUESTIONS:
        await container.services.cache.clear(actor=asker, origin=ORIGIN)
        quoting = container.services.answering._writer._quoting
        assert isinstance(quoting, ExtractiveAnswerer)
        quoting._vectors._kept.clear()
        started = perf_counter()
        stream = await container.services.answering.reply(asker, ORIGIN, text)
        spoken = asyncio.Event()
        listener = stream.listen(spoken.set)
        while not stream.pieces and not stream.ended:
            await spoken.wait()
            spoken.clear()
        listener.leave(may_return=True)
        total += perf_counter() - started
        await stream.wait()
    return 1000 * total


async def stages(container: Container) -> float:
    """The same of the bare stages, one after the other."""
    writer = container.services.answering._writer
    index = writer._retrieval._index
    table = index._ready()
    engine = ExtractiveAnswerer(index.embedder)
    total = 0.0
    for text in QUESTIONS:
        known = await writer._retrieval.find(text)
        started = perf_counter()
        (vector,) = await index.embedder.embed([text])
        await asyncio.gather(table.vector_search(vector, DEPTH), table.text_search(text, DEPTH))
        await index.passages([passage.chunk.id for passage in known])
        found = await writer._bearing(text, known)
        async with aclosing(engine.answer(Question(text, tuple(found)))) as said:
            async for _ in said:
                break
        total += perf_counter() - started
    await engine.close()
    return 1000 * total


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        container = Container(Settings(data_dir=Path(folder), rate_limits=False))
        await container.open()
        try:
            knowledge = container.knowledge
            document, _ = await knowledge.import_file(SAMPLE.name, pieces(SAMPLE))
            while document.status is not DocumentStatus.INDEXED:
                await asyncio.sleep(0.1)
                document = await knowledge.get(document.id)
            await enrol(container.database, ADA)
            ours, bare = await interleave(
                lambda: whole(container, ADA), lambda: stages(container), options.repeats
            )
        finally:
            await container.close()
    for name, series in (("whole answer", ours), ("its stages bare", bare)):
        mean = series.median / len(QUESTIONS)
        print(f"{name:16} first words after {mean:7.1f} ms  (sums {series.spread})")
    print(f"ratio {ours.median / bare.median:.3f}   reach: <= 1.05")


if __name__ == "__main__":
    asyncio.run(main())
