"""Uploads on disk: encrypted, whole or refused, gone with their key."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.errors import StorageFull
from appliance.storage.files import FileStore, SealedFile
from appliance.storage.segments import SEGMENT_BYTES, DamagedFile
from tests import syncs

Change = Callable[[bytes], bytes]
SIZES = [0, 1, SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 3 * SEGMENT_BYTES + 17]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def raw(path: Path) -> bytes:
    return path.read_bytes()


def overwrite(path: Path, change: Change) -> None:
    path.write_bytes(change(path.read_bytes()))


async def stored(store: FileStore, content: bytes, *, step: int = 10_000) -> SealedFile:
    writer = await store.begin()
    for start in range(0, len(content), step):
        await writer.append(content[start : start + step])
    sealed = await writer.finish()
    await store.keep(sealed)
    return sealed


async def read(store: FileStore, sealed: SealedFile, key: bytes | None = None) -> bytes:
    return b"".join([piece async for piece in store.read(sealed.sha256, key or sealed.key)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.mark.parametrize("size", SIZES)
async def test_what_goes_in_comes_out(folder: Path, size: int) -> None:
    content = os.urandom(size)
    store = await FileStore.open(folder)
    sealed = await stored(store, content)
    assert (sealed.size, sealed.sha256) == (size, hashlib.sha256(content).hexdigest())
    assert names(folder) == [sealed.sha256]
    assert await read(store, sealed) == content
    await store.close()


async def test_no_plain_text_is_ever_on_disk(folder: Path) -> None:
    store = await FileStore.open(folder)
    writer = await store.begin()
    await writer.append(b"potassium chloride " * 20_000)
    (partial,) = names(folder)
    assert b"potassium" not in raw(folder / partial)
    await store.keep(await writer.finish())
    (kept,) = names(folder)
    assert b"potassium" not in raw(folder / kept)
    assert os.stat(folder).st_mode & 0o077 == 0
    assert os.stat(folder / kept).st_mode & 0o077 == 0
    await store.close()


async def test_two_files_of_the_same_content_share_neither_key_nor_bytes(folder: Path) -> None:
    store = await FileStore.open(folder)
    first = await stored(store, b"same")
    before = raw(folder / first.sha256)
    second = await stored(store, b"same")
    assert first.sha256 == second.sha256
    assert first.key != second.key
    assert raw(folder / first.sha256) != before
    assert await read(store, second) == b"same"
    await store.close()


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw[:-1],
        lambda raw: raw[: 16 + SEGMENT_BYTES + 16],  # all but the first segment cut off
        lambda raw: raw[: len(raw) // 2],
        lambda raw: raw + b"x",
        lambda raw: raw[:100] + bytes([raw[100] ^ 1]) + raw[101:],
        lambda raw: raw[:10] + bytes([raw[10] ^ 1]) + raw[11:],
        lambda raw: b"PLAIN" + raw,
        lambda raw: b"",
        # two segments in each other's place
        lambda raw: raw[:16] + raw[65568:131120] + raw[16:65568] + raw[131120:],
    ],
)
async def test_a_changed_file_is_refused(folder: Path, change: Change) -> None:
    store = await FileStore.open(folder)
    sealed = await stored(store, os.urandom(2 * SEGMENT_BYTES + 5))
    overwrite(folder / sealed.sha256, change)
    with pytest.raises(DamagedFile, match="damaged"):
        await read(store, sealed)
    await store.close()


async def test_another_key_opens_nothing(folder: Path) -> None:
    store = await FileStore.open(folder)
    sealed = await stored(store, b"text")
    with pytest.raises(DamagedFile):
        await read(store, sealed, bytes(32))
    await store.remove(sealed.sha256)
    with pytest.raises(DamagedFile, match="missing"):
        await read(store, sealed)
    await store.close()


async def test_interrupted_uploads_leave_nothing(folder: Path) -> None:
    store = await FileStore.open(folder)
    begun = await store.begin()
    await begun.append(b"half")
    unkept = await store.begin()
    await unkept.finish()
    kept = await stored(store, b"whole")
    assert len(names(folder)) == 3
    again = await FileStore.open(folder)
    assert len(names(folder)) == 3  # another process may be writing
    assert await again.keep_only({kept.sha256}) == 2
    assert names(folder) == [kept.sha256]
    assert await again.keep_only(set()) == 1
    assert names(folder) == []
    await begun.discard()
    await store.close()
    await again.close()


async def test_discarding_removes_the_bytes(folder: Path) -> None:
    store = await FileStore.open(folder)
    writer = await store.begin()
    await writer.append(b"x" * 200_000)
    await writer.discard()
    assert names(folder) == []
    await store.close()


async def test_a_full_disk_is_told_as_such(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = await FileStore.open(folder)
    writer = await store.begin()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    await writer.append(b"x")
    with pytest.raises(StorageFull):
        await writer.finish()
    monkeypatch.undo()
    await writer.discard()
    assert names(folder) == []
    await store.close()


async def test_a_kept_file_and_its_name_are_on_the_disk(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await FileStore.open(folder)
    writer = await store.begin()
    await writer.append(b"x" * 100_000)
    synced = syncs.recorded(monkeypatch)
    sealed = await writer.finish()
    assert synced == [(sealed.path, [])]
    await store.keep(sealed)
    assert synced[1:] == [(folder, [sealed.sha256])]  # after the renaming
    await store.remove(sealed.sha256)
    assert synced[2:] == [(folder, [])]
    await store.close()


async def test_a_name_that_is_no_hash_reaches_no_path(folder: Path) -> None:
    store = await FileStore.open(folder)
    with pytest.raises(ValueError, match="SHA-256"):
        [_ async for _ in store.read("../../etc/passwd", bytes(32))]
    await store.close()
