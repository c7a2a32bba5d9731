"""The search index on its own: exact neighbours, hashed words, damage found."""

from __future__ import annotations

import asyncio
import shutil
import threading
import uuid
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from appliance.storage.file_sums import SUMS
from appliance.storage.vector_rows import DamagedIndex, VectorRow
from appliance.storage.vectors import VectorTable
from tests import syncs
from tests.fake_embedder import FakeEmbedder

OPEN_FILES = Path("/proc/self/fd")
KEY = bytes(range(32))
EMBEDDER = FakeEmbedder()
TEXTS = [
    "Give potassium chloride 20 mmol over one hour",
    "Do not give potassium by rapid injection",
    "Warfarin can cause major bleeding",
    "Café au lait spots are harmless; dose 2.5 mg",
]


def rows(texts: list[str], *, document: str | None = None, revision: int = 1) -> list[VectorRow]:
    document = document or str(uuid.uuid4())
    return [
        VectorRow(str(uuid.uuid4()), document, revision, text, EMBEDDER.vector(text))
        for text in texts
    ]


async def created(directory: Path) -> VectorTable:
    return await VectorTable.create(directory, model="fake", dimensions=64, terms_key=KEY)


async def opened(directory: Path, **changes: object) -> VectorTable:
    settings = {"model": "fake", "dimensions": 64, "terms_key": KEY} | changes
    return await VectorTable.open(directory, **settings)  # type: ignore[arg-type]


async def found(table: VectorTable, text: str, rows: list[VectorRow]) -> list[str]:
    texts = {row.chunk_id: row.text for row in rows}
    return [texts[chunk_id] for chunk_id, _ in await table.text_search(text, 10)]


def removed_but_open(folder: Path) -> list[str]:
    names = [str(file.readlink()) for file in OPEN_FILES.iterdir() if file.is_symlink()]
    return [name for name in names if name.startswith(str(folder)) and "(deleted)" in name]


async def test_both_legs_find_and_survive_reopening(tmp_path: Path) -> None:
    table, some = await created(tmp_path / "1"), rows(TEXTS)
    await table.add(some[:2])
    await table.add(some[2:])
    await table.settle()
    for again in (False, True):
        if again:
            await table.close()
            table = await opened(tmp_path / "1")
            assert len(await table.probe()) == 4
        nearest = await table.vector_search(EMBEDDER.vector(TEXTS[2]), 2)
        assert nearest[0][0] == some[2].chunk_id
        assert nearest[0][1] == pytest.approx(1.0, abs=1e-5)
        assert await found(table, "bleeding with WARFARIN?", some) == [TEXTS[2]]
    await table.close()


