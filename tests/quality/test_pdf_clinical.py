"""The clinical questions against the files that they are about."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from appliance.engines.pdf import PdfReader
from appliance.services.evaluation.quantities import lacking
from appliance.services.evaluation.questions import read_set
from tests.quality.clinical import DEVELOPMENT_SET, SET
from tests.shared_data import shared_data

QUESTIONS = read_set(SET).questions
DEVELOPMENT = read_set(DEVELOPMENT_SET).questions
DOCUMENTS = sorted({name for question in QUESTIONS for name in question.documents})


def test_what_is_asked() -> None:
    answerable = [question for question in QUESTIONS if not question.refuse]
    assert len(answerable) == 60
    assert len(QUESTIONS) - len(answerable) == 20
    assert sum(bool(question.history) for question in answerable) == 10
    assert all(question.pages and question.phrases for question in answerable)
    assert len(Counter(question.text for question in QUESTIONS)) == 80
    assert len(DOCUMENTS) == 9


def test_no_question_is_in_both_sets() -> None:
    assert len(DEVELOPMENT) == 107
    assert sum(question.refuse for question in DEVELOPMENT) == 20
    asked = Counter((*question.history, question.text) for question in (*QUESTIONS, *DEVELOPMENT))
    assert [text for text, count in asked.items() if count > 1] == []


@pytest.mark.parametrize("document", DOCUMENTS)
async def test_each_page_named_holds_the_phrases_and_numbers(document: str) -> None:
    content = shared_data(f"pdf_clinical/{document}").read_bytes()

    async def source() -> AsyncIterator[bytes]:
        yield content

    texts = {page.number: page.text or "" async for page in PdfReader().pages(source())}
    for question in (*QUESTIONS, *DEVELOPMENT):
        if document in question.documents:
            for page in question.pages:
                text = folded(texts[page])
                assert [p for p in question.phrases if folded(p) not in text] == [], question.id
                lost = [n for n in question.numbers if lacking(n, texts[page], per=False)]
                assert lost == [], f"{question.id}, page {page}"


def folded(text: str) -> str:
    return " ".join(re.sub(r"\u00ad\s*", "", text).split()).casefold()
