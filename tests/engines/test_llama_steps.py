"""The scheduler's steps on the test's own thread: everybody has asked before the first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.engines.llama_context import LlamaContext
from appliance.engines.llama_runtime import Part
from appliance.engines.llama_sampler import Sampling
from appliance.engines.llama_scheduler import Event, LlamaScheduler, Request
from appliance.engines.prefix_cache import PrefixCache
from appliance.engines.step_pacer import BLOCK, StepPacer, most_read
from appliance.errors import Unavailable
from tests.engines.questions import question

Heard = Callable[[Event], None]


class Context(LlamaContext):
    """Notes the slots of every step that was tried. With `lost` one in which all three write fails,
    and what that slot held is gone with it.
    """

    def __init__(self, path: Path, lost: int | None) -> None:
        super().__init__(path, threads=1, window=2048, slots=3)
        self.steps: list[list[int]] = []
        self.lost = lost
        self.failed_at: int | None = None

    def decode(self, parts: Sequence[Part], *, writes: bool = False) -> tuple[int, list[int]]:
        self.steps.append([part.sequence for part in parts])
        all_write = len(parts) == 3 and all(len(part.tokens) == 1 for part in parts)
        if self.lost is not None and self.failed_at is None and all_write:
            self.failed_at = len(self.steps)
            return 1, []
        return super().decode(parts, writes=writes)

    def trim(self, slot: int, length: int) -> bool:
        if self.failed_at is not None and slot == self.lost:
            super().trim(slot, 0)
            return length == 0
        return super().trim(slot, length)


@contextmanager
def opened(model: Path, lost: int | None = None) -> Iterator[Context]:
    context = Context(model, lost)
    try:
        yield context
    finally:
        context.close()


def asked(*texts: str) -> list[Request]:
    """By somebody else each."""
    questions = [replace(question(text), asker=f"user-{n}") for n, text in enumerate(texts)]
    return [Request(one, lambda what: None) for one in questions]


def run(
    context: Context, requests: Sequence[Request], heard: Heard = lambda event: None
) -> list[Event]:
    """All that was told until every answer that nobody cancelled has ended; `heard` hears it
    between the steps.
    """
    events: list[Event] = []
    ended: list[Request] = []

    def tell(report: Sequence[Event]) -> None:
        for event in report:
            events.append(event)
            heard(event)
            if not isinstance(event[1], str):
                ended.append(event[0])
        if all(request.cancelled or request in ended for request in requests):
            scheduler.stop()

    scheduler = LlamaScheduler(
        context,
        PrefixCache(1 << 20),
        Sampling(temperature=0.0),
        max_tokens=30,
        queue_limit=len(requests),
        per_user=1,
        tell=tell,
    )
    for request in requests:
        scheduler.submit(request)
    scheduler.run()
    return events


def text(events: Sequence[Event], request: Request) -> str:
    return "".join(what for who, what in events if who is request and isinstance(what, str))


def test_who_asked_first_has_the_first_word_first(model: Path) -> None:
    """Prompts of several steps each are read one after the other, in the order of their coming."""
    with opened(model) as context:
        requests = asked(*(f"{name} " + "why " * 300 for name in ("Ann", "Bob", "Cid")))
        events = run(context, requests)
    begun = list(dict.fromkeys(id(who) for who, what in events if isinstance(what, str)))
    assert begun == [id(request) for request in requests]
    assert len(context.steps) > 3 * 300 / most_read(BLOCK)


def test_a_slot_that_is_free_between_others_is_filled(model: Path) -> None:
    """llama.cpp computes slots with consecutive numbers in one go."""
    with opened(model) as context:
        requests = asked("Story one", "Story two", "Story three")
        _, middle, last = requests
        steps = 0

        def heard(event: Event) -> None:
            nonlocal steps
            if event[0] is last and not middle.cancelled:  # all three write
                middle.cancelled = True
                steps = len(context.steps)

        events = run(context, requests, heard)
        after = context.steps[steps:]
    with opened(model) as context:
        alone = asked("Story one", "Story two", "Story three")[2:]
        assert text(events, last) == text(run(context, alone), alone[0]) != ""
    assert after[0] == [0, 1]
    assert not any(2 in step for step in after)


def test_what_is_lost_with_a_failed_step_is_not_written_on(model: Path) -> None:
    with opened(model) as context:
        expected = asked("Story one", "Story two", "Story three")
        whole = run(context, expected)
    with opened(model, lost=1) as context:
        requests = asked("Story one", "Story two", "Story three")
        events = run(context, requests)
    assert context.failed_at is not None
    assert context.steps[context.failed_at :][:2] == [[0], [2]]
    ends = {id(who): what for who, what in events if not isinstance(what, str)}
    first, lost, last = (ends[id(request)] for request in requests)
    assert first is None and last is None
    assert isinstance(lost, Unavailable) and "code 1)" in lost.message
    for number in (0, 2):
        assert text(events, requests[number]) == text(whole, expected[number]) != ""


def test_a_token_of_a_prompt_is_read_and_not_written(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the pacer hears of steps that read one token each."""
    heard: list[tuple[int, int]] = []
    monkeypatch.setattr(StepPacer, "budget", lambda self, writers, prompts, whole: 1)
    monkeypatch.setattr(
        StepPacer, "observe", lambda self, writers, read, seconds: heard.append((writers, read))
    )
    with opened(model) as context:
        run(context, asked("why"))
    written = [step for step in heard if step[0]]
    read = heard[: len(heard) - len(written)]
    assert read and set(read) == {(0, 1)}
    assert written and set(written) == {(1, 0)}
