"""What people say of documents, and that answers follow it at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from appliance.domain import DocumentStatus, JobState
from appliance.errors import Invalid, NotFound, StorageFull
from appliance.services.retrieval import Retrieval
from appliance.storage import audit, jobs, knowledge_epoch
from appliance.storage.cache import Cache
from tests.library import Library, library
from tests.services.test_knowledge import ADMIN, ORIGIN, audit_rows

ABSENT = "4d0f1e1c-0000-4000-8000-00000000000f"
OLD = b"Give 5 mg of haloperidol for agitation."
NEW = b"Give 2 mg of haloperidol for agitation."


@dataclass
class Shelf:
    """A library with the retrieval of answers in front of it."""

    lib: Library
    retrieval: Retrieval

    async def found(self) -> set[str]:
        return {p.document.id for p in await self.retrieval.find("haloperidol for agitation")}

    async def change(self, document_id: str, **changes: str | None) -> None:
        await self.lib.catalogue.update(document_id, changes, actor=ADMIN, origin=ORIGIN)

    async def epoch(self) -> int:
        return await self.lib.db.read(knowledge_epoch.current)


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    cache = await Cache.open(tmp_path / "cache", bytes(32))
    async with library(tmp_path) as lib:
        yield Shelf(lib, Retrieval(lib.db, lib.embedder, lib.index, cache))
    await cache.close()


async def test_a_superseded_document_leaves_retrieval_at_once(shelf: Shelf) -> None:
    old, new = await shelf.lib.added("old.txt", OLD), await shelf.lib.added("new.txt", NEW)
    assert await shelf.found() == {old.id, new.id}
    await shelf.change(new.id, supersedes=old.id)
    assert await shelf.found() == {new.id}
    await shelf.change(new.id, supersedes=None)
    assert await shelf.found() == {old.id, new.id}
    await shelf.change(new.id, supersedes=old.id)
    await shelf.lib.knowledge.delete(new.id, actor=ADMIN, origin=ORIGIN)
    assert await shelf.found() == {old.id}


async def test_a_document_answers_from_its_effective_date_on(shelf: Shelf) -> None:
    old, new = await shelf.lib.added("old.txt", OLD), await shelf.lib.added("new.txt", NEW)
    await shelf.change(new.id, supersedes=old.id, effective_date="2999-01-01")
    assert await shelf.found() == {old.id}
    assert (await shelf.lib.knowledge.get(old.id)).superseded_by is None
    await shelf.change(new.id, effective_date="2001-01-01")
    assert await shelf.found() == {new.id}
    assert (await shelf.lib.knowledge.get(old.id)).superseded_by == new.id


async def test_a_link_that_is_not_in_force_brings_nothing_old_back(shelf: Shelf) -> None:
    first = await shelf.lib.added("1.txt", OLD)
    second = await shelf.lib.added("2.txt", NEW, supersedes=first.id)
    third = await shelf.lib.added("3.txt", b"Give 1 mg of haloperidol.", supersedes=second.id)
    await shelf.change(second.id, effective_date="2999-01-01")
    assert await shelf.found() == {third.id}
    for older in (first, second):
        assert (await shelf.lib.knowledge.get(older.id)).superseded_by == third.id
    await shelf.change(third.id, effective_date="2999-01-01")
    assert await shelf.found() == {first.id}
    assert (await shelf.lib.knowledge.get(first.id)).superseded_by is None
    await shelf.change(second.id, effective_date="2001-01-01")
    assert await shelf.found() == {second.id}


async def test_a_deleted_link_of_a_chain_brings_nothing_old_back(shelf: Shelf) -> None:
    first = await shelf.lib.added("1.txt", OLD)
    second = await shelf.lib.added("2.txt", NEW, supersedes=first.id)
    third = await shelf.lib.added("3.txt", b"Give 1 mg of haloperidol.", supersedes=second.id)
    assert await shelf.found() == {third.id}
    await shelf.lib.knowledge.delete(second.id, actor=ADMIN, origin=ORIGIN)
    assert await shelf.found() == {third.id}
    assert (await shelf.lib.knowledge.get(third.id)).supersedes == first.id
    await shelf.lib.knowledge.delete(third.id, actor=ADMIN, origin=ORIGIN)
    assert await shelf.found() == {first.id}


async def test_a_document_supersedes_neither_itself_nor_its_successors(shelf: Shelf) -> None:
    first = await shelf.lib.added("1.txt", OLD)
    second = await shelf.lib.added("2.txt", NEW, supersedes=first.id)
    third = await shelf.lib.added("3.txt", b"Give 1 mg of haloperidol.", supersedes=second.id)
    before, epoch = await audit_rows(shelf.lib), await shelf.epoch()
    for older in (first.id, second.id, third.id, ABSENT):
        with pytest.raises(Invalid) as refused:
            await shelf.change(first.id, supersedes=older)
        assert refused.value.field == "supersedes"
    assert await shelf.found() == {third.id}
    assert (await audit_rows(shelf.lib), await shelf.epoch()) == (before, epoch)


async def test_new_answers_cite_what_is_said_now(shelf: Shelf) -> None:
    document = await shelf.lib.added("a.txt", OLD, title="Agitation", category="old")
    epoch = await shelf.epoch()
    await shelf.change(
        document.id,
        category="psychiatry",
        version="4",
        effective_date="2019-02-01",
        review_by="2020-01-01",
        owner=None,
    )
    (passage,) = await shelf.retrieval.find("haloperidol")
    cited = passage.document
    assert (cited.category, cited.version) == ("psychiatry", "4")
    # A review that is overdue takes no document out of answers.
    assert (cited.effective_date, cited.review_by) == ("2019-02-01", "2020-01-01")
    assert cited.title == "Agitation"
    assert cited.status is DocumentStatus.INDEXED  # nothing of that was read anew
    assert await shelf.epoch() == epoch + 1


async def test_a_new_title_is_cited_at_once_and_found_after_a_reindex(shelf: Shelf) -> None:
    lib = shelf.lib
    document = await lib.added("a.txt", OLD, title="Agitation")
    before = await lib.ask("haloperidol")
    lib.embedder.gate = asyncio.Event()
    lib.embedder.begun.clear()
    await shelf.change(document.id, title="Delirium protocol")
    await lib.embedder.begun.wait()
    during = await lib.ask("haloperidol")
    assert [p.chunk for p in during] == [p.chunk for p in before]  # served as it was
    assert during[0].document.title == "Delirium protocol"
    # Under the old title a batch is being embedded: this one must not be lost by it.
    await shelf.change(document.id, title="Delirium guideline")
    await shelf.change(document.id, title="Delirium standard")
    lib.embedder.gate.set()
    assert (await lib.settled(document.id)).status is DocumentStatus.INDEXED
    assert lib.embedder.batches[-1] == [f"Delirium standard\n{OLD.decode()}"]
    hits = await lib.index._ready().text_search("standard", 5)
    assert {chunk_id for chunk_id, _ in hits} == {before[0].chunk.id}
    done = [row["action"] for row in await audit_rows(lib)].count("document.indexed")
    assert done == 3  # the upload, the title that was running, and the last one


async def test_a_title_that_waits_for_its_first_reading_queues_nothing(tmp_path: Path) -> None:
    async with library(tmp_path, working=False) as lib:
        document = await lib.add("a.txt", OLD)
        job = await lib.db.read(lambda tx: jobs.active(tx, document.id))
        await lib.catalogue.update(document.id, {"title": "New"}, actor=None, origin=None)
        assert await lib.db.read(lambda tx: jobs.active(tx, document.id)) == job
        await lib.ingestion.open()
        await lib.settled(document.id)
        assert lib.embedder.batches == [[f"New\n{OLD.decode()}"]]


async def test_a_title_of_a_failed_document_does_not_read_it_again(tmp_path: Path) -> None:
    async with library(tmp_path) as lib:
        document = await lib.added("blank.txt", b" \n")
        assert document.status is DocumentStatus.FAILED
        changed = await lib.catalogue.update(document.id, {"title": "New"}, actor=None, origin=None)
        assert (changed.status, changed.title) == (DocumentStatus.FAILED, "New")
        job = await lib.db.read(lambda tx: jobs.latest(tx, document.id))
        assert job is not None and job.state is JobState.FAILED


async def test_a_change_is_audited_by_the_names_of_its_fields(shelf: Shelf) -> None:
    document = await shelf.lib.added("a.txt", OLD, title="Mrs Smith", owner="Dr Jones")
    await shelf.change(document.id, owner="Dr Brown", title="Mrs Smith", issuer=None)
    last = (await audit_rows(shelf.lib))[-1]
    assert (last["action"], last["resource_id"]) == ("document.update", document.id)
    assert (last["user_id"], last["ip"]) == (ADMIN.user.id, ORIGIN.ip)
    assert json.loads(str(last["details"]))["fields"] == "owner"
    rows, epoch = await audit_rows(shelf.lib), await shelf.epoch()
    await shelf.change(document.id, owner="Dr Brown")  # says nothing new
    assert (await audit_rows(shelf.lib), await shelf.epoch()) == (rows, epoch)
    assert not any(word in str(rows) for word in ("Smith", "Jones", "Brown"))


@pytest.mark.parametrize("changes", [{"status": "indexed"}, {"sha256": "0"}, {"title": None}])
async def test_nothing_else_can_be_changed(shelf: Shelf, changes: dict[str, Any]) -> None:
    document = await shelf.lib.added("a.txt", OLD)
    with pytest.raises(Invalid):
        await shelf.change(document.id, **changes)
    assert await shelf.lib.knowledge.get(document.id) == document
    with pytest.raises(NotFound):
        await shelf.change(ABSENT, owner="x")


async def test_every_change_of_what_can_be_found_is_counted(shelf: Shelf) -> None:
    lib, counts = shelf.lib, [await shelf.epoch()]

    async def counted() -> int:
        counts.append(await shelf.epoch())
        return counts[-1] - counts[-2]

    document = await lib.added("a.txt", OLD)
    assert await counted() == 1
    await lib.added("blank.txt", b" \n")
    assert await counted() == 0  # nothing was found of it before or after
    await lib.knowledge.reindex(document.id, actor=None, origin=None)
    await lib.settled(document.id)
    assert await counted() == 1
    (lib.directory / "files" / document.sha256).unlink()
    await lib.knowledge.reindex(document.id, actor=None, origin=None)
    await lib.settled(document.id)
    assert await counted() == 1
    await lib.knowledge.delete(document.id, actor=None, origin=None)
    assert await counted() == 1


async def test_f2_what_cannot_be_audited_is_not_read(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = await shelf.lib.added("a.txt", OLD)

    def full(*_: object) -> None:
        raise StorageFull("The disk is full; nothing was changed.")

    monkeypatch.setattr(audit, "append", full)
    for reading in (
        shelf.lib.catalogue.details(document.id, actor=ADMIN, origin=ORIGIN),
        shelf.lib.catalogue.listing(actor=ADMIN, origin=ORIGIN),
        shelf.lib.catalogue.update(document.id, {"owner": "x"}, actor=ADMIN, origin=ORIGIN),
        shelf.lib.pages.original(document.id, actor=ADMIN, origin=ORIGIN),
    ):
        with pytest.raises(StorageFull):
            await reading
    monkeypatch.undo()
    assert await shelf.lib.knowledge.get(document.id) == document
