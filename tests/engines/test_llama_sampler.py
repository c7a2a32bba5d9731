from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import llama_cpp
import pytest

from appliance.engines.llama_context import LlamaContext
from appliance.engines.llama_runtime import Part
from appliance.engines.llama_sampler import LlamaSampler, Sampling, TokenTable
from appliance.errors import Unavailable

PROMPT = [1, 300, 301, 302]
Tell = Callable[..., list[int]]


@pytest.fixture
def context(small_model: Path) -> Iterator[LlamaContext]:
    made = LlamaContext(small_model, threads=1, window=512, slots=2)
    yield made
    made.close()


@pytest.fixture
def tell(context: LlamaContext) -> Tell:
    """Up to `count` tokens behind PROMPT, chosen as told."""
    table = TokenTable(context.model)

    def told(sampling: Sampling, grammar: str | None = None, count: int = 40) -> list[int]:
        sampler = LlamaSampler(table, sampling, grammar)
        context.trim(0, 0)
        tokens = list(PROMPT)
        start = 0
        while len(tokens) < len(PROMPT) + count:
            code, rows = context.decode([Part(0, start, tokens[start:], output=True)])
            assert code == 0
            start = len(tokens)
            token = sampler.next(context.pointer, rows[0])
            if token is None:
                break
            tokens.append(token)
        sampler.close()
        return tokens[len(PROMPT) :]

    return told


def test_at_temperature_0_the_likeliest_is_chosen(context: LlamaContext, tell: Tell) -> None:
    token = tell(Sampling(), count=1)[0]
    context.trim(0, 0)
    _, rows = context.decode([Part(0, 0, PROMPT, output=True)])
    logits = llama_cpp.llama_get_logits_ith(context.pointer, rows[0])
    count = llama_cpp.llama_vocab_n_tokens(context.model.vocab)
    assert logits[token] == max(logits[n] for n in range(count))


def test_a_seed_repeats_what_chance_chose(tell: Tell) -> None:
    first = tell(Sampling(temperature=1.5, seed=7))
    assert tell(Sampling(temperature=1.5, seed=7)) == first
    assert tell(Sampling(temperature=1.5, seed=8)) != first
    assert len({tuple(tell(Sampling(temperature=1.5), count=10)) for _ in range(4)}) > 1


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(temperature=1.5, top_k=1, seed=3),
        Sampling(temperature=1.5, top_p=0.0, seed=3),
        Sampling(temperature=1.5, min_p=1.0, seed=3),
    ],
    ids=["top_k", "top_p", "min_p"],
)
def test_of_one_likely_token_chance_can_only_choose_it(tell: Tell, sampling: Sampling) -> None:
    assert tell(sampling) == tell(Sampling())


def test_what_was_said_is_not_said_again(tell: Tell) -> None:
    said = tell(Sampling(repeat_penalty=1e6, repeat_tokens=64), count=40)
    assert len(set(said)) == len(said) == 40
    assert tell(Sampling(), count=40) != said


@pytest.mark.parametrize("temperature", [0.0, 1.2])
def test_a_grammar_holds_for_every_token(
    context: LlamaContext, tell: Tell, temperature: float
) -> None:
    sampling = Sampling(temperature=temperature, seed=5, repeat_penalty=1.1)
    tokens = tell(sampling, 'root ::= [a-c]+ "." [0-9] [0-9]')
    text = b"".join(map(context.model.piece, tokens)).decode()
    letters, _, digits = text.partition(".")
    assert set(letters) <= set("abc")
    assert letters
    if len(tokens) < 40:  # it ended by itself
        assert len(digits) == 2
        assert digits.isdigit()


def test_where_nothing_may_follow_the_answer_ends(context: LlamaContext, tell: Tell) -> None:
    tokens = tell(Sampling(), 'root ::= "ab"')
    assert b"".join(map(context.model.piece, tokens)) == b"ab"


@pytest.mark.parametrize("grammar", ["root ::= (", "no grammar"])
def test_a_grammar_that_is_none(context: LlamaContext, grammar: str) -> None:
    with pytest.raises(Unavailable):
        LlamaSampler(TokenTable(context.model), Sampling(), grammar)


def test_the_names_of_control_tokens_are_never_said(context: LlamaContext) -> None:
    sampler = LlamaSampler(TokenTable(context.model), Sampling(), "root ::= [<>s/]+")
    assert not sampler.allows(1)  # "<s>"
    sampler.close()
