"""Searching: whose words are found, in which order, and what is gone when it is deleted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.domain import Principal
from appliance.errors import Invalid
from appliance.services.conversation_search import Hit
from appliance.services.conversations import Changes
from appliance.storage import message_search, users
from appliance.storage.database import Connection, Database
from tests.answering_parts import ORIGIN, World, build_world, enrol, pieces_said, principal, rows
from tests.conftest import SettableClock

ADA, BEN = principal("ada"), principal("ben")


@pytest.fixture
async def world(database: Database, tmp_path: Path, clock: SettableClock) -> AsyncIterator[World]:
    await enrol(database, ADA, BEN)
    built, cache = await build_world(database, tmp_path / "cache", clock=clock)
    yield built
    await built.answering.drain(0)
    await cache.close()


async def say(
    world: World, question: str, answer: str = "Nothing.", who: Principal = ADA, title: str = "T"
) -> str:
    """Returns the id of a new conversation with this in it."""
    world.engine.enqueue([answer])
    stream = await world.answering.reply(who, ORIGIN, question)
    await stream.wait()
    await world.conversations.update(who, ORIGIN, stream.conversation_id, Changes(title=title))
    return stream.conversation_id


async def search(world: World, text: str, who: Principal = ADA) -> list[Hit]:
    return (await world.search.find(who, ORIGIN, text)).items


async def snippets(world: World, text: str, who: Principal = ADA) -> list[str]:
    return [hit.snippet.text for hit in await search(world, text, who)]


def indexed(tx: Connection) -> set[str]:
    """Every word that stands anywhere in the index, deleted or not."""
    tx.execute("CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab(main, messages_fts, row)")
    words = {row["term"] for row in tx.execute("SELECT term FROM vocabulary")}
    tx.execute("DROP TABLE temp.vocabulary")
    return words


async def test_titles_first_then_messages_the_newest_first(
    world: World, clock: SettableClock
) -> None:
    old = await say(world, "Potassium first?", "Potassium second.")
    clock.advance(seconds=1)
    new = await say(world, "Potassium third?", title="About sodium")
    clock.advance(seconds=1)
    titled = await say(world, "Unrelated?", title="Potassium at night")
    hits = await search(world, "potassium")
    assert [(hit.conversation.id, hit.snippet.text) for hit in hits] == [
        (titled, "Potassium at night"),
        (new, "Potassium third?"),
        (old, "Potassium second."),
        (old, "Potassium first?"),
    ]
    assert hits[0].message is None
    assert hits[2].message is not None and hits[2].message.role == "assistant"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("dose", True),
        ("DOSE", True),
        ("dos", True),  # the last word may go on
        ("d", False),  # but one letter is too little to go on from
        ("dos amiodarone", False),  # an earlier one may not
        ("amiodarone dos", True),
        ("amiodarone insulin", False),
        ("ubelkeit", True),
        ("Übelkeit", True),
        ("5-ht3", True),
        ("5-HT", True),
        ("5 ht3", True),
        ("mg/kg", True),
        ("kg/mg", False),  # the parts of one word stand side by side
        ("dose —", True),  # marks are no word
        ("—", False),
        ("дигоксин", True),
        ("ose", False),
        ("owner", False),
        ('dose" OR "insulin', False),
        ("dose OR insulin", False),
        ("dose NOT amiodarone", False),
        ("content : dose", False),
        ("NEAR(dose amiodarone)", False),
        ("do*", False),
        ("^dose", True),  # a mark, no operator
        ("(dose)", True),
        ("{owner content} : dose", False),
    ],
)
async def test_what_finds_a_message(text: str, found: bool, world: World) -> None:
    await say(world, "Amiodarone dose in mg/kg, Übelkeit and 5-HT3, дигоксин?", "-")
    assert bool(await search(world, text)) is found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("hyper", True),
        ("KALAEMIA", True),
        ("ward hyperkalaemia", True),
        ("ward sodium", False),
        ("100%", True),
        ("100_", False),
        ("%", True),
        ("_", False),
        ("\\", False),
    ],
)
async def test_what_finds_a_title(text: str, found: bool, world: World) -> None:
    await world.conversations.create(ADA, ORIGIN, title="Hyperkalaemia on ward 100%")
    assert bool(await search(world, text)) is found
    page = await world.reads.find(ADA, ORIGIN, search=text)
    assert page.total == len(page.items) == int(found)


async def test_pages_joined_are_the_whole(world: World, clock: SettableClock) -> None:
    for number in range(4):
        await say(world, f"Potassium {number}?", "Potassium.", title=f"Potassium {number}")
        clock.advance(seconds=number % 2)
    whole = await world.search.find(ADA, ORIGIN, "potassium", limit=50)
    assert len(whole.items) == 12 and whole.next_cursor is None
    for limit in (1, 3, 4, 5, 11, 12):
        joined: list[Hit] = []
        cursor = None
        while True:
            page = await world.search.find(ADA, ORIGIN, "potassium", limit=limit, cursor=cursor)
            assert len(page.items) <= limit
            joined += page.items
            cursor = page.next_cursor
            if cursor is None:
                break
        assert joined == whole.items


@pytest.mark.parametrize("cursor", ["x", "é", "!!!!", "AAAA", "a" * 512])
async def test_a_made_up_cursor_is_refused(cursor: str, world: World) -> None:
    with pytest.raises(Invalid) as caught:
        await world.search.find(ADA, ORIGIN, "x", cursor=cursor)
    assert caught.value.field == "cursor"


async def test_the_list_is_filtered_by_title_or_message(world: World, clock: SettableClock) -> None:
    said = await say(world, "Potassium?")
    clock.advance(seconds=1)
    titled = await say(world, "Unrelated?", title="Potassium")
    await say(world, "Sodium?")
    clock.advance(seconds=1)
    # The words must stand together: in the title, or in one message.
    await say(world, "Chloride?", "Magnesium.")
    page = await world.reads.find(ADA, ORIGIN, search="potassium")
    assert [each.id for each in page.items] == [titled, said] and page.total == 2
    first = await world.reads.find(ADA, ORIGIN, search="potassium", page_size=1)
    assert first.next_cursor is not None
    rest = await world.reads.find(
        ADA, ORIGIN, search="potassium", page_size=1, cursor=first.next_cursor
    )
    assert [each.id for each in first.items + rest.items] == [titled, said]
    assert (await world.reads.find(ADA, ORIGIN, search="chloride magnesium")).total == 0
    assert (await world.reads.find(ADA, ORIGIN, search="potassium", archived=True)).total == 0


async def test_a2_one_users_search_never_finds_anothers_words(world: World) -> None:
    theirs = await say(world, "Canary question?", "Canary answer.", who=BEN, title="Canary title")
    owner = BEN.user.id.replace("-", "")
    for text in (
        "canary",
        "can",
        f"{owner} canary",
        owner,
        f'x") OR owner : "{owner}" AND content : ("canary',
        'canary" OR "',
        "owner : canary",
    ):
        assert await search(world, text) == [], text
        assert (await world.reads.find(ADA, ORIGIN, search=text)).total == 0, text
    hits = await search(world, "canary", who=BEN)
    assert {hit.conversation.id for hit in hits} == {theirs} and len(hits) == 3
    # A cursor of one user's is nothing to the other.
    cursor = (await world.search.find(BEN, ORIGIN, "canary", limit=2)).next_cursor
    await say(world, "Canary of my own?")
    with pytest.raises(Invalid):
        await world.search.find(ADA, ORIGIN, "canary", cursor=cursor)


async def test_the_index_reads_the_rows_of_one_user(world: World) -> None:
    await say(world, "Canary?", who=BEN)
    for words in (["canary"], ["x", 'a"b'], ["*"], ["owner", ":"]):
        expression = message_search.expression(ADA.user.id, words)
        assert expression is None or expression.startswith(
            f'owner : "{ADA.user.id.replace("-", "")}" AND content : ("'
        )

    def seqs(tx: Connection) -> list[int]:
        return message_search.found(tx, ADA.user.id, ["canary"], before=None, limit=9)

    assert await world.database.read(seqs) == []


async def test_deleted_and_changed_words_leave_the_index_itself(world: World) -> None:
    kept = await say(world, "Sodium kept?", "Answer kept.")
    doomed = await say(world, "Canaryone deleted?", "Canarytwo deleted.")
    edited = await say(world, "Canarythree edited?")
    await say(world, "Canaryfour of Ben's?", who=BEN)
    assert {"canaryone", "canarytwo", "canarythree", "canaryfour"} <= await world.database.write(
        indexed
    )
    await world.conversations.delete(ADA, ORIGIN, doomed)

    def change(tx: Connection) -> None:
        tx.execute(
            "UPDATE messages SET content = 'Chloride?' WHERE conversation_id = ? AND role = 'user'",
            (edited,),
        )
        users.delete(tx, BEN.user.id)

    await world.database.write(change)
    for text in ("canaryone", "canarytwo", "canarythree", "canaryfour"):
        for who in (ADA, BEN):
            assert await search(world, text, who) == []
    assert [hit.conversation.id for hit in await search(world, "chloride")] == [edited]
    assert [hit.conversation.id for hit in await search(world, "kept")] == [kept, kept]
    left = await world.database.write(indexed)
    assert not {word for word in left if word.startswith("canary")}
    assert BEN.user.id.replace("-", "") not in left
    assert await world.conversations.delete_all(ADA, ORIGIN) == 2
    assert await world.database.write(indexed) == set()


async def test_a_deleted_message_is_found_no_more(world: World) -> None:
    conversation_id = await say(world, "Canaryone?", "Canarytwo.")
    await world.database.write(
        lambda tx: tx.execute("DELETE FROM messages WHERE content = 'Canarytwo.'").rowcount
    )
    assert await search(world, "canarytwo") == []
    assert [hit.conversation.id for hit in await search(world, "canaryone")] == [conversation_id]
    assert "canarytwo" not in await world.database.write(indexed)


async def test_an_answer_is_found_once_it_is_whole(world: World) -> None:
    world.engine.enqueue(["Half an ", "answer."], hangs=True)
    stream = await world.answering.reply(ADA, ORIGIN, "Question?")
    await pieces_said(stream, 2)
    assert await search(world, "answer") == []
    stream.cancel()
    await stream.wait()
    assert [hit.message and hit.message.id for hit in await search(world, "answer")] == [
        stream.message_id
    ]


async def test_counts_stay_true(world: World) -> None:
    ids = [(await world.conversations.create(ADA, ORIGIN)).id for _ in range(5)]
    await world.conversations.create(BEN, ORIGIN)
    for number in (0, 1, 1):
        await world.conversations.update(
            ADA, ORIGIN, ids[number], Changes(archived=True, title=str(number))
        )
    await world.conversations.update(ADA, ORIGIN, ids[0], Changes(archived=False))
    await world.conversations.delete(ADA, ORIGIN, ids[2])
    truth = await rows(
        world.database,
        """SELECT user_id, archived, count(*) AS conversations FROM conversations
           GROUP BY user_id, archived ORDER BY user_id, archived""",
    )
    kept = await rows(
        world.database,
        """SELECT * FROM conversation_counts WHERE conversations <> 0
           ORDER BY user_id, archived""",
    )
    assert kept == truth
    await say(world, "One?")
    await say(world, "Two?")
    await world.database.write(
        lambda tx: tx.execute("DELETE FROM messages WHERE content = 'One?'").rowcount
    )
    assert await rows(world.database, "SELECT * FROM branch_counts ORDER BY 1") == await rows(
        world.database,
        """SELECT conversation_id, branch_id, count(*) AS messages FROM messages
           GROUP BY 1, 2 ORDER BY 1""",
    )
    for archived, total in ((None, 6), (True, 1), (False, 5)):
        page = await world.reads.find(ADA, ORIGIN, archived=archived)
        assert page.total == len(page.items) == total


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60))
async def test_any_text_can_be_searched_for(text: str, world: World) -> None:
    if not text.strip():
        for field, attempt in (
            ("q", world.search.find(ADA, ORIGIN, text)),
            ("search", world.reads.find(ADA, ORIGIN, search=text)),
        ):
            with pytest.raises(Invalid) as caught:
                await attempt
            assert caught.value.field == field
        return
    for hit in await search(world, text):
        assert hit.conversation.user_id == ADA.user.id
    assert (await world.reads.find(ADA, ORIGIN, search=text)).total == 0
