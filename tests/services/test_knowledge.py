"""Documents from upload to answer and out again, on real stores."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from appliance.domain import AdminRole, DocumentStatus, Principal, RequestOrigin, User, utc_now
from appliance.errors import (
    Invalid,
    NotFound,
    PayloadTooLarge,
    UnsupportedMediaType,
)
from appliance.storage import file_rows
from tests import pdf_writer
from tests.library import Library, in_pieces, library

TEXT = b"Potassium replacement. Check the potassium level every four hours during replacement."
ADMIN = Principal(
    User("4d0f1e1c-0000-4000-8000-000000000001", "a@b.c", "A", True, AdminRole.ADMIN, utc_now()),
    "4d0f1e1c-0000-4000-8000-000000000002",
)
ORIGIN = RequestOrigin("request-1", "10.0.0.7")


async def test_a_pdf_becomes_passages_with_exact_places(tmp_path: Path) -> None:
    data = pdf_writer.pdf(
        [
            ["1 INDICATIONS AND USAGE", "Used for fever."],
            ["2.1 Recommended Dosage", "The starting dose is 500 mg twice a day."],
        ]
    )
    async with library(tmp_path) as lib:
        document = await lib.added("metformin_guide.pdf", data, category="drugs")
        assert (document.status, document.error) == (DocumentStatus.INDEXED, None)
        assert (document.pages, document.chunks_indexed, document.progress) == (2, 2, 1.0)
        assert (document.title, document.category) == ("metformin guide", "drugs")
        passages = await lib.ask("What is the starting dose?")
        best = passages[0]
        assert best.chunk.page == 2
        assert best.chunk.section == "2.1 Recommended Dosage"
        assert best.chunk.text.endswith("The starting dose is 500 mg twice a day.")
        assert best.document.id == document.id
        opened = await lib.pages.passage(document.id, best.chunk.id, actor=ADMIN, origin=ORIGIN)
        place = slice(opened.chunk.char_start, opened.chunk.char_end)
        assert opened.page_text[place] == opened.chunk.text == best.chunk.text
        assert opened.previous_id == passages[1].chunk.id
        assert opened.next_id is None


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("locked.pdf", pdf_writer.pdf([["x"]], password="p"), "password"),
        ("scan.pdf", pdf_writer.scan(), "only images"),
        ("broken.pdf", pdf_writer.malformed(), "damaged"),
        ("blank.txt", b" \n \t\n", "no text"),
    ],
)
async def test_what_cannot_be_read_fails_with_a_reason_and_harms_nothing(
    tmp_path: Path, name: str, data: bytes, words: str
) -> None:
    async with library(tmp_path) as lib:
        failed = await lib.added(name, data)
        good = await lib.added("good.txt", TEXT)
        assert failed.status is DocumentStatus.FAILED
        assert words in (failed.error or "")
        assert failed.chunks_indexed == 0
        assert good.status is DocumentStatus.INDEXED
        assert {p.document.id for p in await lib.ask("potassium")} == {good.id}
        assert [row["action"] for row in await audit_rows(lib)] == [
            "document.upload",
            "document.failed",
            "document.upload",
            "document.indexed",
        ]


async def test_an_unreadable_page_is_told_and_the_rest_is_used(tmp_path: Path) -> None:
    async with library(tmp_path) as lib:
        document = await lib.added("two.pdf", pdf_writer.with_unreadable_page(["Give oxygen."]))
        assert document.status is DocumentStatus.INDEXED
        assert document.error == "These pages cannot be read and are left out of answers: 2."
        assert document.pages == 2


async def test_the_same_bytes_are_one_document(tmp_path: Path) -> None:
    async with library(tmp_path) as lib:
        first = await lib.added("a.txt", TEXT, title="First")
        again, is_new = await lib.knowledge.import_file("b.txt", in_pieces(TEXT))
        assert (again.id, again.title, is_new) == (first.id, "First", False)
        assert len(file_names(tmp_path)) == 1
        failed = await lib.added("scan.pdf", pdf_writer.scan())
        retried, is_new = await lib.knowledge.import_file("scan.pdf", in_pieces(pdf_writer.scan()))
        assert (retried.id, is_new) == (failed.id, False)
        assert retried.status in (DocumentStatus.UPLOADED, DocumentStatus.PROCESSING)
        assert (await lib.settled(failed.id)).status is DocumentStatus.FAILED


async def test_many_uploads_of_the_same_bytes_at_once_are_one_document(tmp_path: Path) -> None:
    async with library(tmp_path) as lib:
        both = await asyncio.gather(*(lib.add(f"{n}.txt", TEXT) for n in range(6)))
        assert len({document.id for document in both}) == 1
        assert (await lib.settled(both[0].id)).status is DocumentStatus.INDEXED
        assert len(file_names(tmp_path)) == 1


async def test_a_deleted_document_leaves_answers_at_once_and_the_disk_too(tmp_path: Path) -> None:
    async with library(tmp_path) as lib:
        document = await lib.added("a.txt", TEXT)
        kept = await lib.added("b.txt", b"Potassium is also in bananas.")
        (passage,) = [p for p in await lib.ask("potassium") if p.document.id == document.id]
        await lib.knowledge.delete(document.id, actor=ADMIN, origin=ORIGIN)
        assert {p.document.id for p in await lib.ask("potassium")} == {kept.id}
        assert await lib.index.passages([passage.chunk.id]) == []
        assert await lib.db.read(lambda tx: file_rows.names(tx)) == {kept.sha256}
        assert file_names(tmp_path) == [kept.sha256]
        for gone in (
            lib.knowledge.get(document.id),
            lib.knowledge.delete(document.id, actor=ADMIN, origin=ORIGIN),
            lib.knowledge.reindex(document.id, actor=ADMIN, origin=ORIGIN),
            lib.pages.passage(document.id, passage.chunk.id, actor=ADMIN, origin=ORIGIN),
        ):
            with pytest.raises(NotFound):
                await gone
        again = await lib.added("a.txt", TEXT)
        assert again.status is DocumentStatus.INDEXED
        assert again.id != document.id


async def test_deleting_during_the_ingest_stops_it(tmp_path: Path) -> None:
    async with library(tmp_path) as lib:
        lib.embedder.gate = asyncio.Event()
        document = await lib.add("a.txt", TEXT)
        await lib.embedder.begun.wait()
        await lib.knowledge.delete(document.id, actor=None, origin=None)
        lib.embedder.gate.set()
        other = await lib.added("b.txt", b"Something else about magnesium.")
        assert {p.document.id for p in await lib.ask("potassium magnesium")} == {other.id}
        assert "document.failed" not in [row["action"] for row in await audit_rows(lib)]
        assert await lib.db.read(lambda tx: count(tx, "chunks")) == 1


async def test_a_superseded_document_gives_no_answers_until_its_successor_goes(
    tmp_path: Path,
) -> None:
    async with library(tmp_path) as lib:
        old = await lib.added("old.txt", b"Give 5 mg of haloperidol for agitation.")
        new = await lib.added(
            "new.txt", b"Give 2 mg of haloperidol for agitation.", supersedes=old.id
        )
        assert {p.document.id for p in await lib.ask("haloperidol dose")} == {new.id}
        await lib.knowledge.delete(new.id, actor=None, origin=None)
        assert {p.document.id for p in await lib.ask("haloperidol dose")} == {old.id}


async def test_a_successor_that_failed_supersedes_nothing(tmp_path: Path) -> None:
    async with library(tmp_path) as lib:
        old = await lib.added("old.txt", b"Give 5 mg of haloperidol for agitation.")
        await lib.added("new.pdf", pdf_writer.scan(), supersedes=old.id)
        assert {p.document.id for p in await lib.ask("haloperidol dose")} == {old.id}


async def test_hidden_documents_take_nobodys_place(tmp_path: Path) -> None:
    paragraph = "Give haloperidol {n} mg. " + "It calms agitation in delirium. " * 30
    old_text = "\f".join(paragraph.format(n=n) for n in range(90)).encode()
    async with library(tmp_path) as lib:
        old = await lib.added("old.txt", old_text)
        await lib.added("new.txt", b"Withdrawn: see the pharmacist.", supersedes=old.id)
        other = await lib.added("other.txt", b"Haloperidol can prolong the QT interval.")
        found = await lib.ask("haloperidol agitation delirium calms", limit=2)
        assert other.id in {p.document.id for p in found}
        assert old.id not in {p.document.id for p in found}


async def test_reindexing_keeps_answers_and_the_ids_of_passages(tmp_path: Path) -> None:
    async with library(tmp_path) as lib:
        document = await lib.added("a.txt", TEXT)
        before = await lib.ask("potassium")
        lib.embedder.gate = asyncio.Event()
        lib.embedder.begun.clear()
        queued = await lib.knowledge.reindex(document.id, actor=ADMIN, origin=ORIGIN)
        assert queued.status is DocumentStatus.UPLOADED
        await lib.embedder.begun.wait()
        assert (await lib.knowledge.get(document.id)).status is DocumentStatus.PROCESSING
        twice = await lib.knowledge.reindex(document.id, actor=ADMIN, origin=ORIGIN)
        assert twice.status is DocumentStatus.PROCESSING
        during = await lib.ask("potassium")
        assert [p.chunk for p in during] == [p.chunk for p in before]
        lib.embedder.gate.set()
        assert (await lib.settled(document.id)).status is DocumentStatus.INDEXED
        after = await lib.ask("potassium")
        assert [p.chunk for p in after] == [p.chunk for p in before]
        assert [row["action"] for row in await audit_rows(lib)].count("document.reindex") == 1
        assert await lib.db.read(lambda tx: count(tx, "chunks")) == 1


async def test_a_reindex_that_fails_leaves_the_text_from_before(tmp_path: Path) -> None:
    async with library(tmp_path) as lib:
        document = await lib.added("a.txt", TEXT)
        (tmp_path / "files" / document.sha256).unlink()
        await lib.knowledge.reindex(document.id, actor=None, origin=None)
        after = await lib.settled(document.id)
        assert after.status is DocumentStatus.INDEXED
        assert "from before is still used" in (after.error or "")
        assert len(await lib.ask("potassium")) == 1


@pytest.mark.parametrize(
    ("name", "data", "error"),
    [
        ("a.docx", b"PK", UnsupportedMediaType),
        ("a", b"text", UnsupportedMediaType),
        ("a.pdf.exe", b"%PDF-1.4", UnsupportedMediaType),
        ("a.pdf", b"not a pdf at all", UnsupportedMediaType),
        ("a.txt", b"%PDF-1.4 in disguise", UnsupportedMediaType),
        ("a.txt", b"\x89PNG\r\n\x1a\n", UnsupportedMediaType),
        ("a.txt", b"bin\x00ary", UnsupportedMediaType),
        ("a.txt", b"x" * 5000 + b"%PDF-" + b"\x00", None),  # judged by its beginning; fails later
        ("a.txt", b"", Invalid),
        ("a.pdf", b"%PDF-" + b"x" * (1 << 20), PayloadTooLarge),
        ("A.TXT", b"fine", None),
    ],
)
async def test_what_may_come_in(
    tmp_path: Path, name: str, data: bytes, error: type[Exception] | None
) -> None:
    async with library(tmp_path, working=False) as lib:
        if error is None:
            assert (await lib.add(name, data)).status is DocumentStatus.UPLOADED
            return
        with pytest.raises(error):
            await lib.add(name, data)
        assert file_names(tmp_path) == []
        assert await audit_rows(lib) == []
        assert await lib.catalogue.listing() == ([], 0)


async def test_an_unknown_predecessor_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    async with library(tmp_path, working=False) as lib:
        with pytest.raises(Invalid) as refused:
            await lib.add("a.txt", TEXT, supersedes="4d0f1e1c-0000-4000-8000-00000000000f")
        assert refused.value.field == "supersedes"
        assert file_names(tmp_path) == []
        assert await lib.db.read(lambda tx: file_rows.names(tx)) == set()


async def test_a_file_without_a_row_goes_at_start(tmp_path: Path) -> None:
    async with library(tmp_path, working=False) as lib:
        document = await lib.add("a.txt", TEXT)
    (tmp_path / "files" / ("0" * 64)).write_bytes(b"stray")
    async with library(tmp_path, working=False):
        assert file_names(tmp_path) == [document.sha256]


async def test_listing_narrows_and_pages(tmp_path: Path) -> None:
    async with library(tmp_path, working=False) as lib:
        ids = []
        for number in range(5):
            category = "a" if number % 2 else "b_%"
            title = f"Sepsis {number}%"
            document = await lib.add(
                f"{number}.txt", str(number).encode(), title=title, category=category
            )
            ids.append(document.id)
        found, total = await lib.catalogue.listing(limit=2, offset=1)
        assert ([d.id for d in found], total) == (ids[::-1][1:3], 5)
        assert (await lib.catalogue.listing(category="a"))[1] == 2
        assert (await lib.catalogue.listing(search="sepsis 3"))[1] == 1
        assert (await lib.catalogue.listing(search="%"))[1] == 5
        assert (await lib.catalogue.listing(search="_epsis"))[1] == 0
        assert (await lib.catalogue.listing(status=DocumentStatus.INDEXED))[1] == 0
        assert (await lib.catalogue.listing(status=DocumentStatus.UPLOADED))[1] == 5


async def test_reading_a_passage_is_audited_without_its_words(tmp_path: Path) -> None:
    async with library(tmp_path) as lib:
        document = await lib.added("secret_name.txt", TEXT)
        (passage,) = await lib.ask("potassium")
        await lib.pages.passage(document.id, passage.chunk.id, actor=ADMIN, origin=ORIGIN)
        last = (await audit_rows(lib))[-1]
        assert (last["action"], last["user_id"]) == ("document.read", ADMIN.user.id)
        assert (last["resource_id"], last["ip"]) == (document.id, "10.0.0.7")
        everything = str([list(row) for row in await audit_rows(lib)])
        assert "otassium" not in everything
        assert "secret_name" not in everything


async def audit_rows(lib: Library) -> list[dict[str, object]]:
    return await lib.db.read(
        lambda tx: [dict(row) for row in tx.execute("SELECT * FROM audit_log ORDER BY seq")]
    )


def count(tx: object, table: str) -> int:
    return int(tx.execute(f"SELECT count(*) AS n FROM {table}").fetchone()["n"])  # type: ignore[attr-defined]


def file_names(directory: Path) -> list[str]:
    return sorted(path.name for path in (directory / "files").iterdir())
