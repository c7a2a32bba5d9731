"""Does a passage bear out a claim? Pure text rules: what decides is the document, never the engine.

A claim is borne out when its words stand in the passage as they are, or when a few neighbouring
sentences of the passage hold all its numbers with their units, all its drug names, most of its
other words, and deny what it denies.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from appliance.sentences import split_sentences

MIN_COVER = 0.6  # part of a paraphrase's content words that must stand in the passage
MAX_WINDOW = 3  # neighbouring sentences that may bear out one claim together

Span = tuple[int, int]
Quantity = tuple[str, str]  # number, unit ("" for none)

_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_UNITS = {
    "%": "%", "percent": "%", "mg": "mg", "milligram": "mg", "milligrams": "mg", "g": "g",
    "gram": "g", "grams": "g", "kg": "kg", "mcg": "mcg", "µg": "mcg", "μg": "mcg", "ug": "mcg",
    "microgram": "mcg", "micrograms": "mcg", "ng": "ng", "ml": "ml", "milliliter": "ml",
    "milliliters": "ml", "millilitre": "ml", "millilitres": "ml", "l": "l", "liter": "l",
    "liters": "l", "litre": "l", "litres": "l", "dl": "dl", "iu": "iu", "unit": "unit",
    "units": "unit", "mmol": "mmol", "mol": "mol", "meq": "meq", "mmhg": "mmhg", "bpm": "bpm",
    "second": "s", "seconds": "s", "s": "s", "sec": "s", "minute": "min", "minutes": "min",
    "min": "min", "hour": "h", "hours": "h", "h": "h", "hr": "h", "hrs": "h", "day": "d",
    "days": "d", "week": "wk", "weeks": "wk", "month": "mo", "months": "mo", "year": "y",
    "years": "y", "tablet": "tablet", "tablets": "tablet", "capsule": "capsule",
    "capsules": "capsule", "dose": "dose", "doses": "dose", "drop": "drop", "drops": "drop",
    "time": "time", "times": "time", "cm": "cm", "mm": "mm", "m": "m", "°c": "c", "°f": "f",
}  # fmt: skip
_COUNTING = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12",
}  # fmt: skip
_NUMBER = r"(?:\d+(?:[.,]\d+)*|\.\d+)"
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_NUMERAL = "|".join(_COUNTING)
_QUANTITY = re.compile(
    rf"(?<!\w)(?<!\d[.,])({_NUMBER}|\b(?:{_NUMERAL})\b)"
    r"\s*-?\s*(%|°[CF]\b|[^\W\d_]+(?:/[^\W\d_]+)*)?",
    re.IGNORECASE,
)
_RANGE_LINK = re.compile(r"\s*(?:to|or|and|-|–|—)\s*", re.IGNORECASE)
# Words that change a dose as much as a number does.
_EXACT = frozenset(
    "once twice thrice daily nightly weekly monthly yearly annually hourly half double triple "
    "maximum minimum increase decrease increased decreased before after above below".split()
)
# Names such as B12 or CYP2C9.
_NAME_WITH_DIGITS = re.compile(r"\b[^\W\d_]+-?\d\w*")
_NEGATION = re.compile(
    r"\b(?:no|not|never|none|without|cannot|avoid|contraindicated|neither|nor)\b|n['’]t\b",
    re.IGNORECASE,
)
_DRUG = re.compile(
    r"(?:cillin|mycin|micin|oxacin|cycline|azole|vir|statin|sartan|pril|olol|dipine|semide|"
    r"thiazide|gliptin|gliflozin|glutide|formin|xaban|gatran|arin|parin|mab|nib|azepam|zolam|"
    r"triptan|prazole|tidine|setron|profen|coxib|caine|codone|morphone|fentanil|phylline|terol|"
    r"sone|solone|glitazone|tyline|oxetine|azine|apine|idone|aminophen|penem|platin|rubicin|"
    r"taxel|insulin)e?s?$"
)
_STOP = frozenset(
    "a an the and or of in on at to for from by with as is are was were be been being it its this "
    "that these those there their they them he she his her we our you your i if then than which "
    "who whom what when where how can could may might will would shall should must do does did "
    "has have had also into over under such so about per any all each other more most some only "
    "both during between while".split()
)
_DRESS = re.compile(r"^(?:[-–*•]\s|[\"“‘'])+|[\"”’']+$")
_WORD_CHARACTER = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Words:
    """What must be compared of a text."""

    quantities: frozenset[Quantity]
    exact: frozenset[str]
    drugs: frozenset[str]
    content: frozenset[str]
    denies: bool

    @classmethod
    def of(cls, text: str) -> Words:
        words = [word.lower() for word in _WORD.findall(text)]
        kept = [word for word in words if word not in _STOP and word not in _COUNTING]
        return cls(
            quantities=frozenset(_quantities(text)),
            exact=frozenset(word for word in words if word in _EXACT).union(
                name.lower() for name in _NAME_WITH_DIGITS.findall(text)
            ),
            drugs=frozenset(word for word in words if len(word) > 4 and _DRUG.search(word)),
            content=frozenset(_stem(word) for word in kept if len(word) > 1),
            denies=_NEGATION.search(text) is not None,
        )

    def bears_out(self, claim: Words) -> bool:
        if self.denies != claim.denies or not claim.exact <= self.exact:
            return False
        if not claim.drugs <= self.drugs or not all(map(self._holds, claim.quantities)):
            return False
        return len(claim.content & self.content) >= MIN_COVER * len(claim.content)

    def _holds(self, quantity: Quantity) -> bool:
        number, unit = quantity
        return quantity in self.quantities or (
            not unit and any(number == other for other, _ in self.quantities)
        )


class Evidence:
    """One passage, prepared once for all the claims that cite it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def span_of(self, claim: str) -> Span | None:
        """Where in the passage the words stand that bear `claim` out, None when none do."""
        return self.quoted(claim) or self._paraphrased(claim)

    def quoted(self, claim: str) -> Span | None:
        """Where `claim` stands word for word: white space folded, bullets and quotes aside."""
        wanted = _SPACE.sub(" ", claim).strip()
        return self._find(wanted) or self._find(_DRESS.sub("", wanted).strip())

    def _find(self, wanted: str) -> Span | None:
        folded, places = self._folded
        at = folded.find(wanted) if wanted else -1
        while at >= 0:
            end = at + len(wanted)
            if _whole(folded, at, end):
                span = places[at], places[end - 1] + 1
                if self._says_as_much(span, wanted):
                    return span
            at = folded.find(wanted, at + 1)
        return None

    def _says_as_much(self, span: Span, quote: str) -> bool:
        """Half a sentence must not lose its "not": "Do not give X" does not bear out "give X"."""
        around = [
            self.text[start:end] for start, end in self._sentences if _overlap((start, end), span)
        ]
        denials = sum(len(_NEGATION.findall(sentence)) for sentence in around)
        return denials == len(_NEGATION.findall(quote))

    def _paraphrased(self, claim: str) -> Span | None:
        wanted = Words.of(claim)
        if not wanted.content:
            return None
        best: tuple[float, Span] | None = None
        for size in range(1, MAX_WINDOW + 1):
            for first in range(len(self._sentences) - size + 1):
                window = self._sentences[first : first + size]
                words = _joined(self._words[first : first + size], wanted)
                if words.bears_out(wanted):
                    cover = len(wanted.content & words.content) / len(wanted.content)
                    if best is None or cover > best[0]:
                        best = cover, (window[0][0], window[-1][1])
            if best is not None:
                return best[1]
        return None

    @cached_property
    def _folded(self) -> tuple[str, list[int]]:
        """The text with white space folded, and where each of its characters stands in the text."""
        characters: list[str] = []
        places: list[int] = []
        for place, character in enumerate(self.text):
            if character.isspace():
                if not characters or characters[-1] == " ":
                    continue
                character = " "
            characters.append(character)
            places.append(place)
        return "".join(characters), places

    @cached_property
    def _sentences(self) -> Sequence[Span]:
        return [(start, end) for start, end in split_sentences(self.text) if end > start]

    @cached_property
    def _words(self) -> Sequence[Words]:
        return [Words.of(self.text[start:end]) for start, end in self._sentences]


