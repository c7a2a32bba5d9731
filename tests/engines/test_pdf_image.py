"""Images of pages: of the right size, with the right words marked, out of a guarded child."""

from __future__ import annotations

import io
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing

import pypdfium2
import pytest
from PIL import Image, ImageChops

from appliance.engines import pdf as pdf_engine
from appliance.engines.pdf import ExtractionFailed, PdfReader
from appliance.services.hyphens import mended
from appliance.storage.segments import DamagedFile
from tests import pdf_writer
from tests.engines.test_pdf import in_pieces
from tests.shared_data import shared_data

LINES = ["The starting dose is 500 mg.", "Do not give it at night.", "The starting dose again."]
PDF = pdf_writer.pdf([LINES, ["Second page"]])


async def image(
    data: bytes, page: int = 1, words: str | None = None, before: str | None = None
) -> Image.Image:
    png = await PdfReader().image(in_pieces(data), page, words, before)
    return Image.open(io.BytesIO(png))


def marked(picture: Image.Image) -> tuple[int, int, int, int] | None:
    """The box around everything that is yellow."""
    red, _, blue = picture.convert("RGB").split()
    yellow = Image.composite(
        red.point([255 if value > 200 else 0 for value in range(256)]),
        Image.new("L", picture.size, 0),
        blue.point([255 if value < 150 else 0 for value in range(256)]),
    )
    return yellow.getbbox()


def words_in(data: bytes, page: int, box: tuple[int, int, int, int], size: tuple[int, int]) -> str:
    """The words that another call of the reader finds under a box of pixels."""
    with pypdfium2.PdfDocument(data) as document:
        found = document[page - 1]
        width, height = found.get_size()
        x, y = width / size[0], height / size[1]
        text_page = found.get_textpage()
        left, top, right, bottom = box
        text = text_page.get_text_bounded(
            left * x, height - bottom * y, right * x, height - top * y
        )
        text_page.close()
        found.close()
    return " ".join(str(text).split())


async def test_a_page_at_150_dots_an_inch() -> None:
    picture = await image(PDF)
    assert picture.format == "PNG"
    assert picture.size == (1240, 1755)
    assert marked(picture) is None
    assert min(picture.convert("L").tobytes()) < 50  # something is written on it
    assert (await image(PDF, 2)).tobytes() != picture.tobytes()


async def test_the_words_are_marked_and_still_legible() -> None:
    picture = await image(PDF, words="do NOT give")
    box = marked(picture)
    assert box is not None
    assert words_in(PDF, 1, box, picture.size) == "Do not give"
    plain = await image(PDF)
    assert (
        picture.crop(box).convert("L").getextrema()[0]
        == (plain.crop(box).convert("L").getextrema()[0])
    )
    outside = (0, box[3] + 1, *picture.size)
    assert picture.crop(outside).tobytes() == plain.crop(outside).tobytes()


async def test_a_place_tells_which_of_the_same_words() -> None:
    text = "\n".join(LINES)
    everywhere = marked(await image(PDF, words="The starting dose"))
    first = marked(await image(PDF, words="The starting dose", before=""))
    last = marked(await image(PDF, words="The starting dose", before=text[: text.rindex("The")]))
    assert everywhere is not None and first is not None and last is not None
    assert first[3] <= last[1]
    assert everywhere == (first[0], first[1], max(first[2], last[2]), last[3])


@pytest.mark.parametrize("words", ["not on this page", "", " ", "\ud800", "(", "x" * 500])
async def test_what_is_not_there_marks_nothing(words: str) -> None:
    assert (await image(PDF, words=words)).tobytes() == (await image(PDF)).tobytes()


@pytest.mark.parametrize(
    ("box", "size"),
    [
        (b"[0 0 14400 14400]", (1999, 1999)),
        (b"[0 0 14400 20]", (1999, 3)),
        (b"[0 0 3 3]", (7, 7)),
    ],
)
async def test_odd_sizes_stay_within_bounds(box: bytes, size: tuple[int, int]) -> None:
    data = PDF.replace(b"[0 0 595 842]", box)
    assert (await image(data)).size == size


