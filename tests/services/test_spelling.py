"""Slips are put right; another drug is never taken for a slip."""

from __future__ import annotations

import pytest

from appliance.services.spelling import Speller, distance

KNOWN = (
    "metoprolol amoxicillin warfarin metformin prednisolone lisinopril levothyroxine quinidine "
    "hydralazine anemia edema tumor hemorrhage pediatric color center diarrhea estrogen dose "
    "cephalexin carboplatin cyclosporine fluoxetine".split()
)


@pytest.fixture
def speller() -> Speller:
    return Speller(dict.fromkeys(KNOWN, 1))


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("metroprolol", "metoprolol"),
        ("amoxicilin", "amoxicillin"),
        ("Amoxycilin", "amoxicillin"),
        ("warfrin", "warfarin"),
        ("wafrarin", "warfarin"),
        ("metformine", "metformin"),
        ("lisinopryl", "lisinopril"),
        ("levothyroxin", "levothyroxine"),
        ("cefalexin", "cephalexin"),
        ("anaemia", "anemia"),
        ("oedema", "edema"),
        ("tumour", "tumor"),
        ("haemorrhage", "hemorrhage"),
        ("paediatric", "pediatric"),
        ("centre", "center"),
        ("oestrogen", "estrogen"),
    ],
)
def test_slips_and_spellings(speller: Speller, word: str, meant: str) -> None:
    assert speller.corrected(word) == meant


@pytest.mark.parametrize(
    "word",
    [
        "warfarin", "Warfarin", "warfarins", "tumors",  # known
        "WARFRIN",  # may be an abbreviation
        "prednisone", "quinine", "hydroxyzine", "cisplatin", "cycloserine", "paroxetine",
        "clonidine", "duloxetine", "doze", "not", "h2o", "12", "",
    ],
)  # fmt: skip
def test_what_is_no_slip_stays(speller: Speller, word: str) -> None:
    assert speller.corrected(word) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("nitrate", "nitrite"), ("nitrates", "nitrites"), ("sulfate", "sulfite"),
        ("chloride", "chlorite"), ("chlorate", "chlorite"), ("iodide", "iodine"),
        ("fluoride", "fluorine"), ("bromide", "bromine"), ("lactase", "lactose"),
        ("adduction", "abduction"), ("adductor", "abductor"), ("adsorption", "absorption"),
        ("hypotonic", "hypertonic"), ("hypotension", "hypertension"), ("peroneal", "perineal"),
        ("ileum", "ilium"), ("ileal", "ilial"), ("cystine", "cysteine"), ("arteritis", "arthritis"),
        ("facial", "fascial"), ("dysphagia", "dysphasia"), ("creatine", "creatinine"),
        ("mucus", "mucous"),
    ],
)  # fmt: skip
def test_a_term_of_the_language_is_no_slip_of_another(one: str, other: str) -> None:
    assert Speller({other: 9}).corrected(one) is None
    assert Speller({one: 9}).corrected(other) is None


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("nitrat", "nitrate"), ("nitraite", "nitrate"), ("nitrete", "nitrate"),
        ("sulfat", "sulfate"), ("sulphate", "sulfate"), ("chlorid", "chloride"),
        ("abducton", "abduction"), ("warfarn", "warfarin"), ("amoxicilin", "amoxicillin"),
        ("hypertenson", "hypertension"), ("hypertention", "hypertension"),
        ("creatinin", "creatinine"), ("arthritus", "arthritis"), ("perinael", "perineal"),
        ("chlorhexidene", "chlorhexidine"), ("furosemid", "furosemide"),
        ("ceftriaxon", "ceftriaxone"), ("acetominophen", "acetaminophen"),
    ],
)  # fmt: skip
def test_slips_in_such_terms_are_put_right(word: str, meant: str) -> None:
    assert Speller({meant: 9}).corrected(word) == meant


def test_the_more_usual_of_two_is_meant() -> None:
    assert Speller({"statins": 1, "stating": 9}).corrected("statinw") == "stating"


def test_distance_counts_slips() -> None:
    assert distance("abc", "abc") == 0
    assert distance("", "bcd") == 3
    assert distance("prednisone", "prednisolone") == 2
    assert distance("metformin", "metfromin") == 0.5
    assert distance("one", "other") == distance("other", "one")


def test_an_enzyme_is_no_slip_of_what_is_none() -> None:
    assert Speller({"proteus": 9}).corrected("protease") is None
    assert Speller({"disease": 9}).corrected("diseese") == "disease"
