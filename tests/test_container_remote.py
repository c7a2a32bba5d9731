"""The appliance with its language model on another machine."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from appliance.container import Container
from appliance.domain import Passage
from appliance.errors import Unavailable
from appliance.services.query import Query
from appliance.settings import Settings
from tests.answering_parts import (
    DOSE,
    ORIGIN,
    all_bear,
    enrol,
    passage,
    principal,
    rows,
)
from tests.engines.model_server import model_server, spoken, status
from tests.fake_embedder import FakeEmbedder

ADA = principal("ada")
COUNTED = "voiceassist_llm_remote_connections_total"


class Known:
    """A retrieval that always finds the same passage."""

    async def understood(self, question: str) -> Query:
        return Query(question)

    async def find(self, question: str) -> list[Passage]:
        return [passage(DOSE)]


@asynccontextmanager
async def appliance(data_dir: Path, url: str | None, **settings: Any) -> AsyncIterator[Container]:
    remote = {} if url is None else {"llm_backend": "openai", "llm_base_url": url}
    chosen = Settings.model_validate({"data_dir": data_dir, **remote, **settings})
    container = Container(chosen, embedder=FakeEmbedder())
    await container.open()
    try:
        yield container
    finally:
        await container.close()


def connections(container: Container) -> float:
    lines = container.services.metrics.text().decode().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(COUNTED))


async def answered(container: Container) -> list[dict[str, Any]]:
    """Ask once; the stored answers."""
    await enrol(container.database, ADA)
    answering = container.services.answering
    writer = cast(Any, answering)._writer
    writer._retrieval = Known()
    writer._bearing = all_bear
    await answering.reply(ADA, ORIGIN, "What is the dose?")
    await answering.drain(10)
    found: list[dict[str, Any]] = await rows(
        container.database, "SELECT content, status, model FROM messages WHERE role = 'assistant'"
    )
    return found


async def test_answers_are_stored_with_the_name_that_the_server_gives(tmp_path: Path) -> None:
    async with (
        model_server(spoken("The usual dose is 5 mg", " once daily [1].")) as server,
        appliance(tmp_path, server.url) as container,
    ):
        assert await answered(container) == [
            {
                "content": "The usual dose is 5 mg once daily [1].",
                "status": "complete",
                "model": "ward-7b",
            }
        ]
        states = {state.name: state for state in await container.services.health.states()}
        assert (states["answers"].ok, states["answers"].model) == (True, "ward-7b")
        assert connections(container) == len(server.heads) == 2


async def test_what_the_server_makes_up_is_withheld_as_any_models(tmp_path: Path) -> None:
    """It keeps to no grammar; the documents are quoted instead."""
    async with (
        model_server(spoken("Give 500 mg every hour [1].", " And see [7]. Good luck!")) as server,
        appliance(tmp_path, server.url) as container,
    ):
        (answer,) = await answered(container)
    assert "500" not in answer["content"]
    assert "luck" not in answer["content"]
    assert answer["model"] == "extractive"


async def test_a_server_that_is_down_is_named_and_all_else_works(tmp_path: Path) -> None:
    async with model_server() as server:
        url = server.url
    async with appliance(tmp_path, url) as container:
        states = {state.name: state for state in await container.services.health.states()}
        assert not states["answers"].ok
        assert all(state.ok for name, state in states.items() if name != "answers")
        (answer,) = await answered(container)
        assert answer["status"] == "failed"


async def test_a_server_that_is_busy_fails_its_answer_alone(tmp_path: Path) -> None:
    async with (
        model_server(status(503)) as server,
        appliance(tmp_path, server.url) as container,
    ):
        (answer,) = await answered(container)
        assert answer["status"] == "failed"
        assert all(state.ok for state in await container.services.health.states())


async def test_the_one_address_is_all_that_is_connected_to(tmp_path: Path) -> None:
    """Seen by the interpreter itself; a hook stays for good, so it is switched off."""
    seen: list[Any] | None = []

    def notice(event: str, arguments: tuple[Any, ...]) -> None:
        if seen is not None and event in ("socket.connect", "socket.sendto"):
            seen.append(arguments[1])

    sys.addaudithook(notice)
    async with (
        model_server(spoken("The usual dose is 5 mg once daily [1].")) as server,
        appliance(tmp_path, server.url) as container,
    ):
        await answered(container)
        await container.services.health.states()
        counted = connections(container)
    assert seen == [("127.0.0.1", server.port)] * int(counted)
    assert counted >= 2
    seen = None


async def test_without_it_nothing_is_connected_to(tmp_path: Path) -> None:
    async with model_server() as server, appliance(tmp_path, None) as container:
        await answered(container)
        await container.services.health.states()
        assert (connections(container), server.heads) == (0, [])


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"llm_base_url": "http://8.8.8.8"}, "llm_base_url"),
        ({"llm_base_url": "model:8000"}, "llm_base_url"),
        ({"llm_base_url": "http://127.0.0.1:9", "llm_ca_file": "/nowhere.pem"}, "llm_ca_file"),
        ({"llm_base_url": "https://127.0.0.1:9", "llm_ca_file": "/nowhere.pem"}, "llm_ca_file"),
        ({"llm_base_url": "http://127.0.0.1:9", "llm_api_key_file": "/nowhere"}, "api_key_file"),
    ],
)
async def test_settings_that_cannot_be_meant_are_refused_at_the_start(
    tmp_path: Path, settings: dict[str, str], named: str
) -> None:
    with pytest.raises(Unavailable, match=named):
        async with appliance(tmp_path, None, llm_backend="openai", **settings):
            pass
