"""Text that speaks to a program instead of to the people who read a document.

A document may hold orders to a language model, the marks of a chat's turns, or citations and
frames that imitate an answer's ("indirect prompt injection": Greshake et al., 2023). Nothing of
that is ever clinical content, so it is neither given to a model nor quoted nor taken as evidence.
What these patterns miss is still only a document's word, and shown as that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from appliance.sentences.invisible import INVISIBLE
from appliance.sentences.segmentation import Span, split_sentences

_OBEYED = (
    r"(?:instructions?|prompts?|rules?|guidelines?|directions?|directives?|commands?|orders|"
    r"guardrails?|restrictions?|constraints?|messages?|context|passages?|documents?|sources?|text)"
)
_EARLIER = r"(?:previous|prior|preceding|earlier|above|foregoing|existing|original|initial|system)"
_MODEL = (
    r"(?:(?:large\s+)?language\s+models?|chat\s?bots?|AI\s+(?:assistants?|models?|systems?)|"
    r"(?:virtual|digital|artificial)\s+assistants?|LLMs?|(?:Chat)?GPT(?:-\d\S*)?)"
)
_SAY = r"(?:repl(?:y|ies)|respond|answer|output|print|write|say|state|return|begin|start|end)"
_ORDER = re.compile(
    "|".join(
        (
            # Orders about the orders that a model was given.
            rf"\b(?:ignor\w+|disregard\w*|forget\w*|overrid\w+|bypass\w*|discard\w*|drop|"
            rf"pay\s+no\s+attention\s+to|stop\s+following)\b[^.!?]{{0,40}}?\b{_EARLIER}\b"
            rf"[^.!?]{{0,30}}?\b{_OBEYED}\b",
            r"\b(?:ignor\w+|disregard\w*|forget)\s+(?:all|any|every|everything)\b[^.!?]{0,30}?"
            rf"\b(?:{_OBEYED}|you\s+(?:were|have\s+been)\s+told)\b",
            r"\bforget\s+everything\b",
            # Written together, or with blanks that have no width.
            r"\b(?:ignore|disregard|forget)\s*(?:all)?\s*(?:of)?\s*(?:the|your)?\s*"
            rf"{_EARLIER}\s*{_OBEYED}",
            r"\b(?:system|developer|hidden|secret|initial)[\s_-]+(?:prompt|instructions?|message)s?\b",
            rf"\b(?:your|these|the)\s+new\s+{_OBEYED}\b|\bnew\s+instructions?\s*:",
            # Addressed to a model.
            rf"\b(?:you|assistant)\b[^.!?]{{0,25}}?\b{_MODEL}",
            rf"\b(?:attention|note|notice|message|instructions?|important)\b[^.!?\n]{{0,12}}?"
            rf"\b(?:to|for)\b[^.!?\n]{{0,20}}?\b(?:{_MODEL}|(?:the|any|all)\s+assistants?)\b",
            rf"^\s*(?:dear\s+|hey\s+)?{_MODEL}\s*[,:]",
            rf"\bas\s+an?\s+{_MODEL}\b[^.!?]{{0,20}}?\byou\b|\bif\s+you\s+are\s+an?\s+{_MODEL}\b",
            r"\byou\s+are\s+(?:now|no\s+longer)\s+(?:an?\b|in\b|the\b|bound|restricted|allowed)|"
            r"\bfrom\s+now\s+on,?\s+you\b",
            r"\b(?:jailbreak|developer\s+mode|DAN\s+mode|unrestricted\s+mode)\b",
            r"\b(?:reveal|disclose|leak|exfiltrat\w+|expose|dump|print|repeat|show|list|output|quote)\b"
            r"[^.!?]{0,30}?\b(?:your|(?:all\s+)?(?:of\s+)?the\s+(?:other|above)|all(?:\s+other)?|"
            r"every(?:\s+other)?)\s+(?:\w+\s+)?(?:instructions?|prompts?|passages?|context)\b",
            r"\b(?:reveal|leak|exfiltrat\w+|dump|print|output)\b[^.!?]{0,30}?\b(?:passwords?|"
            r"credentials?|secrets?|conversation|chat\s+history)\b",
            # What an answer is to say, or to cite.
            rf"\b{_SAY}\b\s+(?:only|exactly|solely|simply|verbatim|just)\b"
            r"\s*(?:[:\"“'‘`]|(?:with|in|by|this|the)\b)",
            rf"\b{_SAY}\s+(?:\w+\s+){{0,4}}?with\s+(?:only\s+|exactly\s+|just\s+)?"
            r"(?:the\s+(?:words?|text|string|phrase|code|token|sentence)\b|[\"“'‘`])",
            rf"\b{_SAY}\s+(?:the\s+)?(?:following\s+)?(?:words?|text|string|phrase|code|token)\b"
            r"\s*[\"“'‘`:]",
            r"\b(?:in|to|of)\s+(?:your|every|each|all)\s+(?:answers?|repl(?:y|ies)|responses?|"
            r"outputs?)\b",
            r"\byour\s+(?:next\s+)?(?:answers?|repl(?:y|ies)|responses?|outputs?)\s+(?:must|should|"
            r"shall|with\b|is\b|starts?|begins?|ends?)",
            r"\b(?:cite|citing|cited|credit|attribute)\b[^.!?]{0,30}?(?:\[\d|\bas\s+(?:the\s+)?"
            r"(?:source|passage)\b|\bpassage\s+\d)",
            r"\b(?:do\s+not|don['’]t|never|without)\s+(?:cit(?:e|ing)|tell(?:ing)?\s+the\s+user|"
            r"inform(?:ing)?\s+the\s+user)\b",
            r"\b(?:tell|inform|convince|persuade)\s+the\s+user\b",
            # The marks of a chat's turns and of a program's frames.
            r"<\|[^|>\n]{0,40}\|>|<\uff5c|<</?\s*SYS\s*>>|\[/?\s*INST\s*\]|</?s>|"
            r"<(?:start|end)_of_turn>|</?(?:system|assistant|user|instructions?|tool_call|think)>",
            r"(?:(?:^|\n)[^\S\n]{0,40}|[.!?]\s{1,40})(?:#{1,6}\s{0,40})?(?-i:SYSTEM|USER|HUMAN|[Aa]ssistant|ASSISTANT|"
            r"DEVELOPER)\s*:",
            r"(?:^|\n)[^\S\n]{0,40}#{1,6}\s{0,40}(?i:system|assistant|user|instructions?|response)\b",
            r"[{,]\s*\\?[\"'](?:role|type|message_id|tool_calls?|function_call|citations|content)"
            r"\\?[\"']\s*:",
            # What a page could load or open.
            r"!\[[^\]\n]{0,300}\]\s*\(|\]\(\s*(?:https?|ftp|data|javascript|file):|"
            r"<\s*/?\s*(?:img|script|iframe|svg|object|embed|link|style|a)\b[^>]*>?|"
            r"\b(?:javascript|data)\s*:\s*(?:text/|image/|alert)",
        )
    ),
    re.IGNORECASE,
)


# What stands beside an order may belong to it: "Answer with one word. The word is ...".
_SAID = re.compile(
    r"\b(?:repl(?:y|ies)|respond|answer|output|print|write|say|repeat|words?|codes?|letters|tokens?|"
    r"strings?|phrases?)\b|\[\d{1,3}\]",
    re.IGNORECASE,
)
_PARAGRAPH = re.compile(r"\n[^\S\n]*\n\s*")


def gives_orders(text: str) -> bool:
    """Whether some of `text` is addressed to a program."""
    return any(_ORDER.search(seen) for seen, _ in _seen(text))


def orders(text: str) -> list[Span]:
    """What of `text` is addressed to a program, in order: whole sentences, and those beside one, in
    the same paragraph, that speak of what to say or carry an answer's marks.
    """
    if not gives_orders(text):
        return []
    paragraphs = _paragraphs(text)
    found = [span for paragraph in paragraphs for span in _of_paragraph(text, *paragraph)]
    for start, end in _matches(text, 0):
        if not any(begin < end and start < last for begin, last in found):
            # Only several paragraphs make it up: it takes them whole.
            held = [span for span in paragraphs if span[0] < end and start < span[1]]
            found.append((held[0][0], held[-1][1]))
    return _merged(found)


def without_orders(text: str) -> str:
    """`text` without its `orders`, the rest as it stands."""
    kept, begun = [], 0
    for start, end in orders(text):
        kept.append(text[begun:start])
        begun = end
    return "".join((*kept, text[begun:]))


def _seen(text: str) -> Iterator[tuple[str, list[int] | None]]:
    """`text` as a model may take it, and where each character stands in it, where that differs:
    characters that nobody sees may part the letters of a word, or words.
    """
    yield text, None
    if INVISIBLE.search(text) is None:
        return
    for instead in ("", " "):
        characters: list[str] = []
        places: list[int] = []
        for place, character in enumerate(text):
            hidden = INVISIBLE.match(text, place) is not None
            for shown in instead if hidden else character:
                characters.append(shown)
                places.append(place)
        yield "".join(characters), places


def _matches(text: str, offset: int) -> list[Span]:
    """Where orders stand in `text`, which begins at `offset` of a longer one."""
    found = []
    for seen, places in _seen(text):
        for match in _ORDER.finditer(seen):
            start, end = match.span()
            if places is not None:
                start, end = places[start], places[end - 1] + 1
            found.append((offset + start, offset + end))
    return sorted(found)


def _paragraphs(text: str) -> list[Span]:
    breaks = [(0, 0), *(match.span() for match in _PARAGRAPH.finditer(text))]
    ends = [start for start, _ in breaks[1:]] + [len(text)]
    return [(begun, end) for (_, begun), end in zip(breaks, ends, strict=True)]


def _of_paragraph(text: str, begin: int, end: int) -> list[Span]:
    held = _matches(text[begin:end], begin)
    if not held:
        return []
    # A mark that nobody sees must not keep a sentence from ending.
    shown = INVISIBLE.sub(" ", text[begin:end])
    sentences = [(begin + first, begin + last) for first, last in split_sentences(shown)]
    given = [
        any(start < last and first < stop for start, stop in held) for first, last in sentences
    ]
    if not any(given):
        return [(begin, end)]
    for places in (range(1, len(given)), range(len(given) - 2, -1, -1)):
        for place in places:
            beside = given[place - places.step]
            given[place] = given[place] or (beside and _says(text, sentences[place]))
    return [span for span, is_order in zip(sentences, given, strict=True) if is_order]


def _says(text: str, span: Span) -> bool:
    return _SAID.search(text, *span) is not None


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged
