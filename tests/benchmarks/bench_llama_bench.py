"""Rows 13 and 14: LlamaEngine against llama-bench and llama-batched-bench.

    python -m tests.benchmarks.bench_llama_bench [--chats 1,4,16 --threads 2 --answer 256]

All load the same random-weight model of 190 M parameters. The reference programs compute nothing
but tokens: no text, no sampling, no form. They read all prompts first and then write all answers,
so two speeds are compared: while all answers are being written, and over the whole run with its
prompts of as many tokens as the engine's. The engine reads the instructions, a part of all its
prompts, only once. Answers must be long enough for a time in which all are being written, since the
engine lets the first begin while it reads the others' prompts.
The sides are measured in turn, each with a fresh start.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.domain import Question
from appliance.engines import llama_runtime
from appliance.engines.llama_engine import LlamaEngine
from appliance.engines.llama_runtime import LlamaModel
from appliance.engines.prompt_tokens import model_template, prompt_tokens
from tests.benchmarks import llama_tools
from tests.benchmarks.bench_batching import WINDOW, Asker, write_model


async def told(program: str, *arguments: str) -> list[dict[str, Any]]:
    """The lines of JSON that a reference program prints."""
    path = llama_tools.built(program)
    if path is None:
        sys.exit(f"{program} is not compiled (make llama-tools)")
    process = await asyncio.create_subprocess_exec(
        path, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    output, _ = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"{program} ended with {process.returncode}")
    return [json.loads(line) for line in output.splitlines() if line.startswith(b"{")]


async def one_stream(model: Path, threads: int, prompt: int, answer: int) -> float:
    """Tokens per second that llama-bench writes behind a prompt."""
    sizes = ("--n-prompt", "0", "--n-depth", str(prompt), "--n-gen", str(answer))
    times = ("--repetitions", "3", "--output", "jsonl")
    arguments = ("--model", str(model), "--threads", str(threads), *sizes, *times)
    (row,) = await told("llama-bench", *arguments)
    return float(row["avg_ts"])


async def batched(
    model: Path, threads: int, chats: int, prompt: int, answer: int
) -> tuple[float, float]:
    """Tokens per second that llama-batched-bench writes: (while writing, over the whole run)."""
    sizes = ("-npp", str(prompt), "-ntg", str(answer), "-npl", str(chats))
    context = ("-c", str((prompt + answer) * chats), "-b", "2048", "-ub", "512")
    cores = ("-t", str(threads), "-tb", str(threads))
    arguments = ("-m", str(model), *sizes, *context, *cores, "--output-format", "jsonl")
    (row,) = await told("llama-batched-bench", *arguments)
    return float(row["speed_tg"]), chats * answer / float(row["t"])


@dataclass(frozen=True, slots=True)
class Arrivals:
    """For each chat, the seconds at which its pieces came; `answer` tokens gave them.

    A piece may take several tokens, where a character does.
    """

    chats: tuple[tuple[float, ...], ...]
    answer: int

    @property
    def writing(self) -> float:
        """Tokens per second while all are being written; nan if they never are."""
        begun, ended = max(one[0] for one in self.chats), min(one[-1] for one in self.chats)
        if ended <= begun:
            return math.nan
        within = sum(begun < moment <= ended for one in self.chats for moment in one)
        share = within / sum(map(len, self.chats))
        return share * self.answer * len(self.chats) / (ended - begun)

    @property
    def whole(self) -> float:
        return self.answer * len(self.chats) / max(one[-1] for one in self.chats)


async def arrivals(engine: LlamaEngine, questions: Sequence[Question], answer: int) -> Arrivals:
    started = time.perf_counter()

    async def chat(asked: Question) -> tuple[float, ...]:
        return tuple(
            [
                time.perf_counter() - started
                async for piece in engine.answer(asked)
                if isinstance(piece, str)
            ]
        )

    return Arrivals(tuple(await asyncio.gather(*map(chat, questions))), answer)


class Engine:
    def __init__(self, options: argparse.Namespace, path: Path) -> None:
        self._options = options
        self._path = path
        self._asker = Asker(options.prompt)
        llama_runtime.start()
        model = LlamaModel(path, setting="--model")
        asked = self._asker.ask(1)[0]
        self.prompt = len(prompt_tokens(model, model_template(model), asked, WINDOW).tokens)
        model.close()

    async def run(self, chats: int) -> Arrivals:
        answer = self._options.answer
        engine = await LlamaEngine.open(
            self._path,
            threads=self._options.threads,
            context_tokens=WINDOW,
            max_tokens=answer,
            slots=16,
        )
        await arrivals(engine, self._asker.ask(1), answer)  # with the instructions read before
        run = await arrivals(engine, self._asker.ask(chats), answer)
        await engine.close()
        return run


async def main(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = options.model or write_model(Path(folder) / "random.gguf")
        engine = Engine(options, path)
        print(
            f"prompts of {engine.prompt} tokens, answers of {options.answer}, {options.threads} "
            f"threads; medians of {options.repeats}; tokens per second"
        )
        for chats in map(int, options.chats.split(",")):
            found: dict[str, list[float]] = {}

            def note(found: dict[str, list[float]] = found, **speeds: float) -> None:
                for name, speed in speeds.items():
                    found.setdefault(name, []).append(speed)

            for number in range(options.repeats):
                for side in (0, 1) if number % 2 else (1, 0):
                    if side == 0:
                        run = await engine.run(chats)
                        note(writing=run.writing, whole=run.whole)
                        continue
                    writing, whole = await batched(
                        path, options.threads, chats, engine.prompt, options.answer
                    )
                    note(reference_writing=writing, reference_whole=whole)
                    if chats == 1:
                        bench = await one_stream(
                            path, options.threads, engine.prompt, options.answer
                        )
                        note(bench=bench)
            _print(chats, {name: statistics.median(speeds) for name, speeds in found.items()})


def _print(chats: int, speeds: Mapping[str, float]) -> None:
    print(f"\n{chats} at once{'LlamaEngine':>15}{'batched-bench':>15}{'ratio':>8}")
    for name in ("writing", "whole"):
        mine, reference = speeds[name], speeds[f"reference_{name}"]
        print(f"{name:<12}{mine:12.1f}{reference:15.1f}{mine / reference:8.2f}")
    if "bench" in speeds:
        ratio = speeds["writing"] / speeds["bench"]
        print(f"row 13: {ratio:.2f} of llama-bench's {speeds['bench']:.1f}   reach: >= 0.97")
    else:
        reach = 0.95 if chats <= 4 else 0.90
        ratio = speeds["writing"] / speeds["reference_writing"]
        print(f"row 14: {ratio:.2f}   reach: >= {reach:.2f}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chats", default="1,4,16")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--prompt", type=int, default=64)
    parser.add_argument("--answer", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--model", type=Path, help="instead of the one of random weights")
    asyncio.run(main(parser.parse_args()))
