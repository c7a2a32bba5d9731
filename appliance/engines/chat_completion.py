"""What is asked of an OpenAI-compatible server, and what it says: the shapes, with no network.

Nothing that a server says besides the answer's own text is ever passed on: its messages may quote
the prompt.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import orjson

from appliance.engines.http_exchange import BROKEN_OFF, GARBAGE
from appliance.engines.prompt import Prompt
from appliance.errors import ApplianceError, Busy, Unavailable

RETRY_AFTER_S = 5
_LONGEST_RETRY_S = 3600
_NAME_CHARACTERS = 200
_TURN_TOKENS = 8  # what a chat template puts around a turn
_ENDS = ("stop", "length")
_TOO_LONG = re.compile(
    r"context[ _](length|size|window)|maximum context|exceed.{0,40}context", re.I
)
_REFUSED = {
    401: "refuses the key (setting llm_api_key_file)",
    403: "refuses the key (setting llm_api_key_file)",
    404: "knows no such address or model (settings llm_base_url, llm_remote_model)",
}


class PromptTooLong(Unavailable):
    """The server's context holds less than was asked of it."""


@dataclass(frozen=True, slots=True)
class ServedModel:
    """`window`: tokens of one answer with its prompt, where the server tells."""

    id: str
    window: int | None
    takes_grammar: bool

    @property
    def name(self) -> str:
        """Fit to be stored and shown; llama-server calls a model by the path of its file."""
        path = PurePosixPath(self.id)
        name = path.stem if path.suffix == ".gguf" else self.id
        return "".join(filter(str.isprintable, name))[:_NAME_CHARACTERS] or "unnamed"


@dataclass(frozen=True, slots=True)
class ChatEvent:
    """A piece of the text, maybe empty. `usage`: tokens (read, written) of the whole answer."""

    text: str = ""
    finished: bool = False
    usage: tuple[int, int] | None = None


def most_tokens(prompt: Prompt) -> int:
    """More than a prompt takes in the vocabularies in use: three bytes a token, digits singly."""
    text = "".join(turn.content for turn in prompt.turns)
    digits = sum(map(str.isdigit, text))
    rest = len(text.encode("utf-8", "replace")) - digits
    return digits + rest // 3 + _TURN_TOKENS * len(prompt.turns)


def completion_body(
    model: str, prompt: Prompt, *, max_tokens: int, temperature: float, grammar: str | None
) -> bytes:
    body: dict[str, Any] = {
        "model": model,
        "messages": _messages(prompt),
        "max_tokens": max_tokens,
        "temperature": temperature,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if grammar is not None:
        body["grammar"] = grammar
    return orjson.dumps(body)


def _messages(prompt: Prompt) -> list[dict[str, str]]:
    """The instructions, then questions and answers in turn: many models' templates refuse others.

    An answer that lost its question goes; a question that had no answer is one with the next.
    """
    found: list[dict[str, str]] = []
    for turn in prompt.turns:
        content = turn.content.encode("utf-8", "replace").decode()
        before = found[-1]["role"] if found else None
        if turn.role == "assistant" and before in (None, "system"):
            continue
        if turn.role == before:
            found[-1]["content"] += f"\n\n{content}"
        else:
            found.append({"role": turn.role, "content": content})
    return found


def served_model(body: bytes, wanted: str | None) -> ServedModel:
    """The model `wanted`, else the first, of what /v1/models lists. Raises Unavailable."""
    listed = _object(body).get("data")
    if not isinstance(listed, list):
        raise Unavailable(GARBAGE)
    models = [model for model in listed if isinstance(model, dict)]
    for model in models:
        name, meta = model.get("id"), model.get("meta")
        if not isinstance(name, str) or wanted not in (None, name):
            continue
        told = [model.get("max_model_len"), meta.get("n_ctx") if isinstance(meta, dict) else None]
        windows = [one for one in told if isinstance(one, int) and one > 0]
        return ServedModel(name, min(windows, default=None), model.get("owned_by") == "llamacpp")
    raise Unavailable(
        "The language model's server serves no model of the name that is set (llm_remote_model)."
        if wanted
        else "The language model's server serves no model."
    )


def chat_event(data: bytes) -> ChatEvent:
    """Of the data of one server-sent event. Raises PromptTooLong, Busy or Unavailable."""
    told = _object(data)
    if "error" in told:
        code = told["error"].get("code") if isinstance(told["error"], dict) else None
        raise refusal(code if isinstance(code, int) else 500, data, {})
    usage, choices = _usage(told.get("usage")), told.get("choices")
    if not isinstance(choices, list):
        raise Unavailable(GARBAGE)
    if not choices:
        return ChatEvent(usage=usage)
    choice = choices[0]
    delta = choice.get("delta") if isinstance(choice, dict) else None
    text = (delta.get("content") or "") if isinstance(delta, dict) else None
    if not isinstance(text, str):
        raise Unavailable(GARBAGE)
    end = choice.get("finish_reason")
    if end is not None and end not in _ENDS:
        raise Unavailable(BROKEN_OFF)
    return ChatEvent(text, finished=end is not None, usage=usage)


def refusal(status: int, body: bytes, headers: Mapping[str, str]) -> ApplianceError:
    """What a status that is no 200 means to who asked."""
    if status in (429, 503):
        after = headers.get("retry-after", "")
        seconds = int(after) if re.fullmatch(r"[0-9]{1,6}", after) else RETRY_AFTER_S
        return Busy(
            "The language model's server has no time now.",
            retry_after=max(1, min(seconds, _LONGEST_RETRY_S)),
        )
    if status >= 400 and _TOO_LONG.search(body.decode("utf-8", "replace")):
        return PromptTooLong("The question is too long for the language model.")
    if 300 <= status < 400:
        what = "points to another address, and none but the one that is set is asked"
    else:
        what = _REFUSED.get(status, f"answered with the status {status}")
    return Unavailable(f"The language model's server {what}.")


def _usage(told: object) -> tuple[int, int] | None:
    if not isinstance(told, dict):
        return None
    read, written = told.get("prompt_tokens"), told.get("completion_tokens")
    if not (isinstance(read, int) and isinstance(written, int)):
        return None
    return max(read, 0), max(written, 0)


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise Unavailable(GARBAGE)
    return found
