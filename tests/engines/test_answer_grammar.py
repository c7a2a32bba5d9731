"""The form of written answers, kept by models that know nothing of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.engines.answer_grammar import MOST_MARKS, MOST_SENTENCES, answer_grammar
from appliance.engines.llama_context import LlamaContext
from appliance.engines.llama_engine import LlamaEngine
from appliance.engines.llama_runtime import Part
from appliance.engines.llama_sampler import LlamaSampler, Sampling, TokenTable
from appliance.engines.protocols import NO_ANSWER
from appliance.errors import Unavailable
from tests.engines.questions import question
from tests.random_gguf import tiny_vocabulary, write_random_llama
from tests.shared_data import shared_data

PASSAGES = ["The usual dose is 5 mg once daily.", "Wash your hands.", "Keep in the fridge."]
PIECE = r"[.!?]*[^\s\[\].!?]"


def keeps_form(answer: str, passages: int, *, whole: bool) -> bool:
    """Written apart from the grammar. `whole` False: the end may be missing."""
    marks = rf"\[(?:{'|'.join(map(str, range(1, passages + 1)))})\]"
    words = rf"(?:{PIECE})+(?: (?:{PIECE})+)*"
    sentence = rf"{words}[.!?]? ?{marks}(?: ?{marks}){{0,{MOST_MARKS - 1}}}\.?"
    complete = rf"{sentence}(?: {sentence}){{0,{MOST_SENTENCES - 1}}}"
    if answer == NO_ANSWER or re.fullmatch(complete, answer):
        return True
    if whole:
        return False
    begun = re.match(rf"(?:{sentence} ?){{0,{MOST_SENTENCES}}}", answer)
    rest = answer[begun.end() if begun else 0 :]
    return NO_ANSWER.startswith(answer) or not re.search(r"[.!?] [^\[]|\n|\[(?!\d{0,2}$)", rest)


@pytest.fixture(scope="module")
def random_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("llm") / "tiny.gguf"
    return write_random_llama(path, vocabulary=tiny_vocabulary(), context=2048)


@pytest.mark.parametrize("temperature", [0.0, 1.5])
@pytest.mark.parametrize(("seed", "passages"), [(0, 1), (1, 3)])
async def test_random_weights_over_bytes_keep_the_form(
    random_model: Path, temperature: float, seed: int, passages: int
) -> None:
    engine = await LlamaEngine.open(
        random_model, threads=1, max_tokens=300, temperature=temperature, seed=seed
    )
    asked = question(f"Why {seed}?", PASSAGES[:passages])
    answer = "".join([str(piece) async for piece in engine.answer(asked)])
    await engine.close()
    assert answer
    assert keeps_form(answer, passages, whole=False), answer


@pytest.mark.parametrize("seed", range(3))
async def test_a_real_model_that_knows_no_marks_keeps_the_form(seed: int) -> None:
    path = shared_data("models/stories260K-f32.gguf")
    engine = await LlamaEngine.open(path, threads=1, max_tokens=160, temperature=1.0, seed=seed)
    for text in ("Once upon a time", "What is the dose?"):
        answer = "".join([str(piece) async for piece in engine.answer(question(text, PASSAGES))])
        assert answer
        assert keeps_form(answer, 3, whole=False), answer
    await engine.close()


@pytest.fixture
def context(random_model: Path) -> Iterator[LlamaContext]:
    made = LlamaContext(random_model, threads=1, window=2048, slots=1)
    yield made
    made.close()


def sampler_of(context: LlamaContext, grammar: str) -> LlamaSampler:
    return LlamaSampler(TokenTable(context.model), Sampling(), grammar)


def written(context: LlamaContext, grammar: str, limit: int = 400) -> tuple[str, bool]:
    """What it writes, and whether it ended by itself."""
    sampler = sampler_of(context, grammar)
    context.trim(0, 0)
    place, tokens, data = 0, [5, 6, 7], b""
    for _ in range(limit):
        code, rows = context.decode([Part(0, place, tokens, output=True)])
        assert code == 0
        token = sampler.next(context.pointer, rows[0])
        if token is None:
            sampler.close()
            return data.decode(), True
        data += context.model.piece(token)
        place, tokens = place + len(tokens), [token]
    sampler.close()
    return data.decode("utf-8", "ignore"), False


def test_an_answer_ends_where_the_form_does(context: LlamaContext) -> None:
    """The model would write on for ever; where the form is complete nothing may follow."""
    assert written(context, 'root ::= "yes"') == ("yes", True)
    text, ended = written(context, "root ::= [ab]{3}")
    assert ended and re.fullmatch("[ab]{3}", text)
    assert written(context, 'root ::= ""') == ("", True)


def test_a_broken_grammar_is_an_error_and_the_next_answer_is_not(context: LlamaContext) -> None:
    with pytest.raises(Unavailable):
        sampler_of(context, "root ::= (")
    assert written(context, 'root ::= "yes"') == ("yes", True)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("Give 2.5 mg daily. [1]", True),
        ("Give 2.5 mg daily [1].", True),
        ("Give 5 mg. [1][2] Stop. [2]", True),
        (NO_ANSWER, True),
        ("Give 5 mg.", False),
        ("Give 5 mg. Stop. [1]", False),
        ("Give 5 mg. [3]", False),
        ("Give 5 mg. [12]", False),
        ("Give 5 mg. [0]", False),
        ("[1]", False),
        ("Give\n5 mg. [1]", False),
        ("![x](http://a.b) [1]", False),
        ("Give\u200b 5 mg. [1]", False),
        ("Give\U000e0041 5 mg. [1]", False),
        ("", False),
        (" ".join(["Stop. [1]"] * 6), True),
        (" ".join(["Stop. [1]"] * 7), False),
    ],
)
def test_which_texts_have_the_form(context: LlamaContext, text: str, fits: bool) -> None:
    sampler = sampler_of(context, answer_grammar(2))
    for token in context.model.tokenize(text, add_special=False, parse_special=False):
        if not sampler.allows(token):
            assert not fits
            return
        sampler.accept(token)
    assert sampler.allows(context.model.eos) is fits
