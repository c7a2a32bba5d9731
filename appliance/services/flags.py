"""Feature flags: switches that administrators set and that act at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from appliance.domain import FeatureFlag, Principal, RequestOrigin, utc_now
from appliance.errors import Conflict, NotFound
from appliance.storage import audit
from appliance.storage import flags as store
from appliance.storage.audit import AuditEntry
from appliance.storage.cache import FLAGS, Cache
from appliance.storage.database import Connection, Database

# The flags that the appliance itself asks for. They can be switched off, not deleted.
VOICE_MODE = "voice_mode"
LLM_ANSWERS = "llm_answers"
REGISTRATION_OPEN = "registration_open"
BUILT_IN = frozenset({VOICE_MODE, LLM_ANSWERS, REGISTRATION_OPEN})

CACHE_S = 0.5  # how long a change by another process may go unseen
_BUCKETS = 10_000


@dataclass(frozen=True, slots=True)
class FlagChanges:
    """None leaves a field as it is."""

    enabled: bool | None = None
    description: str | None = None
    rollout_percentage: int | None = None  # 0 to 100


class Flags:
    def __init__(
        self, db: Database, cache: Cache, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._db = db
        self._cache = cache
        self._clock = clock

    async def holds(self, name: str, subject: str) -> bool:
        """Whether the flag holds for `subject`: a user's id, or what stands for one."""
        switch = (await self._switches()).get(name)
        return name in BUILT_IN if switch is None else _reaches(name, subject, *switch)

    async def held_by(self, subject: str) -> dict[str, bool]:
        """Every flag, by name, and whether it holds for `subject`."""
        switches = await self._switches()
        return {name: _reaches(name, subject, *switch) for name, switch in switches.items()}

    async def listing(self) -> list[FeatureFlag]:
        """By name."""
        return await self._db.read(store.listing)

    async def get(self, name: str) -> FeatureFlag:
        """Raises `NotFound`."""
        return await self._db.read(lambda tx: _found(tx, name))

    async def create(
        self,
        name: str,
        *,
        enabled: bool,
        description: str,
        rollout_percentage: int,
        actor: Principal,
        origin: RequestOrigin,
    ) -> FeatureFlag:
        """Raises `Conflict` when the name is taken."""
        now = self._clock()
        flag = FeatureFlag(name, enabled, description, rollout_percentage, now, now)

        def work(tx: Connection) -> FeatureFlag:
            store.insert(tx, flag)
            audit.append(tx, _entry(now, "flag.create", flag, actor, origin))
            return flag

        return await self._change(work)

    async def update(
        self, name: str, changes: FlagChanges, *, actor: Principal, origin: RequestOrigin
    ) -> FeatureFlag:
        """Raises `NotFound`."""

        def work(tx: Connection) -> FeatureFlag:
            return self._updated(tx, "flag.update", _found(tx, name), changes, actor, origin)

        return await self._change(work)

    async def toggle(self, name: str, *, actor: Principal, origin: RequestOrigin) -> FeatureFlag:
        """Enabled becomes disabled and the other way round. Raises `NotFound`."""

        def work(tx: Connection) -> FeatureFlag:
            flag = _found(tx, name)
            changes = FlagChanges(enabled=not flag.enabled)
            return self._updated(tx, "flag.toggle", flag, changes, actor, origin)

        return await self._change(work)

    async def delete(self, name: str, *, actor: Principal, origin: RequestOrigin) -> FeatureFlag:
        """Raises `NotFound`, and `Conflict` for a flag that the appliance itself asks for."""
        now = self._clock()

        def work(tx: Connection) -> FeatureFlag:
            flag = _found(tx, name)
            if name in BUILT_IN:
                raise Conflict("This flag is built in: it can be switched off, not deleted.")
            store.delete(tx, name)
            audit.append(tx, _entry(now, "flag.delete", flag, actor, origin))
            return flag

        return await self._change(work)

    async def _switches(self) -> dict[str, tuple[bool, int]]:
        """Name -> enabled, percentage."""

        async def read() -> dict[str, tuple[bool, int]]:
            flags = await self._db.read(store.listing)
            return {flag.name: (flag.enabled, flag.rollout_percentage) for flag in flags}

        return await self._cache.through(self._cache.key(FLAGS, "all"), CACHE_S, read)

    async def _change(self, work: Callable[[Connection], FeatureFlag]) -> FeatureFlag:
        flag = await self._db.write(work)
        await self._cache.delete(f"{FLAGS}:")
        return flag

    def _updated(
        self,
        tx: Connection,
        action: str,
        flag: FeatureFlag,
        changes: FlagChanges,
        actor: Principal,
        origin: RequestOrigin,
    ) -> FeatureFlag:
        now = self._clock()
        percentage = changes.rollout_percentage
        changed = replace(
            flag,
            enabled=flag.enabled if changes.enabled is None else changes.enabled,
            description=flag.description if changes.description is None else changes.description,
            rollout_percentage=flag.rollout_percentage if percentage is None else percentage,
            updated_at=now,
        )
        store.update(tx, changed)
        audit.append(tx, _entry(now, action, changed, actor, origin, before=flag))
        return changed


def bucket(name: str, subject: str) -> int:
    """0 to 9,999: where `subject` stands in the rollout of a flag, the same for ever.

    A higher percentage takes in more buckets from below, so it takes the flag from nobody.
    """
    digest = hashlib.sha256(f"{name}:{subject}".encode()).digest()
    return int.from_bytes(digest) % _BUCKETS


def _reaches(name: str, subject: str, enabled: bool, percentage: int) -> bool:
    return enabled and bucket(name, subject) < percentage * (_BUCKETS // 100)


def _found(tx: Connection, name: str) -> FeatureFlag:
    flag = store.by_name(tx, name)
    if flag is None:
        raise NotFound("There is no such flag.")
    return flag


def _entry(
    at: datetime,
    action: str,
    flag: FeatureFlag,
    actor: Principal,
    origin: RequestOrigin,
    *,
    before: FeatureFlag | None = None,
) -> AuditEntry:
    details: dict[str, str | int | float | bool | None] = {
        "enabled": flag.enabled,
        "rollout_percentage": flag.rollout_percentage,
    }
    if before is not None:
        details["was_enabled"] = before.enabled
        details["was_rollout_percentage"] = before.rollout_percentage
    return AuditEntry(
        at,
        action,
        success=True,
        actor=actor,
        origin=origin,
        resource_type="flag",
        resource_id=flag.name,
        details=details,
    )
