"""Words as keyed hashes."""

from __future__ import annotations

import pytest

from appliance.storage.terms import TermHasher

HASHER = TermHasher(bytes(range(32)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tablets", "tablet"),
        ("allergies", "ALLERGY"),
        ("café", "cafe"),
        ("patient's", "patients"),
        ("2½", "2 1/2"),
        ("the dose", "dose"),
        ("naïve-patient", "naive patient"),
    ],
)
def test_alike(one: str, other: str) -> None:
    assert HASHER.hashed(one) == HASHER.hashed(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [("2.5", "25"), ("2.5", "2 5"), ("not given", "given"), ("mg", "mcg"), ("no", "")],
)
def test_different(one: str, other: str) -> None:
    assert HASHER.hashed(one) != HASHER.hashed(other)


def test_only_the_key_tells_words_apart() -> None:
    assert TermHasher(b"another").hashed("warfarin") != HASHER.hashed("warfarin")
    assert "warfarin" not in HASHER.hashed("warfarin warfarin")
    first, second = HASHER.hashed("warfarin warfarin").split()
    assert first == second
    assert TermHasher(bytes(range(32))).hashed("warfarin") == first


def test_stop_words_leave_nothing() -> None:
    assert HASHER.hashed("what is the") == ""
    assert HASHER.hashed("") == HASHER.hashed("?!") == ""
