"""The words of a question or a text that carry its subject, brought to a common form."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)?")
_SUFFIXES = ("ations", "ation", "ating", "ated", "ates", "ate", "ions", "ion", "ings", "ing",
             "edly", "ed", "ies", "es", "ly", "s")  # fmt: skip
_SHORTEST_STEM = 4
STOP_WORDS = frozenset(
    "a an the and or nor but of in on at to for from by with without as is are was were be been "
    "being am it its this that these those there here their them they he she his her him we our "
    "us you your i my me if then than so such into over under about between during per via any "
    "all each every some more most other another same no not only very can could may might must "
    "shall should will would do does did done doing have has had having what which who whom whose "
    "when where why how much many often long please tell explain describe give me list show know "
    "mean means there's what's use used uses using take taken takes taking get gets need needs "
    "needed happen happens".split()
)
# Spellings and synonyms of clinical questions, by stem: people ask for a "dose", labels say
# "dosage".
_SAME = {
    "dosage": "dose", "dosing": "dose", "dosed": "dose", "doses": "dose",
    "starting": "start", "started": "start", "starts": "start", "initial": "start",
    "initially": "start", "initiate": "start", "initiated": "start", "initiation": "start",
    "initiating": "start", "begin": "start", "beginning": "start",
    "maximal": "maximum", "max": "maximum", "maximally": "maximum",
    "pregnant": "pregnancy", "pregnancies": "pregnancy",
    "renal": "kidney", "kidneys": "kidney", "nephric": "kidney",
    "hepatic": "liver", "cardiac": "heart", "pulmonary": "lung", "lungs": "lung",
    "pediatric": "child", "paediatric": "child", "children": "child", "pediatrics": "child",
    "elderly": "geriatric", "older": "geriatric",
    "overdosage": "overdose", "overdosed": "overdose", "overdosing": "overdose",
    "discontinue": "stop", "discontinued": "stop", "discontinuation": "stop", "stopped": "stop",
    "stopping": "stop", "discontinuing": "stop",
    "breastfeeding": "lactation", "nursing": "lactation", "breastfeed": "lactation",
    "adverse": "side", "reactions": "effect", "reaction": "effect", "events": "effect",
    "effects": "effect", "disposal": "dispose", "cleaning": "clean", "cleaned": "clean",
    "washing": "wash", "storage": "store", "stored": "store", "storing": "store",
    "mix": "reconstitut", "mixed": "reconstitut", "mixing": "reconstitut",
    "tumour": "tumor", "oedema": "edema", "anaemia": "anemia", "haemorrhage": "bleed",
    "hemorrhage": "bleed", "hemorrhagic": "bleed", "bleeding": "bleed", "bleeds": "bleed",
    "physician": "doctor", "hypersensitivity": "allergy", "allergic": "allergy",
    "allergies": "allergy", "egfr": "gfr",
}  # fmt: skip


# British spellings as the American: haemoglobin, oedema, tumour, centre, catheterise, sulphate.
_BRITISH = (
    (re.compile(r"ae|oe(?!s$)"), "e"),
    (re.compile(r"(?<=[a-z]{2})our(?=s?$|ed$|ing$|able$)"), "or"),
    (re.compile(r"(?<=[a-z]{2}[bt])re(?=s?$)"), "er"),
    (re.compile(r"(?<=[a-z]{3})(is|ys)(?=(?:e[sdr]?|ing|ations?)$)"), "iz"),
    (re.compile(r"(?<=[a-z])ulph"), "ulf"),
    (re.compile(r"(?<=[aeiou])ll(?=(?:ed|ing|er)s?$)"), "l"),
)


def stem(word: str) -> str:
    """The common form of one word: lower case, a synonym's name, or the word without its ending.

    British and American spellings have the same.
    """
    word = word.casefold().replace("’", "'").removesuffix("'s")
    if word not in _SAME:
        for pattern, spelling in _BRITISH:
            word = pattern.sub(spelling, word)
    return _without_ending(_SAME.get(word, word))


def _without_ending(word: str) -> str:
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST_STEM:
            word = word[: -len(suffix)]
            break
    return word.rstrip("e") if len(word) > _SHORTEST_STEM else word


def terms(text: str) -> list[str]:
    """The stems of the words that are no function words, in order, repeats kept."""
    return [stem(word) for word in _WORD.findall(text) if word.casefold() not in STOP_WORDS]


# Words that shape a question without naming its subject: those of every dose, warning and
# procedure.
FORM_WORDS = frozenset(
    stem
    for word in (
        "dose start maximum minimum daily day recommended usual normal target side effect effects "
        "cause contraindications contraindicated warning box boxed problem problems treat "
        "treatment treated manage management symptoms signs disease indicated indications "
        "interact interaction mechanism action safe safety risk risks given worn affect affects "
        "drug drugs medicine medication patient patients adult adults child recommendation "
        "procedure steps best difference type kind guideline protocol important half life "
        "performed perform handled handle done avoid avoided monitor monitored called mean "
        "definition"
    ).split()
    for stem in terms(word)
)
