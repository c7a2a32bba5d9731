"""Vendored files are the ones that VENDORED.md lists, and the pages use nothing else."""

from __future__ import annotations

import hashlib
import re

import pytest

from tests.web.test_page import FORBIDDEN, OUTSIDE, WEB, markup

VENDOR = WEB / "vendor"
DOCS = WEB / "docs"
ROW = re.compile(r"^\| ([\w.-]+) \| package/\S+ \| ([0-9a-f]{64}) \| (\d+) \|$", re.M)
LIMIT = 3_200_000  # bytes, all vendored files together


def listed() -> dict[str, tuple[str, int]]:
    text = (VENDOR / "VENDORED.md").read_text("utf-8")
    return {name: (digest, int(size)) for name, digest, size in ROW.findall(text)}


def test_every_file_is_listed_with_its_sum() -> None:
    found = {
        path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size)
        for path in VENDOR.iterdir()
        if path.name != "VENDORED.md"
    }
    assert found == listed()
    assert sum(size for _, size in found.values()) < LIMIT


def test_each_library_has_version_and_licence() -> None:
    text = (VENDOR / "VENDORED.md").read_text("utf-8")
    heads = re.findall(r"^## (\S+) (\d+\.\d+\.\d+) \((\S+)\)$", text, re.M)
    assert {name for name, _, _ in heads} == {"swagger-ui-dist", "redoc"}
    for name in ("swagger-ui.LICENSE.txt", "redoc.LICENSE.txt", "swagger-ui.NOTICE.txt"):
        assert name in listed()


@pytest.mark.parametrize(
    "wanted", [b'validator.swagger.io/validator"', b"cdn.redoc.ly", b"fonts.googleapis"]
)
def test_what_would_fetch_from_outside_is_off(wanted: bytes) -> None:
    # Swagger UI keeps its validator's address as a default, which our page overrides.
    if b"validator" in wanted:
        assert "validatorUrl: null" in (DOCS / "swagger.js").read_text("utf-8")
        return
    assert not [path.name for path in VENDOR.glob("*.js") if wanted in path.read_bytes()]


def test_our_own_pages_load_only_what_is_here() -> None:
    for path in sorted(DOCS.iterdir()):
        text = path.read_text("utf-8")
        assert not OUTSIDE.findall(text), path.name
        if path.suffix == ".js":
            assert not FORBIDDEN.findall(text), path.name
        if path.suffix == ".html":
            assert markup(text).inline == [], path.name
            for address in markup(text).loads:
                if address != "/openapi.json":
                    assert (WEB / address.removeprefix("/static/")).is_file(), address
