"""Sentence vectors from a BERT-like GGUF through llama.cpp, many texts to a batch.

One thread owns the native context. Short requests (a question, the sentences of a few passages) go
before long ones (an ingest), which are served a batch at a time between them; every few batches a
long one is due even when short ones keep coming.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from appliance.engines.llama_encoder import BATCH_TOKENS, LlamaEncoder
from appliance.errors import Unavailable

_log = logging.getLogger(__name__)
SHORT_TEXTS = 64
LONG_TURN_EVERY = 4


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


class LlamaEmbedder:
    """The Embedder protocol over one GGUF file."""

    def __init__(self, path: Path, threads: int) -> None:
        """Use `open`."""
        self._path = path
        self._threads = threads
        self._wake = threading.Condition()
        self._queue: list[_Request] = []
        self._closing = False
        self._batches = 0
        self._thread = threading.Thread(target=self._run, name="embedder", daemon=True)
        self._opened: asyncio.Future[None]
        self._name = ""
        self._dimensions = 0
        self._words: frozenset[str] = frozenset()

    @classmethod
    async def open(cls, path: Path, *, threads: int) -> LlamaEmbedder:
        """Load off the event loop. Raises Unavailable when `path` holds no embedding model.

        Cancelled, it ends its thread first, which may have to finish loading.
        """
        embedder = cls(path, threads)
        loop = asyncio.get_running_loop()
        embedder._opened = loop.create_future()
        embedder._thread.start()
        try:
            await embedder._opened
        except BaseException:
            await embedder.close()
            raise
        return embedder

    @property
    def name(self) -> str:
        """The weights' own name and the file's size: other weights of that name differ in one of
        them.
        """
        return self._name

    @property
    def dimensions(self) -> int:
        return self._dimensions

    @property
    def words(self) -> frozenset[str]:
        return self._words

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As the protocol says; raises Unavailable once closed or when llama.cpp fails."""
        request = _Request(list(texts), self._dimensions)
        if not request.texts:
            return request.rows
        with self._wake:
            if self._closing:
                raise Unavailable("The embedding model is closed.")
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
            encoder = LlamaEncoder(self._path, self._threads)
            self._name = f"{encoder.model.name}:{self._path.stat().st_size}"
        except Exception as error:
            self._tell_opened(error)
            return
        self._dimensions = encoder.dimensions
        self._words = encoder.model.whole_words()
        self._tell_opened(None)
        try:
            while (requests := self._next()) is not None:
                self._step(encoder, requests)
        finally:
            with self._wake:
                left, self._queue = self._queue, []
            for request in left:
                request.finish(Unavailable("The embedding model is closed."))
            encoder.close()

    def _tell_opened(self, error: Exception | None) -> None:
        try:
            self._opened.get_loop().call_soon_threadsafe(_settle_opened, self._opened, error)
        except RuntimeError:  # the loop has gone
            self._closing = True

    def _next(self) -> list[_Request] | None:
        """The requests that may share the next batch, in order; None when closing."""
        with self._wake:
            while True:
                self._queue = [request for request in self._queue if not request.cancelled]
                if self._closing:
                    return None
                if self._queue:
                    break
                self._wake.wait()
            self._batches += 1
            short = sorted(
                (r for r in self._queue if len(r.texts) <= SHORT_TEXTS), key=lambda r: r.remaining
            )
            long = [r for r in self._queue if len(r.texts) > SHORT_TEXTS]
            if short and (not long or self._batches % LONG_TURN_EVERY):
                return short
            return [long[self._batches // LONG_TURN_EVERY % len(long)]]

    def _step(self, encoder: LlamaEncoder, requests: list[_Request]) -> None:
        """One native batch: as many texts of `requests`, in order, as fit.

        What fails fails the requests that it was done for; the others keep their place.
        """
        batch: list[NDArray[np.int32]] = []
        shares: list[tuple[_Request, int]] = []
        for request in requests:
            try:
                taken = _take(encoder, request, batch)
            except Exception as error:
                self._fail([request], error)
                continue
            if taken:
                shares.append((request, taken))
            if taken < request.remaining:
                break
        if not batch:
            return
        try:
            rows = encoder.encode(batch)
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

    def _fail(self, requests: list[_Request], error: Exception) -> None:
        _log.error("an embedding batch failed: %s", type(error).__name__)
        for request in requests:
            self._settle(request, Unavailable("The embedding model failed."))

    def _settle(self, request: _Request, error: Exception | None) -> None:
        with self._wake:
            if request in self._queue:
                self._queue.remove(request)
        request.finish(error)


def _take(encoder: LlamaEncoder, request: _Request, batch: list[NDArray[np.int32]]) -> int:
    """Append the texts of `request` that still fit; returns how many. All or, raising, none."""
    chosen: list[NDArray[np.int32]] = []
    room = BATCH_TOKENS - sum(map(len, batch))
    while request.remaining > len(chosen) and len(batch) + len(chosen) < encoder.sequences:
        if len(chosen) == len(request.tokens):
            text = request.texts[request.done + len(chosen)]
            request.tokens.append(encoder.tokenize(text))
        tokens = request.tokens[len(chosen)]
        if (batch or chosen) and len(tokens) > room:
            break
        chosen.append(tokens)
        room -= len(tokens)
    batch += chosen
    return len(chosen)


def _settle_opened(opened: asyncio.Future[None], error: Exception | None) -> None:
    if opened.done():
        return
    if error is None:
        opened.set_result(None)
    else:
        opened.set_exception(error)
