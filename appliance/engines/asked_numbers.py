"""What number a question asks for, and whether a text gives one such. Pure."""

from __future__ import annotations

import re

_NUMERAL = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|half|single)"
_NUMBER = rf"(?:\d[\d.,½¼]*|{_NUMERAL})"
_TIME = r"(?:seconds?|minutes?|hours?|hrs?|days?|weeks?|months?|years?)"
_AMOUNT = r"(?:mg|mcg|µg|g|grams?|kg|ml|l|lit(?:er|re)s?|units?|iu|mmol|meq|%)"
_NO_RATE = r"(?!\s*/\s*(?:min|d?l|ml)\b)"  # a clearance or a level is no dose
_COUNTED = r"(?:tablets?|capsules?|drops?|puffs?|sprays?|doses?|teaspoons?|times)"

# What asks for a number, and what the number looks like; the first that asks decides.
_KINDS = tuple(
    (re.compile(asked, re.IGNORECASE), re.compile(given, re.IGNORECASE))
    for asked, given in (
        (
            r"\bhow (?:often|frequently)\b|\bfrequency\b|\bintervals?\b|\bhow many times\b",
            rf"\b(?:once|twice|daily|nightly|weekly|monthly|yearly|annual\w*|hourly)\b|"
            rf"\b(?:every|each|per|a)\s+(?:{_NUMBER}\s*(?:to|-|–)?\s*)*{_TIME}\b|"
            rf"\b{_NUMBER}\s*(?:to|-|–)\s*{_NUMBER}[\s-]*{_TIME}\b|\b{_NUMBER}\s+times\b|"
            rf"\b(?:before|after|between) (?:each|every)\b",
        ),
        (
            rf"\bhow (?:long|soon|late|early)\b|\bhow many {_TIME}\b|\bduration\b|\bhalf-?life\b|"
            rf"\bshelf life\b",
            rf"\b{_NUMBER}[\s-]*(?:(?:to|-|–|or|and)\s*{_NUMBER}[\s-]*)?{_TIME}\b"
            r"|\b(?:long-term|life-?long|indefinite(?:ly)?)\b",
        ),
        (
            r"\bhow many (?:tablets?|capsules?|drops?|puffs?|sprays?)\b",
            rf"\b{_NUMBER}\s+(?:to\s+{_NUMBER}\s+)?{_COUNTED}\b",
        ),
        (r"\b(?:temperature|how (?:cold|warm|hot))\b", r"\d\s*°|\bdegrees\b"),
        (r"\b(?:e?gfr|creatinine clearance|crcl)\b.*\b(?:is|be|below|limit|threshold)\b|"
         r"\b(?:what|which) (?:e?gfr|creatinine clearance|crcl)\b",
         r"\b(?:e?gfr|clearance|crcl)\b.{0,60}\d|\d\s*ml\s*/\s*min"),
        (r"\binr\b.*\b(?:target|range|goal)|\b(?:target|range|goal|what|which)\b.*\binr\b",
         r"\binr\b.{0,40}\d"),
        (r"\b(?:what|which) age\b|\bhow old\b|\bage (?:limit|group|range)\b",
         r"\b\d+\s*(?:to\s*\d+\s*)?(?:months?|years?)\b"),
        (r"\b(?:percent\w*|proportion|incidence|prevalence|how common|bioavailability)\b",
         r"\d\s*%|\bpercent\b|\bper \d|\b\d+ in \d"),
        (
            r"\b(?:doses?|dosages?|dosing|strengths?|how much|maximum|upper limit)\b",
            rf"\b\d[\d.,]*\s*(?:(?:to|-|–)\s*\d[\d.,]*\s*)?(?:{_AMOUNT}|{_COUNTED})"
            rf"(?![a-z]){_NO_RATE}",
        ),
        (r"\bhow (?:many|high|low|far|large|big|heavy)\b|\bat (?:what|which)\b|"
         r"\b(?:what|which)(?: is the)? (?:level|value|threshold|weight|rate|number|ph|limit)\b",
         r"\d"),
    )
)  # fmt: skip


def gives_number(question: str, text: str) -> bool | None:
    """Whether `text` has a number of the kind that `question` asks for; None when it asks none."""
    for asked, given in _KINDS:
        if asked.search(question):
            return given.search(text) is not None
    return None
