"""The written form of a conversation that a model was trained on.

A template's own words may hold control tokens such as "<|im_end|>"; the words of people and
documents may not. So a template is filled with placeholders, and its text and the contents stay
apart until both are tokens.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from llama_cpp.llama_chat_format import Jinja2ChatFormatter

from appliance.engines.prompt import ChatTurn

_log = logging.getLogger(__name__)
PLAIN_STOP = "\nUser:"  # a model without a template would go on to write the user's next question
_PLAIN_NAMES = {"user": "User", "assistant": "Assistant"}


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a prompt; only a `trusted` one may hold control tokens.

    Its first `shared` characters are nobody's own words.
    """

    text: str
    trusted: bool
    shared: int


class ChatTemplate:
    """The model's own template when it has one that works, else a plain transcript."""

    def __init__(self, source: str | None, *, bos: str, eos: str) -> None:
        """`source` is the Jinja text of the GGUF file's `tokenizer.chat_template`."""
        self._mark = f"c{secrets.token_hex(8)}n"
        self._slot = re.compile(f"{self._mark}([0-9]+)e")
        self._formatter: Jinja2ChatFormatter | None = None
        self._merge_system = False
        if not source:
            return
        probe = [ChatTurn("system", "a"), ChatTurn("user", "b")]
        try:
            self._formatter = Jinja2ChatFormatter(template=source, bos_token=bos, eos_token=eos)
            if self._filled(probe) is None:
                self._merge_system = True
                if self._filled(_merged(probe)) is None:
                    self._formatter = None
        except Exception:  # whatever a template can raise, compiling
            self._formatter = None
        if self._formatter is None:
            _log.warning("the model's chat template does not work; a plain transcript is used")

    @property
    def stop(self) -> str | None:
        """Where an answer ends though the model goes on."""
        return PLAIN_STOP if self._formatter is None else None

    def render(self, turns: Sequence[ChatTurn]) -> list[Segment]:
        """The whole prompt, up to where the assistant's answer begins."""
        if self._formatter is not None:
            filled = self._filled(_merged(turns) if self._merge_system else turns)
            if filled is not None:
                return filled
        lines = [
            f"{_PLAIN_NAMES[turn.role]}: {turn.content}"
            if turn.role in _PLAIN_NAMES
            else turn.content
            for turn in turns
        ]
        text = "\n\n".join(lines) + "\n\nAssistant:"
        first = turns[0]
        shared = 0 if first.role in _PLAIN_NAMES else first.shared
        return [Segment(text, trusted=False, shared=shared)]

    def _filled(self, turns: Sequence[ChatTurn]) -> list[Segment] | None:
        """None when the template fails or leaves out one of the contents."""
        assert self._formatter is not None
        messages = [
            {"role": turn.role, "content": f"{self._mark}{number}e"}
            for number, turn in enumerate(turns)
        ]
        try:
            text: str = self._formatter(messages=messages).prompt
        except Exception:  # templates raise on roles that they do not know
            return None
        pieces = self._slot.split(text)
        if [int(number) for number in pieces[1::2]] != list(range(len(turns))):
            return None
        segments = []
        for place, piece in enumerate(pieces):
            if place % 2:
                turn = turns[int(piece)]
                segments.append(Segment(turn.content, trusted=False, shared=turn.shared))
            else:
                segments.append(Segment(piece, trusted=True, shared=len(piece)))
        return [segment for segment in segments if segment.text]


def _merged(turns: Sequence[ChatTurn]) -> list[ChatTurn]:
    """The system text put before the first user's, for models that know no system role."""
    systems = [turn for turn in turns if turn.role == "system"]
    system = "\n\n".join(turn.content for turn in systems)
    shared = systems[0].shared if systems else 0
    others = [turn for turn in turns if turn.role != "system"]
    for place, turn in enumerate(others):
        if turn.role == "user":
            others[place] = ChatTurn("user", f"{system}\n\n{turn.content}", shared)
            break
    return others
