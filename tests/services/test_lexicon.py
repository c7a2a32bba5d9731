"""The documents' vocabulary follows the documents, and is kept in SQLite alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.services.lexicon import Lexicon, learned
from appliance.storage import knowledge_epoch, lexicons
from appliance.storage.database import Connection
from tests.library import Library, library

TEXT = b"Patients with deep vein thrombosis (DVT) take rivaroxaban. A DVT may come back."


async def understood(lib: Library, lexicon: Lexicon, question: str) -> tuple[str, list[str]]:
    epoch = await lib.db.read(knowledge_epoch.current)
    lexicon.vocabulary(epoch)
    await lexicon.settled()
    known, vocabulary = lexicon.vocabulary(epoch)
    assert known == epoch
    query = vocabulary.understood(question)
    return query.text, [other for _, other in query.names]


def rows(tx: Connection) -> int:
    count: int = tx.execute("SELECT count(*) AS n FROM lexicons").fetchone()["n"]
    return count


def holding(directory: Path, word: bytes) -> list[Path]:
    return [p for p in directory.rglob("*") if p.is_file() and word in p.read_bytes()]


async def test_the_vocabulary_follows_the_documents(tmp_path: Path) -> None:
    async with library(tmp_path) as lib:
        lexicon = Lexicon(lib.db)
        assert await understood(lib, lexicon, "DVT and rivaroxabn") == ("DVT and rivaroxabn", [])
        document = await lib.added("clots.txt", TEXT)
        expected = ("DVT and rivaroxaban", ["deep vein thrombosis"])
        assert await understood(lib, lexicon, "DVT and rivaroxabn") == expected
        assert await lib.db.read(rows) == 1
        # Another start reads what is kept.
        again = Lexicon(lib.db)
        await again.open()
        assert await understood(lib, again, "DVT and rivaroxabn") == expected
        await lib.knowledge.delete(document.id, actor=None, origin=None)
        assert await understood(lib, lexicon, "DVT and rivaroxabn") == ("DVT and rivaroxabn", [])
        assert await lib.db.read(rows) == 0
        await lexicon.close()
        await again.close()


async def test_a_beginning_of_one_name_is_that_name(tmp_path: Path) -> None:
    async with library(tmp_path) as lib:
        await lib.added("clots.txt", TEXT)
        lexicon = Lexicon(lib.db, lambda: frozenset({"patients", "deep"}))
        assert await understood(lib, lexicon, "riva dose") == ("rivaroxaban dose", [])
        assert await understood(lib, lexicon, "pati dose, RIVA") == ("pati dose, RIVA", [])
        await lexicon.close()


async def test_a_new_revision_takes_the_place_of_the_old(tmp_path: Path) -> None:
    async with library(tmp_path) as lib:
        document = await lib.added("clots.txt", TEXT)
        lexicon = Lexicon(lib.db)
        await understood(lib, lexicon, "DVT")
        await lib.knowledge.reindex(document.id, actor=None, origin=None)
        await lib.settled(document.id)
        assert await understood(lib, lexicon, "DVT") == ("DVT", ["deep vein thrombosis"])
        assert await lib.db.read(rows) == 1
        await lexicon.close()


async def test_no_word_of_a_document_is_in_the_clear(tmp_path: Path) -> None:
    async with library(tmp_path) as lib:
        await lib.added("clots.txt", TEXT)
        lexicon = Lexicon(lib.db)
        await understood(lib, lexicon, "DVT")
        await lexicon.close()
    assert not holding(tmp_path, b"rivaroxaban")


async def test_what_cannot_be_learned_leaves_what_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with library(tmp_path) as lib:
        lexicon = Lexicon(lib.db)
        await lib.added("clots.txt", TEXT)

        def failing(*_: object) -> None:
            raise OSError("disk full")

        with monkeypatch.context() as patch:
            patch.setattr(lexicons, "put", failing)
            lexicon.vocabulary(1)
            await lexicon.settled()
            assert lexicon.vocabulary(1)[1].understood("DVT").names == ()
            await lexicon.settled()
        assert await understood(lib, lexicon, "DVT") == ("DVT", ["deep vein thrombosis"])
        await lexicon.close()


def test_words_in_capitals_are_learned_in_small_letters_only() -> None:
    assert learned(["WARNING: Take WARFARIN daily", "warfarin"]).words == (
        "daily", "take", "warfarin"
    )  # fmt: skip
