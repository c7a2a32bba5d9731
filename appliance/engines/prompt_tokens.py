"""A question as the tokens that a model reads, and how many of them are nobody's own."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain import Question
from appliance.engines.chat_template import ChatTemplate, Segment
from appliance.engines.llama_runtime import LlamaModel
from appliance.engines.prompt import candidates
from appliance.errors import Invalid

SMALLEST_ANSWER = 16  # tokens that a prompt must leave free


@dataclass(frozen=True, slots=True)
class PromptTokens:
    """`passages` stand in it; the first `shared` tokens are instructions and passages only."""

    tokens: list[int]
    shared: int
    passages: int


def model_template(model: LlamaModel) -> ChatTemplate:
    source = model.header.metadata.get("tokenizer.chat_template")
    return ChatTemplate(
        source if isinstance(source, str) else None,
        bos=model.token_text(model.bos),
        eos=model.token_text(model.eos),
    )


def prompt_tokens(
    model: LlamaModel, template: ChatTemplate, question: Question, window: int
) -> PromptTokens:
    """The fullest prompt that leaves room for an answer. Raises Invalid when there is none."""
    for prompt in candidates(question):
        tokens, shared = _tokens(model, template.render(prompt.turns))
        if len(tokens) + max(SMALLEST_ANSWER, window // 8) <= window:
            return PromptTokens(tokens, shared, prompt.passages)
    raise Invalid("The question is too long for the language model.", field="content")


def static_tokens(model: LlamaModel, template: ChatTemplate) -> list[int]:
    """What prompts begin with, whatever is asked."""
    tokens, shared = _tokens(model, template.render(next(candidates(Question("?", ()))).turns))
    return tokens[:shared]


def _tokens(model: LlamaModel, segments: list[Segment]) -> tuple[list[int], int]:
    tokens: list[int] = []
    shared: int | None = None  # once somebody's own words have begun
    for segment in segments:
        part = model.tokenize(segment.text, add_special=False, parse_special=segment.trusted)
        if shared is None and segment.shared < len(segment.text):
            shared = len(tokens) + _within(model, part, segment.text[: segment.shared])
        tokens += part
    if shared is None:
        shared = len(tokens)
    if model.begins_with_bos and tokens[:1] != [model.bos]:  # some templates write it themselves
        tokens.insert(0, model.bos)
        shared += 1
    return tokens, shared


def _within(model: LlamaModel, tokens: list[int], text: str) -> int:
    """How many of `tokens` spell nothing but the beginning `text`; none where that is unclear."""
    wanted = text.encode("utf-8", "replace")
    at = 0
    for count, token in enumerate(tokens):
        piece = model.piece(token)
        if not piece:
            return count
        if count == 0 and not wanted.startswith(b" "):  # some vocabularies put one before a text
            piece = piece.removeprefix(b" ")
        if wanted[at : at + len(piece)] != piece:
            return count
        at += len(piece)
    return len(tokens)
