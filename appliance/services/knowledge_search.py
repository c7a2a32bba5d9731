"""What retrieval sees: the passages that a question would be answered from, for people to judge."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter

from appliance.domain import Passage, Principal, RequestOrigin, utc_now
from appliance.services.retrieval import Retrieval
from appliance.storage import audit
from appliance.storage.audit import AuditEntry
from appliance.storage.database import Database


@dataclass(frozen=True, slots=True)
class Found:
    """`passages` best first; `has_evidence`: whether a question in these words gets an answer."""

    passages: list[Passage]
    has_evidence: bool
    took_ms: float


class KnowledgeSearch:
    def __init__(
        self,
        db: Database,
        retrieval: Retrieval,
        *,
        bearing: Callable[[str, Sequence[Passage]], Awaitable[list[Passage]]],
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._db = db
        self._retrieval = retrieval
        self._bearing = bearing
        self._clock = clock

    async def search(
        self,
        query: str,
        *,
        limit: int,
        category: str | None,
        actor: Principal,
        origin: RequestOrigin,
    ) -> Found:
        """Audited without the words. Raises `Unavailable` while the index is being rebuilt."""
        started = perf_counter()
        passages = await self._retrieval.find(query, limit=limit, category=category)
        took_ms = (perf_counter() - started) * 1000
        # An answer has its own number of passages, and looks in every category.
        basis = await self._retrieval.find(query)
        asked = (await self._retrieval.understood(query)).text
        has_evidence = bool(await self._bearing(asked, basis))
        entry = AuditEntry(
            self._clock(),
            "document.search",
            success=True,
            actor=actor,
            origin=origin,
            resource_type="document",
            details={"count": len(passages), "evidence": has_evidence},
        )
        await self._db.write(lambda tx: audit.append(tx, entry))
        return Found(passages, has_evidence, took_ms)
