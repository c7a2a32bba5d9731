"""The cache on the wire. `redis` is the reference's name for what diskcache does here."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from appliance.api.fields import Body, Line, Output, Query
from appliance.services.cache import CacheStats

Pattern = Annotated[
    Line,
    Field(max_length=200, description="A key, or its beginning and a *.", examples=["user:*"]),
]


class InvalidateIn(Body):
    pattern: Pattern | None = None


class InvalidateQuery(Query):
    pattern: Pattern | None = None


class RedisOut(Output):
    connected: bool
    used_memory: str = Field(examples=["15MB"])
    keys: int


class L1Out(Output):
    size: int
    hits: int
    misses: int


class DiskcacheOut(Output):
    size_bytes: int
    entries: int
    hits: int
    misses: int
    hit_rate: float = Field(description="Of what memory did not know, 0 to 1.")


class CacheStatsOut(Output):
    redis: RedisOut
    l1_cache: L1Out
    diskcache: DiskcacheOut

    @classmethod
    def of(cls, stats: CacheStats) -> CacheStatsOut:
        asked = stats.disk_hits + stats.disk_misses
        return cls(
            redis=RedisOut(
                connected=stats.connected,
                used_memory=_megabytes(stats.disk_bytes),
                keys=stats.disk_entries,
            ),
            l1_cache=L1Out(
                size=stats.memory_entries, hits=stats.memory_hits, misses=stats.memory_misses
            ),
            diskcache=DiskcacheOut(
                size_bytes=stats.disk_bytes,
                entries=stats.disk_entries,
                hits=stats.disk_hits,
                misses=stats.disk_misses,
                hit_rate=round(stats.disk_hits / asked, 4) if asked else 0.0,
            ),
        )


class Cleared(Output):
    message: str
    cleared: int


class Invalidated(Output):
    pattern: str
    deleted_count: int
    message: str


def _megabytes(size: int) -> str:
    return f"{size >> 20}MB" if size >= 1 << 20 else f"{size >> 10}KB"
