"""What answers in the place of a language model that is configured and cannot be loaded."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from appliance.domain import Question
from appliance.errors import Unavailable


class MissingEngine:
    """Refuses every question with the reason; the rest of the appliance works."""

    def __init__(self, name: str, reason: Unavailable) -> None:
        self.reason = reason
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    @property
    def writes(self) -> bool:
        return True

    async def answer(self, question: Question) -> AsyncGenerator[str]:
        self._refuse()
        yield ""  # makes this a generator, as the protocol wants

    async def close(self) -> None:
        pass

    def _refuse(self) -> None:
        raise Unavailable("The language model that is configured cannot be loaded.")
