"""The runs that are kept, encrypted like everything else, and which of them was accepted.

Questions may be a hospital's own: the trail holds ids and figures, never their words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from pydantic import TypeAdapter

from appliance.domain import utc_now
from appliance.errors import NotFound
from appliance.services.evaluation.outcomes import EvaluationRun
from appliance.storage import audit, evaluation_runs
from appliance.storage.audit import AuditEntry
from appliance.storage.database import Connection, Database
from appliance.storage.evaluation_runs import StoredRun

LISTED = 100

_RESULT: TypeAdapter[EvaluationRun] = TypeAdapter(EvaluationRun)


class EvaluationRuns:
    def __init__(self, db: Database, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._db = db
        self._clock = clock

    async def begin(self, questions: int) -> None:
        """Record that documents are about to be read for a run, which may not come to its end."""
        now = self._clock()
        entry = AuditEntry(now, "evaluation.start", True, details={"questions": questions})
        await self._db.write(lambda tx: audit.append(tx, entry))

    async def keep(self, run: EvaluationRun, *, accepted: bool) -> EvaluationRun:
        """Store a run that has ended."""
        now = self._clock()
        kept = replace(run, accepted_at=now if accepted else None)
        stored = StoredRun(
            run.id, run.set_name, run.created_at, kept.accepted_at, _RESULT.dump_json(kept).decode()
        )
        right = sum(outcome.right for outcome in run.outcomes)

        def work(tx: Connection) -> None:
            evaluation_runs.insert(tx, stored)
            details = {"questions": len(run.outcomes), "right": right}
            audit.append(tx, _entry("evaluation.complete", now, run.id, **details))
            if accepted:
                audit.append(tx, _entry("evaluation.accept", now, run.id))

        await self._db.write(work)
        return kept

    async def accept(self, run_id: str) -> EvaluationRun:
        """Make a run the one that later ones are compared with. Raises `NotFound`."""
        now = self._clock()

        def work(tx: Connection) -> StoredRun:
            stored = _found(tx, run_id)
            evaluation_runs.accept(tx, stored.id, now)
            audit.append(tx, _entry("evaluation.accept", now, stored.id))
            return replace(stored, accepted_at=now)

        return _run(await self._db.write(work))

    async def delete(self, run_id: str) -> str:
        """Forget a run, its questions and answers with it; returns its id. Raises `NotFound`."""
        now = self._clock()

        def work(tx: Connection) -> str:
            stored = _found(tx, run_id)
            evaluation_runs.delete(tx, stored.id)
            audit.append(tx, _entry("evaluation.delete", now, stored.id))
            return stored.id

        return await self._db.write(work)

    async def get(self, run_id: str | None) -> EvaluationRun:
        """A run by its id or the beginning of it, the newest without one. Raises `NotFound`."""
        now = self._clock()

        def work(tx: Connection) -> StoredRun:
            stored = _found(tx, run_id)
            audit.append(tx, _entry("evaluation.read", now, stored.id))
            return stored

        return _run(await self._db.write(work))

    async def accepted_before(self, run: EvaluationRun) -> EvaluationRun | None:
        """The run of the same set that was accepted last, `run` aside."""
        now = self._clock()

        def work(tx: Connection) -> StoredRun | None:
            stored = evaluation_runs.last_accepted(tx, run.set_name, besides=run.id)
            if stored is not None:
                audit.append(tx, _entry("evaluation.read", now, stored.id))
            return stored

        stored = await self._db.write(work)
        return None if stored is None else _run(stored)

    async def listing(self) -> list[EvaluationRun]:
        """The newest first, a hundred at most."""
        now = self._clock()

        def work(tx: Connection) -> list[StoredRun]:
            runs = evaluation_runs.listing(tx, limit=LISTED)
            entry = AuditEntry(now, "evaluation.list", True, details={"count": len(runs)})
            audit.append(tx, entry)
            return runs

        return [_run(stored) for stored in await self._db.write(work)]


def _found(tx: Connection, run_id: str | None) -> StoredRun:
    if run_id is None:
        newest = evaluation_runs.newest(tx)
        if newest is None:
            raise NotFound("There is no run yet.")
        return newest
    matching = evaluation_runs.beginning_with(tx, run_id)
    if len(matching) > 1:
        raise NotFound(f"More than one run begins with {run_id}.")
    if not matching:
        raise NotFound(f"There is no run {run_id}.")
    return matching[0]


def _entry(action: str, at: datetime, run_id: str, **details: int) -> AuditEntry:
    return AuditEntry(
        at, action, True, resource_type="evaluation", resource_id=run_id, details={**details}
    )


def _run(stored: StoredRun) -> EvaluationRun:
    run = _RESULT.validate_json(stored.result)
    return replace(run, accepted_at=stored.accepted_at)
