"""The index is derived: whatever happens to it, it comes back, and says so meanwhile."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.domain import Passage
from appliance.errors import Unavailable
from appliance.storage.vector_rows import DamagedIndex
from appliance.storage.vectors import VectorTable
from tests.fake_embedder import FakeEmbedder
from tests.library import Library, library

TEXTS = {
    "potassium.txt": b"Check the potassium level every four hours.",
    "warfarin.txt": b"Warfarin can cause major bleeding. Check the INR.",
    "vials.txt": b"Single-dose vials must not be used for more than one patient.",
}


async def filled(directory: Path) -> list[Passage]:
    async with library(directory) as lib:
        for name, content in TEXTS.items():
            await lib.added(name, content)
        return await all_answers(lib)


async def all_answers(lib: Library) -> list[Passage]:
    return [
        p for q in ("potassium level", "bleeding", "single dose vials") for p in await lib.ask(q)
    ]


def generation(directory: Path) -> Path:
    (found,) = [path for path in (directory / "index").iterdir() if path.name.isdigit()]
    return found


def inode_of(directory: Path) -> int:
    return generation(directory).stat().st_ino


def remove(directory: Path) -> None:
    shutil.rmtree(directory / "index")


def empty_data(directory: Path) -> None:
    for path in (generation(directory) / "chunks.lance" / "data").iterdir():
        path.write_bytes(b"")


def zero_indices(directory: Path) -> None:
    for path in (generation(directory) / "chunks.lance" / "_indices").rglob("*"):
        if path.is_file():
            path.write_bytes(bytes(path.stat().st_size))


def drop_manifest(directory: Path) -> None:
    (generation(directory) / "index.json").unlink()


def zero_versions(directory: Path) -> None:
    for path in (generation(directory) / "chunks.lance" / "_versions").iterdir():
        path.write_bytes(bytes(path.stat().st_size))


def half_built(directory: Path) -> None:
    """Killed while rebuilding: the new one is not complete."""
    generation(directory).rename(directory / "index" / "000009.partial")


def flip_full_text(directory: Path) -> None:
    """One bit in the postings, over which LanceDB would read on."""
    indices = generation(directory) / "chunks.lance" / "_indices"
    path = max((p for p in indices.rglob("*") if p.is_file()), key=lambda p: p.stat().st_size)
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0x01
    path.write_bytes(content)


def untouched(directory: Path) -> None:
    pass


@pytest.mark.parametrize(
    "damage",
    [
        remove,
        empty_data,
        zero_indices,
        flip_full_text,
        zero_versions,
        drop_manifest,
        half_built,
        untouched,
    ],
    ids=lambda damage: damage.__name__,
)
async def test_the_index_comes_back_from_sqlite_without_embedding_anew(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    before = await filled(tmp_path)
    assert len(before) == 9
    inode = inode_of(tmp_path)
    damage(tmp_path)
    embedder = FakeEmbedder()
    async with library(tmp_path, embedder=embedder) as lib:
        await lib.index.settled()
        assert await all_answers(lib) == before
        await lib.index.check()
    assert embedder.batches == []
    if damage is untouched:
        assert inode_of(tmp_path) == inode
    if damage is flip_full_text:
        assert generation(tmp_path).name == "000002"


async def test_rows_that_are_missing_or_too_many_are_noticed(tmp_path: Path) -> None:
    before = await filled(tmp_path)
    gone = before[0].document.id
    table = await VectorTable.open(
        generation(tmp_path), model="fake", dimensions=64, terms_key=bytes(range(32))
    )
    await table.delete_document(gone)
    await table.close()
    async with library(tmp_path) as lib:
        await lib.index.settled()
        assert await all_answers(lib) == before
        # The other way round: SQLite has lost a document, the index has not.
        await lib.db.write(lambda tx: tx.execute("DELETE FROM documents WHERE id = ?", (gone,)))
        assert gone not in {p.document.id for p in await all_answers(lib)}
    inode = inode_of(tmp_path)
    async with library(tmp_path) as lib:
        assert gone not in {p.document.id for p in await all_answers(lib)}
        hits = await lib.index.search(lib.embedder.vector("x"), "potassium", 50)
        assert len(hits) == 2
    assert inode_of(tmp_path) == inode  # mended, not rebuilt


async def test_another_embedding_model_embeds_everything_again(tmp_path: Path) -> None:
    await filled(tmp_path)
    embedder = FakeEmbedder(name="better", dimensions=128)
    async with library(tmp_path, embedder=embedder) as lib:
        await lib.index.settled()
        assert sum(map(len, embedder.batches)) == 3
        answers = await lib.ask("bleeding")
        assert answers[0].document.filename == "warfarin.txt"
    again = FakeEmbedder(name="better", dimensions=128)
    async with library(tmp_path, embedder=again) as lib:
        assert (await lib.ask("bleeding"))[0].document.filename == "warfarin.txt"
    assert again.batches == []


async def test_a_long_rebuild_goes_on_behind_and_says_so(tmp_path: Path) -> None:
    await filled(tmp_path)
    embedder = FakeEmbedder(name="slow")
    embedder.gate = asyncio.Event()
    async with library(tmp_path, working=False) as lib:
        pass
    async with library(tmp_path, embedder=FakeEmbedder()) as lib:
        await lib.index.close()
        lib.index._builder.embedder = embedder
        await lib.index.open(patience_s=0.05)
        for call in (lib.ask("bleeding"), lib.index.check()):
            with pytest.raises(Unavailable, match="being rebuilt") as refused:
                await call
            assert refused.value.retry_after
        late = await lib.add("late.txt", b"Uploaded meanwhile: give oxygen.")
        gone = (await lib.catalogue.listing(search="vials"))[0][0]
        await lib.knowledge.delete(gone.id, actor=None, origin=None)
        embedder.gate.set()
        await lib.index.settled()
        assert (await lib.settled(late.id)).chunks_indexed == 1
        found = {p.document.filename for p in await lib.ask("bleeding oxygen vials")}
        assert found == {"late.txt", "warfarin.txt", "potassium.txt"}


async def test_damage_found_by_a_search_starts_a_rebuild(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await filled(tmp_path)
    async with library(tmp_path) as lib:

        async def damaged(*_: object) -> list[tuple[str, float]]:
            raise DamagedIndex("test")

        with monkeypatch.context() as patch:
            patch.setattr(VectorTable, "text_search", damaged)
            with pytest.raises(Unavailable, match="being rebuilt"):
                await lib.ask("bleeding")
        await lib.index.settled()
        assert await all_answers(lib) == before


@pytest.mark.parametrize("damage", [empty_data, remove], ids=lambda damage: damage.__name__)
async def test_the_check_reads_and_what_it_finds_damaged_is_rebuilt(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    before = await filled(tmp_path)
    async with library(tmp_path) as lib:
        await lib.index.check()
        damage(tmp_path)
        with pytest.raises(Unavailable, match="being rebuilt"):
            await lib.index.check()
        await lib.index.settled()
        await lib.index.check()
        assert await all_answers(lib) == before


async def test_a_check_during_the_stop_takes_nothing_for_damaged(tmp_path: Path) -> None:
    await filled(tmp_path)
    async with library(tmp_path) as lib:
        release = threading.Event()
        lib.index._ready()._pool.submit(release.wait, 10)  # a search that takes its time
        stopping = asyncio.create_task(lib.index.close())
        await asyncio.sleep(0.05)
        with pytest.raises(Unavailable):
            await lib.index.check()
        assert not stopping.done()
        assert lib.index._rebuilding is None
        release.set()
        await stopping


async def test_a_rebuild_that_fails_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await filled(tmp_path)
    remove(tmp_path)
    monkeypatch.setattr("appliance.services.search_index._RETRY_S", 0.05)
    create, failures = VectorTable.create, [OSError("disk full"), OSError("disk full")]

    async def failing(*arguments: object, **options: object) -> VectorTable:
        if failures:
            raise failures.pop()
        return await create(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(VectorTable, "create", failing)
    async with library(tmp_path) as lib:
        await lib.index.settled()
        assert await all_answers(lib) == before


async def test_every_hit_has_its_own_cosine(tmp_path: Path) -> None:
    class Contrary(FakeEmbedder):
        """Holds that nothing is less like a question than the one document with its word."""

        def vector(self, text: str) -> NDArray[np.float32]:
            return super().vector(text) * np.float32(-1 if "unrelated" in text else 1)

    async with library(tmp_path, embedder=Contrary(dimensions=1024)) as lib:
        pages = "\f".join(f"Filler{number} text about wards." for number in range(300))
        await lib.added("many.txt", pages.encode())
        rare = await lib.added("rare.txt", b"Xylocaine is unrelated.")
        question = "xylocaine"
        vector = lib.embedder.vector(question)
        hits = await lib.index.search(vector, question, 64)
        assert rare.id not in {
            passage.document.id
            for passage in await lib.index.passages(
                [i for i, _ in await lib.index._ready().vector_search(vector, 256)]
            )
        }
        passages = {p.chunk.id: p for p in await lib.index.passages([h.chunk_id for h in hits])}
        assert rare.id in {p.document.id for p in passages.values()}
        for hit in hits:
            passage = passages[hit.chunk_id]
            text = f"{passage.document.title}\n{passage.chunk.text}"
            assert hit.cosine == pytest.approx(
                float(np.dot(lib.embedder.vector(text), vector)), abs=1e-5
            )


async def test_an_empty_knowledge_base_finds_nothing(tmp_path: Path) -> None:
    async with library(tmp_path) as lib:
        assert await lib.ask("anything") == []
        assert await lib.index.passages([]) == []
        assert await lib.index.passages(["' OR 1=1 --"]) == []
