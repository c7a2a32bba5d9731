"""Many answers at once from one context, step by step, on the thread that owns it.

Each step computes one token for every answer that is being written and, beside them, a part of one
prompt (continuous batching: Yu et al., "Orca", OSDI 2022; prompts in parts: Agrawal et al.,
"Sarathi-Serve", OSDI 2024). Prompts are read one after the other, so that the first who asked has
its first word early instead of all having theirs at the end.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from appliance.domain import Question
from appliance.engines.answer_grammar import answer_grammar
from appliance.engines.answer_text import AnswerText
from appliance.engines.fair_queue import READ_COST, WRITTEN_COST, FairQueue
from appliance.engines.llama_context import LlamaContext
from appliance.engines.llama_runtime import Part
from appliance.engines.llama_sampler import LlamaSampler, Sampling, TokenTable
from appliance.engines.llama_slots import LlamaSlots, Slot
from appliance.engines.prefix_cache import PrefixCache
from appliance.engines.prompt_tokens import model_template, prompt_tokens, static_tokens
from appliance.engines.protocols import LeftOut, Piece
from appliance.engines.queue_places import QueuePlaces
from appliance.engines.step_pacer import StepPacer
from appliance.errors import ApplianceError, Unavailable

_log = logging.getLogger(__name__)
CLOSED = "The language model is closed."
_FAILED = "The language model failed."


Delivered = Piece | Exception | None  # None ends the answer


@dataclass(eq=False, slots=True)
class Request:
    """One question. Whoever asked sets `cancelled`, which is read before every step."""

    question: Question
    deliver: Callable[[Delivered], None]  # on the event loop
    cancelled: bool = False
    position: int = 0


@dataclass(eq=False, slots=True)
class _Answer:
    """A request in a slot. `token` was chosen and is not yet in the context."""

    request: Request
    slot: Slot
    prompt: list[int]
    shared: int
    left_out: int
    most: int
    text: AnswerText
    sampler: LlamaSampler
    started: float
    begun: bool = False
    to_read: int = 0  # tokens of the prompt that were not there when it was begun
    token: int | None = None
    written: int = 0

    @property
    def unread(self) -> int:
        return len(self.prompt) - (len(self.slot.tokens) if self.begun else 0)

    @property
    def reads(self) -> bool:
        return self.token is None


Event = tuple[Request, Delivered]


class LlamaScheduler:
    """`submit`, `withdraw`, `stop` and the figures are for any thread, `run` for the owner's."""

    def __init__(
        self,
        context: LlamaContext,
        cache: PrefixCache,
        sampling: Sampling,
        *,
        max_tokens: int,
        queue_limit: int,
        per_user: int,
        tell: Callable[[Sequence[Event]], None],
    ) -> None:
        """`tell` hands what a step gave to whom, in order, to the event loop."""
        self._context = context
        self._model = context.model
        self._template = model_template(context.model)
        self._slots = LlamaSlots(context, cache)
        self._table = TokenTable(context.model)
        self._sampling = sampling
        self._pacer = StepPacer(context.block)
        self._max_tokens = max_tokens
        self._tell = tell
        self._wake = threading.Condition()
        self._queue: FairQueue[Request] = FairQueue(limit=queue_limit, per_user=per_user)
        self._queue_changed = False
        self._closing = False
        self._answers: list[_Answer] = []  # in the order of their coming
        self._taken = 0
        self._places = QueuePlaces(context.slots)
        self._step_started: float | None = None

    @property
    def slots(self) -> int:
        return self._context.slots

    @property
    def running(self) -> int:
        return self._taken

    @property
    def waiting(self) -> int:
        return len(self._queue)

    @property
    def step_seconds(self) -> float:
        """For how long the step under way has been; 0 between steps."""
        started = self._step_started
        return 0.0 if started is None else time.monotonic() - started

    def submit(self, request: Request) -> None:
        """Raises Busy when the queue is full, Unavailable once it is closing."""
        with self._wake:
            if self._closing:
                raise Unavailable(CLOSED)
            if not self._queue.push(request.question.asker, request):
                raise self._places.full()
            self._queue_changed = True
            self._wake.notify()

    def withdraw(self, request: Request) -> None:
        """Nobody wants the answer any more: its slot is free before the next step."""
        request.cancelled = True
        with self._wake:
            if self._queue.remove(request.question.asker, request):
                self._queue_changed = True
            self._wake.notify()

    def stop(self) -> None:
        """`run` ends after the step that it is in."""
        with self._wake:
            self._closing = True
            self._wake.notify()

    # From here on: the owner thread.

    def run(self) -> None:
        """Serve until `stop`; what is running or waiting then gets Unavailable."""
        try:
            self._read_static()
            self._step_started = None
            while self._wait():
                self._step_started = time.monotonic()
                self._step()
                self._step_started = None
        finally:
            self._step_started = None
            self._end_all()

    def _wait(self) -> bool:
        with self._wake:
            while not (self._closing or self._answers or len(self._queue)):
                self._wake.wait()
            return not self._closing

    def _end_all(self) -> None:
        with self._wake:
            self._closing = True
            left = self._queue.drain()
        report: list[Event] = []
        for request in [*(answer.request for answer in self._answers), *left]:
            report.append((request, Unavailable(CLOSED)))
        for answer in list(self._answers):
            self._finish(answer)
        self._tell(report)

    def _read_static(self) -> None:
        """What all prompts begin with, read before anybody asks and kept.

        Whatever is wrong with it is told to who asks; without it they only wait longer.
        """
        try:
            tokens = static_tokens(self._model, self._template)
        except Exception as error:
            self._told(error)
            return
        if not self._context.divisible or not 0 < len(tokens) < self._context.window:
            return
        slot = self._slots.take()
        self._slots.begin(slot, "", tokens, len(tokens))
        while (start := len(slot.tokens)) < len(tokens):
            if self._closing:
                break
            part = tokens[start : start + self._pacer.budget(0, 1, len(tokens))]
            self._step_started = time.monotonic()
            code, _ = self._context.decode([Part(slot.number, start, part, output=False)])
            if code != 0:
                self._slots.clear(slot)
                break
            slot.tokens += part
        else:
            self._slots.pin(slot)
        self._slots.release(slot)

    def _step(self) -> None:
        report: list[Event] = []
        for answer in [answer for answer in self._answers if answer.request.cancelled]:
            self._finish(answer)
        self._admit(report)
        self._close_gap()
        parts = self._parts(report)
        if parts:
            started = time.monotonic()
            writers = sum(not answer.reads for answer, _ in parts)
            read = sum(len(part.tokens) for _, part in parts) - writers
            if self._compute(parts, report):
                self._pacer.observe(writers, read, time.monotonic() - started)
        self._tell(report)

    def _admit(self, report: list[Event]) -> None:
        """Give free slots to those whose turn it is, and tell the others their places."""
        while self._slots.free:
            with self._wake:
                found = self._queue.pop()
                if found is None:
                    break
                self._queue_changed = True
                self._taken += 1
            user, request = found
            try:
                answer = self._answer(request)
            except Exception as error:
                self._free(user)
                report.append((request, self._told(error)))
                continue
            self._answers.append(answer)
            if answer.left_out:
                report.append((request, LeftOut(answer.left_out)))
        with self._wake:
            if not self._queue_changed:
                return
            self._queue_changed = False
            order = self._queue.order()
        report.extend(self._places.moved(order, self._taken))

    def _answer(self, request: Request) -> _Answer:
        window = self._context.window
        prompt = prompt_tokens(self._model, self._template, request.question, window)
        # Without passages there is nothing to cite and so no form to keep to.
        grammar = answer_grammar(prompt.passages) if prompt.passages else None
        return _Answer(
            request,
            prompt=prompt.tokens,
            shared=prompt.shared,
            left_out=len(request.question.passages) - prompt.passages,
            most=min(self._max_tokens, window - len(prompt.tokens)),
            text=AnswerText(self._template.stop),
            sampler=LlamaSampler(self._table, self._sampling, grammar),
            slot=self._slots.take(),
            started=time.monotonic(),
        )

    def _close_gap(self) -> None:
        """One answer a step moves where nobody is going to take the free slot between others."""
        if not self._answers or len(self._queue):
            return
        highest = max(self._answers, key=lambda answer: answer.slot.number)
        if highest.begun:
            highest.slot = self._slots.close_gap(highest.slot)

    def _parts(self, report: list[Event]) -> list[tuple[_Answer, Part]]:
        """What the next step computes: a token of each that writes, some of one prompt."""
        parts: list[tuple[_Answer, Part]] = []
        for answer in self._answers:
            if answer.token is not None:
                slot = answer.slot
                part = Part(slot.number, len(slot.tokens), (answer.token,), output=True)
                parts.append((answer, part))
        readers = [answer for answer in self._answers if answer.reads]
        if readers:
            whole = sum(answer.to_read or answer.unread for answer in readers)
            prompts = len(readers) + len(self._queue)
            budget = self._pacer.budget(len(parts), prompts, whole)
            # One that is done in this step goes before the others; else they keep their order.
            reader = next((one for one in readers if one.unread <= budget), readers[0])
            if read := self._prompt_part(reader, budget, report):
                parts.append((reader, read))
        return sorted(parts, key=lambda pair: pair[1].sequence)

    def _prompt_part(self, answer: _Answer, budget: int, report: list[Event]) -> Part | None:
        slot, prompt = answer.slot, answer.prompt
        if not answer.begun:
            try:
                self._slots.begin(slot, answer.request.question.asker, prompt, answer.shared)
            except Exception as error:
                self._fail(answer, self._told(error), report)
                return None
            answer.begun = True
            answer.to_read = answer.unread
        start = len(slot.tokens)
        tokens = prompt[start : start + budget]
        return Part(slot.number, start, tokens, output=start + len(tokens) == len(prompt))

    def _compute(self, parts: list[tuple[_Answer, Part]], report: list[Event]) -> bool:
        """Decode and choose; what cannot be decoded fails alone. False when anything did."""
        writes = any(not answer.reads for answer, _ in parts)
        code, rows = self._context.decode([part for _, part in parts], writes=writes)
        if code != 0:
            for answer, part in parts:
                kept = self._context.trim(part.sequence, part.start)
                if len(parts) == 1 or not kept:
                    told = Unavailable(f"The language model failed (llama.cpp code {code}).")
                    self._fail(answer, told, report)
                else:
                    self._compute([(answer, part)], report)
            return False
        for (answer, part), row in zip(parts, rows, strict=True):
            answer.slot.tokens += part.tokens
            self._charge(answer, part)
            if part.output:
                try:
                    self._choose(answer, row, report)
                except Exception as error:
                    self._fail(answer, self._told(error), report)
        return True

    def _choose(self, answer: _Answer, row: int, report: list[Event]) -> None:
        """The next token of an answer, or its end."""
        token = answer.sampler.next(self._context.pointer, row)
        text, request = answer.text, answer.request
        if token is not None:
            answer.token = token
            answer.written += 1
            if piece := text.take(self._model.piece(token)):
                report.append((request, piece))
            if not text.ended and answer.written < answer.most:
                return
        if not text.ended and (rest := text.rest()):
            report.append((request, rest))
        report.append((request, None))
        self._places.answered(time.monotonic() - answer.started)
        self._finish(answer)

    def _charge(self, answer: _Answer, part: Part) -> None:
        cost = WRITTEN_COST if answer.token is not None else READ_COST * len(part.tokens)
        with self._wake:
            self._queue.charge(answer.request.question.asker, cost)

    def _fail(self, answer: _Answer, error: Exception, report: list[Event]) -> None:
        report.append((answer.request, error))
        self._slots.clear(answer.slot)
        self._finish(answer)

    def _finish(self, answer: _Answer) -> None:
        self._answers.remove(answer)
        answer.sampler.close()
        self._slots.release(answer.slot)
        self._free(answer.request.question.asker)

    def _free(self, user: str) -> None:
        with self._wake:
            self._taken -= 1
            self._queue.done(user)

    def _told(self, error: Exception) -> Exception:
        """The error as the asker may see it; what nobody foresaw is logged, without its words."""
        if isinstance(error, ApplianceError):
            return error
        _log.error("the language model failed: %s", type(error).__name__)
        return Unavailable(_FAILED)
