"""Which language model answers: loaded in the background, changed without a restart.

What administrators choose holds from then on; without a choice the settings' model answers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from appliance.domain import Principal, RequestOrigin, utc_now
from appliance.errors import ApplianceError, Conflict, Invalid, NotFound, Unavailable
from appliance.services.llm_swap import LlmSwap, Phase
from appliance.services.model_files import ModelFiles, Proof
from appliance.services.serving_llm import Absence, ServingLlm
from appliance.storage import audit, model_files
from appliance.storage.audit import AuditEntry
from appliance.storage.database import Connection, Database

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LlmChange:
    """To the model of `file`, None for none. `progress` is of the phase, 0 to 1."""

    file: str | None
    phase: Phase
    progress: float
    reason: str | None  # why it failed
    started_at: datetime


@dataclass(frozen=True, slots=True)
class LlmStatus:
    """`file` is what `model` was loaded from, None where that is no file of ours; `change` the one
    under way, or the last one if it failed.
    """

    model: str | None
    file: str | None
    change: LlmChange | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file to choose; `is_listed`: the catalogue says what it must hold."""

    name: str
    size: int  # bytes
    is_listed: bool
    is_served: bool


@dataclass(frozen=True, slots=True)
class _Target:
    """What a change leads to. `actor` is None at the start of the appliance."""

    path: Path | None
    is_choice: bool
    sha256: str | None = None
    actor: Principal | None = None
    origin: RequestOrigin | None = None

    @property
    def name(self) -> str | None:
        return None if self.path is None else self.path.name