def _joined(parts: Sequence[Words], wanted: Words) -> Words:
    """As one text; whether it denies is up to the part that says most of what is wanted."""
    if len(parts) == 1:
        return parts[0]
    return Words(
        quantities=frozenset().union(*(part.quantities for part in parts)),
        exact=frozenset().union(*(part.exact for part in parts)),
        drugs=frozenset().union(*(part.drugs for part in parts)),
        content=frozenset().union(*(part.content for part in parts)),
        denies=max(parts, key=lambda part: len(part.content & wanted.content)).denies,
    )


def _quantities(text: str) -> Iterable[Quantity]:
    """Numbers with their units; in "5 to 10 mg" both are milligrams."""
    found = list(_QUANTITY.finditer(text))
    unit = ""
    following: re.Match[str] | None = None
    for match in reversed(found):
        named = (match.group(2) or "").lower()
        own = _unit(named)
        if not own and following is not None and following.start() >= match.end(1):
            linked = _RANGE_LINK.fullmatch(text, match.end(1), following.start())
            own = unit if linked else ""
        unit, following = own, match
        yield _number(match.group(1)), own


def _number(text: str) -> str:
    plain = _COUNTING.get(text.lower(), text)
    plain = plain.replace(",", "" if _THOUSANDS.fullmatch(plain) else ".")
    if "." in plain:
        plain = ("0" + plain if plain.startswith(".") else plain).rstrip("0").rstrip(".")
    return plain


def _unit(named: str) -> str:
    parts = [_UNITS.get(part, "") for part in named.split("/")]
    return "/".join(parts) if all(parts) else ""


def _stem(word: str) -> str:
    """Enough to match singular and plural, and the common verb endings."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)].rstrip("e")
    return word.rstrip("e") if len(word) > 3 else word


def _whole(text: str, start: int, end: int) -> bool:
    """Whether a quote cuts through no word and no number: "5 mg" is not in "2.5 mg"."""
    before, first = text[max(0, start - 2) : start], text[start]
    after, last = text[end : end + 2], text[end - 1]
    if _WORD_CHARACTER.match(first) and before and _WORD_CHARACTER.match(before[-1]):
        return False
    if _WORD_CHARACTER.match(last) and after and _WORD_CHARACTER.match(after[0]):
        return False
    if first.isdigit() and re.search(r"\d[.,/–-]$|^[-−–]$|\s[-−–]$", before):
        return False
    return not (last.isdigit() and re.match(r"[.,/–-]\d|%", after))


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]
