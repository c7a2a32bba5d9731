"""The whole appliance as a process of its own, for a benchmark that loads it.

Started by bench_mixed_load. It prints one line of JSON when it serves and its language model is
loaded: its port. Then it answers each line on its input with what it is at just then.

All is as in service, but that sentences which no passage bears out are shown: the gate checks them
as ever, and random weights write no others.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from functools import partial
from pathlib import Path
from time import perf_counter

import uvloop

from appliance import logs
from appliance.allocator import return_freed_memory
from appliance.container import Container
from appliance.engines import extractive
from appliance.engines.llama_engine import LlamaEngine
from appliance.engines.quote_vectors import QuoteVectors
from appliance.services import answer_writer
from appliance.services.sentence_gate import SentenceGate
from appliance.settings import Settings
from appliance.storage import vectors
from tests.benchmarks.interleaved import quantile
from tests.benchmarks.mixed_people import ADMIN, PASSWORD
from tests.serving import serving

PROBE_S = 0.02
CONTEXT = 2048
ANSWER = 48
SLOTS = 4
# Small, so that they are full before anything is measured.
CACHE_MB = 16
INDEX_CACHE_MB = 8
QUOTE_VECTORS = 256
LOADING_S = 120.0


class LoopLag:
    """How much later than asked the event loop ends a short sleep, in milliseconds."""

    def __init__(self) -> None:
        self._found: list[float] = []

    async def watch(self) -> None:
        while True:
            started = perf_counter()
            await asyncio.sleep(PROBE_S)
            self._found.append((perf_counter() - started - PROBE_S) * 1000)

    def taken(self) -> tuple[float, float]:
        """The 99th percentile and the worst since the last call."""
        found, self._found = self._found, []
        return (quantile(found, 0.99), max(found)) if found else (0.0, 0.0)


class LenientGate(SentenceGate):
    def _checked(self, text: str) -> str:
        return super()._checked(text) or text


async def loaded(container: Container) -> LlamaEngine:
    """Raises TimeoutError when the model does not get ready."""
    async with asyncio.timeout(LOADING_S):
        while True:
            engine = container.services.language_models._serving.engine
            if isinstance(engine, LlamaEngine):
                return engine
            await asyncio.sleep(0.1)


async def serve(options: argparse.Namespace) -> None:
    logs.configure("warning")
    return_freed_memory()
    answer_writer.__dict__["SentenceGate"] = LenientGate
    for name in ("INDEX_CACHE_BYTES", "METADATA_CACHE_BYTES"):
        setattr(vectors, name, INDEX_CACHE_MB << 20)
    extractive.__dict__["QuoteVectors"] = partial(QuoteVectors, most=QUOTE_VECTORS)
    settings = Settings(
        data_dir=options.folder,
        embedding_model=options.embedding,
        llm_model=options.model,
        llm_context=CONTEXT,
        llm_max_tokens=ANSWER,
        llm_slots=SLOTS,
        llm_cache_mb=CACHE_MB,
        threads=options.threads,
        rate_limits=False,
        access_token_seconds=3600,
    )
    container = Container(settings)
    async with serving(container) as (_, port):
        await container.accounts.create_admin(ADMIN, "Admin", PASSWORD)
        engine = await loaded(container)
        lag = LoopLag()
        watching = asyncio.create_task(lag.watch())
        print(json.dumps({"port": port}), flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            p99, worst = lag.taken()
            now = {
                "slots": engine.running,
                "waiting": engine.waiting,
                "answers": container.services.answering.load.running,
                "tasks": len(asyncio.all_tasks()),
                "lag_p99": p99,
                "lag_worst": worst,
            }
            print(json.dumps(now), flush=True)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--embedding", type=Path, required=True)
    parser.add_argument("--threads", type=int, required=True)
    uvloop.run(serve(parser.parse_args()))
