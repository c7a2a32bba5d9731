from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.errors import NotFound, Unavailable
from appliance.services.model_files import ModelFiles, Proof, read_catalogue
from appliance.storage.database import Database

CONTENT = b"GGUF and more"
SUM = hashlib.sha256(CONTENT).hexdigest()
OTHER_SUM = hashlib.sha256(b"other").hexdigest()


class Shelf:
    """A directory of models and what is known of it. `read` counts the files that were read."""

    def __init__(self, database: Database, root: Path) -> None:
        self.database, self.directory = database, root / "models"
        self.directory.mkdir()
        self.catalogue: dict[str, str] = {}
        self.files = ModelFiles(database, self.directory, self.catalogue)
        self.told: list[float] = []

    def put(self, name: str, content: bytes = CONTENT) -> Path:
        path = self.directory / name
        path.write_bytes(content)
        return path

    async def prove(self, path: Path, expected: str | None = None) -> Proof:
        return await self.files.prove(path, expected=expected, on_progress=self.told.append)

    async def accept(self, path: Path, expected: str | None = None) -> Proof:
        proof = await self.prove(path, expected)
        await self.database.write(lambda tx: self.files.accept(tx, proof))
        return proof


@pytest.fixture
async def shelf(database: Database, tmp_path: Path) -> AsyncIterator[Shelf]:
    made = Shelf(database, tmp_path)
    yield made
    made.files.close()


async def test_what_can_be_chosen_lies_in_the_directory(shelf: Shelf, tmp_path: Path) -> None:
    outside = tmp_path / "outside.gguf"
    outside.write_bytes(CONTENT)
    shelf.put("b.gguf")
    shelf.put("a.gguf", b"12345")
    for name in ("notes.txt", ".hidden.gguf", "new\nline.gguf"):
        shelf.put(name)
    (shelf.directory / os.fsdecode(b"\xff.gguf")).write_bytes(CONTENT)
    (shelf.directory / "folder.gguf").mkdir()
    os.mkfifo(shelf.directory / "pipe.gguf")
    (shelf.directory / "within.gguf").symlink_to("a.gguf")
    (shelf.directory / "out.gguf").symlink_to(outside)
    (shelf.directory / "up.gguf").symlink_to("../outside.gguf")
    (shelf.directory / "nowhere.gguf").symlink_to("absent")
    (shelf.directory / "self.gguf").symlink_to("self.gguf")
    listed = [(path.name, size) for path, size in await shelf.files.listing()]
    assert listed == [("a.gguf", 5), ("b.gguf", len(CONTENT)), ("within.gguf", 5)]
    assert (await shelf.files.find("b.gguf")).read_bytes() == CONTENT
    for name in (
        "out.gguf", "up.gguf", "../outside.gguf", str(outside), "folder.gguf", "pipe.gguf",
        "notes.txt", ".hidden.gguf", "", ".", "..", "models/b.gguf", "./b.gguf", "B.gguf",
    ):  # fmt: skip
        with pytest.raises(NotFound):
            await shelf.files.find(name)


async def test_without_a_directory_there_is_nothing_to_choose(
    database: Database, tmp_path: Path
) -> None:
    files = ModelFiles(database, tmp_path / "absent", {})
    assert await files.listing() == []
    files.close()


async def test_a_file_is_read_once_and_not_again_while_it_looks_the_same(shelf: Shelf) -> None:
    path = shelf.put("m.gguf", CONTENT * 1_000_000)  # of several pieces
    first = await shelf.accept(path)
    assert first.sha256 == hashlib.sha256(CONTENT * 1_000_000).hexdigest()
    assert len(shelf.told) > 1 and shelf.told == sorted(shelf.told) and shelf.told[-1] == 1.0
    shelf.told.clear()
    assert await shelf.prove(path) == await shelf.prove(path)
    assert shelf.told == []
    os.utime(path)  # the same bytes, looked at anew
    again = await shelf.accept(path)
    assert shelf.told and again.sha256 == first.sha256
    shelf.told.clear()
    await shelf.prove(path)
    assert shelf.told == []


