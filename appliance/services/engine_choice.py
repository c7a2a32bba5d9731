"""Which engine answers whom: the language model, unless it is switched off for them."""

from __future__ import annotations

from collections.abc import Callable

from appliance.engines.protocols import AnswerEngine
from appliance.services.flags import LLM_ANSWERS, Flags


class EngineChoice:
    def __init__(
        self,
        extractive: AnswerEngine,
        language_model: Callable[[], AnswerEngine | None],
        flags: Flags,
    ) -> None:
        """`extractive` quotes and is always there; `language_model` gives the one of now."""
        self._extractive = extractive
        self._language_model = language_model
        self._flags = flags

    async def engine_for(self, user_id: str) -> AnswerEngine:
        """Asked again for every question, so that a switch acts on the next one."""
        engine = self._language_model()
        if engine is None or not await self._flags.holds(LLM_ANSWERS, user_id):
            return self._extractive
        return engine
