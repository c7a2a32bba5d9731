"""Lines of messages through branches, page by page."""

from __future__ import annotations

from datetime import timedelta

import pytest

from appliance.domain import Citation, Message, MessageRole, MessageStatus, Sentence
from appliance.services.conversation_rules import new_conversation
from appliance.storage import branches, conversations, messages
from appliance.storage.branches import Segment
from appliance.storage.database import Connection, Database
from tests.answering_parts import NOW, enrol, principal

ADA, BEN = principal("ada"), principal("ben")
CONVERSATION = new_conversation(ADA.user.id, "Doses", NOW)


def message(name: str, branch: str = "main", **fields: object) -> Message:
    return Message(
        id=name,
        conversation_id=CONVERSATION.id,
        branch_id=branch,
        parent_message_id=None,
        role=MessageRole.USER,
        content=name,
        status=MessageStatus.COMPLETE,
        created_at=NOW,
        **fields,  # type: ignore[arg-type]
    )


@pytest.fixture
async def forked(database: Database) -> Database:
    """main: a b c d; x leaves main after b: x1 x2; y leaves x after x1: y1."""
    await enrol(database, ADA, BEN)

    def work(tx: Connection) -> None:
        conversations.insert(tx, CONVERSATION)
        for name in "ab":
            messages.insert(tx, message(name))
        branches.insert(tx, "x", CONVERSATION.id, "b", NOW)
        messages.insert(tx, message("x1", "x"))
        messages.insert(tx, message("c"))
        branches.insert(tx, "y", CONVERSATION.id, "x1", NOW + timedelta(seconds=1))
        messages.insert(tx, message("x2", "x"))
        messages.insert(tx, message("y1", "y"))
        messages.insert(tx, message("d"))

    await database.write(work)
    return database


LINES = {
    "main": ["a", "b", "c", "d"],
    "x": ["a", "b", "x1", "x2"],
    "y": ["a", "b", "x1", "y1"],
}


@pytest.mark.parametrize("branch", LINES)
@pytest.mark.parametrize("size", [1, 2, 3, 4, 10])
async def test_a_branch_shows_its_ancestors_up_to_where_it_left_them(
    branch: str, size: int, forked: Database
) -> None:
    def work(tx: Connection) -> tuple[list[str], list[str], int, list[str]]:
        line = branches.lineage(tx, branch)
        by_offset: list[str] = []
        while found := messages.page(tx, CONVERSATION.id, line, offset=len(by_offset), limit=size):
            by_offset += [m.id for m in found]
        by_cursor: list[str] = []
        seq = 0
        while found := messages.page_after(tx, CONVERSATION.id, line, seq, limit=size):
            by_cursor += [m.id for m in found]
            seq = messages.seq_in(tx, CONVERSATION.id, found[-1].id) or 0
        last = [m.id for m in messages.last(tx, CONVERSATION.id, line, limit=size)]
        return by_offset, by_cursor, messages.count(tx, CONVERSATION.id, line), last

    by_offset, by_cursor, count, last = await forked.read(work)
    assert by_offset == by_cursor == LINES[branch]
    assert count == 4
    assert last == LINES[branch][-size:]


async def test_a_line_is_made_of_segments(forked: Database) -> None:
    line = await forked.read(lambda tx: branches.lineage(tx, "y"))
    assert [segment.branch_id for segment in line] == ["main", "x", "y"]
    assert [s.upto for s in line] == sorted(s.upto for s in line)
    unknown = await forked.read(lambda tx: branches.lineage(tx, "unknown"))
    assert [segment.branch_id for segment in unknown] == ["unknown"]


async def test_branches_are_listed_main_first(forked: Database) -> None:
    listed = await forked.read(lambda tx: branches.of_conversation(tx, CONVERSATION))
    assert [(b.id, b.parent_message_id, b.message_count) for b in listed] == [
        ("main", None, 4),
        ("x", "b", 2),
        ("y", "x1", 1),
    ]


