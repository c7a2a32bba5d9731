"""From a question to numbered passages."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import diskcache
import pytest

from appliance.errors import Unavailable
from appliance.services.query import Vocabulary
from appliance.services.retrieval import SPARE, Retrieval
from appliance.storage import knowledge_epoch
from appliance.storage.cache import Cache
from appliance.storage.database import Database
from tests.answering_parts import FakeIndex, Hit, OneVector, passage


async def test_passages_come_in_the_order_of_the_search_with_its_figures(
    database: Database, tmp_path: Path
) -> None:
    first, second, gone = passage("first"), passage("second"), passage("gone")

    class Ranked(FakeIndex):
        async def search(self, vector: Any, text: str, limit: int, **options: Any) -> list[Hit]:
            order = [(second, 0.9, 0.7), (gone, 0.8, 0.6), (first, 0.5, 0.4)]
            return [Hit(p.chunk.id, score, cosine) for p, score, cosine in order]

    cache = await Cache.open(tmp_path / "cache", bytes(32))
    retrieval = Retrieval(database, OneVector(), cast(Any, Ranked([first, second])), cache)
    assert await retrieval.find("which?") == [
        replace(second, score=0.9, similarity=0.7),
        replace(first, score=0.5, similarity=0.4),
    ]
    await cache.close()


async def test_a_repeated_question_is_embedded_and_searched_once(
    database: Database, tmp_path: Path
) -> None:
    cache = await Cache.open(tmp_path / "cache", bytes(32))
    embedder = OneVector()
    index = FakeIndex([passage("text")])
    retrieval = Retrieval(database, embedder, cast(Any, index), cache)
    assert await retrieval.find("what  is\nit?") == await retrieval.find("what is it?")
    assert embedder.texts == index.asked == ["what is it?"]
    await retrieval.find("What is it?")
    assert len(embedder.texts) == 2
    await cache.close()


async def test_a_failing_search_is_not_swallowed(database: Database, tmp_path: Path) -> None:
    cache = await Cache.open(tmp_path / "cache", bytes(32))
    index = FakeIndex(error=Unavailable("The search index is being rebuilt."))
    with pytest.raises(Unavailable):
        await Retrieval(database, OneVector(), cast(Any, index), cache).find("what?")
    await cache.close()


async def test_a_change_of_the_documents_is_seen_by_the_next_question(
    database: Database, tmp_path: Path
) -> None:
    cache = await Cache.open(tmp_path / "cache", bytes(32))
    embedder, index = OneVector(), FakeIndex([passage("old")])
    retrieval = Retrieval(database, embedder, cast(Any, index), cache)
    await retrieval.find("what?")
    index.found.append(passage("new"))
    assert len(await retrieval.find("what?")) == 1  # nobody has said yet that something changed
    await database.write(knowledge_epoch.bump)
    assert [found.chunk.text for found in await retrieval.find("what?")] == ["old", "new"]
    assert (len(index.asked), len(embedder.texts)) == (2, 1)
    await cache.close()


async def test_d3_what_was_deleted_does_not_come_out_of_the_cache(
    database: Database, tmp_path: Path
) -> None:
    cache = await Cache.open(tmp_path / "cache", bytes(32))
    index = FakeIndex([passage("stays"), passage("goes")])
    retrieval = Retrieval(database, OneVector(), cast(Any, index), cache)
    assert len(await retrieval.find("what?")) == 2
    index.found.pop()  # in the same epoch, as if the change had forgotten to tell
    assert [found.chunk.text for found in await retrieval.find("what?")] == ["stays"]
    assert len(index.asked) == 1
    await cache.close()


async def test_a_search_during_a_change_is_kept_for_the_epoch_before_it(
    database: Database, tmp_path: Path
) -> None:
    cache = await Cache.open(tmp_path / "cache", bytes(32))

    class Changing(FakeIndex):
        async def search(self, vector: Any, text: str, limit: int, **options: Any) -> list[Hit]:
            found = await super().search(vector, text, limit, **options)
            if len(self.asked) == 1:
                await database.write(knowledge_epoch.bump)
                self.found.append(passage("new"))
            return found

    retrieval = Retrieval(database, OneVector(), cast(Any, Changing([passage("old")])), cache)
    assert len(await retrieval.find("what?")) == 1
    assert len(await retrieval.find("what?")) == 2
    await cache.close()


async def test_a_failed_search_is_not_remembered(database: Database, tmp_path: Path) -> None:
    cache = await Cache.open(tmp_path / "cache", bytes(32))
    index = FakeIndex([passage("text")], error=Unavailable("The search index is being rebuilt."))
    retrieval = Retrieval(database, OneVector(), cast(Any, index), cache)
    with pytest.raises(Unavailable):
        await retrieval.find("what?")
    index.error = None
    assert len(await retrieval.find("what?")) == 1
    index.error = Unavailable("The search index is being rebuilt.")
    assert len(await retrieval.find("what?")) == 1  # known, so the index is not needed
    await cache.close()


async def test_canary_no_word_of_a_question_is_in_any_file_or_key_of_the_cache(
    database: Database, tmp_path: Path
) -> None:
    keys: list[str] = []
    canary = "Zebulon Quartermain"

    class Watched(Cache):
        def key(self, namespace: str, *parts: str) -> str:
            keys.append(super().key(namespace, *parts))
            return keys[-1]

    cache = await Watched.open(tmp_path / "cache", bytes(32))
    found = passage("Canarypassage about a rash")
    retrieval = Retrieval(database, OneVector(), cast(Any, FakeIndex([found])), cache)
    await retrieval.find(f"Does {canary} have a rash?")
    assert {key.partition(":")[0] for key in keys} == {"retrieval", "question-vector"}
    assert all(re.fullmatch(r"[a-z-]+:[0-9a-f]{64}", key) for key in keys)
    await cache.close()
    files = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert files
    with diskcache.Cache(str(tmp_path / "cache"), disk=diskcache.JSONDisk) as disk:
        stored = " ".join(f"{key} {disk[key]}" for key in disk)
    assert all(key in stored for key in keys)
    everything = stored.encode() + b"".join(path.read_bytes() for path in files)
    for word in (*canary.split(), "rash", "Canarypassage", found.chunk.id, found.document.id):
        assert word.lower().encode() not in everything.lower()


async def test_an_answer_has_more_passages_to_choose_from_than_it_takes(
    database: Database, tmp_path: Path
) -> None:
    some = [passage(f"Zelocin is taken with {n} meals.") for n in range(9)]
    cache = await Cache.open(tmp_path / "cache", bytes(32))
    index = FakeIndex(some)
    retrieval = Retrieval(database, OneVector(), cast(Any, index), cache, limit=2)
    assert len(await retrieval.find("which?")) == 2 * SPARE
    assert len(await retrieval.find("which?", limit=4)) == 4
    await cache.close()


async def test_a_model_of_meanings_gets_abbreviations_spelt_out(
    database: Database, tmp_path: Path
) -> None:
    class Known:
        def vocabulary(self, epoch: int) -> tuple[int, Vocabulary]:
            return epoch, Vocabulary(Counter(["dose"]), [("AF", "atrial fibrillation", 3)])

    cache = await Cache.open(tmp_path / "cache", bytes(32))
    embedder, index = OneVector(), FakeIndex([passage("text")])
    lexicon = cast(Any, Known())
    retrieval = Retrieval(database, embedder, cast(Any, index), cache, lexicon=lexicon)
    await retrieval.find("AF dose")
    assert embedder.texts == ["AF (atrial fibrillation) dose"]
    assert index.asked == ["AF dose"]
    await cache.close()
