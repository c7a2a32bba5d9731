from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import llama_cpp
import numpy as np
import pytest

from appliance.engines import embedder as embedder_module
from appliance.engines.embedder import LlamaEmbedder
from appliance.engines.llama_runtime import LlamaModel
from appliance.errors import Unavailable
from tests.embedding_model import embedding_model
from tests.random_gguf import tiny_vocabulary, write_random_llama


def threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("embedder")]


@pytest.fixture
async def embedder() -> AsyncIterator[LlamaEmbedder]:
    opened = await LlamaEmbedder.open(embedding_model(), threads=1)
    yield opened
    await opened.close()


async def test_vectors_have_length_one_and_mean_something(embedder: LlamaEmbedder) -> None:
    texts = [
        "What is the starting dose of metformin?",
        "Begin with 500 mg of metformin twice a day.",
        "The train to Berlin leaves at noon.",
    ]
    vectors = await embedder.embed(texts)
    assert vectors.shape == (3, embedder.dimensions) == (3, 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > 0.6 > 0.2 > vectors[0] @ vectors[2]


async def test_a_text_has_one_vector_whatever_its_company(embedder: LlamaEmbedder) -> None:
    texts = [f"Sentence {n} of a ward handbook. " * (1 + n % 9) for n in range(60)]
    together = await embedder.embed(texts)
    for number in (0, 17, 59):
        alone = (await embedder.embed([texts[number]]))[0]
        assert float(alone @ together[number]) > 0.9999


async def test_any_text_has_a_vector(embedder: LlamaEmbedder) -> None:
    texts = [
        "",
        " ",
        "\x00",
        "\ud800",
        "a" * 100_000,
        "dose " * 5_000,
        "\u4e2d\u6587",
        "\U0001f600",
    ]
    vectors = await embedder.embed(texts)
    assert np.isfinite(vectors).all()
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    # Past the window nothing counts.
    longer = await embedder.embed(["dose " * 6_000])
    assert float(longer[0] @ vectors[5]) > 0.9999


async def test_nothing_gives_nothing(embedder: LlamaEmbedder) -> None:
    assert (await embedder.embed([])).shape == (0, 384)


async def test_a_question_does_not_wait_for_an_ingest(embedder: LlamaEmbedder) -> None:
    chunks = ["A chunk of some words to embed. " * 8] * 2_000
    ingest = asyncio.create_task(embedder.embed(chunks, background=True))
    await asyncio.sleep(0.1)
    for _ in range(5):
        await embedder.embed(["What is the dose?"])
    assert not ingest.done()
    ingest.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ingest
    # What was cancelled is worked on no more.
    started = time.perf_counter()
    await embedder.embed(["What is the dose?"] * 65, background=True)
    assert time.perf_counter() - started < 5


async def test_an_ingest_goes_on_between_questions(embedder: LlamaEmbedder) -> None:
    texts = [f"Chunk {number} of a ward handbook." for number in range(100)]
    ingest = asyncio.create_task(embedder.embed(texts, background=True))
    while not ingest.done():
        await embedder.embed(["What is the dose?"] * 3)
    # Batches were dropped for the questions and computed again: nothing is lost or doubled.
    assert np.allclose(await ingest, await embedder.embed(texts), atol=1e-3)


async def test_many_at_once_get_their_own_rows(embedder: LlamaEmbedder) -> None:
    texts = [f"Question number {n} about drug {n}" for n in range(40)]
    known = await embedder.embed(texts)
    found = await asyncio.gather(*(embedder.embed([text]) for text in texts))
    for row, answer in zip(known, found, strict=True):
        assert float(row @ answer[0]) > 0.9999


async def test_a_failed_batch_fails_its_own_request_only(
    embedder: LlamaEmbedder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(llama_cpp, "llama_encode", lambda *_: -3)
        with pytest.raises(Unavailable):
            await embedder.embed(["patient Miller"])
    assert "Miller" not in caplog.text
    assert (await embedder.embed(["What is the dose?"])).shape == (1, 384)


async def test_an_opening_that_is_cancelled_leaves_no_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, go_on, closed = threading.Event(), threading.Event(), threading.Event()

    class Slow(LlamaModel):
        def __init__(self, path: Path, *, setting: str) -> None:
            begun.set()
            assert go_on.wait(10)
            super().__init__(path, setting=setting)

        def close(self) -> None:
            super().close()
            closed.set()

    monkeypatch.setattr(embedder_module, "LlamaModel", Slow)
    opening = asyncio.create_task(LlamaEmbedder.open(embedding_model(), threads=1))
    assert await asyncio.to_thread(begun.wait, 10)
    opening.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(opening, 10)
    assert closed.is_set()
    assert not threads()


async def test_closing_ends_the_thread_and_what_waits() -> None:
    embedder = await LlamaEmbedder.open(embedding_model(), threads=1)
    texts = ["A chunk of text. " * 20] * 3_000
    waiting = [
        asyncio.create_task(embedder.embed(texts, background=background))
        for background in (False, True)
    ]
    await asyncio.sleep(0.05)
    await embedder.close()
    for one in waiting:
        with pytest.raises(Unavailable):
            await one
    for background in (False, True):
        with pytest.raises(Unavailable):
            await embedder.embed(["too late"], background=background)
    assert not threads()


async def test_the_name_tells_weights_apart(embedder: LlamaEmbedder) -> None:
    assert embedder.name.startswith("all-MiniLM-L6-v2")


async def test_a_language_model_is_no_embedding_model(tmp_path: Path) -> None:
    path = write_random_llama(tmp_path / "llm.gguf", vocabulary=tiny_vocabulary())
    with pytest.raises(Unavailable, match=r"llm\.gguf is not an embedding model.*embedding_model"):
        await LlamaEmbedder.open(path, threads=1)
    with pytest.raises(Unavailable, match="does not exist"):
        await LlamaEmbedder.open(tmp_path / "none.gguf", threads=1)
    assert not threads()