async def test_other_bytes_under_an_accepted_name_are_refused(shelf: Shelf) -> None:
    path = shelf.put("m.gguf")
    await shelf.accept(path)
    shelf.put("m.gguf", b"other")
    with pytest.raises(Unavailable, match=rf"m\.gguf.*not the file that was accepted.*{OTHER_SUM}"):
        await shelf.prove(path)
    with pytest.raises(Unavailable, match="does not have the SHA-256 that was given"):
        await shelf.prove(path, SUM)
    await shelf.accept(path, OTHER_SUM)  # whoever names the sum means this file
    await shelf.prove(path)
    shelf.put("m.gguf")
    with pytest.raises(Unavailable, match="not the file that was accepted"):
        await shelf.prove(path)


async def test_bytes_changed_under_the_old_size_and_time_are_seen(shelf: Shelf) -> None:
    path = shelf.put("m.gguf")
    await shelf.accept(path)
    before = path.stat()
    with path.open("r+b") as file:
        file.write(CONTENT.replace(b"more", b"less"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns, after.st_ino) == (
        before.st_size, before.st_mtime_ns, before.st_ino,
    )  # fmt: skip
    with pytest.raises(Unavailable, match="not the file that was accepted"):
        await shelf.prove(path)


async def test_the_catalogue_goes_before_everything(shelf: Shelf) -> None:
    path = shelf.put("m.gguf")
    await shelf.accept(path)
    shelf.catalogue["m.gguf"] = OTHER_SUM
    for expected in (None, SUM, OTHER_SUM):
        with pytest.raises(Unavailable, match="catalogue of models"):
            await shelf.prove(path, expected)
    assert len(shelf.told) == 1  # refused without being read again
    shelf.put("m.gguf", b"other")
    with pytest.raises(Unavailable, match="SHA-256 that was given"):
        await shelf.prove(path, SUM)
    await shelf.accept(path)  # what the catalogue lists needs no acceptance
    assert shelf.files.is_listed(path) and not shelf.files.is_listed(Path("x.gguf"))


@pytest.mark.parametrize("kind", ["absent", "folder", "pipe", "loop", "empty"])
async def test_what_is_no_file_is_refused_by_name(kind: str, shelf: Shelf) -> None:
    path = shelf.directory / "m.gguf"
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "loop":
            path.symlink_to("m.gguf")
        case "empty":
            path.touch()
            assert (await shelf.prove(path)).sha256 == hashlib.sha256().hexdigest()
            return
    with pytest.raises(Unavailable, match=r"^m\.gguf .*llm_model") as refused:
        await shelf.prove(path)
    assert str(shelf.directory) not in refused.value.message


async def test_a_file_that_changes_while_it_is_read_is_refused(shelf: Shelf) -> None:
    path = shelf.put("m.gguf")

    def written_to(share: float) -> None:
        with path.open("ab") as file:
            file.write(b"!")

    with pytest.raises(Unavailable, match="changed while it was read"):
        await shelf.files.prove(path, on_progress=written_to)


async def test_closing_leaves_a_file_half_read(database: Database, tmp_path: Path) -> None:
    shelf = Shelf(database, tmp_path)
    path = shelf.directory / "big.gguf"
    with path.open("wb") as file:
        file.truncate(40 << 30)  # minutes to read
    reading = asyncio.ensure_future(shelf.prove(path))
    while not shelf.told:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    await asyncio.to_thread(shelf.files.close)
    with pytest.raises(Unavailable, match="shutting down"):
        await asyncio.wait_for(reading, 10)
    assert shelf.told[-1] < 1.0


def test_the_catalogue_lists_what_has_a_sum(tmp_path: Path) -> None:
    path = tmp_path / "catalog.toml"
    assert read_catalogue(path) == {}
    path.write_text(
        f'[[model]]\nfile = "a.gguf"\n[[model]]\nfile = "b.gguf"\nsha256 = "{SUM.upper()}"\n'
    )
    assert read_catalogue(path) == {"b.gguf": SUM}
    for damaged in ("[[model]", 'model = "x"', f'[[model]]\nsha256 = "{SUM}"'):
        path.write_text(damaged)
        with pytest.raises(Unavailable, match="catalogue of models"):
            read_catalogue(path)
