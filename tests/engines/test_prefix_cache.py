from __future__ import annotations

import random

import pytest

from appliance.engines.prefix_cache import Kept, PrefixCache, beginning

STATIC = list(range(20))


def kept(owner: str, tokens: list[int], shared: int = 0, size: int = 1_000) -> Kept:
    """Of `size` bytes in all."""
    found = beginning(owner, tokens, shared)
    return Kept(found, b"\0" * (size - found.tokens.nbytes))


def usable(
    owner: str, held: list[int], shared: int, asker: str, asked: list[int], same: int
) -> int:
    return beginning(owner, held, shared).usable_for(beginning(asker, asked, same))


@pytest.mark.parametrize(
    ("owner", "shared", "asker", "same", "expected"),
    [
        ("ann", 2, "ann", 2, 4),  # her own words too
        ("ann", 2, "bob", 2, 2),  # only what is nobody's own
        ("ann", 3, "bob", 2, 2),
        ("ann", 2, "bob", 3, 2),
        ("ann", 0, "bob", 4, 0),
        ("", 2, "", 2, 2),  # nobody is no person whose own it could be
        ("", 4, "ann", 4, 4),
    ],
)
def test_of_another_persons_tokens_only_the_shared_are_usable(
    owner: str, shared: int, asker: str, same: int, expected: int
) -> None:
    assert usable(owner, [1, 2, 3, 4], shared, asker, [1, 2, 3, 4, 5], same) == expected


@pytest.mark.parametrize(
    ("held", "asked", "expected"),
    [([], [1], 0), ([1, 2], [1, 3], 1), ([1, 2, 3], [1, 2], 2), ([2, 1], [1, 2], 0)],
)
def test_only_what_is_the_same_from_the_beginning(
    held: list[int], asked: list[int], expected: int
) -> None:
    assert usable("ann", held, 0, "ann", asked, 0) == expected


def test_the_longest_beginning_is_given() -> None:
    cache = PrefixCache(10_000)
    cache.put(kept("ann", [*STATIC, 1], 20))
    cache.put(kept("bob", [*STATIC, 2, 3, 4], 22))
    found = cache.best(beginning("cid", [*STATIC, 2, 3, 9], 22))
    assert found is not None
    assert (found[0].beginning.owner, found[1]) == ("bob", 22)
    assert cache.best(beginning("cid", [7, 7], 2)) is None


def test_it_never_holds_more_than_its_limit() -> None:
    chance = random.Random(4)
    cache = PrefixCache(10_000)
    cache.pin(kept("", STATIC, 20, size=1_500))
    for number in range(300):
        cache.put(kept(f"user-{number}", [number] * 10, size=chance.randrange(100, 12_000)))
        assert cache.bytes_held <= 10_000
    assert len(cache) >= 2
    cache.clear()
    assert (cache.bytes_held, len(cache)) == (0, 0)


def test_the_least_recently_used_goes_first() -> None:
    cache = PrefixCache(3_000)
    for user in ("ann", "bob", "cid"):
        cache.put(kept(user, [ord(user[0])] * 10))
    assert cache.best(beginning("ann", [ord("a")] * 12, 0)) is not None
    cache.put(kept("dan", [ord("d")] * 10))
    held = {
        user
        for user in ("ann", "bob", "cid", "dan")
        if cache.best(beginning(user, [ord(user[0])] * 12, 0))
    }
    assert held == {"ann", "cid", "dan"}


def test_what_is_pinned_stays_and_serves_everybody() -> None:
    cache = PrefixCache(3_000)
    cache.pin(kept("", STATIC, 20))
    for number in range(10):
        cache.put(kept("ann", [90 + number] * 10))
    found = cache.best(beginning("bob", [*STATIC, 5], 20))
    assert found is not None
    assert found[1] == 20
    cache.pin(kept("", [8] * 20, 20))
    assert cache.best(beginning("bob", [*STATIC, 5], 20)) is None


def test_a_longer_beginning_of_the_same_person_replaces_the_shorter() -> None:
    cache = PrefixCache(10_000)
    cache.put(kept("ann", [1, 2]))
    cache.put(kept("ann", [1, 2, 3]))
    assert len(cache) == 1
    cache.put(kept("bob", [1, 2, 3, 4]))
    assert len(cache) == 2
    assert cache.covers(beginning("ann", [1, 2, 3], 0))
    assert not cache.covers(beginning("ann", [1, 2, 3, 4], 0))


def test_what_is_too_large_drives_nothing_out() -> None:
    cache = PrefixCache(2_000)
    cache.put(kept("ann", [1, 2]))
    cache.put(kept("bob", [3, 4], size=2_001))
    assert cache.best(beginning("ann", [1, 2], 0)) is not None
    assert not cache.fits(2_001)
    cache.pin(kept("", STATIC, 20, size=2_001))
    assert len(cache) == 1
    assert PrefixCache(0).fits(1) is False
