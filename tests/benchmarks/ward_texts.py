"""Documents for benchmarks, each about a subject that no other one has."""

from __future__ import annotations

import random

from tests.benchmarks.bench_embedding import WORDS


def subjects(count: int) -> list[str]:
    """Names that no vocabulary has, no two alike."""
    beginnings = "Vel Tor Mak Sen Dor Pel Kar Nim Ras Lov Bex Juv Fal Gan Hod Zor".split()
    middles = "a e i o u ai ou ea".split()
    ends = "mora tine dex pril zone stat vir mab lol cef".split()
    names = [b + m + e for e in ends for m in middles for b in beginnings]
    return names[:count]


def section(name: str, tokens: int, chooser: random.Random) -> str:
    """With the question about it, about so many tokens of the vocabulary of stories260K."""
    words = " ".join(chooser.choices(WORDS, k=max(1, (tokens - 110) // 5)))
    return f"{name} protocol. The {name} protocol of this ward says that {words}.\n"
