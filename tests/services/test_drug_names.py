from __future__ import annotations

from collections import Counter

import pytest

from appliance.services.drug_names import known_name
from appliance.services.query import Vocabulary


@pytest.mark.parametrize(
    ("word", "known", "name"),
    [
        ("Paracetamol", ["acetaminophen"], "acetaminophen"),
        ("APAP", ["acetaminophen"], "acetaminophen"),
        ("albuterol", ["salbutamol"], "salbutamol"),
        ("paracetamol", ["acetaminophen", "paracetamol"], None),
        ("paracetamol", ["ibuprofen"], None),
        ("ibuprofen", ["acetaminophen"], None),
    ],
)
def test_the_documents_name_of_a_substance(word: str, known: list[str], name: str | None) -> None:
    assert known_name(word, Counter(known)) == name


def test_a_question_is_read_with_it() -> None:
    vocabulary = Vocabulary(Counter(["acetaminophen", "dose"]))
    assert vocabulary.understood("paracetamol dose").text == "acetaminophen dose"
