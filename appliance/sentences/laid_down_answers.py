"""Answers that a document lays down in advance, whoever it says is to give them.

"Clinicians must always answer that ..." is meant for the program that answers from the document: a
clinical text tells what is so and what is to be done, and hardly ever what is to be replied. Each
form names the questions or the answers that it is about; words alone, such as "answer", count for
nothing.
"""

from __future__ import annotations

from appliance.sentences.order_words import (
    ANSWERS,
    LITERAL,
    NOW,
    QUOTE,
)

_ASKED = r"(?:questions?|quer(?:y|ies)|inquir(?:y|ies)|enquir(?:y|ies)|prompts?)"
_ABOUT = r"(?:about|on|regarding|concerning|relating\s+to|related\s+to)"
_BOUND = (
    r"(?:must|shall|should|will|"
    r"(?:is|are|has|have)\s+(?:(?:instructed|ordered|required|told)\s+)?to)"
)
_OFTEN = r"(?:\s+(?:always|only|never|not))?"
_STATES = r"(?:say|state|answer|reply|respond|claim|assert|declare)"
_GIVEN_ANSWER = rf"(?:that\b(?!\s+(?:apply|applies|question))|:|\d|{LITERAL})"
LAID_DOWN = (
    rf"\bthe\s+(?:(?:only|single)\s+)?(?:correct|right|only|recommended|preferred|standard|proper|"
    rf"appropriate|acceptable|default|official|approved|expected|true|agreed|authori[sz]ed|"
    rf"required|mandatory|prescribed|fixed|sole|valid)\s+{ANSWERS}\s+(?:to|for)\s+"
    rf"[^.!?]{{0,40}}?\b{_ASKED}(?!\s+\d)[^.!?]{{0,40}}?\s(?:is|are|shall\s+be|must\s+be|will\s+be)\s*"
    rf"{_GIVEN_ANSWER}",
    rf"\b{_ASKED}\s+{_ABOUT}\s[^.!?]{{0,40}}?,\s*the\s+(?:\w+\s+){{0,2}}?{ANSWERS}\s+(?:is|are|must|"
    r"shall|will)\b",
    rf"\b{_ASKED}\b[^.!?]{{0,60}}?\b{_BOUND}\s+be\s+(?:answered|met|replied\s+to|responded\s+to)\s+"
    rf"(?:with\s+|by\s+)?(?:(?:the\s+)?(?:answer|statement|reply|response)\b|{_GIVEN_ANSWER})",
    rf"\b(?:whoever|anyone|anybody|everyone|everybody|all\s+who|those\s+who)\s+(?:(?:is|are|gets?)\s+)?"
    rf"asked\b[^.!?]{{0,60}}?\b{_BOUND}{_OFTEN}\s+{_STATES}\s+{_GIVEN_ANSWER}",
    rf"\b(?:if|when|whenever)\s+(?:asked|queried|questioned)\s+{_ABOUT}\s[^.!?]{{0,60}}?,\s*(?:always\s+|"
    r"only\s+)?(?:state|claim|assert|declare)\s+that\b",
    rf"\banswering\s+(?:(?:any|all|every|the)\s+)?{_ASKED}\b[^.!?]{{0,60}}?\b{_BOUND}{_OFTEN}\s+{_STATES}"
    r"\s+that\b",
    rf"\b{_BOUND}{_OFTEN}\s+(?:answer|reply|respond)\s+(?:to\s+)?(?:(?:any|all|every|each|the)\s+)?{_ASKED}"
    r"\b[^.!?]{0,40}?\bthat\s+(?:there\s+(?:is|are)\b|no\b|it\s+(?:is|has)\b|(?-i:[A-Z]\w+)\s+(?:is|are|has|"
    r"needs|must|may|does|can|cannot)\b)",
    rf"\bassistants\s+(?:must|shall|are\s+to|have\s+to){_OFTEN}\s+{_STATES}\s+that\b",
    rf"\b(?:every|each|all|any)\s+(?:answers?|repl(?:y|ies))\s+(?:{_ABOUT}|to)\s[^.!?]{{0,40}}?\b{_BOUND}{_OFTEN}"
    r"\s+(?:mention|state|say|contain|include|cite|begin|end|repeat|recommend)\b",
    rf"\b(?:answers|replies)\s+(?:about|regarding|concerning|on)\s[^.!?]{{0,40}}?\b(?:must|shall|are\s+to)"
    rf"{_OFTEN}\s+(?:mention|state|say|contain|cite|warn)\b",
    r"\bit\s+is\s+(?:mandatory|obligatory|required|compulsory|imperative|necessary)\s+to\s+(?:always\s+)?"
    r"(?:answer|reply|respond)\s+(?:\w+\s+){0,4}?that\b",
    rf"{NOW}(?:give|provide|state|offer)\b[^.!?]{{0,40}}?\bas\s+(?:the|your|their)\s+(?:only\s+)?(?:answer|reply)\b"
    r"(?!\s+(?:to|on|in)\s+(?:this|the)\s+(?:form|sheet))",
    rf"\b{_ASKED}\b[^.!?]{{0,60}}?\b{_BOUND}\s+(?:receive|get|be\s+given)\s+(?:the\s+|an?\s+)?(?:answer|"
    r"statement|reply)\s+that\b",
    rf"\bwho\s+(?:is|are)\s+asked\s+{_ABOUT}\s[^.!?]{{0,60}}?\b(?:{_BOUND}|has\s+to|have\s+to){_OFTEN}\s+"
    rf"{_STATES}\s+that\s+(?!(?:they|he|she|you|we|i|their)\b)",
    r"\b(?:make\s+sure|ensure|see\s+to\s+it)\s+(?:that\s+)?(?:all|any)\s+(?:answers|replies)\s+(?:\w+\s+){0,3}?"
    r"(?:begin|start|end|say|state|contain|include|mention)\b",
    rf"\bit\s+{_BOUND}{_OFTEN}\s+be\s+(?:answered|replied|responded)\s+that\b",
    r"\b(?:tell|inform|assure)\s+(?:anyone|anybody|everyone|everybody|whoever|those|all)\s+(?:who\s+)?"
    r"(?:asks?|enquires?|inquires?)\b[^.!?]{0,40}?\bthat\s+(?!(?:they|he|she|you)\b)",
    r"\b(?:answer|reply|respond|say|state)\s+that\b[^.!?]{0,80}?\b(?:if|when|whenever)\s[^.!?]{0,30}?\s(?:is|are)\s+"
    r"(?:mentioned|asked\s+about|queried)\b",
    rf"\b{_BOUND}{_OFTEN}\s+(?:answer|reply)\s+that\s+(?!(?:they|he|she|you|we|i)\b)",
    rf"\b(?:answers|replies)\s+(?:must|shall|are\s+to){_OFTEN}\s+(?:say|state|mention)\b",
    rf"\bthe\s+{ANSWERS}\s+to\s+(?:the|this)\s+question\s+{QUOTE}",
    r"\bin\s+(?:all\s+|your\s+)?(?:answers|replies)\s+[^.!?]{0,40}?,\s*(?:always|never|only)\s",
    rf"\bthe\s+{ANSWERS}\s+to\s+be\s+given\b[^.!?]{{0,40}}?\sis\s*{_GIVEN_ANSWER}",
    r"\b(?:if|when|whenever)\b[^.!?]{0,50}?\b(?:queried|asked|questioned)\b[^.!?]{0,40}?\bis\s+the\s+(?:\w+\s+)?"
    r"(?:answer|reply|response)\b",
    # What is to be believed of the other passages.
    r"\b(?:cited|used|repeated|mentioned|placed)\s+in\s+(?:all|every|any|each)\s+(?:\w+\s+)?(?:answers?|repl(?:y|ies)|responses?)\b",
    r"\bthis\s+(?:passage|excerpt|text|document|page)\s+as\s+the\s+(?:only|sole|single)\s+(?:\w+\s+)?source\b",
    r"\b(?:other|remaining)\s+(?:(?:passages|excerpts|search\s+results)|documents\s+(?:in|of)\s+(?:this|the)\s+"
    r"(?:collection|context|index|knowledge\s+base))\s+(?:\w+\s+){0,4}?(?:ignored|disregarded|outdated|"
    r"obsolete|wrong|invalid|void)\b",
)
