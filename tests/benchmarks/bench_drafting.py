"""Would drafts that are looked up in the prompt make answers that quote come sooner?

The product has no such drafts; this measures what they would gain.

    python -m tests.benchmarks.bench_drafting [--threads 2 --model FILE --vocabulary FILE]

Prompt lookup decoding (Saxena 2023; llama.cpp's examples/lookup): where the last tokens of an
answer stand in the prompt, what follows there is a draft, computed in one step with the last token
and kept as far as the model would have chosen it. Two things decide, and each is measured:

- what a step takes with a draft of so many tokens for each answer, over one without; "all right" is
  the most that a draft could gain if nothing of it were ever wrong;
- how many tokens a step would have given, counted exactly, of answers that are known: what experts
  wrote from the snippets before them (BioASQ), and the snippets word for word, each with its [n].

The last table has both together: the speed of one answer with drafts over that without. It pays
where that is above 1.2. Steps take the least time of all repeats; with one thread processor time,
which does not change with what else the machine does. Costs depend on how the weights are
quantized, so give the `--model` that is to be used; `--vocabulary` is a GGUF whose tokens are those
of real models (llama.cpp's ggml-vocab-*.gguf will do), since random weights have a small one.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import llama_cpp

from appliance.engines import llama_runtime
from appliance.engines.llama_runtime import LlamaModel
from appliance.engines.prompt import INSTRUCTIONS
from tests.benchmarks.bench_batching import write_model
from tests.shared_data import ROOT

SET = ROOT / "retrieval" / "bioasq_snippets"
LENGTHS = (0, 1, 3, 7, 15)
LEAST_SAME, MOST_SAME = 3, 16  # tokens that stand in the prompt as in the answer
CONTEXT = 600
SNIPPETS = 6
EVERY = 6  # of the questions


@dataclass(frozen=True, slots=True)
class Told:
    """Tokens of a prompt and of its answer."""

    prompt: list[int]
    answer: list[int]


@dataclass(frozen=True, slots=True)
class Drafted:
    """How many steps a set of answers takes, and how many of these have a draft."""

    tokens: int
    steps: int
    with_draft: int

    @property
    def tokens_a_step(self) -> float:
        return self.tokens / self.steps

    def speed(self, cost: float) -> float:
        """Over that without drafts, where a step with a draft takes `cost` plain ones."""
        return self.tokens / (self.steps - self.with_draft + self.with_draft * cost)


def step_seconds(model: LlamaModel, threads: int, sequences: int, repeats: int) -> dict[int, float]:
    """The least of `repeats` steps with a draft of so many tokens for each sequence."""
    params = llama_cpp.llama_context_default_params()
    params.n_ctx = (CONTEXT + 64) * sequences
    params.n_batch = params.n_ubatch = 512
    params.n_seq_max = sequences
    params.n_threads = params.n_threads_batch = threads
    params.no_perf = True
    context = llama_cpp.llama_init_from_model(model.pointer, params)
    memory = llama_cpp.llama_get_memory(context)
    batch = llama_cpp.llama_batch_init(512, 0, 1)
    clock = time.thread_time if threads == 1 else time.perf_counter

    def decode(starts: Sequence[int], length: int, start: int) -> None:
        """`length` tokens for each of the sequences, all with logits where they are drafts."""
        batch.n_tokens = 0
        for sequence in starts:
            for place in range(length):
                at = batch.n_tokens
                batch.token[at] = 10 + (sequence * 7 + start + place) % 200
                batch.pos[at] = start + place
                batch.n_seq_id[at] = 1
                batch.seq_id[at][0] = sequence
                batch.logits[at] = start == CONTEXT
                batch.n_tokens += 1
        if llama_cpp.llama_decode(context, batch) != 0:
            raise RuntimeError("llama_decode failed")

    for sequence in range(sequences):
        for start in range(0, CONTEXT, 200):
            decode([sequence], 200, start)
    took: dict[int, float] = {}
    for repeat in range(repeats + 1):  # the first is for warming up
        for length in LENGTHS if repeat % 2 else LENGTHS[::-1]:
            started = clock()
            decode(range(sequences), 1 + length, CONTEXT)
            seconds = clock() - started
            if repeat:
                took[length] = min(took.get(length, seconds), seconds)
            for sequence in range(sequences):
                llama_cpp.llama_memory_seq_rm(memory, sequence, CONTEXT, -1)
    llama_cpp.llama_batch_free(batch)
    llama_cpp.llama_free(context)
    return took


def answers() -> Iterator[tuple[str, str, str]]:
    """Prompt, what an expert answered, and the snippets' beginnings word for word."""
    with gzip.open(SET / "corpus.jsonl.gz", "rt", encoding="utf-8") as lines:
        texts = {row["id"]: row["text"] for row in map(json.loads, lines)}
    relevant: dict[str, list[str]] = {}
    for line in (SET / "qrels.tsv").read_text("utf-8").splitlines():
        question, snippet, *_ = line.split("\t")
        if snippet in texts:
            relevant.setdefault(question, []).append(texts[snippet])
    questions = (SET / "queries.jsonl").read_text("utf-8").splitlines()
    for question in map(json.loads, questions[::EVERY]):
        snippets = relevant.get(question["id"], [])[:SNIPPETS]
        if not snippets or not question.get("ideal"):
            continue
        numbered = [f"[{n}] Study, page 1\n{text}" for n, text in enumerate(snippets, 1)]
        prompt = "\n\n".join([INSTRUCTIONS, *numbered, question["text"], ""])
        sentences = [re.split(r"(?<=[.!?])\s", text)[0] for text in snippets[:3]]
        quoted = " ".join(f"{sentence} [{n}]" for n, sentence in enumerate(sentences, 1))
        yield prompt, question["ideal"][0], quoted


