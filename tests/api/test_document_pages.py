"""Documents as they look, over HTTP: page images and downloads."""

from __future__ import annotations

import io
from typing import Any

import httpx2
import pytest
from PIL import Image, ImageChops

from tests import pdf_writer
from tests.api.conftest import Api
from tests.api.test_kb import ABSENT, DOCUMENTS, PDF, TEXT, finished, upload

CITED = "/api/documents"


async def indexed(api: Api, name: str = "examplin.pdf", content: bytes = PDF) -> str:
    document_id: str = (await upload(api, name, content)).json()["data"]["document_id"]
    assert (await finished(api, document_id))["status"] == "indexed"
    return document_id


def opened(response: Any) -> Image.Image:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "image/png"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"
    return Image.open(io.BytesIO(response.content)).convert("RGB")


async def test_a_page_opens_for_who_reads_answers_and_who_keeps_documents(api: Api) -> None:
    document_id = await indexed(api)
    plain = opened(await api.client.get(f"{CITED}/{document_id}/pages/2.png", headers=api.user))
    assert max(plain.size) <= 2000
    for path, headers in (
        (f"{DOCUMENTS}/{document_id}/pages/2.png", api.viewer),
        (f"{DOCUMENTS}/{document_id}/pages/2.png", api.admin),
        (f"/documents/{document_id}/pages/2.png", api.other),
    ):
        same = opened(await api.client.get(path, headers=headers))
        assert same.tobytes() == plain.tobytes()
    refused = await api.client.get(f"{DOCUMENTS}/{document_id}/pages/2.png", headers=api.user)
    assert refused.status_code == 403
    assert (await api.client.get(f"{CITED}/{document_id}/pages/2.png")).status_code == 401


async def test_a_citations_place_marks_what_its_words_mark(api: Api) -> None:
    document_id = await indexed(api)
    address = f"{CITED}/{document_id}/pages/2.png"
    text = "The starting dose of examplin is 500 mg."
    start = text.index("500 mg")
    plain = opened(await api.client.get(address, headers=api.user))
    pictures = [
        opened(await api.client.get(address, params={"highlight": words}, headers=api.user))
        for words in (f"{start}-{start + 6}", "500  MG", "0-40")
    ]
    boxes = [ImageChops.difference(plain, picture).getbbox() for picture in pictures]
    assert boxes[0] is not None and boxes[1] is not None and boxes[2] is not None
    # A place marks whole words, and so the full stop as well.
    assert all(abs(a - b) <= 6 for a, b in zip(boxes[0], boxes[1], strict=True))
    assert boxes[2][0] < boxes[0][0]


HIGHLIGHTS = (
    ("5-5", 422),
    ("9-2", 422),
    ("x" * 501, 422),
    ("bell\x07", 422),
    ("0-9999999", 200),
    ("5000-6000", 200),
    ("99999999-999999999", 200),  # words, of which there are none here
    ("'; DROP TABLE pages; --", 200),
    ("(.*)+$", 200),
    ("", 200),
    ("\uff11-\uff12", 200),
)
NO_PAGES = (
    "0.png", "3.png", "-1.png", "1", "1.jpg", "x.png", "01.png", "1.5.png", "9999999.png",
    "\u00b2.png", "1.png%00", "..%2f1.png", "1.PNG",
)  # fmt: skip


async def test_highlights_of_every_kind(api: Api) -> None:
    document_id = await indexed(api)
    for highlight, status in HIGHLIGHTS:
        response = await api.client.get(
            f"{CITED}/{document_id}/pages/1.png",
            params={"highlight": highlight},
            headers=api.user,
        )
        assert response.status_code == status, highlight
        if status == 422:
            assert response.json()["error"]["field"] == "highlight"


async def test_a_page_that_is_not_there(api: Api) -> None:
    document_id = await indexed(api)
    for page in NO_PAGES:
        for folder, headers in ((CITED, api.user), (DOCUMENTS, api.admin)):
            response = await api.client.get(f"{folder}/{document_id}/pages/{page}", headers=headers)
            assert response.status_code == 404, page
            assert response.json()["error"]["code"] == "NOT_FOUND"


async def test_a_text_has_no_images(api: Api) -> None:
    document_id = await indexed(api, "a.txt", TEXT)
    response = await api.client.get(f"{CITED}/{document_id}/pages/1.png", headers=api.user)
    assert response.status_code == 404
    assert "text document" in response.json()["error"]["message"]


async def test_a_locked_file_has_no_images_and_answers_clearly(api: Api) -> None:
    locked = pdf_writer.pdf([["x"]], password="p")
    document_id = (await upload(api, "locked.pdf", locked)).json()["data"]["document_id"]
    await finished(api, document_id)
    response = await api.client.get(f"{DOCUMENTS}/{document_id}/pages/1.png", headers=api.admin)
    assert response.status_code == 404
    assert "password" in response.json()["error"]["message"]
    # To clinicians a document that answers nothing is not there.
    response = await api.client.get(f"{CITED}/{document_id}/pages/1.png", headers=api.user)
    assert response.json()["error"]["message"] == "There is no such document."


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [('größe & "dosis".pdf', PDF, "application/pdf"), ("a.txt", TEXT * 3000, "text/plain")],
)
async def test_c3_downloads_are_attachments_with_nosniff(
    api: Api, name: str, content: bytes, media_type: str
) -> None:
    document_id = (await upload(api, name, content)).json()["data"]["document_id"]
    response = await api.client.get(f"{DOCUMENTS}/{document_id}/file", headers=api.admin)
    assert response.status_code == 200
    assert response.content == content
    assert response.headers["content-type"] == media_type
    assert response.headers["content-length"] == str(len(content))
    assert response.headers["content-disposition"].startswith('attachment; filename="')
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"
    assert "x-ratelimit-limit" in response.headers and "x-request-id" in response.headers
    assert response.headers["content-security-policy"].startswith("default-src 'self'")
    assert "\n" not in response.headers["content-disposition"]
    for headers, status in ((api.viewer, 403), (api.user, 403), ({}, 401)):
        refused = await api.client.get(f"{DOCUMENTS}/{document_id}/file", headers=headers)
        assert refused.status_code == status
    # The connection is good for more.
    assert (await api.client.get("/health")).status_code == 200


async def test_a_download_whose_file_is_damaged_says_so_before_it_begins(api: Api) -> None:
    document_id = await indexed(api)
    for path in (api.container.settings.data_dir / "files").iterdir():
        path.write_bytes(b"VAFILE\x01\x00" + bytes(200))
    response = await api.client.get(f"{DOCUMENTS}/{document_id}/file", headers=api.admin)
    assert response.status_code == 503
    assert response.json()["error"]["code"] == "UNAVAILABLE"
    assert "content-disposition" not in response.headers
    absent = await api.client.get(f"{DOCUMENTS}/{ABSENT}/file", headers=api.admin)
    assert absent.status_code == 404


async def test_a_download_that_turns_out_damaged_ends_short(api: Api) -> None:
    document_id = (await upload(api, "a.txt", b"word " * 200_000)).json()["data"]["document_id"]
    (path,) = (api.container.settings.data_dir / "files").iterdir()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(httpx2.RemoteProtocolError):
        await api.client.get(f"{DOCUMENTS}/{document_id}/file", headers=api.admin)
    assert (await api.client.get("/health")).status_code == 200
