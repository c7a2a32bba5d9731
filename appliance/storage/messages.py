"""Rows of messages. Callers have checked that the conversation is the caller's own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import astuple, replace
from datetime import datetime

from appliance.domain import Message, MessageRole, MessageStatus, NearestSection, Sentence
from appliance.storage import citations, feedback
from appliance.storage.branches import NO_LIMIT, Segment
from appliance.storage.database import Connection, Row
from appliance.storage.instants import from_text, optional_from_text, to_text

_COLUMNS = """seq, id, conversation_id, branch_id, parent_message_id, role, content, status,
              client_message_id, model, tokens, sentences, withheld, nearest, created_at,
              edited_at"""
_BATCH = 1000


def insert(tx: Connection, message: Message) -> None:
    tx.execute(
        """INSERT INTO messages (id, conversation_id, branch_id, parent_message_id, role, content,
                                 status, client_message_id, model, tokens, sentences, created_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            message.id,
            message.conversation_id,
            message.branch_id,
            message.parent_message_id,
            message.role.value,
            message.content,
            message.status.value,
            message.client_message_id,
            message.model,
            message.tokens,
            _sentences_json(message.sentences),
            to_text(message.created_at),
        ),
    )


def finish(
    tx: Connection,
    message: Message,
    *,
    first_token_ms: int | None = None,
    duration_ms: int | None = None,
) -> bool:
    """Write what became of a streaming answer. False when it is streaming no more, or has gone."""
    cursor = tx.execute(
        """UPDATE messages SET content = ?, status = ?, model = ?, tokens = ?, sentences = ?,
                               withheld = ?, nearest = ?, first_token_ms = ?, duration_ms = ?
           WHERE id = ? AND status = 'streaming'""",
        (
            message.content,
            message.status.value,
            message.model,
            message.tokens,
            _sentences_json(message.sentences),
            message.withheld,
            _nearest_json(message.nearest),
            first_token_ms,
            duration_ms,
            message.id,
        ),
    )
    if not cursor.rowcount:
        return False
    citations.insert(tx, message.id, message.citations)
    return True


def edit(tx: Connection, message: Message, content: str, at: datetime) -> None:
    """Give `message` another wording and keep the one it had."""
    tx.execute(
        "INSERT INTO message_edits (message_id, content, replaced_at) VALUES (?, ?, ?)",
        (message.id, message.content, to_text(at)),
    )
    tx.execute(
        "UPDATE messages SET content = ?, edited_at = ? WHERE id = ?",
        (content, to_text(at), message.id),
    )


def delete(tx: Connection, message: Message) -> list[str]:
    """With the answers to it, and with every branch that starts from what goes.

    Returns the ids of all that went. What followed `message` now follows what stood before it.
    """
    rows = tx.execute(
        """WITH RECURSIVE going (id) AS (
             SELECT :id
             UNION
             SELECT id FROM messages
              WHERE conversation_id = :conversation_id AND parent_message_id = :id
                AND role = 'assistant'
             UNION
             SELECT messages.id FROM going
               JOIN branches ON branches.parent_message_id = going.id
               JOIN messages ON messages.conversation_id = branches.conversation_id
                            AND messages.branch_id = branches.id
           )
           DELETE FROM messages WHERE id IN (SELECT id FROM going) RETURNING id""",
        {"id": message.id, "conversation_id": message.conversation_id},
    ).fetchall()
    gone = [row["id"] for row in rows]
    tx.execute(
        """UPDATE messages SET parent_message_id = ?
            WHERE conversation_id = ?
              AND parent_message_id IN (SELECT value FROM json_each(?))""",
        (message.parent_message_id, message.conversation_id, json.dumps(gone)),
    )
    return gone


def interrupt_streaming(tx: Connection) -> list[tuple[str, str]]:
    """Mark every streaming message interrupted; returns (message id, its owner's id)."""
    rows = tx.execute(
        """SELECT messages.id, conversations.user_id FROM messages
           JOIN conversations ON conversations.id = messages.conversation_id
           WHERE messages.status = 'streaming' ORDER BY messages.seq"""
    ).fetchall()
    tx.execute("UPDATE messages SET status = 'interrupted' WHERE status = 'streaming'")
    return [(row["id"], row["user_id"]) for row in rows]


def by_id(tx: Connection, user_id: str, message_id: str) -> Message | None:
    row = tx.execute(
        f"""SELECT {_COLUMNS} FROM messages WHERE id = ? AND conversation_id IN
              (SELECT id FROM conversations WHERE user_id = ?)""",
        (message_id, user_id),
    ).fetchone()
    return _with_citations(tx, [row])[0] if row else None


