"""Row 12: time to the first token of LlamaEngine less that of bare llama.cpp on the same prompt.

    python -m tests.benchmarks.bench_first_token [--layers 12 --width 768 --passages 4 --threads 1]

The model has random weights. Every run has its own first words, so that neither side reuses what
it read. Both read the prompt in batches of the same size; `--reference-batch 512` (llama.cpp's
default) shows what the engine pays for batches small enough to cancel between. More threads than
idle cores measure the other programs on the machine: ggml's threads spin while they wait for each
other.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import tempfile
import time
from pathlib import Path

import llama_cpp

from appliance.engines import llama_runtime, prompt
from appliance.engines.chat_template import ChatTemplate
from appliance.engines.llama_engine import LlamaEngine
from appliance.engines.step_pacer import BLOCK, most_read
from tests.benchmarks.bench_embedding import WORDS
from tests.benchmarks.interleaved import interleave
from tests.engines.questions import question
from tests.random_gguf import write_random_llama

INSTRUCTIONS = prompt.INSTRUCTIONS


class RawDecoder:
    """Tokenise, read in batches of `batch` tokens, sample the likeliest token."""

    def __init__(self, path: Path, threads: int, context_tokens: int, batch: int) -> None:
        llama_runtime.start()
        self.model = llama_cpp.llama_model_load_from_file(
            str(path).encode(), llama_cpp.llama_model_default_params()
        )
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = context_tokens
        params.n_batch = 2048
        params.n_ubatch = batch
        params.n_threads = params.n_threads_batch = threads
        self.context = llama_cpp.llama_init_from_model(self.model, params)
        self.vocab = llama_cpp.llama_model_get_vocab(self.model)
        self.memory = llama_cpp.llama_get_memory(self.context)
        self.sampler = llama_cpp.llama_sampler_init_greedy()

    def first_token(self, text: str) -> int:
        """Returns the number of prompt tokens."""
        llama_cpp.llama_memory_clear(self.memory, False)
        data = text.encode()
        tokens = (llama_cpp.llama_token * (len(data) + 8))()
        count = llama_cpp.llama_tokenize(
            self.vocab, data, len(data), tokens, len(tokens), True, False
        )
        for start in range(0, count, 2048):
            size = min(2048, count - start)
            part = (llama_cpp.llama_token * size)(*tokens[start : start + size])
            llama_cpp.llama_decode(self.context, llama_cpp.llama_batch_get_one(part, size))
        llama_cpp.llama_sampler_sample(self.sampler, self.context, -1)
        return int(count)


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--passages", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--reference-batch", type=int, default=most_read(BLOCK))
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    chooser = random.Random(3)
    texts = [" ".join(chooser.choices(WORDS, k=100)) for _ in range(options.passages)]
    asked = question("What should be monitored before starting metformin?", texts)
    runs = itertools.count()
    plain = ChatTemplate(None, bos="", eos="")
    sizes: list[int] = []

    with tempfile.TemporaryDirectory() as folder:
        path = write_random_llama(
            Path(folder) / "random.gguf",
            layers=options.layers,
            width=options.width,
            heads=options.width // 64,
            context=8192,
            half=True,
        )
        engine = await LlamaEngine.open(
            path, threads=options.threads, context_tokens=8192, max_tokens=1
        )
        raw = RawDecoder(path, options.threads, 8192, options.reference_batch)

        async def ours() -> float:
            prompt.INSTRUCTIONS = f"{next(runs)} {INSTRUCTIONS}"
            started = time.perf_counter()
            stream = engine.answer(asked)
            async for _ in stream:
                break
            took = time.perf_counter() - started
            await stream.aclose()
            while engine.running:  # noqa: ASYNC110
                await asyncio.sleep(0.001)  # it tells nobody when it is free
            return 1000 * took

        async def reference() -> float:
            prompt.INSTRUCTIONS = f"{next(runs)} {INSTRUCTIONS}"
            text = plain.render(next(iter(prompt.candidates(asked))).turns)[0].text
            started = time.perf_counter()
            sizes.append(await asyncio.to_thread(raw.first_token, text))
            return 1000 * (time.perf_counter() - started)

        mine, theirs = await interleave(ours, reference, options.repeats)
        await engine.close()
    print(f"prompt of {sizes[0]} tokens, {options.layers} layers of {options.width}")
    print(f"LlamaEngine    {mine.median:8.1f} ms  ({mine.spread})")
    print(f"raw llama.cpp  {theirs.median:8.1f} ms  ({theirs.spread})")
    print(f"difference     {mine.median - theirs.median:8.1f} ms   reach 10")


if __name__ == "__main__":
    asyncio.run(main())
