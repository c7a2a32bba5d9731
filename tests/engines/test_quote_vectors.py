from __future__ import annotations

import asyncio

import pytest

from appliance.engines.quote_vectors import QuoteVectors
from tests.fake_embedder import FakeEmbedder

DOSE, DURATION, STORAGE = "The dose is 5 mg.", "Treat for 7 days.", "Keep below 25 degrees."


def rows(embedder: FakeEmbedder, *texts: str) -> list[list[float]]:
    return [embedder.vector(text).tolist() for text in texts]


async def test_each_text_is_embedded_once_and_each_question_every_time() -> None:
    embedder = FakeEmbedder()
    vectors = QuoteVectors(embedder)
    found = await vectors.beside("How much?", [DOSE, DURATION])
    assert found.tolist() == rows(embedder, "How much?", DOSE, DURATION)
    found = await vectors.beside("How long?", [STORAGE, DURATION, DOSE])
    assert found.tolist() == rows(embedder, "How long?", STORAGE, DURATION, DOSE)
    await vectors.beside("How long?", [DOSE])
    assert embedder.batches == [
        ["How much?", DOSE, DURATION],
        ["How long?", STORAGE],
        ["How long?"],
    ]


async def test_a_question_that_reads_like_a_text_is_none_of_what_is_kept() -> None:
    vectors = QuoteVectors(FakeEmbedder())
    await vectors.beside(DOSE, [DURATION])
    assert len(vectors) == 1


async def test_the_same_words_twice_have_a_row_each() -> None:
    embedder = FakeEmbedder()
    found = await QuoteVectors(embedder).beside("How much?", [DOSE, DURATION, DOSE])
    assert found.tolist() == rows(embedder, "How much?", DOSE, DURATION, DOSE)
    assert embedder.batches == [["How much?", DOSE, DURATION]]


async def test_without_texts_there_is_the_question() -> None:
    embedder = FakeEmbedder()
    found = await QuoteVectors(embedder).beside("How much?", [])
    assert found.tolist() == rows(embedder, "How much?")


async def test_what_was_used_last_stays_when_there_is_no_more_room() -> None:
    embedder = FakeEmbedder()
    vectors = QuoteVectors(embedder, most=2)
    await vectors.beside("1?", [DOSE, DURATION])
    await vectors.beside("2?", [DOSE])
    found = await vectors.beside("3?", [STORAGE])
    assert found.tolist() == rows(embedder, "3?", STORAGE)
    assert len(vectors) == 2
    await vectors.beside("4?", [DOSE, DURATION])
    assert embedder.batches[-1] == ["4?", DURATION]


async def test_more_at_once_than_there_is_room_for() -> None:
    embedder = FakeEmbedder()
    vectors = QuoteVectors(embedder, most=1)
    found = await vectors.beside("1?", [DOSE, DURATION, STORAGE])
    assert found.tolist() == rows(embedder, "1?", DOSE, DURATION, STORAGE)
    assert len(vectors) == 1


async def test_vectors_of_two_models_are_never_in_one_answer() -> None:
    embedder = FakeEmbedder(name="old")
    vectors = QuoteVectors(embedder)
    await vectors.beside("1?", [DOSE])
    embedder.gate = asyncio.Event()
    embedder.begun.clear()
    asking = asyncio.create_task(vectors.beside("2?", [DOSE, DURATION]))
    await embedder.begun.wait()
    embedder.name = "new"  # the change of the model while it was computing
    embedder.gate.set()
    await asking
    assert embedder.batches[-2:] == [["2?", DURATION], ["2?", DOSE, DURATION]]
    assert len(vectors) == 2
    await vectors.beside("3?", [DOSE])
    assert embedder.batches[-1] == ["3?"]


async def test_what_failed_is_not_kept() -> None:
    embedder = FakeEmbedder()
    vectors = QuoteVectors(embedder)
    embedder.fail_next = RuntimeError("no")
    with pytest.raises(RuntimeError):
        await vectors.beside("1?", [DOSE])
    assert len(vectors) == 0
    assert (await vectors.beside("1?", [DOSE])).shape == (2, embedder.dimensions)


async def test_a_row_that_is_kept_holds_no_others() -> None:
    vectors = QuoteVectors(FakeEmbedder())
    await vectors.beside("1?", [DOSE, DURATION])
    kept = list(vectors._kept.values())
    assert len(kept) == 2 and all(row.base is None for row in kept)
