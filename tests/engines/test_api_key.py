from __future__ import annotations

from pathlib import Path

import pytest

from appliance.engines.api_key import read_api_key
from appliance.errors import Unavailable


def key_file(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    path = folder / "key"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def test_a_key_is_one_line(tmp_path: Path) -> None:
    assert read_api_key(key_file(tmp_path, b"  sk-12/3+4=\n")) == "sk-12/3+4="
    assert read_api_key(key_file(tmp_path, b"a", 0o400)) == "a"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(Unavailable, match=r"llm_api_key_file.*chmod 600"):
        read_api_key(key_file(tmp_path, b"sk-secret", mode))


@pytest.mark.parametrize(
    "content",
    [b"", b" \n", b"sk secret", b"sk-secret\r\nX-Injected: 1", b"sk-secr\xc3\xa9t", b"s" * 5000],
)
def test_what_is_no_key_is_refused_and_not_quoted(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Unavailable, match="llm_api_key_file") as raised:
        read_api_key(key_file(tmp_path, content))
    assert "secr" not in raised.value.message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(Unavailable, match="llm_api_key_file"):
            read_api_key(path)