async def test_a_turned_page_is_marked_where_its_words_are() -> None:
    data = PDF.replace(b"/MediaBox", b"/Rotate 90 /MediaBox")
    picture = await image(data, words="Do not give")
    assert picture.size == (1755, 1240)
    box = marked(picture)
    assert box is not None
    upright = marked(await image(PDF, words="Do not give"))
    assert upright is not None
    turned = (1755 - upright[3], upright[0], 1755 - upright[1], upright[2])
    assert all(abs(a - b) <= 2 for a, b in zip(box, turned, strict=True))


@pytest.mark.parametrize(
    ("data", "page", "reason"),
    [
        (PDF, 3, "no_page"),
        (PDF, 0, "no_page"),
        (pdf_writer.pdf([["secret"]], password="ward7"), 1, "password_needed"),
        (pdf_writer.malformed(), 1, "damaged"),
        (pdf_writer.with_unreadable_page(["fine"]), 2, "damaged"),
        (b"", 1, "damaged"),
        (pdf_writer.swelling(900), 1, "too_large"),
    ],
)
async def test_c2_what_cannot_be_shown_says_why(data: bytes, page: int, reason: str) -> None:
    with pytest.raises(ExtractionFailed) as failed:
        await image(data, page)
    assert failed.value.reason == reason


async def test_a_page_without_text_is_shown_all_the_same() -> None:
    assert marked(await image(pdf_writer.scan(), words="grey")) is None


@pytest.mark.parametrize(
    "code",
    [
        "import time; time.sleep(60)",
        "print('{\"bytes\": 1000}', flush=True)",
        "print('{\"bytes\": 99999999999}', flush=True)",
        "pass",
    ],
)
async def test_a_child_that_fails_in_the_middle_is_told_as_such(
    monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    monkeypatch.setattr(pdf_engine, "command", lambda: [sys.executable, "-c", code])
    with pytest.raises(ExtractionFailed, match="too large"):
        await PdfReader(image_s=1.0).image(in_pieces(PDF), 1)


async def test_a_damaged_source_is_told_as_such() -> None:
    async def breaks() -> AsyncIterator[bytes]:
        yield PDF
        raise DamagedFile("The stored file is damaged.")

    with pytest.raises(DamagedFile):
        await PdfReader().image(breaks(), 1)


@pytest.mark.parametrize(
    ("name", "page", "start", "end"),
    [
        ("fda_warfarin_label_2025", 1, "Warfarin sodium can cause", "fatal bleeding."),
        ("fda_warfarin_label_2025", 5, "For patients with an unprovoked", "at least 3 months."),
        ("fda_warfarin_label_2025", 20, "warfarin", "warfarin"),
        # Two columns: the text of one beside the other.
        ("cdc_outpatient_infection_prevention_guide", 10, "Implementation of the", "exposure and"),
        ("cdc_outpatient_infection_prevention_guide", 10, "PPE, other than", "discarded prior"),
    ],
)
async def test_real_pages_are_marked_at_the_words_of_their_text(
    name: str, page: int, start: str, end: str
) -> None:
    data = shared_data(f"pdf_clinical/{name}.pdf").read_bytes()
    async with aclosing(PdfReader().pages(in_pieces(data))) as pages:
        text = mended([found.text or "" async for found in pages])[page - 1].text
    first = text.index(start)
    words = text[first : text.index(end, first) + len(end)]
    picture = await image(data, page, words, text[:first])
    # Colours of the page's own may look like the pen's.
    box = ImageChops.difference(picture, await image(data, page)).getbbox()
    assert box is not None
    under = words_in(data, page, box, picture.size)
    assert " ".join(words.split()) in under
    # Whole lines stand under the box; no more than those, and none of the other column.
    assert len(under) < len(words) + 200


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
async def test_boxes_are_marked_where_the_reader_says_that_the_words_are(turn: int) -> None:
    data = PDF.replace(b"/MediaBox", b"/Rotate %d /CropBox [20 30 595 842] /MediaBox" % turn)
    async with aclosing(PdfReader().pages(in_pieces(data))) as pages:
        page, _ = [page async for page in pages]
    assert page.text is not None
    start = page.text.index("Do not give")
    boxes = [word.box for word in page.words if start <= word.start < start + 11]
    png = await PdfReader().image(in_pieces(data), 1, boxes=boxes)
    by_boxes = marked(Image.open(io.BytesIO(png)))
    by_words = marked(await image(data, words="Do not give"))
    assert by_boxes is not None and by_words is not None
    assert all(abs(a - b) <= 6 for a, b in zip(by_boxes, by_words, strict=True))
