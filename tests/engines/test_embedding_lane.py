from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.engines.embedding_lane import OLDEST_EVERY, EmbeddingLane
from appliance.engines.llama_encoder import BATCH_TOKENS, GaveWay, LlamaEncoder
from appliance.errors import Unavailable

FAILS, CANNOT_BE_READ = "batch-fails", "cannot-be-read"
FULL = " x" * (BATCH_TOKENS - 1)  # with a word before it, a whole batch


class Scripted:
    """In the encoder's place: a word is a token and its length the token's id; a vector's first
    number is that of its text's first token.
    """

    dimensions = 2
    sequences = 128

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.busy = threading.Event()
        self.closed = threading.Event()
        self.gives_way = 0  # so many batches are dropped
        self.batches: list[list[int]] = []  # the first tokens of the texts in each

    def tokenize(self, text: str) -> NDArray[np.int32]:
        if CANNOT_BE_READ in text:
            raise ValueError(text)
        return np.array([len(word) for word in text.split()], np.int32)

    def encode(self, texts: list[NDArray[np.int32]]) -> NDArray[np.float32]:
        self.batches.append([int(tokens[0]) for tokens in texts])
        self.busy.set()
        assert self.gate.wait(10)
        if self.gives_way:
            self.gives_way -= 1
            raise GaveWay
        if any(len(FAILS) in tokens for tokens in texts):
            raise RuntimeError("llama.cpp")
        time.sleep(0.001)  # in which those who were answered can ask again
        return np.array([[tokens[0], 1] for tokens in texts], np.float32)

    def close(self) -> None:
        self.closed.set()


class Lane:
    """A lane over a scripted encoder, and requests that come while it is busy."""

    def __init__(self) -> None:
        self.encoder = Scripted()
        self.lane = EmbeddingLane(cast(LlamaEncoder, self.encoder), "lane")
        self.embed = self.lane.embed

    async def at_once(self, *requests: list[str]) -> list[NDArray[np.float32] | BaseException]:
        """All of them are there when the batch before them ends, which is the first of all."""
        self.encoder.gate.clear()
        before = asyncio.create_task(self.embed(["before"]))
        assert await asyncio.to_thread(self.encoder.busy.wait, 10)
        asked = [asyncio.create_task(self.embed(texts)) for texts in requests]
        await asyncio.sleep(0)
        self.encoder.gate.set()
        await before
        return await asyncio.gather(*asked, return_exceptions=True)


@pytest.fixture
async def lane() -> AsyncIterator[Lane]:
    lane = Lane()
    yield lane
    await lane.lane.close()
    assert lane.encoder.closed.is_set()


def first_words(answer: NDArray[np.float32] | BaseException) -> list[int]:
    assert not isinstance(answer, BaseException), answer
    return [int(number) for number in answer[:, 0]]


async def test_one_alone_is_computed_at_once(lane: Lane) -> None:
    assert first_words(await lane.embed(["one", "three"])) == [3, 5]
    assert lane.encoder.batches == [[3, 5]]


async def test_those_that_come_during_a_batch_share_the_next(lane: Lane) -> None:
    answers = await lane.at_once(["a"], ["bb"], ["ccc", "dddd"])
    assert [first_words(answer) for answer in answers] == [[1], [2], [3, 4]]
    assert lane.encoder.batches == [[6], [1, 2, 3, 4]]


async def test_a_short_request_does_not_wait_for_texts_of_a_long_one(lane: Lane) -> None:
    long = ["word" + FULL, "word"]
    answers = await lane.at_once(long, ["a"], ["bb"])
    assert [first_words(answer) for answer in answers] == [[4, 4], [1], [2]]
    assert lane.encoder.batches == [[6], [1, 2], [4], [4]]


async def test_short_requests_without_end_do_not_keep_a_long_one_from_being_done(
    lane: Lane,
) -> None:
    texts = 20

    async def asks_for_ever() -> None:
        while True:
            await lane.embed(["a" + FULL])

    # Each of them fills a batch: when one is answered the others are still in the queue.
    asking = [asyncio.create_task(asks_for_ever()) for _ in range(10)]
    while len(lane.encoder.batches) < 20:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    long = await asyncio.wait_for(lane.embed(["word" + FULL] * texts), 20)
    assert first_words(long) == [4] * texts
    began = lane.encoder.batches.index([4])
    ended = len(lane.encoder.batches) - lane.encoder.batches[::-1].index([4])
    # The short ones had the greater part of the batches meanwhile.
    assert ended - began >= (OLDEST_EVERY - 1) * (texts - 1)
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)


async def test_a_batch_that_gave_way_is_computed_again(lane: Lane) -> None:
    lane.encoder.gives_way = 3
    assert first_words(await lane.embed(["one", "three"])) == [3, 5]
    assert lane.encoder.batches == [[3, 5]] * 4


async def test_a_failed_batch_fails_none_of_those_that_wait(
    lane: Lane, caplog: pytest.LogCaptureFixture
) -> None:
    texts = (FAILS, "beside", "abc" + FULL, "later")
    answers = await lane.at_once(*([text] for text in texts))
    assert lane.encoder.batches == [[6], [11, 6], [3], [5]]
    assert [type(answer) for answer in answers[:2]] == [Unavailable] * 2
    assert [first_words(answer) for answer in answers[2:]] == [[3], [5]]
    assert FAILS not in caplog.text


async def test_a_text_that_cannot_be_read_fails_its_request_alone(
    lane: Lane, caplog: pytest.LogCaptureFixture
) -> None:
    before, unreadable, after = await lane.at_once(["one"], ["and", CANNOT_BE_READ], ["afterwards"])
    assert isinstance(unreadable, Unavailable)
    assert first_words(before) == [3]
    assert first_words(after) == [10]
    assert CANNOT_BE_READ not in caplog.text


async def test_what_was_cancelled_is_not_computed(lane: Lane) -> None:
    lane.encoder.gate.clear()
    first = asyncio.create_task(lane.embed(["one"]))
    assert await asyncio.to_thread(lane.encoder.busy.wait, 10)
    gone = asyncio.create_task(lane.embed(["three"]))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    lane.encoder.gate.set()
    await first
    await lane.embed(["seventh"])
    assert lane.encoder.batches == [[3], [7]]
