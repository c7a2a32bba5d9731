"""The words that orders to a program are made of, as patterns."""

from __future__ import annotations

# The program, by names that nothing else has.
MACHINE = (
    r"(?:(?:large\s+)?language\s+models?|chat\s?-?bots?|"
    r"AI(?:\s+(?:assistants?|models?|systems?|agents?|tools?|chat\s?bots?))?|"
    r"(?:virtual|digital|artificial)\s+(?:assistants?|agents?)|LLMs?(?:\s+agents?)?|"
    r"(?:Chat)?GPT(?:-\d\S*)?)"
)
# Names that people and things have, too.
HELPER = rf"(?:{MACHINE}|assistants?|bots?)"
THIS = r"(?:the|this|any|every|each|all|an?|our|your)"
MUST = (
    r"(?:shall|must|should|will|may\s+only|(?:is|are|has|have|ought|needs?)\s+"
    r"(?:(?:instructed|ordered|required|told)\s+)?to|always|never)"
)
SPEAK = (
    r"(?:say|state|answer|reply|respond|tell|claim|assert|recommend|report|output|write|print|"
    r"conclude|confirm|declare|mention|repeat|return|advise)"
)
# Words given literally.
QUOTE = r"[\"“”‘`«]"
WORDS = (
    r"(?:the\s+(?:(?:exact|following|single|one|code)\s+)?"
    r"(?:words?|texts?|strings?|phrases?|codes?|tokens?|letters|sentences?)\b)"
)
CAPITALS = r"(?-i:[A-Z][A-Z0-9]{4,}\b)"
LITERAL = rf"(?:{QUOTE}|{WORDS}|{CAPITALS}|nothing\s+(?:but|else)\b|exactly\b)"
# Where a verb is an order: at the beginning, or after what joins or strengthens it.
NOW = (
    r"(?:(?:^|[.!?:;,\n({\[*\"“>-])\s{0,40}(?:and\s+|then\s+|please\s+|now\s+|just\s+|always\s+)?|"
    r"\b(?:and|then|please|must|shall|should|always|instead|only|now|just|you|to)\s+)"
)
NOT_DENIED = r"(?<!not\s)(?<!n['’]t\s)(?<!never\s)"
EARLIER = (
    r"(?:previous|prior|preceding|earlier|above|foregoing|existing|original|initial|system|"
    r"(?:your|the)\s+own)"
)
INSTRUCTIONS = (
    r"(?:instructions?|prompts?|rules?|guidelines?|directions?|directives?|commands?|orders|"
    r"guardrails?|restrictions?|constraints?|messages?|context|passages?|programming|training)"
)
RULES = (
    r"(?:instructions?|prompts?|rules?|guidelines?|directives?|guardrails?|commands?|"
    r"restrictions?|programming|training)"
)
IGNORE = (
    r"(?:ignor(?:e|ing)|disregard(?:ing)?|forget|overrid(?:e|ing)|bypass|discard|drop|"
    r"pay\s+no\s+attention\s+to|set\s+aside|(?:stop|quit)\s+(?:following|obeying)|"
    r"(?:do\s+not|don['’]t|no\s+longer)\s+(?:follow|obey|heed))"
)
ANSWERS = r"(?:answers?|repl(?:y|ies)|responses?|outputs?)"
