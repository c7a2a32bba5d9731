"""By which route, in whom, and which of two opposites: words that change a dose like a number does.

Pure. Every way to write a term gives the same name ("by mouth", PO and "orally" are `oral`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_ROUTES = {
    "oral": r"oral(?:ly)?|by\s+mouth|per\s+os|p\.\s?o\.|(?-i:PO)\b|swallow(?:ed|ing)?",
    "intravenous": r"intravenous(?:ly)?|i\.\s?v\.|iv\b",
    "intramuscular": r"intramuscular(?:ly)?|i\.\s?m\.|(?-i:IM)\b",
    "subcutaneous": r"subcutaneous(?:ly)?|subcut\b|s\.\s?c\.|(?-i:SC|SQ|[Ss]ubQ)\b|"
    r"under\s+the\s+skin",
    "topical": r"topical(?:ly)?|cutaneous(?:ly)?|on(?:to)?\s+the\s+skin",
    "inhaled": r"inhal(?:ed|ation|ing|e)\b|nebuli[sz]ed",
    "rectal": r"rectal(?:ly)?|per\s+rectum|p\.\s?r\.|(?-i:PR)\b",
    "sublingual": r"sublingual(?:ly)?|under\s+the\s+tongue|(?-i:SL)\b",
    "buccal": r"buccal(?:ly)?",
    "nasal": r"(?:intra)?nasal(?:ly)?",
    "transdermal": r"transdermal(?:ly)?",
    "intrathecal": r"intrathecal(?:ly)?",
    "epidural": r"epidural(?:ly)?",
    "intradermal": r"intradermal(?:ly)?",
    "vaginal": r"vaginal(?:ly)?",
    "ophthalmic": r"ophthalmic(?:ally)?|in(?:to)?\s+the\s+eyes?",
    "otic": r"otic(?:ally)?|in(?:to)?\s+the\s+ears?",
    "intraosseous": r"intraosseous(?:ly)?|(?-i:IO)\b",
    "enteral": r"enteral(?:ly)?|nasogastric(?:ally)?",
}
_POPULATIONS = {
    "neonate": r"neonat(?:es?|al)|newborns?",
    "infant": r"infants?|babies|baby",
    "child": r"child(?:ren)?|p(?:a)?ediatrics?|toddlers?|boys?|girls?",
    "adolescent": r"adolescents?|teenagers?|teens?",
    "adult": r"adults?",
    "elderly": r"elderly|geriatrics?|older\s+(?:adults?|people|persons?|patients?)",
    "pregnant": r"pregnan(?:t|cy|cies)(?:\s+(?:wom[ae]n|females?))?|"
    r"wom[ae]n\s+who\s+are\s+pregnant|"
    r"gestation(?:al)?|trimester",
    "lactating": r"lactat(?:ing|ion)|breast-?\s?feed(?:ing)?|nursing\s+(?:mothers?|women)",
    "male": r"m[ae]n|males?",
    "female": r"wom[ae]n|females?",
}
# Pairs of which a claim may not say the one where the passage says the other.
_OPPOSITES = {
    "increase": r"increas\w*|rais(?:e[sd]?|ing)|elevat\w*|higher|ris(?:es?|ing|en)|escalat\w*|"
                r"augment\w*|upward|heighten\w*|grow(?:s|n|ing|th)?",
    "decrease": r"decreas\w*|reduc\w*|lower(?:s|ed|ing)?|fall(?:s|en|ing)?|declin(?:e[sd]?|ing)|"
                r"diminish\w*|drop(?:s|ped|ping)|lessen\w*|downward|taper\w*|shrink\w*",
    "start": r"start(?:s|ed|ing)?|initi(?:al|ally|at\w+)|begin(?:s|ning)?|beg[au]n|commenc\w*|"
             r"introduc\w*",
    "stop": r"stop(?:s|ped|ping)?|discontinu\w*|ceas(?:e[sd]?|ing)|cessation|withdraw(?:n|al|ing)?|"
            r"withh(?:old|eld)\w*|hold(?:s|ing)?|held|suspend(?:s|ed|ing)?|interrupt\w*|"
            r"halt(?:s|ed|ing)?|abandon\w*|cancel\w*",
    "omit": r"omit(?:s|ted|ting)?|omission|skip(?:s|ped|ping)?|paus(?:e[sd]?|ing)",
    "refuse": r"abstain\w*|refus\w*|reject\w*|quit(?:s|ting)?|forgo\w*|remov(?:e[sd]?|al|ing)|"
              r"(?:lea(?:ve[sd]?|ving)|left|miss(?:es|ed|ing)?)\s+out|giv(?:e[sn]?|ing)\s+up|"
              r"off-limits|out\s+of\s+use",
    "little": r"(?<!a\s)(?:little|few)",
    "defer": r"delay(?:s|ed|ing)?(?![\s-]+(?:release|action))|defer(?:s|red|ring|ral)?|postpone\w*",
    "restrict": r"restrict(?:s|ed|ing|ions?)?|reserv(?:e[sd]?|ing)|limited(?!\s+to\s+\d)",
    "harm": r"harm(?:s|ed|ful)?|dangerous|hazardous|discourag\w*",
    "before": r"before|prior\s+to|preced\w*|preoperative\w*|pre-\w+",
    "after": r"after|(?<!the )following|postoperative\w*|post-\w+|afterwards?",
    "worse": r"worse\w*|deteriorat\w*|exacerbat\w*|aggravat\w*",
    "better": r"better|improv\w*|ameliorat\w*|reliev\w*",
    "high": r"high(?:ly|est)?", "low": r"low(?:est)?",
    "more": r"more|most|greater|larger|longer", "less": r"less|least|fewer|smaller|shorter",
    "fast": r"fast(?:er|est)?|quick\w*|rapid\w*|immediate(?:ly)?|urgent(?:ly)?",
    "slow": r"slow(?:ly|er|est)?|gradual(?:ly)?",
    "mild": r"mild(?:ly|er|est)?", "moderate": r"moderate(?:ly)?",
    "severe": r"severe(?:ly)?|severity",
    "acute": r"acute(?:ly)?", "chronic": r"chronic(?:ally)?",
    "left": r"left", "right": r"right", "upper": r"upper", "inferior": r"inferior",
    "positive": r"positive(?:ly)?", "negative": r"negative(?:ly)?",
    "maximum": r"max(?:imum|imal|imally)?\b\.?", "minimum": r"minim(?:um|al)",
    "first": r"first|1st|primary", "second": r"second(?!s)|2nd|secondary", "third": r"third|3rd",
    "early": r"earl(?:y|ier|iest)", "late": r"late(?:r|st)?",
    "always": r"always", "seldom": r"rare(?:ly)?|seldom|infrequent(?:ly)?|uncommon(?:ly)?",
    "often": r"often|frequent(?:ly)?|common(?:ly)?",
    "double": r"double[sd]?|doubling|twofold", "triple": r"triple[sd]?|tripling|threefold",
    "once": r"once", "twice": r"twice", "induce": r"induc\w*", "inhibit": r"inhibit\w*",
    "allow": r"allow\w*|permit\w*|permissib\w*",
    "prevent": r"prevent\w*", "cause": r"caus(?:e[sd]?|ing)",
    "safe": r"safe(?:ly|ty)?", "only": r"only|solely|exclusively", "unless": r"unless|except\w*",
    "systolic": r"systolic", "diastolic": r"diastolic",
    "above": r"above", "below": r"below|beneath",
}  # fmt: skip
RIVALS = {
    one: other
    for pair in (
        "increase decrease", "start stop", "before after", "worse better", "high low",
        "more less", "fast slow", "mild severe", "acute chronic", "left right",
        "positive negative", "maximum minimum", "first second", "early late", "induce inhibit",
        "systolic diastolic", "above below", "prevent cause", "often seldom", "upper inferior",
    )
    for one, other in (pair.split(), pair.split()[::-1])
}  # fmt: skip
# Words that take back what their clause would say without them.
HALTS = frozenset(("stop", "omit", "refuse", "little", "defer", "restrict", "harm"))


@dataclass(frozen=True, slots=True)
class Term:
    name: str
    start: int
    end: int


def _pattern(names: dict[str, str]) -> re.Pattern[str]:
    parts = (f"(?P<{name}>{pattern})" for name, pattern in names.items())
    return re.compile(rf"(?<![\w-])(?:{'|'.join(parts)})(?!\w)", re.IGNORECASE)


_ROUTE = _pattern(_ROUTES)
_POPULATION = _pattern(_POPULATIONS)
_OPPOSITE = _pattern(_OPPOSITES)


def routes(text: str) -> list[Term]:
    return _terms(_ROUTE, text)


def populations(text: str) -> list[Term]:
    return _terms(_POPULATION, text)


def opposites(text: str) -> list[Term]:
    return _terms(_OPPOSITE, text)


def _terms(pattern: re.Pattern[str], text: str) -> list[Term]:
    return [
        Term(match.lastgroup or "", match.start(), match.end()) for match in pattern.finditer(text)
    ]
