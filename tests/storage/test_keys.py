"""storage/keys.py"""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from appliance.errors import Unavailable
from appliance.storage.keys import KEY_BYTES, MASTER_NAME, Keyring


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_key_is_for_its_owner_only(tmp_path: Path) -> None:
    keys = tmp_path / "deep" / "keys"
    Keyring.open(keys, may_create=True)
    assert mode(keys) == 0o700
    assert mode(keys / MASTER_NAME) == 0o600
    assert len((keys / MASTER_NAME).read_bytes()) == KEY_BYTES
    assert [path.name for path in keys.iterdir()] == [MASTER_NAME]


def test_a_lax_directory_is_closed_when_the_key_is_made(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o777)
    keys.chmod(0o777)
    Keyring.open(keys, may_create=True)
    assert mode(keys) == 0o700


def test_the_key_stays_the_same(tmp_path: Path) -> None:
    first = Keyring.open(tmp_path, may_create=True)
    second = Keyring.open(tmp_path, may_create=True)
    third = Keyring.open(tmp_path, may_create=False)
    assert first.derive("database") == second.derive("database") == third.derive("database")


def test_two_installations_have_nothing_in_common(tmp_path: Path) -> None:
    one = Keyring.open(tmp_path / "one", may_create=True)
    two = Keyring.open(tmp_path / "two", may_create=True)
    assert one.derive("database") != two.derive("database")


def test_a_missing_key_is_not_made_anew_over_data(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="backup"):
        Keyring.open(tmp_path / "keys", may_create=False)
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_a_damaged_key_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / MASTER_NAME
    path.write_bytes(content)
    with pytest.raises(Unavailable):
        Keyring.open(tmp_path, may_create=True)
    assert path.read_bytes() == content


def test_each_purpose_has_a_key_of_its_own() -> None:
    keyring = Keyring(bytes(range(32)))
    purposes = ["database", "access-token", "refresh-token", "password-pepper", ""]
    derived = [keyring.derive(purpose) for purpose in purposes]
    assert len(set(derived)) == len(purposes)
    assert all(len(key) == KEY_BYTES for key in derived)
    assert bytes(range(32)) not in derived


def test_keys_are_hkdf_sha256() -> None:
    expected = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"database").derive(bytes(32))
    assert Keyring(bytes(32)).derive("database") == expected
