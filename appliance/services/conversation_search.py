"""Searching one's own conversations: titles first, then messages, the newest first of each.

Clinicians look for what they asked lately, so time orders the hits, not a score.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from appliance.domain import Conversation, Message, Principal, RequestOrigin, utc_now
from appliance.services import cursors
from appliance.services.conversation_reads import position, record_read, words_of
from appliance.services.snippets import Snippet, snippet
from appliance.storage import conversations, message_search, messages
from appliance.storage.conversations import Position
from appliance.storage.database import Connection, Database

_TITLE, _MESSAGE = "title", "message"


@dataclass(frozen=True, slots=True)
class Hit:
    """A message that holds the words, or without one a conversation whose title does."""

    conversation: Conversation
    message: Message | None
    snippet: Snippet


@dataclass(frozen=True, slots=True)
class SearchPage:
    items: list[Hit]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class _Start:
    """After this title, or with no more titles after this message."""

    title: Position | None = None
    message_id: str | None = None


class ConversationSearch:
    def __init__(self, db: Database, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._db = db
        self._clock = clock

    async def find(
        self,
        principal: Principal,
        origin: RequestOrigin,
        text: str,
        *,
        limit: int = 20,
        cursor: str | None = None,
    ) -> SearchPage:
        """Hits that hold every word of `text`, the last of which may be the beginning of one.

        `cursor` continues where its page ended. Raises `Invalid` for one that no page gave out,
        and for a blank `text`.
        """
        words = words_of(text, field="q")
        start = _start(cursor)
        user_id, now = principal.user.id, self._clock()

        def places(tx: Connection) -> tuple[list[Position], list[int]]:
            titles: list[Position] = []
            before = None
            if start.message_id is None:
                titles = conversations.titled(tx, user_id, words, start.title, limit=limit + 1)
            else:
                before = messages.seq_of(tx, user_id, start.message_id)
                if before is None:
                    raise cursors.refused()
            left = limit + 1 - len(titles)
            return titles, message_search.found(tx, user_id, words, before=before, limit=left)

        titles, seqs = await self._db.read(places)
        more = len(titles) + len(seqs) > limit
        shown = titles[:limit]
        seqs = seqs[: limit - len(shown)]

        def read(tx: Connection) -> tuple[list[Conversation], list[Message], list[Conversation]]:
            titled = conversations.by_ids(tx, user_id, [place.id for place in shown])
            said = messages.by_seqs(tx, user_id, seqs)
            ids = list(dict.fromkeys(message.conversation_id for message in said))
            around = conversations.by_ids(tx, user_id, ids)
            count = len(titled) + len(said)
            record_read(tx, now, "conversation.search", principal, origin, count=count)
            return titled, said, around

        titled, said, around = await self._db.write(read)
        # In a thread: long messages take longer than the event loop may be held up.
        items = await asyncio.to_thread(_hits, words, titled, said, around)
        return SearchPage(items, _cursor(shown, said) if more else None)


def _hits(
    words: Sequence[str],
    titled: Sequence[Conversation],
    said: Sequence[Message],
    around: Sequence[Conversation],
) -> list[Hit]:
    by_id = {conversation.id: conversation for conversation in around}
    return [Hit(each, None, snippet(each.title, words)) for each in titled] + [
        Hit(by_id[each.conversation_id], each, snippet(each.content, words)) for each in said
    ]


def _cursor(titles: Sequence[Position], said: Sequence[Message]) -> str | None:
    if said:
        return cursors.encode(_MESSAGE, said[-1].id)
    return cursors.encode(_TITLE, titles[-1].updated_at, titles[-1].id) if titles else None


def _start(cursor: str | None) -> _Start:
    if cursor is None:
        return _Start()
    match cursors.decode(cursor):
        case [str(kind), str(message_id)] if kind == _MESSAGE:
            return _Start(message_id=message_id)
        case [str(kind), *rest] if kind == _TITLE:
            return _Start(title=position(rest))
    raise cursors.refused()
