"""From a question to numbered passages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from appliance.errors import Unavailable
from appliance.services.retrieval import Retrieval
from appliance.storage.cache import Cache
from tests.answering_parts import FakeIndex, Hit, OneVector, passage


async def test_passages_come_in_the_order_of_the_search_with_its_figures(tmp_path: Path) -> None:
    first, second, gone = passage("first"), passage("second"), passage("gone")

    class Ranked(FakeIndex):
        async def search(
            self, vector: Any, text: str, limit: int, *, category: str | None = None
        ) -> list[Hit]:
            order = [(second, 0.9, 0.7), (gone, 0.8, 0.6), (first, 0.5, 0.4)]
            return [Hit(p.chunk.id, score, cosine) for p, score, cosine in order]

    cache = await Cache.open(tmp_path / "cache", bytes(32))
    retrieval = Retrieval(OneVector(), cast(Any, Ranked([first, second])), cache)
    assert await retrieval.find("which?") == [
        replace(second, score=0.9, similarity=0.7),
        replace(first, score=0.5, similarity=0.4),
    ]
    await cache.close()


async def test_a_repeated_question_is_embedded_once(tmp_path: Path) -> None:
    cache = await Cache.open(tmp_path / "cache", bytes(32))
    embedder = OneVector()
    index = FakeIndex([passage("text")])
    retrieval = Retrieval(embedder, cast(Any, index), cache)
    assert await retrieval.find("what  is\nit?") == await retrieval.find("what is it?")
    assert embedder.texts == ["what is it?"]
    assert index.asked == ["what is it?", "what is it?"]
    await retrieval.find("What is it?")
    assert len(embedder.texts) == 2
    await cache.close()


async def test_a_failing_search_is_not_swallowed(tmp_path: Path) -> None:
    cache = await Cache.open(tmp_path / "cache", bytes(32))
    index = FakeIndex(error=Unavailable("The search index is being rebuilt."))
    with pytest.raises(Unavailable):
        await Retrieval(OneVector(), cast(Any, index), cache).find("what?")
    await cache.close()
