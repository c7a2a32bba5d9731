"""A name that is cut short is read as the only one that it begins."""

from __future__ import annotations

import pytest

from appliance.services.beginnings import Beginnings

KNOWN = {
    "amoxicillin": 3, "amoxil": 1, "ciprofloxacin": 2, "streptococcus": 3, "streptococci": 1,
    "theophylline": 2, "theo": 1, "prednisone": 1, "prednisolone": 1, "metformin": 1, "label": 9,
    "acetaminophen": 1, "warfarin": 1, "coumadin": 1, "step": 4, "hyperkalemia": 2,
    "hypertension": 3, "metoprolol": 2, "metoclopramide": 1, "zelfarin": 3, "zelfarins": 1,
    "zelfarinfor": 1, "vexamil": 2,
    "vexamilase": 2, "penicillinase": 1, "metronome": 1,
}  # fmt: skip
COMMON = frozenset("label step metro the metal hyper reset rest amoeba anaemia".split())


@pytest.fixture
def beginnings() -> Beginnings:
    return Beginnings(
        KNOWN,
        ["Amoxicillin label", "Ciprofloxacin label", "Metoprolol label", "Warfarin label"],
        [("COUMADIN", "warfarin sodium", 1), ("GLUCOPHAGE", "metformin", 1), ("AMOXIL", "x", 1),
         ("CARBA", "amoxicillin and ciprofloxacin", 1), ("TB", "tuberculosis", 4)],
        COMMON,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("cipro", "ciprofloxacin"),
        ("Cipro", "ciprofloxacin"),
        ("amox", "amoxicillin"),  # of titles before others
        ("gluco", "glucophage"),
        ("strep", "streptococcus"),  # one word with two endings
        ("theop", "theophylline"),
        ("zelf", "zelfarin"),  # also run together with what follows
        ("vexa", None),  # one as usual as the other
        ("penicillin", None),  # a name of its own
        ("zelfari", None),  # a slip
        ("metro", None),
        ("meto", None),  # two drugs, of which one has a label
        ("predn", None),  # two drugs
        ("hype", None),
        ("theo", None),  # a word of the documents
        ("hyper", None),  # a word of the language
        ("step", None),
        ("CIPRO", None),  # may be an abbreviation
        ("cip", None),
        ("tube", None),  # what an abbreviation stands for is no name
        ("cipro2", None),
        ("ciprax", None),
    ],
)
def test_the_beginning_of_a_name(beginnings: Beginnings, word: str, name: str | None) -> None:
    assert beginnings.name(word) == name


def test_without_the_words_of_the_language_nothing_is_a_beginning() -> None:
    assert Beginnings(KNOWN, ["Ciprofloxacin label"], [], frozenset()).name("cipro") is None


@pytest.mark.parametrize(
    ("short", "longs", "name"),
    [
        ("COUMADIN", ["warfarin sodium"], "warfarin"),
        ("CARBA", ["amoxicillin and ciprofloxacin"], None),  # of two substances
        ("GLUCOPHAGE", ["metformin"], None),  # which no title has
        ("TB", ["warfarin"], None),
        ("AMOXICILLIN", ["warfarin"], None),  # the documents' own name
    ],
)
def test_the_substance_of_a_trade_name(
    beginnings: Beginnings, short: str, longs: list[str], name: str | None
) -> None:
    assert beginnings.substance(short, longs) == name


@pytest.mark.parametrize(
    ("word", "meant", "may_be"),
    [
        ("amoxicilin", "amoxicillin", True),
        ("amoxicilli", "amoxicillin", True),
        ("strep", "step", False),  # short for another word
        ("reset", "rest", False),  # a word of the language
        ("anaemia", "anemia", True),  # another spelling of the same
    ],
)
def test_slips(beginnings: Beginnings, word: str, meant: str, may_be: bool) -> None:
    assert beginnings.may_be_slip(word, meant) is may_be
