"""Answers on their way: what has been said so far, and who listens.

A stream keeps its events, so that a listener which is slow, late or gone for a while holds nobody
up and loses nothing: each listener reads at its own pace, from its own place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from appliance.domain import Citation, Message
from appliance.errors import ApplianceError

GRACE_S = 30.0  # how long an answer goes on with nobody listening
RETENTION_S = 60.0  # how long an ended answer can still be listened to
MAX_RETAINED = 256


@dataclass(frozen=True, slots=True)
class Queued:
    """The question waits at `position`, 1 being the next, for about `seconds` more."""

    position: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Sources:
    """The passages that the answer is being written from, numbered as the text will cite them."""

    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """The next words; `seq` counts from 1. All pieces joined are the content that is stored."""

    seq: int
    content: str


@dataclass(frozen=True, slots=True)
class Done:
    """The end: the answer as stored, complete or interrupted."""

    message: Message


@dataclass(frozen=True, slots=True)
class Failed:
    """The end: no usable answer."""

    error: ApplianceError


AnswerEvent = Queued | Sources | Piece | Done | Failed


class AnswerStream:
    """One answer: its writer calls `sources`, `say` and `end`, everybody else `listen`."""

    def __init__(
        self,
        *,
        message_id: str,
        user_message_id: str,
        conversation_id: str,
        user_id: str,
        client_message_id: str | None,
        grace_s: float = GRACE_S,
    ) -> None:
        self.message_id = message_id
        self.user_message_id = user_message_id
        self.conversation_id = conversation_id
        self.user_id = user_id
        self.client_message_id = client_message_id
        self.cancelled = asyncio.Event()
        self.forgotten = False  # what it said was deleted
        self._ended = asyncio.Event()
        self._events: list[AnswerEvent] = []
        self._queued: Queued | None = None  # a place is of no use to who comes after it changed
        self._pieces = 0
        self._listeners: set[Listener] = set()
        self._grace_s = grace_s
        self._grace: asyncio.TimerHandle | None = None

    @property
    def ended(self) -> bool:
        return self._ended.is_set()

    @property
    def pieces(self) -> int:
        return self._pieces

    @property
    def text(self) -> str:
        return "".join(event.content for event in self._events if isinstance(event, Piece))

    def sources(self, citations: Sequence[Citation]) -> None:
        self._add(Sources(tuple(citations)))

    def wait_at(self, position: int, seconds: float) -> None:
        """Its question waits for the engine, or waits at another place than before."""
        if self.ended or self._pieces:
            return
        self._queued = Queued(position, seconds)
        for listener in tuple(self._listeners):
            listener.wake()

    def say(self, content: str) -> bool:
        """False, and unsaid, once it was cancelled or has ended: what was said by then is kept."""
        if self.ended or self.cancelled.is_set():
            return False
        if content:
            self._pieces += 1
            self._queued = None
            self._add(Piece(self._pieces, content))
        return True

    def end(self, event: Done | Failed) -> None:
        if self.ended:
            return
        self._ended.set()
        self._queued = None
        self._stop_grace()
        self._add(event)

    def cancel(self) -> None:
        """Ask whoever writes it to stop; the stream then ends with what was said so far."""
        self.cancelled.set()

    async def wait(self) -> Done | Failed:
        """How it ended."""
        await self._ended.wait()
        last = self._events[-1]
        assert isinstance(last, Done | Failed)
        return last

    def listen(self, wake: Callable[[], None], *, after_seq: int = 0) -> Listener:
        """`wake` is called when there is more to `take`; `after_seq` is the last piece seen."""
        self._stop_grace()
        listener = Listener(self, wake, self._place_after(after_seq))
        self._listeners.add(listener)
        return listener

    def abandon(self) -> None:
        """Let it go on for the grace time, in case a listener comes (back)."""
        if not self.ended and not self._listeners and self._grace is None:
            loop = asyncio.get_running_loop()
            self._grace = loop.call_later(self._grace_s, self.cancel)

    def _leave(self, listener: Listener, *, may_return: bool) -> None:
        self._listeners.discard(listener)
        if self._listeners or self.ended:
            return
        if may_return:
            self.abandon()
        else:
            self.cancel()

    def _place_after(self, after_seq: int) -> int:
        if after_seq <= 0:
            return 0
        for place, event in enumerate(self._events):
            if isinstance(event, Done | Failed) or (
                isinstance(event, Piece) and event.seq > after_seq
            ):
                return place
        return len(self._events)

    def _add(self, event: AnswerEvent) -> None:
        self._events.append(event)
        for listener in tuple(self._listeners):
            listener.wake()

    def _stop_grace(self) -> None:
        if self._grace is not None:
            self._grace.cancel()
            self._grace = None


class Listener:
    """A place in a stream."""

    def __init__(self, stream: AnswerStream, wake: Callable[[], None], place: int) -> None:
        self.stream = stream
        self.wake = wake
        self._place = place
        self._queued: Queued | None = None

    def take(self) -> AnswerEvent | None:
        """The next event, None when there is none yet."""
        events = self.stream._events
        if self._place >= len(events):
            queued = self.stream._queued
            if queued is self._queued:
                return None
            self._queued = queued
            return queued
        event = events[self._place]
        self._place += 1
        return event

    def leave(self, *, may_return: bool) -> None:
        """The last to leave for good stops the answer; `may_return` gives it the grace time."""
        self.stream._leave(self, may_return=may_return)


class AnswerStreams:
    """All answers under way, and those that have just ended."""

    def __init__(self, *, grace_s: float = GRACE_S, retention_s: float = RETENTION_S) -> None:
        self.grace_s = grace_s
        self._retention_s = retention_s
        self._running: dict[str, AnswerStream] = {}
        self._retained: dict[str, AnswerStream] = {}  # oldest first

    @property
    def running(self) -> list[AnswerStream]:
        return list(self._running.values())

    def running_of(self, user_id: str) -> int:
        return sum(stream.user_id == user_id for stream in self._running.values())

    def add(self, stream: AnswerStream) -> None:
        self._running[stream.message_id] = stream

    def find(self, user_id: str, message_id: str) -> AnswerStream | None:
        """None for somebody else's too."""
        stream = self._running.get(message_id) or self._retained.get(message_id)
        return stream if stream is not None and stream.user_id == user_id else None

    def discard(self, stream: AnswerStream) -> None:
        """It came to nothing."""
        self._running.pop(stream.message_id, None)

    def retain(self, stream: AnswerStream) -> None:
        """It has ended: keep it a while for listeners that come back."""
        if self._running.pop(stream.message_id, None) is None or stream.forgotten:
            return
        self._retained[stream.message_id] = stream
        while len(self._retained) > MAX_RETAINED:
            del self._retained[next(iter(self._retained))]
        loop = asyncio.get_running_loop()
        loop.call_later(self._retention_s, self._retained.pop, stream.message_id, None)

    def cancel_conversation(self, conversation_id: str) -> None:
        """Stop its answers and forget what they said."""
        self._forget(lambda stream: stream.conversation_id == conversation_id)

    def cancel_user(self, user_id: str) -> None:
        """Stop the user's answers and forget what they said."""
        self._forget(lambda stream: stream.user_id == user_id)

    def forget(self, message_ids: Collection[str]) -> None:
        """Stop these answers and forget what they said: whoever comes back reads what is stored."""
        self._forget(lambda stream: stream.message_id in message_ids)

    def _forget(self, is_meant: Callable[[AnswerStream], bool]) -> None:
        for stream in self.running:
            if is_meant(stream):
                stream.forgotten = True
                stream.cancel()
        for message_id, stream in list(self._retained.items()):
            if is_meant(stream):
                del self._retained[message_id]
