"""Another embedding model takes over while the old one answers, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.domain import Passage
from appliance.errors import Unavailable
from appliance.services.index_builder import IndexBuilder
from appliance.services.serving_embedder import ServingEmbedder
from appliance.storage import embedding_models
from appliance.storage.database import Connection
from tests.fake_embedder import FakeEmbedder
from tests.library import Library, library

TEXTS = {
    "potassium.txt": b"Check the potassium level every four hours.",
    "warfarin.txt": b"Warfarin can cause major bleeding. Check the INR.",
    "vials.txt": b"Single-dose vials must not be used for more than one patient.",
}
VECTORS = """SELECT m.name, count(*) AS vectors FROM chunk_vectors v
               JOIN embedding_models m ON m.id = v.model_id GROUP BY m.name ORDER BY m.name"""


class Closing(FakeEmbedder):
    """Tells when it is closed, and is of no use then."""

    def __init__(self, name: str, dimensions: int = 64) -> None:
        super().__init__(name=name, dimensions=dimensions)
        self.closed = 0

    async def embed(self, texts: Sequence[str], *, background: bool = False) -> NDArray[np.float32]:
        vectors = await super().embed(texts, background=background)
        if self.closed:
            raise Unavailable("The embedding model is closed.")
        return vectors

    async def close(self) -> None:
        self.closed += 1


async def filled(directory: Path) -> None:
    async with library(directory, embedder=FakeEmbedder(name="old")) as lib:
        for name, content in TEXTS.items():
            await lib.added(name, content)


def gated(name: str = "new", dimensions: int = 96) -> Closing:
    embedder = Closing(name, dimensions)
    embedder.gate = asyncio.Event()
    return embedder


async def vectors(lib: Library) -> dict[str, int]:
    def counted(tx: Connection) -> dict[str, int]:
        return {row["name"]: row["vectors"] for row in tx.execute(VECTORS)}

    return await lib.db.read(counted)


def indexes(directory: Path) -> list[str]:
    return sorted(path.name for path in (directory / "index").iterdir())


def files(passages: Sequence[Passage]) -> list[str]:
    return [passage.document.filename for passage in passages]


async def served(lib: Library) -> str:
    model = await lib.db.read(embedding_models.served)
    assert model is not None
    return model.name


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while True:
            if condition():
                return
            await asyncio.sleep(0.01)


async def test_questions_are_answered_throughout(tmp_path: Path) -> None:
    await filled(tmp_path)
    old, new = Closing("old"), gated()
    async with library(tmp_path, embedder=old, coming=new) as lib:
        await new.begun.wait()
        assert lib.index.embedder.name == await served(lib) == "old"
        assert files(await lib.ask_served("bleeding"))[0] == "warfarin.txt"
        await lib.index.check()
        change = lib.index.change
        assert change is not None
        assert (change.model, change.embedded, change.chunks) == ("new", 0, 3)
        assert old.closed == 0

        asked, failures = 0, []

        async def ask() -> None:
            nonlocal asked
            while True:
                if files(await lib.ask_served("bleeding"))[:1] != ["warfarin.txt"]:
                    failures.append(asked)
                asked += 1
                await asyncio.sleep(0)

        asking = [asyncio.create_task(ask()) for _ in range(3)]
        assert new.gate is not None
        new.gate.set()
        await lib.index.changed()
        before = asked
        await until(lambda: asked >= before + 10)
        for task in asking:
            assert not task.done()
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        assert failures == []
        assert lib.index.embedder.name == await served(lib) == "new"
        assert lib.index.change is None
        assert (old.closed, new.closed) == (1, 0)
        assert await vectors(lib) == {"new": 3}
        assert indexes(tmp_path) == ["000002"]
        rows = await lib.db.read(
            lambda tx: tx.execute(
                "SELECT resource_id FROM audit_log WHERE action = 'embedding.switch'"
            ).fetchall()
        )
        assert [row["resource_id"] for row in rows] == ["new"]
    again = FakeEmbedder(name="new", dimensions=96)
    async with library(tmp_path, embedder=again) as lib:
        assert files(await lib.ask("bleeding"))[0] == "warfarin.txt"
    assert again.batches == []
    assert indexes(tmp_path) == ["000002"]


async def test_documents_that_come_and_go_meanwhile_do_so_in_both(tmp_path: Path) -> None:
    await filled(tmp_path)
    new = gated()
    async with library(tmp_path, embedder=Closing("old"), coming=new) as lib:
        await new.begun.wait()
        await lib.added("late.txt", b"Uploaded meanwhile: give oxygen.")
        gone = (await lib.catalogue.listing(search="vials"))[0][0]
        await lib.knowledge.delete(gone.id, actor=None, origin=None)
        changed = (await lib.catalogue.listing(search="potassium"))[0][0]
        await lib.knowledge.reindex(changed.id, actor=None, origin=None)
        await lib.settled(changed.id)
        expected = {"late.txt", "warfarin.txt", "potassium.txt"}
        question = "bleeding oxygen vials"
        assert lib.index.embedder.name == "old"
        assert set(files(await lib.ask_served(question))) == expected
        assert new.gate is not None
        new.gate.set()
        await lib.index.changed()
        assert lib.index.embedder.name == "new"
        assert set(files(await lib.ask_served(question))) == expected
        assert files(await lib.ask_served("oxygen"))[0] == "late.txt"
        assert await vectors(lib) == {"new": 3}
    async with library(tmp_path, embedder=FakeEmbedder(name="new", dimensions=96)) as lib:
        assert set(files(await lib.ask(question))) == expected
    assert indexes(tmp_path) == ["000002"]  # what was left of the change was whole


async def test_an_ingest_in_the_middle_of_the_switch_lands_in_the_new_index(
    tmp_path: Path,
) -> None:
    await filled(tmp_path)
    old, new = Closing("old"), gated()
    async with library(tmp_path, embedder=old, coming=new) as lib:
        await new.begun.wait()
        old.begun.clear()
        old.gate = asyncio.Event()
        late = await lib.add("late.txt", b"Uploaded meanwhile: give oxygen.")
        await old.begun.wait()  # the old model has its text
        assert new.gate is not None
        new.gate.set()
        await until(lambda: not lib.index.embedder._settled.is_set())
        assert await served(lib) == "new"
        assert old.closed == 0  # its work is waited for
        old.gate.set()
        await lib.index.changed()
        assert (await lib.settled(late.id)).chunks_indexed == 1
        assert files(await lib.ask_served("oxygen"))[0] == "late.txt"
        assert lib.index.embedder.name == "new"


async def test_a_stop_in_the_middle_loses_no_vector(tmp_path: Path) -> None:
    await filled(tmp_path)

    class Breaking(Closing):
        """Its third batch never ends."""

        async def embed(
            self, texts: Sequence[str], *, background: bool = False
        ) -> NDArray[np.float32]:
            if len(self.batches) == 2:
                self.begun.set()
                await asyncio.Event().wait()
            found = await super().embed(texts, background=background)
            self.begun.clear()
            return found

    first = Breaking("new", 96)
    async with library(tmp_path, embedder=FakeEmbedder(name="old"), coming=first) as lib:
        await until(lambda: len(first.batches) == 2 and first.begun.is_set())
        change = lib.index.change
        assert change is not None and (change.embedded, change.chunks) == (2, 3)
        assert await vectors(lib) == {"new": 2, "old": 3}
    second = Closing("new", 96)
    async with library(tmp_path, embedder=FakeEmbedder(name="old"), coming=second) as lib:
        await lib.index.changed()
        assert sum(map(len, second.batches)) == 1
        assert files(await lib.ask_served("bleeding"))[0] == "warfarin.txt"
        assert await vectors(lib) == {"new": 3}


@pytest.mark.parametrize("stop", ["before the switch", "after the switch"])
async def test_a_stop_around_the_switch_leaves_one_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: str
) -> None:
    await filled(tmp_path)
    reached = asyncio.Event()

    async def never(*_: object) -> None:
        reached.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        if stop == "before the switch":
            publish: Callable[..., object] = IndexBuilder.publish

            async def published_only(*arguments: object) -> None:
                await publish(*arguments)  # type: ignore[misc]
                await never()

            patch.setattr(IndexBuilder, "publish", published_only)
        else:
            patch.setattr(ServingEmbedder, "replace", never)
        new = Closing("new", 96)
        async with library(tmp_path, embedder=FakeEmbedder(name="old"), coming=new) as lib:
            async with asyncio.timeout(10):
                await reached.wait()
            assert files(await lib.ask_served("bleeding"))[0] == "warfarin.txt"
            serving = await served(lib)
    assert serving == ("old" if stop == "before the switch" else "new")
    assert len(indexes(tmp_path)) == 2
    # As the next start finds it.
    resumed, coming = (
        (FakeEmbedder(name="old"), Closing("new", 96))
        if serving == "old"
        else (FakeEmbedder(name="new", dimensions=96), None)
    )
    async with library(tmp_path, embedder=resumed, coming=coming) as lib:
        assert files(await lib.ask_served("bleeding"))[0] == "warfarin.txt"
        await lib.index.changed()
        assert files(await lib.ask_served("bleeding"))[0] == "warfarin.txt"
        assert await served(lib) == "new"
        assert await vectors(lib) == {"new": 3}
        assert len(indexes(tmp_path)) == 1
    # Nothing was embedded twice.
    assert sum(map(len, new.batches)) == 3
    assert coming is None or coming.batches == [["bleeding"]]


async def test_a_setting_that_is_taken_back_leaves_nothing(tmp_path: Path) -> None:
    await filled(tmp_path)
    new = gated()
    async with library(tmp_path, embedder=FakeEmbedder(name="old"), coming=new) as lib:
        await new.begun.wait()
        new.gate = None
    old = FakeEmbedder(name="old")
    async with library(tmp_path, embedder=old) as lib:
        await lib.index.changed()
        assert files(await lib.ask("bleeding"))[0] == "warfarin.txt"
        assert await vectors(lib) == {"old": 3}
    assert old.batches == []
    assert indexes(tmp_path) == ["000001"]


async def test_a_model_that_fails_is_tried_again_and_the_old_one_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.services.model_change._RETRY_S", 0.05)
    await filled(tmp_path)
    new = Closing("new", 96)
    new.fail_next = Unavailable("The embedding model failed.")
    async with library(tmp_path, embedder=FakeEmbedder(name="old"), coming=new) as lib:
        assert files(await lib.ask_served("bleeding"))[0] == "warfarin.txt"
        await lib.index.changed()
        assert lib.index.embedder.name == "new"
        assert files(await lib.ask_served("bleeding"))[0] == "warfarin.txt"


async def test_who_holds_the_model_keeps_it_and_who_comes_later_gets_the_next() -> None:
    old, new = Closing("old"), Closing("new")
    serving = ServingEmbedder(old)
    names: list[str] = []

    async def question() -> None:
        async with serving.held():
            names.append(serving.name)
            await serving.embed(["x"])  # a second use beside a change that waits

    async with serving.held():
        replacing = asyncio.create_task(serving.replace(new, lambda: None))
        await asyncio.sleep(0)
        late = asyncio.create_task(question())
        await asyncio.sleep(0.01)
        assert serving.name == "old" and not replacing.done() and names == []
        await serving.embed(["x"])
        assert old.closed == 0
    await asyncio.gather(replacing, late)
    assert (names, old.closed) == (["new"], 1)
    # A change that is called off lets everybody go on.
    async with serving.held():
        called_off = asyncio.create_task(serving.replace(old, lambda: None))
        await asyncio.sleep(0)
        called_off.cancel()
        with suppress(asyncio.CancelledError):
            await called_off
    await question()
    assert names == ["new", "new"]
