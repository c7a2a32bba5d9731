"""Names of uploads: for people to read, never for a path."""

from __future__ import annotations

import pytest

from appliance.errors import UnsupportedMediaType
from appliance.services.uploads import check_type, safe_name, title_of


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("guide.pdf", "guide.pdf"),
        ("../../etc/cron.d/x.txt", "x.txt"),
        ("C:\\Users\\me\\Guide 2.PDF", "Guide 2.PDF"),
        ("a\x00b\nc\u202etxt.pdf", "abctxt.pdf"),
        ("Ä" * 300 + ".pdf", "Ä" * 251 + ".pdf"),
        ("/", "document"),
        ("", "document"),
        ("..", "document"),
        (".pdf", "pdf"),
        ("x." + "p" * 400, ("document." + "p" * 400)[-255:]),
    ],
)
def test_names_are_made_safe(given: str, kept: str) -> None:
    name = safe_name(given)
    assert name == kept
    assert len(name) <= 255
    assert "/" not in name


@pytest.mark.parametrize("name", ["a.pdf.exe", "pdf", "a.html", "a.pdf\u202eexe.svg", "", "a.docx"])
def test_other_types_are_refused(name: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        check_type(name)


def test_a_title_from_the_name() -> None:
    assert title_of("/tmp/ward_handbook  2026.txt") == "ward handbook 2026"
