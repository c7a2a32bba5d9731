"""The bytes of a model's tokens as text that can be shown."""

from __future__ import annotations

import codecs


class AnswerText:
    """Bytes of tokens to text: whole characters, no white space first, nothing from the stop on."""

    def __init__(self, stop: str | None) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._stop = stop
        self._held = ""
        self._begun = False
        self.ended = False

    def take(self, data: bytes) -> str:
        """What can be shown now that `data` has come."""
        self._held += self._decode(data)
        if not self._begun:
            self._held = self._held.lstrip()
            self._begun = bool(self._held)
        keep = 0
        if self._stop:
            found = self._held.find(self._stop)
            if found >= 0:
                self.ended = True
                shown, self._held = self._held[:found], ""
                return shown
            keep = next(
                (
                    n
                    for n in range(len(self._stop) - 1, 0, -1)
                    if self._held.endswith(self._stop[:n])
                ),
                0,
            )
        cut = len(self._held) - keep
        shown, self._held = self._held[:cut], self._held[cut:]
        return shown

    def rest(self) -> str:
        return self._held + self._decode(b"", True)