def by_seqs(tx: Connection, user_id: str, seqs: Sequence[int]) -> list[Message]:
    """Those that are the user's, newest first, without their citations."""
    marks = ", ".join("?" * len(seqs))
    rows = tx.execute(
        f"""SELECT {_COLUMNS} FROM messages WHERE seq IN ({marks}) AND EXISTS
              (SELECT 1 FROM conversations AS c
               WHERE c.id = messages.conversation_id AND c.user_id = ?) ORDER BY seq DESC""",
        (*seqs, user_id),
    )
    return [_message(row) for row in rows]


def seq_of(tx: Connection, user_id: str, message_id: str) -> int | None:
    row = tx.execute(
        """SELECT seq FROM messages WHERE id = ? AND conversation_id IN
             (SELECT id FROM conversations WHERE user_id = ?)""",
        (message_id, user_id),
    ).fetchone()
    return int(row["seq"]) if row else None


def in_conversation(tx: Connection, conversation_id: str, message_id: str) -> Message | None:
    row = tx.execute(
        f"SELECT {_COLUMNS} FROM messages WHERE id = ? AND conversation_id = ?",
        (message_id, conversation_id),
    ).fetchone()
    return _with_citations(tx, [row])[0] if row else None


def characters(tx: Connection, conversation_id: str) -> int:
    """In all its messages."""
    total: int = tx.execute(
        "SELECT coalesce(sum(length(content)), 0) AS n FROM messages WHERE conversation_id = ?",
        (conversation_id,),
    ).fetchone()["n"]
    return total


def questions(tx: Connection, conversation_id: str) -> list[tuple[str, str]]:
    """Id and words of what the person said, in all branches, oldest first."""
    rows = tx.execute(
        """SELECT id, content FROM messages
           WHERE conversation_id = ? AND role = 'user' ORDER BY seq""",
        (conversation_id,),
    )
    return [(row["id"], row["content"]) for row in rows]


def seq_in(tx: Connection, conversation_id: str, message_id: str) -> int | None:
    row = tx.execute(
        "SELECT seq FROM messages WHERE id = ? AND conversation_id = ?",
        (message_id, conversation_id),
    ).fetchone()
    return int(row["seq"]) if row else None


def by_client_id(
    tx: Connection, user_id: str, client_message_id: str, conversation_id: str | None
) -> Message | None:
    """The user's message that was sent under `client_message_id`, in one conversation or in any."""
    row = tx.execute(
        f"""SELECT {_COLUMNS} FROM messages
            WHERE client_message_id = :client_id AND role = 'user'
              AND (:conversation_id IS NULL OR conversation_id = :conversation_id)
              AND conversation_id IN (SELECT id FROM conversations WHERE user_id = :user_id)
            ORDER BY seq LIMIT 1""",
        {
            "client_id": client_message_id,
            "conversation_id": conversation_id,
            "user_id": user_id,
        },
    ).fetchone()
    return _message(row) if row else None


def answer_to(tx: Connection, question: Message) -> Message | None:
    """The first answer to the user's message `question`."""
    row = tx.execute(
        f"""SELECT {_COLUMNS} FROM messages
            WHERE conversation_id = ? AND branch_id = ? AND parent_message_id = ?
              AND role = 'assistant' AND seq > (SELECT seq FROM messages WHERE id = ?)
            ORDER BY seq LIMIT 1""",
        (question.conversation_id, question.branch_id, question.id, question.id),
    ).fetchone()
    return _with_citations(tx, [row])[0] if row else None


def delete_answer(tx: Connection, answer: Message) -> None:
    """An answer from which nothing starts; its question stays."""
    tx.execute("DELETE FROM messages WHERE id = ? AND role = 'assistant'", (answer.id,))


def is_being_answered(tx: Connection, question: Message) -> bool:
    found = tx.execute(
        """SELECT 1 FROM messages
            WHERE conversation_id = ? AND parent_message_id = ? AND status = 'streaming'""",
        (question.conversation_id, question.id),
    ).fetchone()
    return found is not None


def newest_content(tx: Connection, conversation_id: str) -> str | None:
    """The words of the newest message that has any, whatever its branch."""
    row = tx.execute(
        """SELECT content FROM messages WHERE conversation_id = ? AND content <> ''
            ORDER BY seq DESC LIMIT 1""",
        (conversation_id,),
    ).fetchone()
    return row["content"] if row else None


def count(tx: Connection, conversation_id: str, line: Sequence[Segment]) -> int:
    return sum(_count_segment(tx, conversation_id, segment) for segment in line)


def page(
    tx: Connection, conversation_id: str, line: Sequence[Segment], *, offset: int, limit: int
) -> list[Message]:
    """Oldest first."""
    rows: list[Row] = []
    for segment in line:
        if len(rows) == limit:
            break
        if offset:
            held = _count_segment(tx, conversation_id, segment)
            if offset >= held:
                offset -= held
                continue
        rows += tx.execute(
            f"""SELECT {_COLUMNS} FROM messages
                WHERE conversation_id = ? AND branch_id = ? AND seq <= ?
                ORDER BY seq LIMIT ? OFFSET ?""",
            (conversation_id, segment.branch_id, segment.upto, limit - len(rows), offset),
        ).fetchall()
        offset = 0
    return _with_citations(tx, rows)


