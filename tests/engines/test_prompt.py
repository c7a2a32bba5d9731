from __future__ import annotations

from appliance.domain import MessageRole, Turn
from appliance.engines.prompt import HISTORY_TURNS, INSTRUCTIONS, candidates
from tests.engines.questions import question

TEXTS = [f"Passage text {n}. " * 30 for n in range(1, 5)]
HISTORY = [
    Turn(MessageRole.USER if n % 2 == 0 else MessageRole.ASSISTANT, f"turn {n}") for n in range(10)
]


def test_the_fullest_has_everything_in_order() -> None:
    first = next(candidates(question("Why?", TEXTS, HISTORY)))
    assert [turn.role for turn in first] == ["system", *["user", "assistant"] * 3, "user"]
    system = first[0].content
    assert system.startswith(INSTRUCTIONS)
    places = [system.index(f"[{n}] Guide, page {n}") for n in range(1, 5)]
    assert places == sorted(places)
    assert first[-1].content == "Why?"
    assert first[1].content == f"turn {10 - HISTORY_TURNS}"


def test_each_next_one_is_shorter_and_keeps_the_question() -> None:
    found = list(candidates(question("Why?", TEXTS, HISTORY)))
    lengths = [sum(len(turn.content) for turn in turns) for turns in found]
    assert lengths == sorted(lengths, reverse=True)
    assert len(set(lengths)) == len(lengths)
    for turns in found:
        assert turns[-1].content == "Why?"
        assert turns[0].content.startswith(INSTRUCTIONS)
        assert "[1] Guide" in turns[0].content


def test_passages_go_from_the_lowest_rank() -> None:
    counts = [
        [n for n in range(1, 5) if f"[{n}] Guide" in turns[0].content]
        for turns in candidates(question("Why?", TEXTS))
    ]
    assert counts[:4] == [[1, 2, 3, 4], [1, 2, 3], [1, 2], [1]]
    assert all(held == [1] for held in counts[3:])
    assert len(counts) > 4  # the last passage is cut before it would be left out


def test_without_passages_or_history() -> None:
    found = list(candidates(question("Why?")))
    assert len(found) == 1
    assert [turn.role for turn in found[0]] == ["system", "user"]


def test_instructions_come_first_so_that_prompts_share_their_beginning() -> None:
    one = next(candidates(question("Why?", TEXTS)))[0].content
    other = next(candidates(question("When?", TEXTS[::-1])))[0].content
    assert one[: len(INSTRUCTIONS)] == other[: len(INSTRUCTIONS)]
