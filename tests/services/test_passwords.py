"""services/passwords.py: SECURITY B1."""

from __future__ import annotations

import asyncio
import threading
import unicodedata
from collections.abc import Iterator

import bcrypt
import pytest

from appliance.errors import Invalid
from appliance.services.passwords import PasswordHasher, prehash

PEPPER = bytes(range(32))
EMAIL = "florence.nightingale@ward.local"


@pytest.fixture
def hasher() -> Iterator[PasswordHasher]:
    made = PasswordHasher(PEPPER, rounds=4)
    yield made
    made.close()


async def test_the_right_password_and_no_other(hasher: PasswordHasher) -> None:
    stored = await hasher.hash("correct horse battery")
    assert "correct" not in stored
    assert stored.startswith("$2b$04$")
    assert await hasher.verify("correct horse battery", stored)
    for wrong in ("Correct horse battery", "correct horse battery ", "", "correct horse batter"):
        assert not await hasher.verify(wrong, stored)


async def test_b1_nothing_is_cut_off(hasher: PasswordHasher) -> None:
    password = "0123456789abcdef" * 8
    assert len(password) == 128
    stored = await hasher.hash(password)
    assert await hasher.verify(password, stored)
    assert not await hasher.verify(password[:-1] + "X", stored)
    assert not await hasher.verify(password[:72], stored)


async def test_b1_a_nul_does_not_end_a_password(hasher: PasswordHasher) -> None:
    stored = await hasher.hash("before the\0after it")
    assert not await hasher.verify("before the", stored)
    assert not await hasher.verify("before the\0after that", stored)


async def test_b1_the_same_text_however_it_is_composed(hasher: PasswordHasher) -> None:
    composed = "Käsespätzle über Nacht"
    decomposed = unicodedata.normalize("NFD", composed)
    assert composed != decomposed
    assert await hasher.verify(decomposed, await hasher.hash(composed))


async def test_the_same_password_is_kept_differently_each_time(hasher: PasswordHasher) -> None:
    assert await hasher.hash("correct horse battery") != await hasher.hash("correct horse battery")


async def test_a_stolen_hash_is_of_no_use_without_the_pepper(hasher: PasswordHasher) -> None:
    stored = await hasher.hash("correct horse battery")
    other = PasswordHasher(bytes(32), rounds=4)
    assert not await other.verify("correct horse battery", stored)
    assert not bcrypt.checkpw(b"correct horse battery", stored.encode())
    other.close()


def test_prehash_fits_bcrypt() -> None:
    for password in ("", "x" * 128, "\U0010ffff" * 128, "\ud800"):
        assert len(prehash(PEPPER, password)) == 44
        assert b"\0" not in prehash(PEPPER, password)


async def test_b3_an_unknown_user_costs_the_same_work(
    hasher: PasswordHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[bytes] = []
    real = bcrypt.checkpw

    def checkpw(password: bytes, stored: bytes) -> bool:
        checked.append(stored)
        return real(password, stored)

    monkeypatch.setattr(bcrypt, "checkpw", checkpw)
    stored = await hasher.hash("correct horse battery")
    assert not await hasher.verify("wrong", stored)
    assert not await hasher.verify("wrong", None)
    known, unknown = checked
    assert known[:7] == unknown[:7] == b"$2b$04$"
    assert len(known) == len(unknown) == 60


async def test_hashing_happens_off_the_loop_in_two_threads(
    hasher: PasswordHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[str] = set()
    at_once, most = 0, 0
    lock = threading.Lock()
    real = bcrypt.checkpw

    def checkpw(password: bytes, stored: bytes) -> bool:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        seen.add(threading.current_thread().name)
        result = real(password, stored)
        with lock:
            at_once -= 1
        return result

    monkeypatch.setattr(bcrypt, "checkpw", checkpw)
    await asyncio.gather(*(hasher.verify("wrong", None) for _ in range(20)))
    assert seen and all(name.startswith("password") for name in seen)
    assert most <= 2


@pytest.mark.parametrize(
    "password",
    [
        "securePassword123",  # the reference's own example
        "correct horse battery",
        "twelve chars",
        "Ünïcödé ist auch ein Wort",
        "密码密碼パスワード암호пароль",
        "florence keeps a lamp",
        "voiceassist is my favourite",
        "x" * 5 + "y" * 5 + "zq",
        "tr0ub4dor&3xyz",
    ],
)
def test_b1_accepted(hasher: PasswordHasher, password: str) -> None:
    hasher.check(password, email=EMAIL)


@pytest.mark.parametrize(
    "password",
    [
        "",
        "elevenchars",
        "e\u0301" * 11,  # eleven once composed
        "a wordy one " * 11,
        "aaaaaaaaaaaa",
        "ababababababa",
        "abcabcabcabcab",
        "123412341234",
        "123456789012",
        "987654321098",
        "abcdefghijklm",
        "qwertyuiopas",
        "QwertyuiopAS",
        "1q2w3e4r5t6y",
        "1qaz2wsx3edc",
        "password1234",
        "PASSWORD1234",
        "passwordpassword",
        "\uff50assword1234",  # a full-width p
        "administrator",
        "florence.nightingale",
        "FlorenceNightingale",
        "florencenightingale1",
        "Florence.Nightingale@ward.local",
        "VoiceAssist1",
        "voice-assist 2026",
        "twelve chars\ud800",
    ],
)
def test_b1_refused(hasher: PasswordHasher, password: str) -> None:
    with pytest.raises(Invalid) as refused:
        hasher.check(password, email=EMAIL)
    assert refused.value.field == "password"
    assert not password or password not in refused.value.message


def test_b1_the_bounds(hasher: PasswordHasher) -> None:
    longest = ("a wordy one " * 11)[:128]
    hasher.check(longest, email=EMAIL)
    hasher.check(unicodedata.normalize("NFD", "ä" + longest[1:]), email=EMAIL)
    with pytest.raises(Invalid):
        hasher.check(longest + "x", email=EMAIL)
    strict = PasswordHasher(PEPPER, rounds=4, min_length=20)
    with pytest.raises(Invalid, match="20 to 128"):
        strict.check("nineteen characters", email=EMAIL)
    strict.close()


def test_an_address_of_digits_forbids_no_other_digits(hasher: PasswordHasher) -> None:
    hasher.check("839 201 748 201", email="12345@ward.local")
    with pytest.raises(Invalid):
        hasher.check("839201748201", email="839201748201@ward.local")
