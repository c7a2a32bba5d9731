"""Terms of medicine and chemistry that lie as near to another term as a slip does. Pure.

A nitrate is no misspelt nitrite, and adduction no misspelt abduction: where the documents hold the
one only, a question about the other must find that out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import permutations

# An ending that names another compound of the same element or acid, or an enzyme of a sugar.
_ENDINGS = ("ate", "ite", "ide", "ine", "ose", "ase")
# A beginning that names the other direction, degree or place.
_BEGINNINGS = ("ab", "ad", "hypo", "hyper", "inter", "intra", "ecto", "endo")
_SHORTEST = 3  # letters that two such words share
# Stems of established terms that are taken for one another, each with the other.
_TWINS = (
    ("ile", "ili"), ("perone", "perine"), ("cystin", "cystein"), ("arter", "arthr"),
    ("humer", "humor"), ("ureter", "urethr"), ("dysphag", "dysphas"), ("facia", "fascia"),
    ("prostat", "prostrat"), ("silicon", "silicone"), ("thiamin", "thymin"),
    ("palpat", "palpitat"), ("bronchi", "branchi"), ("plural", "pleural"), ("myel", "mycel"),
    ("creatin", "creatinin"), ("mucus", "mucous"), ("callus", "callous"),
    ("phosphorus", "phosphorous"),
)  # fmt: skip


def are_two_terms(one: str, other: str) -> bool:
    """Whether both are words of their own, in lower case, though a slip would lead from one to the
    other.
    """
    return (
        _is_one_an_enzyme(one, other)
        or _differ_behind(one, other)
        or _differ_before(one, other)
        or _are_twins(one, other)
    )


def _is_one_an_enzyme(one: str, other: str) -> bool:
    """A protease is no Proteus, however alike they sound."""
    return one.removesuffix("s").endswith("ase") and not other.removesuffix("s").endswith("ase")


def _differ_behind(one: str, other: str) -> bool:
    one, other = one.removesuffix("s"), other.removesuffix("s")
    return _differ(one, other, str.endswith, str.removesuffix, _ENDINGS)


def _differ_before(one: str, other: str) -> bool:
    return _differ(one, other, str.startswith, str.removeprefix, _BEGINNINGS)


def _differ(
    one: str,
    other: str,
    has: Callable[[str, str], bool],
    without: Callable[[str, str], str],
    parts: Sequence[str],
) -> bool:
    return any(
        has(one, mine)
        and has(other, theirs)
        and without(one, mine) == without(other, theirs)
        and len(without(one, mine)) >= _SHORTEST
        for mine, theirs in permutations(parts, 2)
    )


def _are_twins(one: str, other: str) -> bool:
    return any(
        one.startswith(mine)
        and other.startswith(theirs)
        and one.removeprefix(mine) == other.removeprefix(theirs)
        for pair in _TWINS
        for mine, theirs in (pair, pair[::-1])
    )
