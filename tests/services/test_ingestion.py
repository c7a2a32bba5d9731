"""Jobs survive whatever stops them: each stage broken off, crashes, failures that pass."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from appliance.domain import DocumentStatus, ReadPage, utc_now
from appliance.errors import StorageFull, Unavailable
from appliance.services.ingestion import ATTEMPTS, EMBED_BATCH
from appliance.storage import chunks, documents, jobs
from appliance.storage.database import Connection
from appliance.storage.vector_rows import DamagedIndex
from appliance.storage.vectors import VectorTable
from tests import pdf_writer
from tests.fake_embedder import FakeEmbedder
from tests.library import Library, library

# Three batches of chunks, one to a page.
PAGES = [
    [f"{number}.1 Section Heading", f"Drug{number} is given as {number} mg once a day."]
    for number in range(1, 2 * EMBED_BATCH + 9)
]
DATA = pdf_writer.pdf(PAGES)


async def check_whole(lib: Library, document_id: str) -> None:
    document = await lib.settled(document_id)
    assert (document.status, document.error) == (DocumentStatus.INDEXED, None)
    assert document.chunks_indexed == document.pages == len(PAGES)
    assert await lib.db.read(totals) == (len(PAGES), len(PAGES), 1)
    for number in (1, EMBED_BATCH, len(PAGES)):
        best = (await lib.ask(f"Drug{number} dose"))[0]
        assert best.chunk.page == number
    assert len(await lib.db.read(chunks.expected)) == len(PAGES)


def totals(tx: Connection) -> tuple[int, int, int]:
    """Rows of pages, of chunks, and jobs that are done."""
    row = tx.execute(
        """SELECT (SELECT count(*) FROM pages), (SELECT count(*) FROM chunks),
                  (SELECT count(*) FROM jobs WHERE state = 'done')"""
    ).fetchone()
    return tuple(row)


async def test_stopped_while_extracting(tmp_path: Path) -> None:
    reached = asyncio.Event()

    async def stuck(
        source: AsyncIterator[bytes],
    ) -> AsyncGenerator[ReadPage]:
        yield ReadPage(1, 2, "first page")
        reached.set()
        await asyncio.Event().wait()

    async with library(tmp_path, pdf_pages=stuck) as lib:
        document = await lib.add("a.pdf", DATA)
        await reached.wait()
        assert (await lib.knowledge.get(document.id)).status is DocumentStatus.PROCESSING
    async with library(tmp_path) as lib:
        await check_whole(lib, document.id)


async def test_stopped_while_embedding_goes_on_with_the_rest(tmp_path: Path) -> None:
    embedder = FakeEmbedder()
    async with library(tmp_path, embedder=embedder) as lib:
        embed, second = embedder.embed, asyncio.Event()

        async def stuck(texts: list[str], *, background: bool) -> object:
            if len(embedder.batches) == 1:
                second.set()
                await asyncio.Event().wait()
            return await embed(texts, background=background)

        embedder.embed = stuck  # type: ignore[method-assign,assignment]
        document = await lib.add("a.pdf", DATA)
        await second.wait()
    again = FakeEmbedder()
    async with library(tmp_path, embedder=again) as lib:
        await check_whole(lib, document.id)
    assert [len(batch) for batch in again.batches] == [EMBED_BATCH, 8]


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_stopped_while_indexing(tmp_path: Path, moment: str) -> None:
    async with library(tmp_path) as lib:
        add, reached = lib.index.add_revision, asyncio.Event()

        async def stuck(
            document_id: str,
            revision: int,
            served: int | None,
            publish: Callable[[], Awaitable[None]],
        ) -> None:
            async def published() -> None:
                reached.set()
                await asyncio.Event().wait()

            if moment == "before":
                await published()
            await add(document_id, revision, served, published)

        lib.index.add_revision = stuck  # type: ignore[method-assign]
        document = await lib.add("a.pdf", DATA)
        await reached.wait()
        assert await lib.ask("Drug1") == []  # not before it is published
    again = FakeEmbedder()
    async with library(tmp_path, embedder=again) as lib:
        await check_whole(lib, document.id)
    assert again.batches == []


async def test_stopped_after_publishing_a_new_revision(tmp_path: Path) -> None:
    async with library(tmp_path) as lib:
        document = await lib.added("a.pdf", DATA)
        reached = asyncio.Event()

        async def stuck(document_id: str, *, except_revision: int | None = None) -> None:
            reached.set()
            await asyncio.Event().wait()

        lib.index.forget = stuck  # type: ignore[method-assign]
        await lib.knowledge.reindex(document.id, actor=None, origin=None)
        await reached.wait()
        assert await lib.db.read(lambda tx: documents.revision(tx, document.id)) == 2
        assert len(await lib.ask("Drug5 dose", limit=3)) == 3  # no passage comes twice
    async with library(tmp_path) as lib:
        hits = await lib.index.search(lib.embedder.vector("Drug5"), "Drug5", 200)
        assert len(hits) == len({hit.chunk_id for hit in hits}) == len(PAGES)
        assert (await lib.knowledge.get(document.id)).status is DocumentStatus.INDEXED


async def test_a_graceful_stop_does_not_count_as_an_attempt(tmp_path: Path) -> None:
    for _ in range(5):
        embedder = FakeEmbedder()
        embedder.gate = asyncio.Event()
        async with library(tmp_path, embedder=embedder) as lib:
            document = await lib.add("a.pdf", DATA)
            await embedder.begun.wait()
    async with library(tmp_path) as lib:
        await check_whole(lib, document.id)


async def test_a_document_that_crashes_the_appliance_is_set_aside(tmp_path: Path) -> None:
    async with library(tmp_path, working=False) as lib:
        bad = await lib.add("a.pdf", DATA)
        good = await lib.add("b.txt", b"Magnesium helps.")
        for attempt in (1, 2, 3):
            await lib.db.write(lambda tx: crash(tx, bad.id))
            job = await lib.db.read(lambda tx: jobs.active(tx, bad.id))
            assert job is not None and job.attempts == attempt
            if attempt < 3:
                await lib.db.write(lib.ingestion._recover)
    async with library(tmp_path) as lib:
        assert (await lib.settled(good.id)).status is DocumentStatus.INDEXED
        document = await lib.settled(bad.id)
        assert document.status is DocumentStatus.FAILED
        assert "set aside" in (document.error or "")
        await lib.knowledge.reindex(bad.id, actor=None, origin=None)
        await lib.settled(bad.id)
        assert (await lib.knowledge.get(bad.id)).status is DocumentStatus.INDEXED


async def test_kills_that_come_later_each_time_set_nothing_aside(tmp_path: Path) -> None:
    async with library(tmp_path, working=False) as lib:
        document = await lib.add("a.pdf", DATA)
        for share in (0.1, 0.3, 0.35, 0.5, 0.9):
            await lib.db.write(partial(crash, document_id=document.id, reaching=share))
            await lib.db.write(lib.ingestion._recover)
            job = await lib.db.read(lambda tx: jobs.active(tx, document.id))
            assert job is not None
            assert (job.attempts, job.progress) == (1, share)
        # A run that does not get as far as one before it has not got further.
        for attempts, share in ((2, 0.2), (3, 0.8)):
            await lib.db.write(partial(crash, document_id=document.id, reaching=share))
            job = await lib.db.read(lambda tx: jobs.active(tx, document.id))
            assert job is not None
            assert (job.attempts, job.progress) == (attempts, 0.9)
            await lib.db.write(lib.ingestion._recover)
        assert (await lib.knowledge.get(document.id)).status is DocumentStatus.FAILED


async def test_failures_that_come_later_each_time_are_got_over(tmp_path: Path) -> None:
    """What was known of a job when its run began must not decide about its end."""
    async with library(tmp_path) as lib:
        embed, calls = lib.embedder.embed, 0

        async def unsteady(texts: list[str], *, background: bool) -> object:
            nonlocal calls
            calls += 1
            if calls % 2 == 0:
                raise Unavailable("The embedding model is busy.")
            return await embed(texts, background=background)

        lib.embedder.embed = unsteady  # type: ignore[method-assign,assignment]
        progress_told = lib.ingestion._progress

        async def told(job: Any, stage: str, progress: float, **options: Any) -> None:
            await progress_told(job, stage, progress, **options | {"seldom": False})

        lib.ingestion._progress = told  # type: ignore[method-assign]
        pages = [[f"{n}.1 Heading", f"Drug{n} is given."] for n in range(5 * EMBED_BATCH)]
        document = await lib.added("long.pdf", pdf_writer.pdf(pages))
        assert (document.status, document.chunks_indexed) == (DocumentStatus.INDEXED, len(pages))
        assert calls > 2 * ATTEMPTS


async def test_a_job_waits_for_a_rebuild_of_the_index(tmp_path: Path) -> None:
    async with library(tmp_path) as lib:
        await lib.added("first.txt", b"Give oxygen.")
        lib.embedder.gate = asyncio.Event()
        await lib.index.close()
        lib.index._builder.embedder = slow = FakeEmbedder(name="other")
        slow.gate = asyncio.Event()
        await lib.index.open(patience_s=0.05)
        lib.embedder.gate.set()
        document = await lib.add("second.txt", b"Magnesium helps.")
        # Many times the pauses after failures: as a failure it would be one for good by now.
        await asyncio.sleep(0.5)
        waiting = await lib.knowledge.get(document.id)
        assert waiting.status is DocumentStatus.PROCESSING
        job = await lib.db.read(lambda tx: jobs.active(tx, document.id))
        assert job is not None and job.attempts == 1
        slow.gate.set()
        assert (await lib.settled(document.id)).status is DocumentStatus.INDEXED
        assert document.id in {p.document.id for p in await lib.ask("Magnesium")}
        assert "document.failed" not in await actions(lib)


async def test_a_rebuild_that_begins_during_the_last_step_knows_the_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with library(tmp_path) as lib:
        settle, reached, go_on = VectorTable.settle, asyncio.Event(), asyncio.Event()

        async def slow(self: VectorTable) -> None:
            await settle(self)
            reached.set()
            await go_on.wait()

        monkeypatch.setattr(VectorTable, "settle", slow)
        document = await lib.add("a.txt", b"Magnesium helps.")
        await reached.wait()
        monkeypatch.undo()
        table = lib.index._ready()
        lib.index._lost(table, DamagedIndex("found by a search"))
        go_on.set()
        assert (await lib.settled(document.id)).status is DocumentStatus.INDEXED
        await lib.index.settled()
        assert lib.index._ready() is not table
        assert {p.document.id for p in await lib.ask("Magnesium")} == {document.id}


@pytest.mark.parametrize("act", ["add", "settle", "delete_document"])
async def test_damage_found_while_writing_is_mended_and_the_upload_succeeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    async with library(tmp_path) as lib:
        first = await lib.added("first.txt", b"Give oxygen.")
        table = lib.index._ready()

        async def damaged(*_: object, **__: object) -> None:
            monkeypatch.undo()
            raise DamagedIndex("RuntimeError")

        monkeypatch.setattr(VectorTable, act, damaged)
        document = await lib.added("second.txt", b"Magnesium helps.")
        assert (document.status, document.error) == (DocumentStatus.INDEXED, None)
        assert lib.index._ready() is not table
        found = {p.document.id for p in await lib.ask("Magnesium oxygen")}
        assert found == {first.id, document.id}


async def test_an_index_that_vanished_while_serving_heals_with_the_next_upload(
    tmp_path: Path,
) -> None:
    async with library(tmp_path) as lib:
        first = await lib.added("first.txt", b"Give oxygen.")
        await asyncio.to_thread(shutil.rmtree, tmp_path / "index")
        document = await lib.added("second.txt", b"Magnesium helps.")
        assert (document.status, document.error) == (DocumentStatus.INDEXED, None)
        await lib.index.settled()
        found = {p.document.id for p in await lib.ask("Magnesium oxygen")}
        assert found == {first.id, document.id}
        await lib.index.check()


async def test_a_document_that_damages_the_index_each_time_is_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or it would have the index rebuilt for ever, and nobody could search."""
    async with library(tmp_path) as lib:
        copy, bad = lib.index._builder.copy, await lib.add("bad.pdf", DATA)

        async def damaging(table: VectorTable, document_id: str, revision: int) -> None:
            if document_id == bad.id:
                raise DamagedIndex("RuntimeError")
            await copy(table, document_id, revision)

        monkeypatch.setattr(lib.index._builder, "copy", damaging)
        document = await lib.settled(bad.id)
        assert document.status is DocumentStatus.FAILED
        assert "Try to reindex" in (document.error or "")
        good = await lib.added("good.txt", b"Magnesium helps.")
        assert {p.document.id for p in await lib.ask("Magnesium")} == {good.id}


