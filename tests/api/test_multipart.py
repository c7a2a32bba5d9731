"""The multipart parser: the same events however the bytes are cut, nothing half-right taken."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.api.multipart import MultipartParser, Part, PartEnd, boundary_of
from appliance.errors import Invalid

BOUNDARY = "----boundary42"


def body(parts: list[tuple[str, str | None, bytes]]) -> bytes:
    out = b""
    for name, filename, content in parts:
        out += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'.encode()
        if filename is not None:
            out += f'; filename="{filename}"\r\nContent-Type: application/pdf'.encode()
        out += b"\r\n\r\n" + content + b"\r\n"
    return out + f"--{BOUNDARY}--\r\n".encode()


def parsed(pieces: list[bytes]) -> tuple[list[tuple[str, str | None, bytes]], bool]:
    parser = MultipartParser(BOUNDARY)
    found: list[tuple[str, str | None, bytes]] = []
    open_part = False
    for piece in pieces:
        for event in parser.feed(piece):
            if isinstance(event, Part):
                assert not open_part
                open_part = True
                found.append((event.name, event.filename, b""))
            elif isinstance(event, PartEnd):
                assert open_part
                open_part = False
            else:
                assert open_part and event
                name, filename, content = found[-1]
                found[-1] = (name, filename, content + event)
    return found, parser.finished and not open_part


tricky = st.lists(
    st.sampled_from(
        [b"\r\n", b"\r", b"\n", b"--", b"----boundary", b"\r\n----boundary4", b"x", b"\0"]
    )
).map(b"".join)
contents = st.one_of(st.binary(max_size=300), tricky).filter(
    lambda content: f"--{BOUNDARY}".encode() not in b"\r\n" + content + b"\r\n"
)
forms = st.lists(
    st.tuples(
        st.sampled_from(["file", "title", "category"]),
        st.one_of(st.none(), st.sampled_from(["a.pdf", "ä ö.txt", "with; semicolon.pdf"])),
        contents,
    ),
    max_size=5,
)


@given(forms, st.data())
def test_any_cutting_gives_the_same(
    parts: list[tuple[str, str | None, bytes]], data: st.DataObject
) -> None:
    raw = body(parts)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(raw)), max_size=20)))
    edges = [0, *cuts, len(raw)]
    pieces = [raw[a:b] for a, b in pairwise(edges)]
    assert parsed(pieces) == (parts, True)


def test_byte_by_byte() -> None:
    parts = [("title", None, b"T"), ("file", "a.pdf", b"\r\n--almost\r\n----boundary4\r\n")]
    assert parsed([bytes([byte]) for byte in body(parts)]) == (parts, True)


@given(forms.filter(bool), st.data())
def test_a_body_cut_short_is_not_finished(
    parts: list[tuple[str, str | None, bytes]], data: st.DataObject
) -> None:
    raw = body(parts)
    cut = data.draw(st.integers(0, len(raw) - 5))
    assert not parsed([raw[:cut]])[1]


@given(st.binary(max_size=2_000))
def test_garbage_is_refused_or_unfinished(raw: bytes) -> None:
    try:
        assert not parsed([raw])[1]
    except Invalid as refused:
        assert refused.field == "file"


HEAD = f"--{BOUNDARY}\r\n".encode()
NAMED = b'Content-Disposition: form-data; name="a"'


@pytest.mark.parametrize(
    "raw",
    [
        b"preamble\r\n" + body([("a", None, b"1")]),
        HEAD + b"X: y\r\n\r\nv\r\n",
        HEAD + b"Content-Disposition: form-data\r\n\r\n",
        HEAD + b'Content-Disposition: attachment; name="a"\r\n\r\n',
        HEAD + b'Content-Disposition: form-data; name="a"; name="b"\r\n\r\n',
        HEAD + b'Content-Disposition: form-data; name="a\r\n\r\n',
        HEAD + b'Content-Disposition: form-data; name="\xff"\r\n\r\n',
        HEAD + NAMED + b"; filename*=latin-1''x.pdf\r\n\r\n",
        HEAD + b"X: " + b"y" * 5_000 + b"\r\n\r\n",
        HEAD + b"X: " + b"y" * 5_000,
        f"--{BOUNDARY}else\r\n".encode(),
        f"--{BOUNDARY}-x\r\n".encode(),
        HEAD + NAMED + b"\r\n\r\nv\r\n" + f"--{BOUNDARY} junk\r\n".encode(),
        body([(f"field{n}", None, b"") for n in range(33)]),
    ],
)
def test_broken_framing_is_refused(raw: bytes) -> None:
    with pytest.raises(Invalid, match="form data") as refused:
        parsed([raw])
    assert refused.value.field == "file"


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ('form-data; name="file"; filename="a b.pdf"', Part("file", "a b.pdf")),
        ("form-data; name=file; filename=a.pdf", Part("file", "a.pdf")),
        ('form-data; name="file"; filename="a\\"b.pdf"', Part("file", 'a"b.pdf')),
        ('form-data; name="file"; filename="a%22b.pdf"', Part("file", 'a"b.pdf')),
        ('form-data; name="file"; filename="C:\\dir\\b.pdf"', Part("file", "C:\\dir\\b.pdf")),
        ("form-data; name=\"file\"; filename*=utf-8''%C3%A4.pdf", Part("file", "ä.pdf")),
        ('Form-Data;name="title"', Part("title", None)),
        ('form-data; name="file"; filename=""', Part("file", "")),
    ],
)
def test_names_as_clients_write_them(header: str, part: Part) -> None:
    raw = HEAD + f"content-disposition: {header}\r\n\r\n".encode()
    assert list(MultipartParser(BOUNDARY).feed(raw)) == [part]


def test_padding_and_epilogue_mean_nothing() -> None:
    raw = body([("a", None, b"1")]).replace(b"42\r\n", b"42 \t\r\n") + b"epilogue" * 100
    assert parsed([raw]) == ([("a", None, b"1")], True)


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/form-data; boundary=abc", "abc"),
        ('multipart/form-data; charset=utf-8; boundary="a b"', "a b"),
        ("multipart/form-data;boundary=" + "x" * 70, "x" * 70),
        ("multipart/form-data", None),
        ("multipart/form-data; boundary=", None),
        ('multipart/form-data; boundary=""', None),
        ("multipart/form-data; boundary=" + "x" * 71, None),
        ('multipart/form-data; boundary="a\u00e4"', None),
    ],
)
def test_the_boundary(content_type: str, boundary: str | None) -> None:
    if boundary is not None:
        assert boundary_of(content_type) == boundary
        return
    with pytest.raises(Invalid):
        boundary_of(content_type)
