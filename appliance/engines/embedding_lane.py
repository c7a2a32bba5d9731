"""Requests for one encoder, on the one thread that computes with it.

Whoever asks while a batch is under way shares the next: a batch takes what is there and waits for
nobody, since the thread is idle only where nobody else asks.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from appliance.engines.llama_encoder import BATCH_TOKENS, GaveWay, LlamaEncoder
from appliance.errors import Unavailable

_log = logging.getLogger(__name__)
OLDEST_EVERY = 4  # batches
_CLOSED = "The embedding model is closed."


class _Request:
    """Texts still to do and the rows done. Only the owner thread touches it once it is queued."""

    def __init__(self, texts: list[str], dimensions: int) -> None:
        self.texts = texts
        self.rows = np.zeros((len(texts), dimensions), np.float32)
        self.done = 0
        self.tokens: list[NDArray[np.int32]] = []  # of texts[done:], as far as they are tokenised
        self.cancelled = False
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[NDArray[np.float32]] = self.loop.create_future()

    @property
    def remaining(self) -> int:
        return len(self.texts) - self.done

    def finish(self, error: Exception | None) -> None:
        """Hand the rows or the error to the waiting task; a loop that has gone is nobody's loss."""
        try:
            self.loop.call_soon_threadsafe(self._settle, error)
        except RuntimeError:
            self.cancelled = True

    def _settle(self, error: Exception | None) -> None:
        if self.future.done():
            return
        if error is None:
            self.future.set_result(self.rows)
        else:
            self.future.set_exception(error)


class EmbeddingLane:
    def __init__(self, encoder: LlamaEncoder, name: str) -> None:
        """Begins a thread of that name, which closes the encoder in the end."""
        self._encoder = encoder
        self._wake = threading.Condition()
        self._queue: list[_Request] = []  # in the order of their coming
        self._closing = False
        self._batches = 0
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As the protocol says; raises Unavailable once closed or when llama.cpp fails."""
        request = _Request(list(texts), self._encoder.dimensions)
        if not request.texts:
            return request.rows
        with self._wake:
            if self._closing:
                raise Unavailable(_CLOSED)
            self._queue.append(request)
            self._wake.notify()
        try:
            return await request.future
        finally:
            request.cancelled = True

    async def close(self) -> None:
        """End the thread after the batch it is in; what waits gets Unavailable."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        try:
            while (requests := self._next()) is not None:
                self._step(requests)
        finally:
            with self._wake:
                left, self._queue = self._queue, []
            for request in left:
                request.finish(Unavailable(_CLOSED))
            self._encoder.close()

    def _next(self) -> list[_Request] | None:
        """The requests that may share the next batch, in order; None when closing.

        Those with the fewest texts go first; every few batches the oldest does, so that few texts
        without end do not keep many from being done.
        """
        with self._wake:
            while True:
                self._queue = [request for request in self._queue if not request.cancelled]
                if self._closing:
                    return None
                if self._queue:
                    break
                self._wake.wait()
            self._batches += 1
            oldest = self._queue[0] if self._batches % OLDEST_EVERY == 0 else None
            return sorted(self._queue, key=lambda r: 0 if r is oldest else r.remaining)

    def _step(self, requests: list[_Request]) -> None:
        """One native batch: as many texts of `requests`, in order, as fit.

        What fails fails the requests that it was done for; the others keep their place.
        """
        batch: list[NDArray[np.int32]] = []
        shares: list[tuple[_Request, int]] = []
        for request in requests:
            try:
                texts = self._fitting(request, batch)
            except Exception as error:
                self._fail([request], error)
                continue
            if batch and len(texts) < request.remaining:
                break  # it would only keep the others waiting: its end is in another batch
            batch += texts
            shares.append((request, len(texts)))
        if not batch:
            return
        try:
            rows = self._encoder.encode(batch)
        except GaveWay:
            return  # all keep their places
        except Exception as error:
            self._fail([request for request, _ in shares], error)
            return
        start = 0
        for request, taken in shares:
            request.rows[request.done : request.done + taken] = rows[start : start + taken]
            request.done += taken
            del request.tokens[:taken]
            start += taken
            if not request.remaining:
                self._settle(request, None)

    def _fitting(
        self, request: _Request, batch: list[NDArray[np.int32]]
    ) -> list[NDArray[np.int32]]:
        """The texts of `request` that fit beside `batch`; one at least where that is empty."""
        chosen: list[NDArray[np.int32]] = []
        room = BATCH_TOKENS - sum(map(len, batch))
        while (
            request.remaining > len(chosen) and len(batch) + len(chosen) < self._encoder.sequences
        ):
            if len(chosen) == len(request.tokens):
                text = request.texts[request.done + len(chosen)]
                request.tokens.append(self._encoder.tokenize(text))
            tokens = request.tokens[len(chosen)]
            if (batch or chosen) and len(tokens) > room:
                break
            chosen.append(tokens)
            room -= len(tokens)
        return chosen

    def _fail(self, requests: list[_Request], error: Exception) -> None:
        _log.error("an embedding batch failed: %s", type(error).__name__)
        for request in requests:
            self._settle(request, Unavailable("The embedding model failed."))

    def _settle(self, request: _Request, error: Exception | None) -> None:
        with self._wake:
            if request in self._queue:
                self._queue.remove(request)
        request.finish(error)
