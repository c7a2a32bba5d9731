"""Markdown: what it says, and that words stay words for whoever reads it as Markdown."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from appliance.domain import MessageStatus
from appliance.services.markdown_export import escaped, to_markdown
from appliance.services.transcript import printable
from tests.answering_parts import NOW
from tests.shared_data import shared_data
from tests.transcripts import MARKED, answer, citation, question, transcript

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
ATTEMPTS = [
    "# heading", "heading\n===", "heading\n---", "- item", "+ item", "* item", "1. item",
    "12) item", "> quote", "    code", "\tcode", "```\ncode\n```", "~~~\ncode", "`code`", "***",
    "**bold** _it_ ~~gone~~", "[a](http://e.example)", "[1](http://e.example)",
    "[1]: http://e.example\n\n[1]", "[x]: http://e.example\n\n[x]", "![x](http://e.example/y.png)",
    "![1](http://e.example/y.png)", "\\[1](http://e.example)", "<img src=http://e.example>",
    "<http://e.example>", "&lt;b&gt; &#x3c;", "a | b\n--|--\n1 | 2", "<!-- gone -->", "[^1]: note",
    "a\\\nb", "a\r\n# b\r- c", "  - nested\n      - deeper",
]  # fmt: skip


def read(markdown: str) -> tuple[str, set[str]]:
    """The words, and every kind of structure besides paragraphs and line ends."""
    words: list[str] = []
    kinds: set[str] = set()
    for token in READER.parse(markdown):
        if token.type == "inline":
            for part in token.children or ():
                if part.type in {"text", "text_special"}:
                    words.append(part.content)
                elif part.type == "hardbreak":
                    words.append("\n")
                else:
                    kinds.add(part.type)
            words.append("\n")
        elif token.type not in {"paragraph_open", "paragraph_close"}:
            kinds.add(token.type)
    return folded("".join(words)), kinds


def folded(text: str) -> str:
    return " ".join(printable(text).split())


def random_attempts(count: int) -> list[str]:
    chooser = random.Random(7)
    signs = list("[]()!:#-+*_`~<>&\\|=1. \n\tax/\"'{}")
    return [
        "".join(chooser.choice(signs) for _ in range(chooser.randint(1, 16))) for _ in range(count)
    ]


def naughty() -> list[str]:
    strings: list[str] = json.loads(shared_data("payloads/blns.json").read_text("utf-8"))
    return strings


@pytest.mark.parametrize("text", ATTEMPTS)
def test_words_become_no_structure(text: str) -> None:
    words, kinds = read(text)
    assert kinds or words != folded(text), "not an attempt at all"
    assert read(escaped(text)) == (folded(text), set())


@pytest.mark.parametrize("text", ["[1][2]", "a  \nb", "ends in \\", "7.4", "-5", "://", "1.5) x"])
def test_plain_words_stay_words(text: str) -> None:
    assert read(escaped(text)) == (folded(text), set())


def test_no_random_text_becomes_structure() -> None:
    for text in random_attempts(5000):
        assert read(escaped(text)) == (folded(text), set()), repr(text)


def test_no_naughty_string_becomes_structure() -> None:
    for text in naughty():
        assert read(escaped(text)) == (folded(text), set()), repr(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("See http://e.example", r"See http\://e.example"),
        ("See www.e.example", r"See www\.e.example"),
        ("INR > 3 (max 5 mg), see [1].", "INR > 3 (max 5 mg), see [1]."),
        ("5-10 mg/kg; pH 7.4", "5-10 mg/kg; pH 7.4"),
    ],
)
def test_addresses_are_no_links_and_plain_words_stay_plain(text: str, shown: str) -> None:
    assert escaped(text) == shown


def test_lines_and_paragraphs_are_kept() -> None:
    assert escaped("one\ntwo\n\n\n  three\n") == "one\\\ntwo\n\n&nbsp;&nbsp;three"


def test_a_whole_transcript() -> None:
    text = to_markdown(transcript(question("How much?", edited_at=NOW), MARKED))
    assert text.splitlines() == [
        "# Doses",
        "",
        "Started 2026-01-02 03:04 UTC, exported 2026-01-02 03:04 UTC. Messages: 2.",
        "",
        "## Question, 2026-01-02 03:04 UTC",
        "",
        "How much?",
        "",
        "*Edited 2026-01-02 03:04 UTC.*",
        "",
        "## Answer, 2026-01-02 03:04 UTC",
        "",
        "The usual dose is 5 mg. [1] Cats like it. (*not supported by a document*)\\",
        "Never 10 mg. [2]",
        "",
        "*Sentences marked “not supported by a document” are not borne out by the passages that "
        "they cite.*",
        "",
        "**References**",
        "",
        "- [1] Ward handbook, section 4.2 Doses, page 3 of 12, version 7, effective 2025-01-01\\",
        "  “The usual dose is 5 mg.”",
        "- [2] Ward handbook, page 4 of 12, effective 2025-01-01\\",
        "  “The usual dose is 5 mg.”",
    ]


def test_what_has_become_of_a_cited_document_is_said() -> None:
    due = citation(1, document_id="a", review_by="2025-12-31")
    replaced = citation(2, document_id="b", review_by="2026-01-02")
    made = replace(
        transcript(answer("5 mg. [1] 6 mg. [2]", citations=(due, replaced))),
        superseded=frozenset("b"),
    )
    lines = to_markdown(made).splitlines()
    place = lines.index("**References**")
    assert [line for line in lines[place:] if line.startswith("  ")] == [
        "  **Its review was due by 2025-12-31: check that it still holds.**\\",
        "  “The usual dose is 5 mg.”",
        "  **It has been replaced by a newer document since.**\\",
        "  “The usual dose is 5 mg.”",
    ]


@pytest.mark.parametrize(
    ("status", "remark"),
    [
        (MessageStatus.INTERRUPTED, "*This answer was interrupted.*"),
        (MessageStatus.FAILED, "*This answer could not be finished.*"),
        (MessageStatus.STREAMING, "*This answer was still being written.*"),
    ],
)
def test_an_unfinished_answer_says_so(status: MessageStatus, remark: str) -> None:
    assert remark in to_markdown(transcript(answer("The usual", status=status))).splitlines()
    assert remark not in to_markdown(transcript(answer("The usual")))


def test_titles_and_documents_are_words_too() -> None:
    trap = '[x](http://e.example) <img src="http://e.example">\n# more `![1](u)`'
    source = citation(1, title=trap, section=trap, snippet=trap)
    markdown = to_markdown(
        transcript(question(trap), answer(trap + " \ufdd0", citations=(source,)), title=trap)
    )
    _, kinds = read(markdown)
    assert not kinds & {"link_open", "image", "html_inline", "html_block", "code_inline", "fence"}
    headings = [t for t in READER.parse(markdown) if t.type == "heading_open"]
    assert len(headings) == 3
    assert not re.search("[\ufdd0\x00]", markdown)
