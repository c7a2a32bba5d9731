"""Reading PDFs in the guarded child, and what becomes of those that cannot be read."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from appliance.engines import model_trial
from appliance.engines import pdf as pdf_engine
from appliance.engines.child_environment import environment
from appliance.engines.pdf import ExtractionFailed, PdfReader
from appliance.engines.pdf_words import cleaned
from appliance.storage.segments import DamagedFile
from tests import pdf_writer
from tests.shared_data import shared_data


async def in_pieces(data: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def texts(data: bytes, extractor: PdfReader | None = None) -> list[str | None]:
    async with aclosing((extractor or PdfReader()).pages(in_pieces(data))) as found:
        return [page.text async for page in found]


async def test_pages_come_in_order_with_their_number_known_first() -> None:
    data = pdf_writer.pdf([["First page (one)", "second line"], ["Zweite Seite: 5 µg \\ Tag"]])
    async with aclosing(PdfReader().pages(in_pieces(data, 7))) as found:
        pages = [(page.number, page.total, page.text) async for page in found]
    assert pages == [(1, 2, "First page (one)\nsecond line"), (2, 2, "Zweite Seite: 5 µg \\ Tag")]


@pytest.mark.parametrize(
    ("data", "reason", "words"),
    [
        (pdf_writer.pdf([["secret"]], password="ward7"), "password_needed", "needs a password"),
        (pdf_writer.scan(3), "no_text", "no text, only images"),
        (pdf_writer.pdf([]), "damaged", "damaged"),
        (pdf_writer.malformed(), "damaged", "damaged"),
        (pdf_writer.pdf([["cut short"]])[:60], "damaged", "damaged"),
        (b"", "damaged", "damaged"),
        (pdf_writer.scan(5_001), "too_large", "too large or too complex"),
    ],
)
async def test_an_unreadable_file_says_what_can_be_done(
    data: bytes, reason: str, words: str
) -> None:
    with pytest.raises(ExtractionFailed) as failed:
        await texts(data)
    assert failed.value.reason == reason
    assert words in failed.value.message
    assert failed.value.details == {"reason": reason}


async def test_an_unreadable_page_does_not_hide_the_others() -> None:
    assert await texts(pdf_writer.with_unreadable_page(["still here"])) == ["still here", None]


async def test_a_child_that_stalls_is_ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pid_file = tmp_path / "pid"
    endless = (
        f"import os, time; open({str(pid_file)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    )
    monkeypatch.setattr(pdf_engine, "command", lambda: [sys.executable, "-c", endless])
    with pytest.raises(ExtractionFailed, match="too complex"):
        await texts(b"%PDF-", PdfReader(stall_s=1.0))
    assert not alive(int(pid_file.read_text()))


async def test_a_child_that_meets_its_limits_is_a_failure_with_a_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    greedy = (
        "from appliance.engines import pdf_child; pdf_child._guard();"
        "blocks = [bytearray(1 << 26) for _ in range(64)]"
    )
    monkeypatch.setattr(pdf_engine, "command", lambda: [sys.executable, "-c", greedy])
    with pytest.raises(ExtractionFailed, match="too large"):
        await texts(b"%PDF-")


async def test_a_page_that_swells_beyond_the_memory_limit() -> None:
    """Read by the child as it is: without its guard it would find blanks, and so no text."""
    with pytest.raises(ExtractionFailed) as failed:
        await texts(pdf_writer.swelling(900))
    assert failed.value.reason == "too_large"
    # Small enough, the same page is read to its end.
    with pytest.raises(ExtractionFailed) as failed:
        await texts(pdf_writer.swelling(1))
    assert failed.value.reason == "no_text"


async def test_the_guard_holds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    target = tmp_path / "written"
    writes = (
        "import sys; from appliance.engines import pdf_child; pdf_child._guard();"
        "import json, resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"try:\n f = open({str(target)!r}, 'w'); f.write('x' * 10); f.flush()\n"
        "except OSError: print(json.dumps({'pages': 1})); print(json.dumps({'page': 1, 'text': "
        "str(resource.getrlimit(resource.RLIMIT_CORE))})); print(json.dumps({'done': 1}))"
    )
    monkeypatch.setattr(pdf_engine, "command", lambda: [sys.executable, "-c", writes])
    assert await texts(b"") == ["(0, 0)"]
    assert not target.exists() or target.read_text() == ""


async def test_closing_early_ends_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def watched(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        seen.append(start(*arguments, **options))
        return seen[-1]

    monkeypatch.setattr(subprocess, "Popen", watched)
    async with aclosing(PdfReader().pages(in_pieces(pdf_writer.pdf([["a"]] * 400)))) as found:
        async for _ in found:
            break
    assert seen[0].returncode is not None
    assert not alive(seen[0].pid)


@pytest.mark.parametrize("moment", [0.0, 0.001, 0.005, 0.02, 0.1])
async def test_a_cancelled_start_leaves_no_child(
    monkeypatch: pytest.MonkeyPatch, moment: float
) -> None:
    started: list[subprocess.Popen[bytes]] = []
    start = pdf_engine._start_process

    def slow_start() -> subprocess.Popen[bytes]:
        time.sleep(0.01)
        started.append(start())
        return started[-1]

    monkeypatch.setattr(pdf_engine, "_start_process", slow_start)
    reading = asyncio.create_task(texts(pdf_writer.pdf([["text"]])))
    await asyncio.sleep(moment)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await asyncio.sleep(0.1)  # the thread that starts the child is not stopped by the cancelling
    for child in started:
        assert child.returncode is not None
        assert child.stdin is not None
        assert child.stdin.closed


async def test_a_damaged_source_is_told_as_such() -> None:
    async def breaks() -> AsyncIterator[bytes]:
        yield pdf_writer.pdf([["fine so far"]])
        raise DamagedFile("The stored file is damaged.")

    with pytest.raises(DamagedFile):
        async with aclosing(PdfReader().pages(breaks())) as found:
            assert [page async for page in found] == []


def test_the_child_is_given_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICEASSIST_SECRET", "x")
    monkeypatch.setenv("_PYI_ARCHIVE_FILE", "/opt/voiceassist")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/lib")
    given = environment()
    assert "VOICEASSIST_SECRET" not in given
    assert given["_PYI_ARCHIVE_FILE"] == "/opt/voiceassist"
    assert given["LD_LIBRARY_PATH"] == "/opt/lib"


def test_the_frozen_child_is_the_executable_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert pdf_engine.command() == [sys.executable, "extract-pdf"]
    assert model_trial.command() == [sys.executable, "try-model"]
    assert "PYTHONPATH" not in environment()


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("alcohol\ufffebased", "alcohol\u00adbased"),
        ("adminis\u0002tration", "adminis\u00adtration"),
        ("nul\u0000 bell\u0007 lone\ud800 mark\ufeff", "nul bell lone mark"),
        ("½ µ ≥ é stay", "½ µ ≥ é stay"),
        ("\uf0b7 item", "\u2022 item"),
        ("su\ufb03cient 1\u2011year", "sufficient 1-year"),
    ],
)
def test_cleaning_keeps_the_words(raw: str, shown: str) -> None:
    assert cleaned(raw) == shown


async def test_a_real_drug_label() -> None:
    path = shared_data("pdf_clinical/fda_warfarin_label_2025.pdf")
    pages = await texts(path.read_bytes())
    assert len(pages) == 44
    assert pages[0] is not None
    assert "Warfarin sodium can cause major or fatal bleeding. ( 5.1)" in pages[0]
    assert not any("\r" in (page or "") or "\ufffe" in (page or "") for page in pages)


TORTURE = [
    ("pdfjs/PDFBOX-3148-2-fuzzed.pdf", "no_text"),
    ("pdfjs/REDHAT-1531897-0.pdf", "damaged"),
    ("pdfjs/poppler-395-0-fuzzed.pdf", "damaged"),
    ("pdfjs/saslprep-r6.pdf", "password_needed"),
    ("pdfjs/filled-background.pdf", "no_text"),
    ("pypdf-sample-files/019-grayscale-image/grayscale-image.pdf", "no_text"),
]


@pytest.mark.parametrize(("name", "reason"), TORTURE)
async def test_difficult_files_end_with_a_reason(name: str, reason: str) -> None:
    path = shared_data(f"pdf_torture/{name}")
    with pytest.raises(ExtractionFailed) as failed:
        await texts(path.read_bytes())
    assert failed.value.reason == reason


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
