"""The setting `embedding_model`, changed between two starts, with two models of random weights."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from appliance.container import Container
from appliance.errors import Unavailable
from appliance.services.knowledge import Metadata
from appliance.services.model_change import ModelChange
from appliance.services.panel import Models
from appliance.services.search_index import SearchIndex
from appliance.settings import Settings
from tests.answering_parts import ORIGIN, enrol, principal
from tests.library import in_pieces
from tests.random_bert import write_random_bert

ADA = principal("ada")
TEXTS = {
    "warfarin.txt": b"The dose of warfarin is 5 mg.",
    "cafe.txt": b"A dose of (5) \xc2\xb0C - the cafes.",
}


@asynccontextmanager
async def served(data_dir: Path, model: Path) -> AsyncIterator[Container]:
    container = Container(Settings(data_dir=data_dir, embedding_model=model, threads=1))
    await container.open()
    try:
        yield container
    finally:
        await container.close()


def index_of(container: Container) -> SearchIndex:
    return cast(SearchIndex, cast(Any, container)._ingestion._index)


async def models(container: Container) -> Models:
    return (await container.services.panel.summary()).models


async def first_found(container: Container, question: str) -> str:
    found = await container.services.knowledge_search.search(
        question, limit=2, category=None, actor=ADA, origin=ORIGIN
    )
    assert len(found.passages) == 2
    return found.passages[0].document.filename


async def fill(container: Container) -> None:
    await enrol(container.database, ADA)
    for name, content in TEXTS.items():
        document, _ = await container.knowledge.import_file(name, in_pieces(content), Metadata())
        async with asyncio.timeout(20):
            while (await container.knowledge.get(document.id)).chunks_indexed == 0:  # noqa: ASYNC110
                await asyncio.sleep(0.02)


async def test_another_model_takes_over_without_an_outage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = write_random_bert(tmp_path / "small.gguf")
    wide = write_random_bert(tmp_path / "wide.gguf", width=96)
    data_dir, question = tmp_path / "data", "What is the dose of warfarin?"
    async with served(data_dir, small) as container:
        await fill(container)
        assert await first_found(container, question) == "warfarin.txt"
        before = await models(container)
        assert before.embedding is not None and before.coming is None

    may_begin, run = asyncio.Event(), ModelChange.run

    async def held_up(*arguments: Any) -> None:
        await may_begin.wait()
        await run(*arguments)

    monkeypatch.setattr(ModelChange, "run", held_up)
    async with served(data_dir, wide) as container:
        during = await models(container)
        assert during.embedding == before.embedding
        assert during.coming is not None and during.coming.model != before.embedding
        assert await first_found(container, question) == "warfarin.txt"
        assert all(state.ok for state in await container.services.health.states())
        may_begin.set()
        await index_of(container).changed()
        after = await models(container)
        assert (after.embedding, after.coming) == (during.coming.model, None)
        assert await first_found(container, question) == "warfarin.txt"
        states = await container.services.health.states()
        assert after.embedding in {state.model for state in states if state.ok}
    small.unlink()  # nobody needs it any more
    async with served(data_dir, wide) as container:
        assert await models(container) == after
        assert await first_found(container, question) == "warfarin.txt"


async def test_without_the_old_file_it_says_so_and_embeds_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    gone = write_random_bert(tmp_path / "gone.gguf")
    wide = write_random_bert(tmp_path / "wide.gguf", width=96)
    async with served(tmp_path / "data", gone) as container:
        await fill(container)
    gone.unlink()
    wait, open_index = asyncio.Event(), SearchIndex.open
    rebuild = SearchIndex._rebuild_until_done

    async def held_up(index: SearchIndex) -> None:
        await wait.wait()
        await rebuild(index)

    async def opened(index: SearchIndex) -> None:
        await open_index(index, patience_s=0.0)

    monkeypatch.setattr(SearchIndex, "_rebuild_until_done", held_up)
    monkeypatch.setattr(SearchIndex, "open", opened)
    with caplog.at_level(logging.WARNING):
        async with served(tmp_path / "data", wide) as container:
            assert "cannot be loaded any more" in caplog.text
            with pytest.raises(Unavailable, match="being rebuilt"):
                await first_found(container, "warfarin")
            wait.set()
            await index_of(container).changed()
            assert await first_found(container, "warfarin dose") == "warfarin.txt"
            assert (await models(container)).coming is None


async def test_another_file_under_the_old_name_is_not_taken_for_it(tmp_path: Path) -> None:
    path = write_random_bert(tmp_path / "model.gguf")
    async with served(tmp_path / "data", path) as container:
        await fill(container)
        before = (await models(container)).embedding
    write_random_bert(path, width=96)
    async with served(tmp_path / "data", path) as container:
        await index_of(container).changed()
        assert (await models(container)).embedding != before
        assert await first_found(container, "warfarin dose") == "warfarin.txt"