class LanguageModels:
    def __init__(
        self,
        db: Database,
        serving: ServingLlm,
        files: ModelFiles,
        swap: LlmSwap | None,
        *,
        default: Path | None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """`default` is the settings' file. Without a `swap` what is served cannot be changed."""
        self._db = db
        self._serving = serving
        self._files = files
        self._swap = swap
        self._default = None if default is None else default.parent.resolve() / default.name
        self._clock = clock
        self._changing: _Target | None = None
        self._claimed = False
        self._began: datetime | None = None
        self._failure: LlmChange | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to load the model that is chosen, or the settings'."""
        if self._swap is None:
            return
        chosen = await self._db.read(model_files.chosen)
        path = self._default if chosen is None else chosen
        if path is not None:
            self._swap.expect(path)
            self._begin(self._swap, _Target(path, is_choice=chosen is not None))

    async def settled(self) -> None:
        """Returns when no change is under way."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def close(self) -> None:
        """A change is given up; what is loaded is closed."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self._swap is not None:
            await self._swap.close()

    @property
    def status(self) -> LlmStatus:
        engine, swap, change = self._serving.engine, self._swap, self._failure
        if self._changing is not None and swap is not None and self._began is not None:
            name = self._changing.name
            change = LlmChange(name, swap.phase, swap.progress, None, self._began)
        served = None if swap is None else swap.served
        return LlmStatus(
            model=None if engine is None else engine.name,
            file=None if served is None else served.name,
            change=change,
        )

    async def candidates(self) -> list[Candidate]:
        """The files of the directory of models, by name."""
        served = None if self._swap is None else self._swap.served
        return [
            Candidate(path.name, size, self._files.is_listed(path), is_served=path == served)
            for path, size in await self._files.listing()
        ]

    async def choose(
        self, name: str, *, sha256: str | None, actor: Principal, origin: RequestOrigin
    ) -> None:
        """Begin to change to the file `name` of the directory of models.

        `sha256`, in hex: what the file must hold, whatever was accepted of that name before.
        Raises `NotFound`, `Invalid` (field `file`) for a file that cannot be used, and `Conflict`
        while another change is under way.
        """

        async def target(swap: LlmSwap) -> _Target:
            path = await self._files.find(name)
            try:
                await swap.inspect(path)
            except Unavailable as error:
                raise Invalid(error.message, field="file") from None
            return _Target(path, True, sha256, actor, origin)

        await self._request(target)

    async def reset(self, *, actor: Principal, origin: RequestOrigin) -> None:
        """Begin to change back to the settings' model, or to none. Raises `Conflict` as above."""

        async def target(swap: LlmSwap) -> _Target:
            return _Target(self._default, False, None, actor, origin)

        await self._request(target)

    async def _request(self, target_of: Callable[[LlmSwap], Awaitable[_Target]]) -> None:
        swap = self._swap
        if swap is None:
            raise Conflict("The language model of this appliance is not one of its files.")
        if self._claimed:
            raise Conflict("Another change of the language model is under way.")
        self._claimed = True

        async def work() -> None:
            try:
                target = await target_of(swap)
                entry = self._entry("llm.change", target, success=True)
                await self._db.write(lambda tx: audit.append(tx, entry))
            except BaseException:
                self._claimed = False
                raise
            self._begin(swap, target)

        # Shielded: a caller that goes away must not leave a row without its act.
        await asyncio.shield(asyncio.ensure_future(work()))

    def _begin(self, swap: LlmSwap, target: _Target) -> None:
        self._claimed, self._changing, self._began = True, target, self._clock()
        swap.enter(Phase.CHECKING)
        self._task = asyncio.create_task(self._run(swap, target))

    async def _run(self, swap: LlmSwap, target: _Target) -> None:
        try:
            await self._change(swap, target)
        except Exception as error:
            await self._failed(swap, target, error)
        else:
            self._failure = None
            logger.info("the language model changed", extra={"fields": {"file": target.name}})
        finally:
            self._claimed, self._changing = False, None

    async def _change(self, swap: LlmSwap, target: _Target) -> None:
        was = swap.served

        def work(tx: Connection, proof: Proof | None) -> None:
            if proof is not None:
                self._files.accept(tx, proof)
            model_files.choose(tx, proof.path if proof and target.is_choice else None)
            audit.append(tx, self._entry("llm.load", target, success=True, was=was, proof=proof))

        async def switch(proof: Proof | None) -> None:
            await self._db.write(lambda tx: work(tx, proof))

        if target.path is None:
            await switch(None)
            swap.to_none()
        else:
            path = await self._found(target.path) if target.is_choice else target.path
            await swap.to(path, sha256=target.sha256, switch=switch)

    async def _found(self, chosen: Path) -> Path:
        """The file of that name in the directory of models, wherever that lies now."""
        try:
            return await self._files.find(chosen.name)
        except NotFound:
            raise Unavailable(
                f"{chosen.name}, chosen as the language model, is not in the directory of models "
                "any more (setting models_dir)."
            ) from None

    async def _failed(self, swap: LlmSwap, target: _Target, error: Exception) -> None:
        phase = swap.phase
        if isinstance(error, ApplianceError):
            reason = error.message
            fields = {"file": target.name, "phase": phase.value, "reason": reason}
            logger.error("the language model cannot be used", extra={"fields": fields})
        else:
            reason = "The language model cannot be loaded; the log says more."
            logger.error("the language model cannot be used", exc_info=error)
        began = self._began or self._clock()
        self._failure = LlmChange(target.name, Phase.FAILED, 0.0, reason, began)
        if self._serving.engine is None and self._serving.name is not None:
            refusal = Absence(target.name or "", lambda: Unavailable(reason))
            self._serving.take(None, refusal)
        entry = self._entry("llm.load", target, success=False, was=swap.served)
        try:
            await self._db.write(lambda tx: audit.append(tx, entry))
        except Exception:
            logger.exception("the audit trail lacks a failed change of the language model")

    def _entry(
        self,
        action: str,
        target: _Target,
        *,
        success: bool,
        was: Path | None = None,
        proof: Proof | None = None,
    ) -> AuditEntry:
        details: dict[str, str | int | float | bool | None] = {}
        if was is not None:
            details["from"] = was.name
        if proof is not None:
            details["sha256"] = proof.sha256
        return AuditEntry(
            self._clock(),
            action,
            success=success,
            actor=target.actor,
            origin=target.origin,
            resource_type="language_model",
            resource_id=target.name,
            details=details,
        )