async def test_vector_search_is_exact_after_any_change(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    table = await created(tmp_path / "1")
    kept: dict[str, np.ndarray] = {}
    documents = [str(uuid.uuid4()) for _ in range(6)]
    for document in documents:
        vectors = random.standard_normal((50, 64)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        some = [VectorRow(str(uuid.uuid4()), document, 1, "text", v) for v in vectors]
        await table.add(some)
        if document != documents[2]:
            kept |= {row.chunk_id: row.vector for row in some}
    await table.delete_document(documents[2])
    question = random.standard_normal(64).astype(np.float32)
    question /= np.linalg.norm(question)
    wanted = sorted(kept, key=lambda i: -float(kept[i] @ question))[:20]
    nearest = await table.vector_search(question, 20)
    assert [chunk_id for chunk_id, _ in nearest] == wanted
    cosines = table.cosines(question, [wanted[5], "unknown"])
    assert cosines == {wanted[5]: pytest.approx(float(kept[wanted[5]] @ question), abs=1e-6)}
    await table.settle()
    await table.close()
    table = await opened(tmp_path / "1")
    assert {chunk_id for chunk_id, *_ in await table.probe()} == set(kept)
    assert await table.vector_search(question, 20) == nearest
    await table.close()


@pytest.mark.parametrize(
    ("question", "answers"),
    [
        ("not", [1]),  # a negation is no stop word
        ("what is the", []),
        ("doses of 2.5", [3]),
        ("doses of 5", [3]),
        ("5", []),  # no part of "2.5"
        ("cafe", [3]),
        ("injections", [1]),
        ("potassium", [0, 1]),
        ("", []),
        ("'; DROP TABLE chunks; --", []),
        ('"potassium', [0, 1]),
        ("potassium AND (warfarin OR", [0, 1, 2]),
        ("\x00\ud800", []),
        ("word " * 5_000 + "warfarin", [2]),
    ],
)
async def test_words_are_found_as_written(
    tmp_path: Path, question: str, answers: list[int]
) -> None:
    table, some = await created(tmp_path / "1"), rows(TEXTS)
    await table.add(some)
    await table.settle()
    assert sorted(await found(table, question, some)) == sorted(TEXTS[n] for n in answers)
    await table.close()


async def test_no_word_of_a_document_is_on_disk(tmp_path: Path) -> None:
    table = await created(tmp_path / "1")
    await table.add(rows(TEXTS * 50))
    await table.settle()
    await table.close()
    everything = content(tmp_path)
    assert len(everything) > 1000
    for word in (b"potassium", b"Warfarin", b"warfarin", b"bleeding"):
        assert word not in everything


async def test_a_document_goes_and_one_revision_can_stay(tmp_path: Path) -> None:
    table, document = await created(tmp_path / "1"), str(uuid.uuid4())
    old, new = rows(TEXTS[:2], document=document), rows(TEXTS[:2], document=document, revision=2)
    other = rows(TEXTS[2:])
    await table.add([*old, *new, *other])
    await table.settle()
    await table.delete_document(document, except_revision=2)
    hits = {chunk_id for chunk_id, _ in await table.text_search("potassium", 10)}
    assert hits == {row.chunk_id for row in new}
    await table.delete_document(document)
    assert await table.text_search("potassium", 10) == []
    await table.settle()
    assert {i for i, *_ in await table.probe()} == {row.chunk_id for row in other}
    await table.close()


async def test_only_uuids_reach_a_filter(tmp_path: Path) -> None:
    table = await created(tmp_path / "1")
    await table.add(rows(TEXTS))
    await table.settle()
    for hostile in ("x' OR '1'='1", "", "' OR true --"):
        with pytest.raises(ValueError, match="UUID"):
            await table.delete_document(hostile)
    assert len(await table.probe()) == 4
    await table.close()


@pytest.mark.parametrize(
    "changes", [{"model": "another"}, {"dimensions": 32}], ids=["model", "dimensions"]
)
async def test_vectors_of_another_model_are_refused(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    await (await created(tmp_path / "1")).close()
    with pytest.raises(DamagedIndex):
        await opened(tmp_path / "1", **changes)


@pytest.mark.parametrize("kind", ["emptied", "zeroed", "flipped", "removed"])
@pytest.mark.parametrize("folder", ["data", "_indices", "_versions"])
async def test_damage_is_found_by_reading(tmp_path: Path, kind: str, folder: str) -> None:
    table = await created(tmp_path / "1")
    await table.add(rows(TEXTS * 100))
    await table.settle()
    await table.close()
    damage(tmp_path / "1" / "chunks.lance" / folder, kind)
    with pytest.raises(DamagedIndex):
        table = await opened(tmp_path / "1")
        try:
            # A manifest of zeros is one of an empty table: whoever compares the rows will see.
            if len(await table.probe()) != 4 * 100:
                raise DamagedIndex
        finally:
            await table.close()


async def test_a_flipped_bit_in_any_file_is_harmless_or_found(tmp_path: Path) -> None:
    """LanceDB itself reads on over a wrong byte in its full-text files and loses hits by it."""
    table, some = await created(tmp_path / "1"), rows(TEXTS * 25)
    for start in (0, 50):
        await table.add(some[start : start + 50])
        await table.settle()
    expected = await everything_found(table)
    await table.close()
    tried, unnoticed = 0, []
    for path in sorted(path for path in (tmp_path / "1").rglob("*") if path.is_file()):
        whole = path.read_bytes()
        for place in sorted({0, len(whole) // 3, len(whole) // 2, len(whole) - 1}):
            flipped = bytearray(whole)
            flipped[place] ^= 0x04
            path.write_bytes(flipped)
            tried += 1
            try:
                table = await opened(tmp_path / "1")
            except DamagedIndex:
                continue
            await table.probe()
            assert await everything_found(table) == expected, (path, place)
            unnoticed.append(path)
            await table.close()
        path.write_bytes(whole)
    assert tried > 40
    # What may pass is LanceDB's hint about its newest version, which it can do without.
    assert {path.suffix for path in unnoticed} <= {".json"}
    assert len(set(unnoticed)) <= 1


async def everything_found(table: VectorTable) -> list[list[tuple[str, float]]]:
    words = " ".join(TEXTS).split()
    return [sorted(await table.text_search(word, 1000)) for word in words] + [
        await table.vector_search(EMBEDDER.vector(text), 1000) for text in TEXTS
    ]


async def test_a_vanished_directory_is_damage(tmp_path: Path) -> None:
    table = await created(tmp_path / "1")
    await table.add(rows(TEXTS))
    shutil.rmtree(tmp_path / "1")
    with pytest.raises(DamagedIndex):
        await table.settle()
    await table.close()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("chunk_id", "another"),
        ("document_id", "another"),
        ("revision", 7),
        ("vector", [0.125] * 64),
        ("terms", "0011aabb"),
    ],
)
async def test_a_row_that_is_not_what_was_written_is_noticed(
    tmp_path: Path, column: str, value: object
) -> None:
    table, some = await created(tmp_path / "1"), rows(TEXTS)
    await table.add(some)
    await table.settle()
    await table.check()
    # LanceDB itself writes it, and so finds nothing wrong with it.
    await table._table.update({column: value}, where=f"chunk_id = '{some[1].chunk_id}'")
    await table.settle()
    with pytest.raises(DamagedIndex, match="not what was written"):
        await table.probe()
    await table.close()


async def test_what_is_settled_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = await created(tmp_path / "1")
    synced, on_disk = syncs.recorded(monkeypatch), set[Path]()
    for _ in range(2):
        await table.add(rows(TEXTS))
        assert synced == []
        await table.settle()
        everything = [tmp_path / "1", *(tmp_path / "1").rglob("*")]
        assert len(everything) > 5
        now = dict(synced)
        for path in everything:
            if path.is_dir():
                assert now[path] == sorted(child.name for child in path.iterdir())
        new = {path for path in everything if path.is_file()} - on_disk
        renamed = {tmp_path / "1" / SUMS}  # synced before it got its name
        assert new and new - renamed <= now.keys()
        assert now.keys() >= {tmp_path / "1" / "sums.tmp"}
        on_disk |= new
        synced.clear()
    await table.close()


@pytest.mark.parametrize("act", ["settle", "delete"])
async def test_a_cancelled_writer_keeps_others_out_until_it_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    table, some = await created(tmp_path / "1"), rows(TEXTS)
    await table.add(some)
    begun, release = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    owner: object = table._sums if act == "settle" else table._vectors
    name = "sync" if act == "settle" else "remove"
    work = getattr(owner, name)

    def slow(*arguments: object, **options: object) -> None:
        loop.call_soon_threadsafe(begun.set)
        assert release.wait(10)
        work(*arguments, **options)

    monkeypatch.setattr(owner, name, slow)
    call = table.settle() if act == "settle" else table.delete_document(some[0].document_id)
    writing = asyncio.create_task(call)
    await begun.wait()
    other = asyncio.create_task(table.add(rows(["Give oxygen"])))
    for _ in range(2):  # an impatient caller
        writing.cancel()
        await asyncio.sleep(0.05)
    assert not writing.done()
    assert not other.done()
    release.set()
    with pytest.raises(asyncio.CancelledError):
        await writing
    await other
    monkeypatch.undo()
    await table.settle()
    left = await table.vector_search(EMBEDDER.vector("Give oxygen"), 10)
    assert len(left) == len(await table.probe()) == (5 if act == "settle" else 1)
    await table.close()


@pytest.mark.skipif(not OPEN_FILES.is_dir(), reason="/proc tells which files are open")
async def test_no_file_of_an_older_version_stays_open(tmp_path: Path) -> None:
    """Each would be a descriptor and some memory for every document that ever came."""
    table = await created(tmp_path / "1")
    for _ in range(8):
        await table.add(rows(TEXTS * 16))  # of a few rows, LanceDB reads the whole index at once
        await table.settle()
        assert await table.text_search("potassium", 10)
    assert len(removed_but_open(tmp_path)) < 4
    await table.close()


async def test_searches_go_on_while_the_index_changes(tmp_path: Path) -> None:
    table, some = await created(tmp_path / "1"), rows(TEXTS)
    await table.add(some)
    await table.settle()

    async def change() -> None:
        for _ in range(5):
            await table.add(rows(["unrelated words"] * 40))
            await table.settle()

    changing = asyncio.create_task(change())
    searches = 0
    while not changing.done():
        assert await found(table, "warfarin bleeding", some) == [TEXTS[2]]
        searches += 1
    await changing
    assert searches > 5
    await table.close()


def content(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())


def damage(directory: Path, kind: str) -> None:
    change: dict[str, Callable[[bytes], bytes]] = {
        "emptied": lambda _: b"",
        "zeroed": lambda raw: bytes(len(raw)),
        "flipped": lambda raw: bytes(byte ^ 0x20 for byte in raw),
    }
    for path in directory.rglob("*"):
        if path.is_file():
            if kind == "removed":
                path.unlink()
            else:
                path.write_bytes(change[kind](path.read_bytes()))
