"""Rows 13 to 16: many answers at once, against bare llama.cpp and against one `Llama` in turn.

    python -m tests.benchmarks.bench_batching [--chats 1,4,16 --threads 2 --prompt 256 --answer 64]

A random-weight Llama of about 190 M parameters in Q8_0; speed does not depend on the weights. All
three sides get the same tokens at the same moment and write the same number of them:

- LlamaEngine, which reads the instructions once for all;
- a loop over llama.cpp's own calls, as llama-batched-bench has it: all prompts in batches of 512,
  then one token of each sequence per step, the likeliest;
- `llama_cpp.Llama` behind a lock.

"writing" is the speed while all are being written, "whole" that of the whole run with its prompts.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import llama_cpp

from appliance.domain import Question
from appliance.engines import llama_runtime
from appliance.engines.llama_engine import LlamaEngine
from appliance.engines.llama_runtime import LlamaModel, Part, TokenBatch
from appliance.engines.prompt_tokens import model_template, prompt_tokens
from tests.benchmarks.bench_embedding import WORDS
from tests.engines.questions import question
from tests.random_gguf import write_random_llama

WINDOW = 2048
READ_BATCH = 512


@dataclass(frozen=True, slots=True)
class Run:
    """Seconds from the start. `first` and `last` are of each chat's first and last token."""

    first: tuple[float, ...]
    last: tuple[float, ...]
    answer: int

    @property
    def whole(self) -> float:
        return self.answer * len(self.last) / max(self.last)

    @property
    def writing(self) -> float:
        """Tokens per second from when all write until the first is done, about."""
        begun, ended = max(self.first), min(self.last)
        if ended <= begun:
            return float("nan")
        speeds = [
            (self.answer - 1) / (last - first)
            for first, last in zip(self.first, self.last, strict=True)
        ]
        return sum(speeds)


def write_model(path: Path) -> Path:
    return write_random_llama(
        path,
        layers=16,
        width=1024,
        heads=16,
        kv_heads=8,
        feed_forward=2816,
        context=8192,
        eight_bit=True,
    )


