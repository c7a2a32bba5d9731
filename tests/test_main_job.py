"""The main job on real documents: upload labels and a guide, ask, check the words on the page.

`packaging/smoke.py` does the same on documents that it writes itself; here it is the published
ones, read back by a reader that is not ours to trust the citations to.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from smoke import folded
from smoke_appliance import Running
from tests.embedding_model import embedding_model
from tests.shared_data import shared_data

COMMAND = (sys.executable, "-m", "appliance", "serve", "--first-run")
FILES = {
    "warfarin": "pdf_clinical/fda_warfarin_label_2025.pdf",
    "metformin": "pdf_clinical/fda_metformin_highlights_2026.pdf",
    "cdc": "pdf_clinical/cdc_outpatient_infection_prevention_guide.pdf",
}
# Question, document, words that a right answer holds.
QUESTIONS = (
    ("What is the boxed warning for warfarin?", "warfarin", "major or fatal bleeding"),
    ("What is the starting dose of metformin?", "metformin", "500 mg orally twice a day"),
    ("How should single-dose vials be handled?", "cdc", "only one patient"),
)
REFUSED = "Who won the 1998 World Cup?"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    embedding_model()
    appliance = start(tmp_path)
    try:
        yield appliance
    finally:
        appliance.kill()


def start(folder: Path) -> Running:
    appliance = Running(COMMAND, folder)
    appliance.wait_ready(60)
    return appliance


def sign_in(appliance: Running, email: str, password: str) -> None:
    answer = appliance.post("/api/auth/login", {"email": email, "password": password})
    appliance.token = answer["access_token"]


def upload(appliance: Running, name: str) -> str:
    path = shared_data(FILES[name])
    stored = appliance.upload(path.name, "application/pdf", path.read_bytes())
    document_id: str = stored["data"]["document_id"]
    return document_id


def wait_until_indexed(appliance: Running, document_ids: list[str], within_s: float = 300) -> None:
    deadline = time.monotonic() + within_s
    for document_id in document_ids:
        while True:
            found = appliance.get(f"/api/admin/kb/documents/{document_id}")["data"]
            if found["status"] == "indexed":
                break
            assert found["status"] != "failed", found["error"]
            assert time.monotonic() < deadline, "not indexed in time"
            time.sleep(0.3)


def words_of_page(name: str, number: int) -> str:
    """The page as pypdfium2 reads it, without white space, break hyphens and marks of items."""
    with pypdfium2.PdfDocument(shared_data(FILES[name])) as document:
        page = document[number - 1]
        text_page = page.get_textpage()
        text = text_page.get_text_range()
        text_page.close()
        page.close()
    return bare(text)


def bare(text: str) -> str:
    # Where a page draws its marks, its text has none.
    return "".join(re.sub("[-\u00ad\ufffe•◦▪□]", "", text).split())


def check_answer(message: dict[str, Any], name: str, document_id: str, words: str) -> None:
    assert message["status"] == "complete"
    assert words in folded(message["content"])
    assert message["citations"], "no citation"
    bearing = [c for c in message["citations"] if words in folded(c["snippet"])]
    assert bearing, [c["snippet"] for c in message["citations"]]
    for citation in message["citations"]:
        assert citation["sourceId"] == document_id, citation["title"]
        assert bare(citation["snippet"]) in words_of_page(name, citation["page"])
    assert all(sentence["supported"] for sentence in message["sentences"])


def test_real_documents_are_answered_from_and_kept(running: Running, tmp_path: Path) -> None:
    email, password = running.printed("email"), running.printed("password")
    sign_in(running, email, password)
    ids = {name: upload(running, name) for name in FILES}
    wait_until_indexed(running, list(ids.values()))
    asked = []
    for question, name, words in QUESTIONS:
        message, _ = running.ask(question)
        check_answer(message, name, ids[name], words)
        asked.append(message)
    refusal, _ = running.ask(REFUSED)
    assert refusal["citations"] == []
    assert refusal["model"] == "refusal"
    running.stop()

    again = start(tmp_path)
    try:
        sign_in(again, email, password)
        for message in asked:
            address = f"/api/conversations/{message['conversationId']}/messages"
            kept = again.get(address)["data"]["items"]
            assert [item["content"] for item in kept if item["id"] == message["id"]] == [
                message["content"]
            ]
        question, name, words = QUESTIONS[0]
        message, _ = again.ask(question)
        check_answer(message, name, ids[name], words)
        again.stop()
    finally:
        again.kill()


def test_e7_a_kill_in_the_middle_of_an_ingest_is_resumed(running: Running, tmp_path: Path) -> None:
    email, password = running.printed("email"), running.printed("password")
    sign_in(running, email, password)
    document_id = upload(running, "metformin")
    deadline = time.monotonic() + 60
    while True:
        found = running.get(f"/api/admin/kb/documents/{document_id}")["data"]
        if found["status"] == "processing" and found["progress"] > 0:
            break
        assert found["status"] in ("uploaded", "processing"), found
        assert time.monotonic() < deadline
    running.kill_now()

    again = start(tmp_path)
    try:
        sign_in(again, email, password)
        found = again.get(f"/api/admin/kb/documents/{document_id}")["data"]
        assert found["status"] != "failed"
        wait_until_indexed(again, [document_id])
        question, name, words = QUESTIONS[1]
        message, _ = again.ask(question)
        check_answer(message, name, document_id, words)
        again.stop()
    finally:
        again.kill()
