"""Row 10: embedding throughput of LlamaEmbedder over a bare llama_batch loop on the same texts.

    python -m tests.benchmarks.bench_embedding [--texts 400] [--threads 2] [--sweep]

`--sweep` shows what the batch size does to the reference.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from pathlib import Path

import llama_cpp

from appliance.engines import llama_runtime
from appliance.engines.embedder import LlamaEmbedder
from tests.benchmarks.interleaved import interleave
from tests.embedding_model import PATH

RAW_BATCH = 256  # tokens; a bare loop is fastest with it, see --sweep
WORDS = (
    "the dose of warfarin should be adjusted in patients with hepatic impairment who receive "
    "amiodarone because bleeding risk rises when international normalized ratio exceeds four and "
    "renal function declines monitor serum creatinine before starting metformin therapy daily"
).split()


def texts(count: int, words: int = 30) -> list[str]:
    """Sentences of `words` words on average, always the same ones."""
    chooser = random.Random(7)
    return [
        " ".join(chooser.choices(WORDS, k=chooser.randint(5, 2 * words - 5))) for _ in range(count)
    ]


class RawLoop:
    """The shortest program that batches sequences through llama.cpp's own calls."""

    def __init__(self, path: Path, threads: int, batch_tokens: int) -> None:
        llama_runtime.start()
        self.batch_tokens = batch_tokens
        self.model = llama_cpp.llama_model_load_from_file(
            str(path).encode(), llama_cpp.llama_model_default_params()
        )
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = 512
        params.n_batch = params.n_ubatch = max(512, batch_tokens)
        params.n_seq_max = 128
        params.n_threads = params.n_threads_batch = threads
        params.embeddings = True
        self.context = llama_cpp.llama_init_from_model(self.model, params)
        self.vocab = llama_cpp.llama_model_get_vocab(self.model)
        self.batch = llama_cpp.llama_batch_init(max(512, batch_tokens), 0, 1)
        self.width = llama_cpp.llama_model_n_embd(self.model)

    def embed(self, items: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = []
        tokens = (llama_cpp.llama_token * 512)()
        used = sequences = 0

        def flush() -> None:
            nonlocal used, sequences
            self.batch.n_tokens = used
            llama_cpp.llama_encode(self.context, self.batch)
            for number in range(sequences):
                vector = llama_cpp.llama_get_embeddings_seq(self.context, number)
                vectors.append(vector[: self.width])
            used = sequences = 0

        for item in items:
            data = item.encode()
            count = llama_cpp.llama_tokenize(self.vocab, data, len(data), tokens, 512, True, False)
            if used and used + count > self.batch_tokens:
                flush()
            for position in range(count):
                self.batch.token[used] = tokens[position]
                self.batch.pos[used] = position
                self.batch.n_seq_id[used] = 1
                self.batch.seq_id[used][0] = sequences
                self.batch.logits[used] = 1
                used += 1
            sequences += 1
        flush()
        return vectors

    def close(self) -> None:
        llama_cpp.llama_batch_free(self.batch)
        llama_cpp.llama_free(self.context)
        llama_cpp.llama_model_free(self.model)


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--texts", type=int, default=400)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--sweep", action="store_true")
    options = parser.parse_args()
    items = texts(options.texts)
    if options.sweep:
        for size in (64, 128, 192, 256, 384, 512, 1024):
            raw = RawLoop(PATH, options.threads, size)
            raw.embed(items[:20])
            started = time.perf_counter()
            raw.embed(items)
            took = time.perf_counter() - started
            print(f"raw, batches of {size:4} tokens: {len(items) / took:.0f} texts/s")
            raw.close()
        return
    raw = RawLoop(PATH, options.threads, RAW_BATCH)
    embedder = await LlamaEmbedder.open(PATH, threads=options.threads)

    async def ours() -> float:
        started = time.perf_counter()
        await embedder.embed(items)
        return len(items) / (time.perf_counter() - started)

    async def reference() -> float:
        started = time.perf_counter()
        await asyncio.to_thread(raw.embed, items)
        return len(items) / (time.perf_counter() - started)

    mine, theirs = await interleave(ours, reference, options.repeats)
    waits: list[float] = []
    ingest = asyncio.create_task(embedder.embed(texts(1500), background=True))
    await asyncio.sleep(0.3)
    while not ingest.done() and len(waits) < 30:
        started = time.perf_counter()
        await embedder.embed(["What is the starting dose of metformin?"])
        waits.append(1000 * (time.perf_counter() - started))
        await asyncio.sleep(0.01)
    ingest.cancel()
    alone = []
    await asyncio.sleep(0.3)
    for _ in range(30):
        started = time.perf_counter()
        await embedder.embed(["What is the starting dose of metformin?"])
        alone.append(1000 * (time.perf_counter() - started))
    print(f"LlamaEmbedder  {mine.median:7.1f} texts/s  ({mine.spread})")
    print(f"raw llama.cpp  {theirs.median:7.1f} texts/s  ({theirs.spread})")
    print(f"ratio          {mine.median / theirs.median:7.3f}   reach 0.95")
    alone.sort()
    waits.sort()
    print(
        f"one question: alone median {alone[len(alone) // 2]:.1f} ms; during an ingest of 1,500 "
        f"texts "
        f"median {waits[len(waits) // 2]:.1f} ms, worst {waits[-1]:.1f} ms"
    )
    await embedder.close()
    raw.close()


if __name__ == "__main__":
    asyncio.run(main())
