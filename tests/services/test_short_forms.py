"""Shortened names are read as such; a name is never taken for a longer one."""

from __future__ import annotations

import pytest

from appliance.services.short_forms import ShortForms

KNOWN = {
    **dict.fromkeys("zelfarin quorkolol vexamil vexamilase penicillinase pressure dose".split(), 3),
    **dict.fromkeys("zelfarins zelfarinfor quorkamide metronome".split(), 1),
}
COMMON = frozenset("pressure dose metro canteen renal".split())


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("zelf", "zelfarin"),
        ("Zelfa", "zelfarin"),
        ("zel", None),  # too short
        ("zelfarin", None),  # known
        ("zelfari", None),  # a slip, which is not for here
        ("quork", None),  # two
        ("vexa", None),  # two, as usual as each other
        ("penicillin", None),  # a name of its own
        ("pres", None),  # a common word
        ("metro", None),
        ("canteen", None),
        ("zelf2", None),
        ("zzzz", None),
    ],
)
def test_beginnings(word: str, name: str | None) -> None:
    assert ShortForms(KNOWN, COMMON).meant(word) == name


def test_without_the_words_of_the_language_nothing_is_read() -> None:
    assert ShortForms(KNOWN, frozenset()).meant("zelf") is None
