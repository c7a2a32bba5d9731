"""Checksums beside files: every change is noticed, only what is new is read again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from appliance.storage import file_sums
from appliance.storage.file_sums import SUMS, FileSums, SumsDiffer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "inner").mkdir()
    (tmp_path / "a.lance").write_bytes(b"first")
    (tmp_path / "inner" / "b.idx").write_bytes(b"second")
    (tmp_path / "hint.json").write_bytes(b"1")
    FileSums(tmp_path).sync()
    return tmp_path


def test_what_is_as_written_passes(folder: Path) -> None:
    FileSums.checked(folder)
    (folder / "hint.json").write_bytes(b"2")  # rewritten in place by its owner
    (folder / "unlisted").write_bytes(b"new since the last sync")
    (folder / "a.lance").unlink()  # cleaned up since the last sync
    FileSums.checked(folder)


@pytest.mark.parametrize("name", ["a.lance", "inner/b.idx"])
def test_a_changed_file_is_noticed(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"sEcond")
    with pytest.raises(SumsDiffer, match="not what was written"):
        FileSums.checked(folder)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"files": [], "sum": ""}',
        b'{"files": {"a.lance": 7}, "sum": ""}',
        None,
    ],
)
def test_a_list_that_cannot_be_read_is_noticed(folder: Path, content: bytes | None) -> None:
    if content is None:
        (folder / SUMS).unlink()
    else:
        (folder / SUMS).write_bytes(content)
    with pytest.raises(SumsDiffer):
        FileSums.checked(folder)


def test_a_list_that_forgets_a_file_is_noticed(folder: Path) -> None:
    stored = json.loads((folder / SUMS).read_bytes())
    del stored["files"]["inner/b.idx"]
    (folder / SUMS).write_text(json.dumps(stored))
    with pytest.raises(SumsDiffer, match="list of sums"):
        FileSums.checked(folder)


def test_only_new_files_are_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sums, read = FileSums.checked(folder), list[str]()
    whole = file_sums._hash

    def watched(path: Path) -> str:
        read.append(path.name)
        return whole(path)

    monkeypatch.setattr(file_sums, "_hash", watched)
    (folder / "c.lance").write_bytes(b"third")
    (folder / "a.lance").unlink()
    sums.sync()
    assert read == ["c.lance"]
    assert set(json.loads((folder / SUMS).read_bytes())["files"]) == {"c.lance", "inner/b.idx"}
    FileSums.checked(folder)
