"""Opening and closing the appliance of a data directory, and what is refused."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.container import DATABASE_NAME, Container
from appliance.errors import Unavailable
from appliance.settings import Settings
from appliance.storage.database import Database
from appliance.storage.lock import DataLock
from tests.fake_embedder import FakeEmbedder
from tests.fake_engine import FakeEngine


def container(data_dir: Path, *, engine: FakeEngine | None = None, **settings: object) -> Container:
    chosen = Settings.model_validate({"data_dir": data_dir, "password_rounds": 10, **settings})
    return Container(chosen, embedder=FakeEmbedder(), engine=engine)


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def filled(data_dir: Path) -> None:
    opened = container(data_dir, engine=FakeEngine())
    await opened.open()
    await opened.knowledge.import_file("a.txt", pieces(b"Falls are reported at once."))
    await opened.close()


@pytest.mark.parametrize("loss", ["missing", "empty"])
async def test_e4_a_lost_database_is_refused_and_the_uploads_stay(
    tmp_path: Path, loss: str
) -> None:
    await filled(tmp_path)
    database = tmp_path / DATABASE_NAME
    content = database.read_bytes()
    uploads = os.listdir(tmp_path / "files")
    assert uploads
    if loss == "missing":
        database.unlink()
    else:
        os.truncate(database, 0)
    with pytest.raises(Unavailable, match="backup"):
        await container(tmp_path, engine=FakeEngine()).open()
    assert os.listdir(tmp_path / "files") == uploads
    database.write_bytes(content)
    again = container(tmp_path, engine=FakeEngine())
    await again.open()
    try:
        assert (await again.services.catalogue.listing())[1] == 1
    finally:
        await again.close()


async def test_closing_closes_all_even_if_its_audit_row_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = container(tmp_path, engine=FakeEngine())
    await opened.open()

    async def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Database, "write", full)
    with pytest.raises(OSError, match="No space"):
        await opened.close()
    with pytest.raises(Unavailable):
        await opened.database.read(lambda tx: tx.execute("SELECT 1").fetchone())
    DataLock(tmp_path).close()


async def test_e12_a_broken_language_model_leaves_the_rest_working(tmp_path: Path) -> None:
    model = tmp_path / "model.gguf"
    model.write_bytes(b"GGUF but not really")
    opened = container(tmp_path / "data", llm_model=model)
    await opened.open()
    try:
        states = {state.name: state for state in await opened.services.health.states()}
        assert not states["answers"].ok
        assert states["answers"].model == "model.gguf"
        assert all(state.ok for name, state in states.items() if name != "answers")
        assert (await opened.services.catalogue.listing())[1] == 0
    finally:
        await opened.close()


async def test_a_second_appliance_on_the_same_data_is_refused(tmp_path: Path) -> None:
    first = container(tmp_path, engine=FakeEngine())
    await first.open()
    try:
        with pytest.raises(Unavailable, match="already using"):
            await container(tmp_path, engine=FakeEngine()).open()
    finally:
        await first.close()
