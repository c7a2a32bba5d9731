"""Audio by its first bytes."""

from __future__ import annotations

import pytest

from appliance.services.audio_formats import HEAD_BYTES, format_of
from tests.shared_data import shared_data


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "wav"),
        (b"RIFF\x24\x00\x00\x00AVI LIST", None),
        (b"fLaC\x00\x00\x00\x22", "flac"),
        (b"OggS\x00\x02", "ogg"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81", "webm"),
        (b"\x00\x00\x00\x20ftypM4A \x00\x00", "m4a"),
        (b"ID3\x04\x00\x00", "mp3"),
        (b"\xff\xfb\x90\x64", "mp3"),
        (b"\xff\xf3\x40\xc0", "mp3"),
        (b"\xff\xff\xff\xff", None),
        (b"\xff\xfe\x41\x00\x42\x00", None),  # UTF-16
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", None),
        (b"\xff\xf1\x50\x80", None),  # AAC without a container
        (b"%PDF-1.7\n", None),
        (b"<html>", None),
        (b"\xff", None),
        (b"", None),
    ],
)
def test_formats(head: bytes, kind: str | None) -> None:
    assert format_of(head) == kind


@pytest.mark.parametrize("kind", ["wav", "mp3", "flac"])
def test_real_recordings(kind: str) -> None:
    assert format_of(shared_data(f"speech/jfk.{kind}").read_bytes()[:HEAD_BYTES]) == kind
