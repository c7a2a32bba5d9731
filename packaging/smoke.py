"""The smoke test that the source tree and the executable must both pass.

    python packaging/smoke.py -- COMMAND...

Starts `COMMAND serve --first-run` on an empty data directory with no program on its PATH, uploads a
text and a PDF, asks about both, asks about neither, starts again and finds all still there.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from smoke_appliance import Json, Running, SmokeFailure

FIRST_START_S = 180.0  # keys, migrations, model, and for a one-file executable the unpacking
INDEXING_S = 120.0

TEXT_FACT = "The medicines refrigerator is kept at a temperature between 2 and 8 degrees Celsius."
TEXT = (
    "Storage of medicines (written for a test)\n\n"
    f"{TEXT_FACT} The nurse in charge reads the thermometer of the refrigerator twice a day.\n"
)
TEXT_QUESTION = "At what temperature is the medicines refrigerator kept?"
PDF_FACT = "Every patient is assessed for the risk of falls within 6 hours of admission."
PDF_LINES = (
    "Prevention of falls (written for a test)",
    PDF_FACT,
    "The assessment is repeated every week and after any fall.",
)
PDF_QUESTION = "How soon after admission is the risk of falls assessed?"
OFF_TOPIC = "Who won the 1998 World Cup?"


def one_page_pdf(lines: Sequence[str]) -> bytes:
    """A PDF 1.4 file of one page with `lines` (ASCII without brackets) in Helvetica."""
    shown = "".join(f"({line.replace('(', '').replace(')', '')}) Tj 0 -20 Td\n" for line in lines)
    content = f"BT /F1 11 Tf 50 780 Td\n{shown}ET"
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        "/Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    out = "%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    out += f"xref\n0 {size}\n0000000000 65535 f \n{table}"
    out += f"trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{out.index('xref')}\n%%EOF\n"
    return out.encode("ascii")


def folded(text: str) -> str:
    return " ".join(text.split())


def check(holds: bool, message: str) -> None:
    if not holds:
        raise SmokeFailure(message)


def wait_indexed(appliance: Running, documents: Sequence[str]) -> None:
    deadline = time.monotonic() + INDEXING_S
    waiting = list(documents)
    while waiting:
        document = appliance.get(f"/api/admin/kb/documents/{waiting[0]}")["data"]
        if document["status"] == "indexed":
            waiting.pop(0)
            continue
        check(document["status"] != "failed", f"indexing failed: {document['error']}")
        check(time.monotonic() < deadline, f"not indexed within {INDEXING_S:.0f} s: {document}")
        time.sleep(0.1)


def check_cited(appliance: Running, message: Json, document_id: str, fact: str) -> None:
    """The answer rests on page 1 of that document, in words that stand there."""
    check(message["status"] == "complete", f"the answer is {message['status']}")
    check(bool(message["citations"]), f"no citation in the answer: {message['content']!r}")
    citation = message["citations"][0]
    check(citation["sourceId"] == document_id, f"the wrong document is cited: {citation}")
    check(citation["page"] == 1, f"page {citation['page']} is cited, not 1")
    check(folded(fact) in folded(message["content"]), f"not in the answer: {message['content']!r}")
    passage = appliance.get(citation["url"])["data"]
    snippet = folded(citation["snippet"])
    check(bool(snippet), "the citation quotes nothing")
    check(snippet in folded(passage["page_text"]), f"not word for word on the page: {snippet!r}")
    quoted = passage["page_text"][citation["charStart"] : citation["charEnd"]]
    check(folded(quoted) == snippet, f"the positions point at other words: {quoted!r}")


def log_in(appliance: Running, email: str, password: str) -> None:
    answer = appliance.post("/api/auth/login", {"email": email, "password": password})
    check(answer["success"] is True, "log in is not enveloped")
    check(answer["access_token"] == answer["data"]["access_token"], "token fields differ")
    appliance.token = answer["access_token"]


def first_run(command: Sequence[str], folder: Path, times: dict[str, float]) -> Json:
    """Everything from an empty data directory; gives what the second run must find again."""
    appliance = Running([*command, "serve", "--first-run"], folder)
    try:
        times["first start to ready"] = appliance.wait_ready(FIRST_START_S)
        check(appliance.get("/health")["status"] == "healthy", "/health is not healthy")
        email, password = appliance.printed("email"), appliance.printed("password")
        log_in(appliance, email, password)
        started = time.monotonic()
        uploads = (
            ("storage.txt", "text/plain", TEXT.encode()),
            ("falls.pdf", "application/pdf", one_page_pdf(PDF_LINES)),
        )
        kept = [appliance.upload(*upload)["data"]["document_id"] for upload in uploads]
        wait_indexed(appliance, kept)
        times["two documents uploaded and indexed"] = time.monotonic() - started
        about_text, times["first words of an answer"] = appliance.ask(TEXT_QUESTION)
        check_cited(appliance, about_text, kept[0], TEXT_FACT)
        about_pdf, times["first words of the next answer"] = appliance.ask(PDF_QUESTION)
        check_cited(appliance, about_pdf, kept[1], PDF_FACT)
        refusal, _ = appliance.ask(OFF_TOPIC)
        check(refusal["status"] == "complete", f"the refusal is {refusal['status']}")
        check(refusal["citations"] == [], "the refusal cites something")
        check("1998" not in refusal["content"], f"not a refusal: {refusal['content']!r}")
        times["SIGTERM to end"] = appliance.stop()
    except BaseException:
        print(f"\nThe console of the first run:\n{appliance.console()}", file=sys.stderr)
        raise
    finally:
        appliance.kill()
    return {"email": email, "password": password, "documents": kept, "answer": about_pdf}


def second_run(command: Sequence[str], folder: Path, left: Json, times: dict[str, float]) -> None:
    appliance = Running([*command, "serve", "--first-run"], folder)
    try:
        times["second start to ready"] = appliance.wait_ready(FIRST_START_S)
        log_in(appliance, left["email"], left["password"])
        documents = appliance.get("/api/admin/kb/documents")["data"]["documents"]
        indexed = {item["document_id"] for item in documents if item["status"] == "indexed"}
        check(indexed >= set(left["documents"]), "a document is gone after the restart")
        conversation = left["answer"]["conversationId"]
        messages = appliance.get(f"/conversations/{conversation}/messages")["data"]["items"]
        stored = [item["content"] for item in messages if item["role"] == "assistant"]
        check(stored == [left["answer"]["content"]], "the conversation changed over the restart")
        again, _ = appliance.ask(PDF_QUESTION, conversation)
        check_cited(appliance, again, left["documents"][1], PDF_FACT)
        check("password:" not in appliance.console(1000), "a second run prints a password")
        times["SIGTERM to end, second run"] = appliance.stop()
    except BaseException:
        print(f"\nThe console of the second run:\n{appliance.console()}", file=sys.stderr)
        raise
    finally:
        appliance.kill()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Try the appliance that COMMAND starts.")
    parser.add_argument("command", nargs="+", metavar="COMMAND")
    command = parser.parse_args(arguments).command
    times: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="voiceassist-smoke-") as name:
        try:
            left = first_run(command, Path(name), times)
            second_run(command, Path(name), left, times)
        except SmokeFailure as failure:
            print(f"\nsmoke test failed: {failure}", file=sys.stderr)
            return 1
    for what, seconds in times.items():
        print(f"{what:<40}{seconds:7.2f} s")
    print("smoke test passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