async def actions(lib: Library) -> list[str]:
    rows = await lib.db.read(lambda tx: tx.execute("SELECT action FROM audit_log").fetchall())
    return [row["action"] for row in rows]


def crash(tx: Connection, document_id: str, *, reaching: float | None = None) -> None:
    """A run that ended with its process, having got as far as `reaching`."""
    now = utc_now()
    tx.execute("UPDATE jobs SET lease_until = NULL WHERE document_id = ?", (document_id,))
    job = jobs.take_next(tx, now, now)
    assert job is not None and job.document_id == document_id
    if reaching is not None:
        jobs.set_progress(tx, job.id, stage=job.stage, progress=reaching, now=now, lease_until=now)


async def test_a_passing_failure_is_tried_again(tmp_path: Path) -> None:
    async with library(tmp_path) as lib:
        lib.embedder.fail_next = Unavailable("The embedding model is busy.")
        document = await lib.add("a.pdf", DATA)
        await check_whole(lib, document.id)


class FullDisk:
    """Makes the writes of a library fail while `left` is not 0; each failure takes one away."""

    def __init__(self, lib: Library, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = 0
        self._write = lib.db.write
        monkeypatch.setattr(lib.db, "write", self.write)

    async def write(self, work: Callable[[Connection], object]) -> object:
        if self.left:
            self.left -= 1
            raise StorageFull("The disk is full; nothing was changed.")
        return await self._write(work)


async def test_a_failure_that_cannot_be_written_is_got_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with library(tmp_path) as lib:
        disk, embed, failures = FullDisk(lib, monkeypatch), lib.embedder.embed, 0

        async def full(texts: list[str], *, background: bool) -> object:
            nonlocal failures
            if failures < 2 * ATTEMPTS:
                failures += 1
                disk.left = 3  # the outcome of the job among them
                raise StorageFull("The disk is full.")
            return await embed(texts, background=background)

        lib.embedder.embed = full  # type: ignore[method-assign,assignment]
        document = await lib.add("a.pdf", DATA)
        await check_whole(lib, document.id)
        assert failures == 2 * ATTEMPTS
        await lib.knowledge.reindex(document.id, actor=None, origin=None)
        assert (await lib.settled(document.id)).status is DocumentStatus.INDEXED
        assert await lib.db.read(lambda tx: documents.revision(tx, document.id)) == 2


async def test_stopping_ends_though_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = FakeEmbedder()
    embedder.gate = asyncio.Event()
    async with library(tmp_path, embedder=embedder) as lib:
        document = await lib.add("a.pdf", DATA)
        await embedder.begun.wait()
        with monkeypatch.context() as patch:
            FullDisk(lib, patch).left = 1
            async with asyncio.timeout(5):
                await lib.ingestion.close()
    async with library(tmp_path) as lib:
        await check_whole(lib, document.id)


async def test_deleting_a_document_ends_the_work_on_it(tmp_path: Path) -> None:
    async with library(tmp_path) as lib:
        embed, begun, ended = lib.embedder.embed, asyncio.Event(), asyncio.Event()

        async def stuck(texts: list[str], *, background: bool) -> object:
            if "Drug" not in texts[0]:
                return await embed(texts, background=background)
            begun.set()
            try:
                return await asyncio.Event().wait()
            finally:
                ended.set()

        lib.embedder.embed = stuck  # type: ignore[method-assign,assignment]
        document = await lib.add("a.pdf", DATA)
        await begun.wait()
        await lib.knowledge.delete(document.id, actor=None, origin=None)
        assert ended.is_set()
        other = await lib.settled((await lib.add("b.txt", b"Magnesium.")).id, timeout_s=5)
        assert other.status is DocumentStatus.INDEXED
        assert await lib.db.read(totals) == (1, 1, 1)


async def test_a_document_that_could_not_be_deleted_is_worked_on_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StorageFull("The disk is full; nothing was changed.")

    async with library(tmp_path) as lib:
        lib.embedder.gate = asyncio.Event()
        document = await lib.add("a.pdf", DATA)
        await lib.embedder.begun.wait()
        with monkeypatch.context() as patch:
            patch.setattr(documents, "delete", full)
            with pytest.raises(StorageFull):
                await lib.knowledge.delete(document.id, actor=None, origin=None)
        lib.embedder.gate.set()
        await check_whole(lib, document.id)
        await lib.knowledge.reindex(document.id, actor=None, origin=None)
        assert (await lib.settled(document.id)).status is DocumentStatus.INDEXED


async def test_a_lasting_failure_ends_with_no_detail(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with library(tmp_path) as lib:

        async def broken(texts: list[str], *, background: bool) -> object:
            raise RuntimeError(f"cannot embed {texts[0]}")

        lib.embedder.embed = broken  # type: ignore[method-assign,assignment]
        document = await lib.added("a.pdf", DATA)
        assert document.status is DocumentStatus.FAILED
        assert "internal error" in (document.error or "")
        assert "Drug" not in (document.error or "")
        assert await lib.db.read(totals) == (0, 0, 0)
    # The message of an exception stays out of the log lines (the formatter writes its place only).
    assert not any("Drug" in record.getMessage() for record in caplog.records)


async def test_progress_grows_and_is_written_seldom(tmp_path: Path) -> None:
    async with library(tmp_path) as lib:
        seen: list[float] = []
        write = lib.ingestion._progress

        async def watched(job: object, stage: str, progress: float, **options: object) -> None:
            seen.append(progress)
            await write(job, stage, progress, **options)  # type: ignore[arg-type]

        lib.ingestion._progress = watched  # type: ignore[method-assign]
        await lib.added("a.pdf", DATA)
        assert seen == sorted(seen)
        assert 0 < seen[0] < 0.2 < seen[-2] < seen[-1] < 1


async def test_documents_are_done_in_order(tmp_path: Path) -> None:
    async with library(tmp_path, working=False) as lib:
        ids = [(await lib.add(f"{n}.txt", f"Number {n}".encode())).id for n in range(4)]
        await lib.ingestion.open()
        for document_id in ids:
            await lib.settled(document_id)
        done = [(await lib.knowledge.get(i)).indexed_at for i in ids]
        assert done == sorted(d for d in done if d is not None)


CHILD = """
    import asyncio, sys
    from pathlib import Path
    from tests.fake_embedder import FakeEmbedder
    from tests.library import library

    async def main():
        embedder = FakeEmbedder()
        embed = embedder.embed
        async def stuck(texts, *, background):
            if len(embedder.batches) == 1:
                print(document.id, flush=True)
                await asyncio.Event().wait()
            return await embed(texts, background=background)
        embedder.embed = stuck
        async with library(Path(sys.argv[1]), embedder=embedder, working=False) as lib:
            document = await lib.add("a.pdf", Path(sys.argv[2]).read_bytes())
            await lib.ingestion.open()
            await asyncio.Event().wait()

    asyncio.run(main())
"""


async def test_killed_in_the_middle(tmp_path: Path) -> None:
    """SECURITY E1, E7: kill -9 while embedding; nothing is lost, nothing is done twice."""
    document_id = await asyncio.to_thread(killed_ingest, tmp_path)
    again = FakeEmbedder()
    async with library(tmp_path, embedder=again) as lib:
        await check_whole(lib, document_id)
    assert [len(batch) for batch in again.batches] == [EMBED_BATCH, 8]


def killed_ingest(directory: Path) -> str:
    source = directory / "source.pdf"
    source.write_bytes(DATA)
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CHILD), str(directory), str(source)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as child:
        assert child.stdout is not None
        document_id = child.stdout.readline().strip()
        os.kill(child.pid, signal.SIGKILL)
    assert document_id
    return document_id


async def test_a_pause_is_kept(tmp_path: Path) -> None:
    async with library(tmp_path, working=False) as lib:
        document = await lib.add("a.txt", b"Text.")
        now = lib.knowledge._clock()
        job = await lib.db.write(lambda tx: jobs.take_next(tx, now, now))
        assert job is not None
        due = now + timedelta(seconds=30)
        await lib.db.write(lambda tx: jobs.put_back(tx, job.id, counted=True, due=due, now=now))
        assert await lib.db.write(lambda tx: jobs.take_next(tx, now, now)) is None
        assert await lib.db.read(jobs.next_due) == due
        later = due + timedelta(seconds=1)
        taken = await lib.db.write(lambda tx: jobs.take_next(tx, later, later))
        assert taken is not None
        assert (taken.document_id, taken.attempts) == (document.id, 2)