async def test_an_answer_is_finished_once(forked: Database) -> None:
    citation = Citation(
        id="cite", index=2, document_id="d", chunk_id="c", title="Handbuch für Ärzte",
        category=None, page=3, page_count=9, section=None, snippet="5 µg", char_start=1,
        char_end=5, score=0.5, review_by="2027-01-01", supports=(0, 2),
    )  # fmt: skip
    begun = message("answer")
    done = Message(
        **{
            **{name: getattr(begun, name) for name in Message.__slots__},
            "content": "5 µg [2]",
            "citations": (citation,),
            "sentences": (Sentence(0, 8, True, (2,)), Sentence(9, 12, False)),
            "model": "fake",
            "tokens": 2,
        }
    )

    def begin(tx: Connection) -> None:
        messages.insert(tx, begun)
        tx.execute("UPDATE messages SET status = 'streaming' WHERE id = 'answer'")
        tx.execute("UPDATE messages SET role = 'assistant' WHERE id = 'answer'")

    await forked.write(begin)
    assert await forked.write(lambda tx: messages.finish(tx, done))
    assert not await forked.write(lambda tx: messages.finish(tx, done))
    read = await forked.read(lambda tx: messages.by_id(tx, ADA.user.id, "answer"))
    assert read is not None
    assert (read.content, read.citations, read.sentences) == (
        done.content,
        done.citations,
        done.sentences,
    )
    assert await forked.read(lambda tx: messages.by_id(tx, BEN.user.id, "answer")) is None


async def test_deleting_a_conversation_leaves_nothing(forked: Database) -> None:
    assert not await forked.write(lambda tx: conversations.delete(tx, BEN.user.id, CONVERSATION.id))
    assert await forked.write(lambda tx: conversations.delete(tx, ADA.user.id, CONVERSATION.id))

    def left(tx: Connection) -> int:
        return sum(
            tx.execute(f"SELECT count(*) AS n FROM {table}").fetchone()["n"]
            for table in ("messages", "branches", "citations", "conversations")
        )

    assert await forked.read(left) == 0


async def test_pages_use_the_index_at_any_depth(forked: Database) -> None:
    def plan(tx: Connection) -> str:
        seen: list[str] = []
        tx.set_trace_callback(seen.append)
        messages.page_after(tx, CONVERSATION.id, [Segment("main", 100)], 2, limit=2)
        tx.set_trace_callback(None)
        statement = next(text for text in seen if "FROM messages" in text)
        return str([tuple(row) for row in tx.execute("EXPLAIN QUERY PLAN " + statement)])

    described = await forked.read(plan)
    assert "messages_conversation" in described
    assert "TEMP B-TREE" not in described


async def test_deleting_takes_answers_and_branches_and_mends_the_line(forked: Database) -> None:
    def work(tx: Connection) -> tuple[list[str], list[str], list[tuple[str, str | None]]]:
        for child, parent in (("b", "a"), ("x1", "b"), ("c", "b"), ("d", "c"), ("y1", "x1")):
            tx.execute("UPDATE messages SET parent_message_id = ? WHERE id = ?", (parent, child))
        gone = messages.in_conversation(tx, CONVERSATION.id, "b")
        assert gone is not None
        ids = messages.delete(tx, gone)
        left = tx.execute("SELECT id FROM branches").fetchall()
        rows = tx.execute("SELECT id, parent_message_id FROM messages ORDER BY seq").fetchall()
        return ids, [row["id"] for row in left], [tuple(row) for row in rows]

    ids, left, rows = await forked.write(work)
    # x starts from b, and y from x1: both go whole. What followed b now follows a.
    assert sorted(ids) == ["b", "x1", "x2", "y1"]
    assert left == []
    assert rows == [("a", None), ("c", "a"), ("d", "c")]


async def test_more_messages_than_a_statement_takes(
    forked: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "_BATCH", 2)

    def work(tx: Connection) -> tuple[list[str], list[str]]:
        line = messages.whole_line(tx, CONVERSATION.id, branches.lineage(tx, "y"))
        return [m.id for m in line], [m.id for m in messages.all_of(tx, CONVERSATION.id)]

    line, everything = await forked.read(work)
    assert line == LINES["y"]
    assert everything == ["a", "b", "x1", "c", "x2", "y1", "d"]
