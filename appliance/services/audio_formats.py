"""Which kind of audio a file is, told by its first bytes and not by its name."""

from __future__ import annotations

HEAD_BYTES = 16
_ID3 = b"ID3"
_EBML = b"\x1a\x45\xdf\xa3"  # Matroska, of which WebM is a part
_OF_BRANDS = b"ftyp"


def format_of(head: bytes) -> str | None:
    """`head`: the first 16 bytes. wav, mp3, flac, ogg, webm, m4a, or None."""
    if head.startswith(b"RIFF") and head[8:12] == b"WAVE":
        return "wav"
    if head.startswith(b"fLaC"):
        return "flac"
    if head.startswith(b"OggS"):
        return "ogg"
    if head.startswith(_EBML):
        return "webm"
    if head[4:8] == _OF_BRANDS:
        return "m4a"
    if head.startswith(_ID3) or _is_mpeg_frame(head):
        return "mp3"
    return None


def _is_mpeg_frame(head: bytes) -> bool:
    """The header of a frame of layer III (ISO/IEC 11172-3, 2.4.2.3): sync, layer, rates."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bitrate, rate = head[2] >> 4, head[2] >> 2 & 3
    return version != 1 and layer == 1 and bitrate not in (0, 15) and rate != 3
