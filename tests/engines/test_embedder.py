from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import llama_cpp
import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.engines import embedder as embedder_module
from appliance.engines.embedder import SHORT_TEXTS, LlamaEmbedder
from appliance.engines.llama_encoder import BATCH_TOKENS
from appliance.errors import Unavailable
from tests.embedding_model import embedding_model
from tests.random_gguf import tiny_vocabulary, write_random_llama


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
    ingest = asyncio.create_task(embedder.embed(["A chunk of some words to embed. " * 8] * 2_000))
    await asyncio.sleep(0.1)
    for _ in range(5):
        await embedder.embed(["What is the dose?"])
    assert not ingest.done()
    ingest.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ingest
    # What was cancelled is worked on no more.
    started = time.perf_counter()
    await embedder.embed(["What is the dose?"] * 65)
    assert time.perf_counter() - started < 5


async def test_an_ingest_goes_on_between_questions(embedder: LlamaEmbedder) -> None:
    ingest = asyncio.create_task(embedder.embed(["A short chunk."] * 300))
    while not ingest.done():
        await embedder.embed(["What is the dose?"] * 3)
    assert (await ingest).shape == (300, 384)


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


class Scripted:
    """In the encoder's place: a word is a token and its length the token's id; a vector's first
    number is that of its text's first token.
    """

    FAILS, CANNOT_BE_READ = "batch-fails", "cannot-be-read"
    dimensions = 2
    sequences = 128

    def __init__(self, path: Path, threads: int) -> None:
        self.model = SimpleNamespace(name="scripted", whole_words=frozenset)
        self.loading.wait(10)

    loading = threading.Event()
    gate = threading.Event()
    busy = threading.Event()
    closed = threading.Event()
    batches: list[int]  # the texts in each

    def tokenize(self, text: str) -> NDArray[np.int32]:
        if self.CANNOT_BE_READ in text:
            raise ValueError(text)
        return np.array([len(word) for word in text.split()], np.int32)

    def encode(self, texts: list[NDArray[np.int32]]) -> NDArray[np.float32]:
        self.batches.append(len(texts))
        self.busy.set()
        assert self.gate.wait(10)
        if any(len(self.FAILS) in tokens for tokens in texts):
            raise RuntimeError("llama.cpp")
        time.sleep(0.001)
        return np.array([[tokens[0], 1] for tokens in texts], np.float32)

    def close(self) -> None:
        self.closed.set()


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> type[Scripted]:
    for event in (Scripted.loading, Scripted.gate):
        event.set()
    for event in (Scripted.busy, Scripted.closed):
        event.clear()
    Scripted.batches = []
    monkeypatch.setattr(embedder_module, "LlamaEncoder", Scripted)
    return Scripted


async def open_scripted(tmp_path: Path) -> LlamaEmbedder:
    path = tmp_path / "scripted.gguf"
    path.touch()
    return await LlamaEmbedder.open(path, threads=1)


FULL = " x" * (BATCH_TOKENS - 1)  # with a word before it, a whole batch


async def test_a_failed_batch_fails_none_of_those_that_wait(
    tmp_path: Path, scripted: type[Scripted], caplog: pytest.LogCaptureFixture
) -> None:
    embedder = await open_scripted(tmp_path)
    scripted.gate.clear()
    first = asyncio.create_task(embedder.embed(["one"]))
    await asyncio.to_thread(scripted.busy.wait, 10)
    texts = (scripted.FAILS, "beside", "abc" + FULL, "later")
    asked = [asyncio.create_task(embedder.embed([text])) for text in texts]
    await asyncio.sleep(0)
    scripted.gate.set()
    assert (await first)[0][0] == 3
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert scripted.batches == [1, 2, 1, 1]
    assert [type(answer) for answer in answers[:2]] == [Unavailable] * 2
    for answer, first_word in zip(answers[2:], ("abc", "later"), strict=True):
        assert not isinstance(answer, BaseException), answer
        assert answer[0][0] == len(first_word)
    assert scripted.FAILS not in caplog.text
    await embedder.close()


async def test_a_text_that_cannot_be_read_fails_its_request_alone(
    tmp_path: Path, scripted: type[Scripted], caplog: pytest.LogCaptureFixture
) -> None:
    embedder = await open_scripted(tmp_path)
    scripted.gate.clear()
    first = asyncio.create_task(embedder.embed(["one"]))
    await asyncio.to_thread(scripted.busy.wait, 10)
    requests = [["before"], ["and", scripted.CANNOT_BE_READ], ["afterwards"]]
    asked = [asyncio.create_task(embedder.embed(texts)) for texts in requests]
    await asyncio.sleep(0)
    scripted.gate.set()
    await first
    before, unreadable, after = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(unreadable, Unavailable)
    assert not isinstance(before, BaseException) and before[0][0] == 6
    assert not isinstance(after, BaseException) and after[0][0] == 10
    assert scripted.CANNOT_BE_READ not in caplog.text
    await embedder.close()


async def test_questions_without_end_do_not_starve_an_ingest(
    tmp_path: Path, scripted: type[Scripted]
) -> None:
    embedder = await open_scripted(tmp_path)
    text = "word" + FULL

    async def asks_for_ever() -> None:
        while True:
            await embedder.embed([text])

    # Each of them fills a batch: when one is answered the others are still in the queue.
    asking = [asyncio.create_task(asks_for_ever()) for _ in range(10)]
    while len(scripted.batches) < 20:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    ingest = embedder.embed([text] * (SHORT_TEXTS + 1))
    before = len(scripted.batches)
    assert (await asyncio.wait_for(ingest, 20)).shape == (SHORT_TEXTS + 1, 2)
    # The questions had the greater part of the batches meanwhile.
    assert len(scripted.batches) - before > 3 * SHORT_TEXTS
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    await embedder.close()


async def test_an_opening_that_is_cancelled_leaves_no_thread(
    tmp_path: Path, scripted: type[Scripted]
) -> None:
    scripted.loading.clear()
    opening = asyncio.create_task(open_scripted(tmp_path))
    while not [t for t in threading.enumerate() if t.name == "embedder"]:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    opening.cancel()
    await asyncio.sleep(0.01)
    scripted.loading.set()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(opening, 10)
    assert scripted.closed.is_set()
    assert not [t for t in threading.enumerate() if t.name == "embedder"]


async def test_closing_ends_the_thread_and_what_waits() -> None:
    embedder = await LlamaEmbedder.open(embedding_model(), threads=1)
    waiting = asyncio.create_task(embedder.embed(["A chunk of text. " * 20] * 3_000))
    await asyncio.sleep(0.05)
    await embedder.close()
    with pytest.raises(Unavailable):
        await waiting
    with pytest.raises(Unavailable):
        await embedder.embed(["too late"])
    assert not [t for t in threading.enumerate() if t.name == "embedder"]


async def test_the_name_tells_weights_apart(embedder: LlamaEmbedder) -> None:
    assert embedder.name.startswith("all-MiniLM-L6-v2")


async def test_a_language_model_is_no_embedding_model(tmp_path: Path) -> None:
    path = write_random_llama(tmp_path / "llm.gguf", vocabulary=tiny_vocabulary())
    with pytest.raises(Unavailable, match=r"llm\.gguf is not an embedding model.*embedding_model"):
        await LlamaEmbedder.open(path, threads=1)
    with pytest.raises(Unavailable, match="does not exist"):
        await LlamaEmbedder.open(tmp_path / "none.gguf", threads=1)
    assert not [t for t in threading.enumerate() if t.name == "embedder"]