def page_after(
    tx: Connection, conversation_id: str, line: Sequence[Segment], seq: int, *, limit: int
) -> list[Message]:
    """Oldest first, from the message after `seq` on (keyset)."""
    rows: list[Row] = []
    for segment in line:
        if segment.upto <= seq or len(rows) == limit:
            continue
        rows += tx.execute(
            f"""SELECT {_COLUMNS} FROM messages
                WHERE conversation_id = ? AND branch_id = ? AND seq > ? AND seq <= ?
                ORDER BY seq LIMIT ?""",
            (conversation_id, segment.branch_id, seq, segment.upto, limit - len(rows)),
        ).fetchall()
    return _with_citations(tx, rows)


def whole_line(tx: Connection, conversation_id: str, line: Sequence[Segment]) -> list[Message]:
    """Oldest first."""
    found: list[Message] = []
    for segment in line:
        rows = tx.execute(
            f"""SELECT {_COLUMNS} FROM messages
                WHERE conversation_id = ? AND branch_id = ? AND seq <= ? ORDER BY seq""",
            (conversation_id, segment.branch_id, segment.upto),
        ).fetchall()
        found += _in_batches(tx, rows)
    return found


def all_of(tx: Connection, conversation_id: str) -> list[Message]:
    """Of every branch, in the order in which they were written."""
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM messages WHERE conversation_id = ? ORDER BY seq",
        (conversation_id,),
    ).fetchall()
    return list(_in_batches(tx, rows))


def last(
    tx: Connection, conversation_id: str, line: Sequence[Segment], *, limit: int
) -> list[Message]:
    """The newest `limit` messages of a line, oldest first, without their citations."""
    rows: list[Row] = []
    for segment in reversed(line):
        rows += tx.execute(
            f"""SELECT {_COLUMNS} FROM messages
                WHERE conversation_id = ? AND branch_id = ? AND seq <= ?
                ORDER BY seq DESC LIMIT ?""",
            (conversation_id, segment.branch_id, segment.upto, limit - len(rows)),
        ).fetchall()
        if len(rows) == limit:
            break
    return [_message(row) for row in reversed(rows)]


def _count_segment(tx: Connection, conversation_id: str, segment: Segment) -> int:
    if segment.upto == NO_LIMIT:
        row = tx.execute(
            "SELECT messages FROM branch_counts WHERE conversation_id = ? AND branch_id = ?",
            (conversation_id, segment.branch_id),
        ).fetchone()
        return int(row["messages"]) if row else 0
    total: int = tx.execute(
        """SELECT count(*) AS total FROM messages
           WHERE conversation_id = ? AND branch_id = ? AND seq <= ?""",
        (conversation_id, segment.branch_id, segment.upto),
    ).fetchone()["total"]
    return total


def _in_batches(tx: Connection, rows: Sequence[Row]) -> Iterator[Message]:
    """Like `_with_citations`, for more rows than a statement takes values."""
    for start in range(0, len(rows), _BATCH):
        yield from _with_citations(tx, rows[start : start + _BATCH])


def _with_citations(tx: Connection, rows: Sequence[Row]) -> list[Message]:
    """With their citations and feedback."""
    answers = [row["id"] for row in rows if row["role"] == "assistant"]
    cited = citations.of_messages(tx, answers)
    judged = feedback.of_messages(tx, answers)
    return [
        replace(_message(row), citations=cited.get(row["id"], ()), feedback=judged.get(row["id"]))
        for row in rows
    ]


def _message(row: Row) -> Message:
    return Message(
        id=row["id"],
        conversation_id=row["conversation_id"],
        branch_id=row["branch_id"],
        parent_message_id=row["parent_message_id"],
        role=MessageRole(row["role"]),
        content=row["content"],
        status=MessageStatus(row["status"]),
        created_at=from_text(row["created_at"]),
        client_message_id=row["client_message_id"],
        model=row["model"],
        tokens=row["tokens"],
        edited_at=optional_from_text(row["edited_at"]),
        sentences=_sentences(row["sentences"]),
        withheld=row["withheld"],
        nearest=_nearest(row["nearest"]),
    )


def _sentences_json(sentences: Sequence[Sentence]) -> str:
    return json.dumps(
        [[s.start, s.end, s.supported, list(s.citations)] for s in sentences],
        separators=(",", ":"),
    )


def _nearest_json(sections: Sequence[NearestSection]) -> str:
    return json.dumps([astuple(section) for section in sections], ensure_ascii=False)


def _nearest(text: str) -> tuple[NearestSection, ...]:
    return tuple(NearestSection(*fields) for fields in json.loads(text))


def _sentences(text: str) -> tuple[Sentence, ...]:
    return tuple(
        Sentence(start, end, supported, tuple(cited))
        for start, end, supported, cited in json.loads(text)
    )
