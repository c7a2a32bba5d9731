"""What administrators may see and do of the cache."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from appliance.domain import Principal, RequestOrigin, utc_now
from appliance.errors import Invalid
from appliance.storage import audit
from appliance.storage import cache as store
from appliance.storage.audit import AuditEntry
from appliance.storage.cache import NAMESPACES, Cache
from appliance.storage.database import Database

CacheStats = store.CacheStats


class CacheAdmin:
    def __init__(
        self, db: Database, cache: Cache, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._db = db
        self._cache = cache
        self._clock = clock

    async def stats(self) -> CacheStats:
        return await self._cache.stats()

    async def clear(self, *, actor: Principal, origin: RequestOrigin) -> int:
        """Forget everything; returns how many entries that were."""
        return await self._forget(self._cache.clear(), "cache.clear", "all", actor, origin)

    async def invalidate(self, pattern: str, *, actor: Principal, origin: RequestOrigin) -> int:
        """Forget one key, or with `*` at the end all keys that begin like it; returns how many.

        Raises `Invalid` (field `pattern`) for an empty pattern and for a `*` anywhere else.
        """
        prefix = pattern.removesuffix("*")
        if not pattern or "*" in prefix:
            raise Invalid("The pattern must be a key, or its beginning and a *.", field="pattern")
        whole = prefix == pattern
        forgetting = self._cache.delete_key(pattern) if whole else self._cache.delete(prefix)
        namespace = _namespace(prefix)
        return await self._forget(forgetting, "cache.invalidate", namespace, actor, origin)

    async def _forget(
        self,
        forgetting: Awaitable[int],
        action: str,
        namespace: str,
        actor: Principal,
        origin: RequestOrigin,
    ) -> int:
        async def work() -> int:
            # The cache has no part in transactions; what it forgot harms nobody, so the row that
            # says how much it was may come after.
            forgotten = await forgetting
            entry = AuditEntry(
                at=self._clock(),
                action=action,
                success=True,
                actor=actor,
                origin=origin,
                resource_type="cache",
                details={"namespace": namespace, "forgotten": forgotten},
            )
            await self._db.write(lambda tx: audit.append(tx, entry))
            return forgotten

        # Shielded: a caller that goes away must not leave an act without its row.
        return await asyncio.shield(asyncio.ensure_future(work()))


def _namespace(prefix: str) -> str:
    """For the audit trail: ours by name, nothing of what people type."""
    if not prefix:
        return "all"
    namespace = prefix.partition(":")[0]
    return namespace if namespace in NAMESPACES else "other"