def drafted(told: Sequence[Told], length: int) -> Drafted:
    """Step by step as it would be written, with drafts of up to `length` tokens."""
    tokens = steps = with_draft = 0
    for one in told:
        ends: dict[tuple[int, ...], list[int]] = {}
        for end in range(LEAST_SAME, len(one.prompt)):
            ends.setdefault(tuple(one.prompt[end - LEAST_SAME : end]), []).append(end)
        said = 0
        while said < len(one.answer):
            start = _lookup(one.prompt, ends, one.answer[max(0, said - MOST_SAME) : said])
            draft = one.prompt[start : start + length] if start else []
            right = 0
            for guess, token in zip(draft, one.answer[said:], strict=False):
                if guess != token:
                    break
                right += 1
            with_draft += bool(draft)
            steps += 1
            said += right + 1  # and the one that the step's last right token gives
        tokens += len(one.answer)
    return Drafted(tokens, steps, with_draft)


def _lookup(
    prompt: Sequence[int], ends: dict[tuple[int, ...], list[int]], said: Sequence[int]
) -> int:
    """Behind the longest of the last tokens that stands in the prompt; 0 for nowhere."""
    best = found = 0
    for end in ends.get(tuple(said[-LEAST_SAME:]), ()):
        same = LEAST_SAME
        while same < min(len(said), end) and prompt[end - same - 1] == said[-same - 1]:
            same += 1
        if same >= best:
            best, found = same, end
    return found


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--sequences", default="1,2,4,8,16")
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--vocabulary", type=Path)
    options = parser.parse_args()
    if not SET.exists():
        print(f"{SET} is not on this machine: nothing was measured.", file=sys.stderr)
        return 1
    llama_runtime.start()
    costs: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = options.model or write_model(Path(folder) / "random.gguf")
        model = LlamaModel(path, setting="--model")
        tokenize = _tokenizer(options.vocabulary, model)
        texts = list(answers())
        sets = {
            "experts": [Told(tokenize(prompt), tokenize(ideal)) for prompt, ideal, _ in texts],
            "quotes": [Told(tokenize(prompt), tokenize(quoted)) for prompt, _, quoted in texts],
        }
        print(f"{path.name}, {options.threads} threads: steps with drafts over those without")
        for sequences in map(int, options.sequences.split(",")):
            took = step_seconds(model, options.threads, sequences, options.repeats)
            ratios = {length: took[length] / took[0] for length in LENGTHS[1:]}
            costs = costs or ratios
            cells = "".join(
                f"  {n:2}: {ratio:5.2f} (all right {(1 + n) / ratio:.2f})"
                for n, ratio in ratios.items()
            )
            print(f"  {sequences:2} answers, {took[0] * 1e3:6.1f} ms{cells}", flush=True)
        model.close()
    print("\nof one answer, by the most tokens of a draft")
    for name, told in sets.items():
        for length in LENGTHS[1:]:
            found = drafted(told, length)
            print(
                f"  {name} ({len(told)}) {length:3}: {found.tokens_a_step:.2f} tokens a step, "
                f"{found.with_draft / found.steps:.0%} of the steps with a draft, "
                f"speed {found.speed(costs[length]):.2f}",
                flush=True,
            )
    return 0


def _tokenizer(vocabulary: Path | None, model: LlamaModel) -> Callable[[str], list[int]]:
    vocab = model.vocab
    if vocabulary:
        params = llama_cpp.llama_model_default_params()
        params.vocab_only = True
        loaded = llama_cpp.llama_model_load_from_file(str(vocabulary).encode(), params)
        vocab = llama_cpp.llama_model_get_vocab(loaded)

    def tokenize(text: str) -> list[int]:
        data = text.encode()
        tokens = (llama_cpp.llama_token * (len(data) + 8))()
        count = llama_cpp.llama_tokenize(vocab, data, len(data), tokens, len(tokens), False, False)
        return list(tokens[:count])

    return tokenize


if __name__ == "__main__":
    sys.exit(main())
