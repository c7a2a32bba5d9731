from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from appliance.storage import model_files
from appliance.storage.database import Connection, Database
from appliance.storage.model_files import Glance, ModelFile
from tests.answering_parts import NOW

FILE = ModelFile(Path("/models/a.gguf"), "aa", Glance(5, 1 << 62, 7, (1 << 63) - 1), NOW)
OTHER = replace(FILE, path=Path("/models/b.gguf"))


async def test_what_was_accepted_is_remembered_by_path(database: Database) -> None:
    def work(tx: Connection) -> list[object]:
        seen: list[object] = [model_files.by_path(tx, FILE.path)]
        model_files.put(tx, FILE)
        seen.append(model_files.by_path(tx, FILE.path))
        model_files.put(tx, replace(FILE, sha256="bb"))
        return [*seen, model_files.by_path(tx, FILE.path), model_files.by_path(tx, OTHER.path)]

    assert await database.write(work) == [None, FILE, replace(FILE, sha256="bb"), None]


async def test_one_file_at_most_is_chosen(database: Database) -> None:
    def work(tx: Connection) -> list[Path | None]:
        seen = [model_files.chosen(tx)]
        for file in (FILE, OTHER):
            model_files.put(tx, file)
        for path in (FILE.path, OTHER.path):
            model_files.choose(tx, path)
            seen.append(model_files.chosen(tx))
        model_files.put(tx, OTHER)  # accepting again is no choice
        seen.append(model_files.chosen(tx))
        model_files.choose(tx, None)
        return [*seen, model_files.chosen(tx)]

    assert await database.write(work) == [None, FILE.path, OTHER.path, OTHER.path, None]