class Asker:
    """Questions of about so many tokens, no two alike."""

    def __init__(self, length: int) -> None:
        self._random = random.Random(5)
        self._length = length

    def ask(self, chats: int) -> list[Question]:
        texts = [" ".join(self._random.choices(WORDS, k=self._length // 3)) for _ in range(chats)]
        return [replace(question(text), asker=f"user-{n}") for n, text in enumerate(texts)]


async def ours(engine: LlamaEngine, questions: Sequence[Question], answer: int) -> Run:
    started = time.perf_counter()

    async def one(asked: Question) -> tuple[float, float]:
        first = 0.0
        async for piece in engine.answer(asked):
            if isinstance(piece, str) and not first:
                first = time.perf_counter() - started
        return first, time.perf_counter() - started

    times = await asyncio.gather(*map(one, questions))
    return Run(tuple(first for first, _ in times), tuple(last for _, last in times), answer)


class Raw:
    """llama.cpp's calls and nothing else."""

    def __init__(self, model: LlamaModel, threads: int, chats: int) -> None:
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = WINDOW * chats
        params.n_batch = params.n_ubatch = READ_BATCH
        params.n_seq_max = chats
        params.n_threads = params.n_threads_batch = threads
        params.no_perf = True
        self.context = llama_cpp.llama_init_from_model(model.pointer, params)
        self.memory = llama_cpp.llama_get_memory(self.context)
        self.sampler = llama_cpp.llama_sampler_init_greedy()
        self.batch = TokenBatch(READ_BATCH)

    def run(self, prompts: Sequence[Sequence[int]], answer: int) -> Run:
        llama_cpp.llama_memory_clear(self.memory, False)
        started = time.perf_counter()
        last: list[int] = []
        for number, prompt in enumerate(prompts):
            for start in range(0, len(prompt), READ_BATCH):
                part = prompt[start : start + READ_BATCH]
                ends = start + len(part) == len(prompt)
                rows = self._decode([Part(number, start, part, output=ends)])
            last.append(llama_cpp.llama_sampler_sample(self.sampler, self.context, rows[0]))
        first = time.perf_counter() - started
        for step in range(answer - 1):
            parts = [
                Part(number, len(prompt) + step, (last[number],), output=True)
                for number, prompt in enumerate(prompts)
            ]
            rows = self._decode(parts)
            last = [llama_cpp.llama_sampler_sample(self.sampler, self.context, row) for row in rows]
        took = time.perf_counter() - started
        return Run((first,) * len(prompts), (took,) * len(prompts), answer)

    def _decode(self, parts: Sequence[Part]) -> list[int]:
        rows = self.batch.mixed(parts)
        if llama_cpp.llama_decode(self.context, self.batch.native) != 0:
            raise RuntimeError("llama_decode failed")
        return rows

    def close(self) -> None:
        llama_cpp.llama_free(self.context)


class Locked:
    """What a program gets that puts a lock around `Llama`."""

    def __init__(self, path: Path, threads: int) -> None:
        self.llama = llama_cpp.Llama(
            str(path), n_ctx=WINDOW, n_threads=threads, n_threads_batch=threads, verbose=False
        )
        self.lock = threading.Lock()

    def run(self, prompts: Sequence[Sequence[int]], answer: int) -> Run:
        started = time.perf_counter()
        first, last = [0.0] * len(prompts), [0.0] * len(prompts)

        def one(number: int) -> None:
            with self.lock:
                told = 0
                for _ in self.llama.generate(list(prompts[number]), temp=0.0, repeat_penalty=1.0):
                    told += 1
                    if told == 1:
                        first[number] = time.perf_counter() - started
                    if told == answer:
                        break
            last[number] = time.perf_counter() - started

        threads = [threading.Thread(target=one, args=(n,)) for n in range(len(prompts))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return Run(tuple(first), tuple(last), answer)


def median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--chats", default="1,4,16")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--prompt", type=int, default=256)
    parser.add_argument("--answer", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--model", type=Path)
    options = parser.parse_args()
    asker = Asker(options.prompt)
    with tempfile.TemporaryDirectory() as folder:
        path = options.model or write_model(Path(folder) / "random.gguf")
        llama_runtime.start()
        model = LlamaModel(path, setting="--model")
        template = model_template(model)
        for chats in map(int, options.chats.split(",")):
            engine = await LlamaEngine.open(
                path,
                threads=options.threads,
                context_tokens=WINDOW,
                max_tokens=options.answer,
                slots=16,
            )
            raw = Raw(model, options.threads, chats)
            locked = Locked(path, options.threads)
            runs: dict[str, list[Run]] = {"LlamaEngine": [], "bare calls": [], "locked Llama": []}
            for repeat in range(options.repeats + 1):
                questions = asker.ask(chats)
                prompts = [prompt_tokens(model, template, q, WINDOW).tokens for q in questions]
                order = list(runs) if repeat % 2 else list(runs)[::-1]
                for side in order:
                    if side == "LlamaEngine":
                        run = await ours(engine, questions, options.answer)
                    else:
                        other = raw if side == "bare calls" else locked
                        run = await asyncio.to_thread(other.run, prompts, options.answer)
                    if repeat:  # the first is for warming up
                        runs[side].append(run)
            await engine.close()
            raw.close()
            locked.llama.close()
            _print(chats, len(prompts[0]), options.answer, runs)
        model.close()


def _print(chats: int, prompt: int, answer: int, runs: dict[str, list[Run]]) -> None:
    print(f"\n{chats} chats, prompts of {prompt} tokens, answers of {answer}")
    print(f"{'':14}{'whole t/s':>10}{'writing t/s':>12}{'first p50':>10}{'first max':>10}")
    for side, found in runs.items():
        print(
            f"{side:14}{median([r.whole for r in found]):10.1f}"
            f"{median([r.writing for r in found]):12.1f}"
            f"{median([median(r.first) for r in found]):10.2f}"
            f"{median([max(r.first) for r in found]):10.2f}"
        )
    whole = {side: median([run.whole for run in found]) for side, found in runs.items()}
    print(
        f"whole: {whole['LlamaEngine'] / whole['bare calls']:.2f} of bare calls, "
        f"{whole['LlamaEngine'] / whole['locked Llama']:.2f} of the locked Llama"
    )
    fair = median([min(r.last) / max(r.last) for r in runs["LlamaEngine"]])
    print(f"fastest / slowest end: {fair:.2f}", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
