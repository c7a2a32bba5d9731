"""What orders to a program look like in English.

An order names the program or its conversation (an assistant, a chatbot, a user who asks, a prompt,
earlier instructions) together with an act of speech or of obedience: what to say, how to begin an
answer, what to ignore. Words that clinical text has as well ("guidelines", "responses", "tell",
"the assistant") count for nothing alone. The marks of a chat's turns and of a program's frames are
never clinical content and count by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from appliance.sentences.laid_down_answers import LAID_DOWN
from appliance.sentences.order_words import (
    ANSWERS,
    CAPITALS,
    EARLIER,
    HELPER,
    IGNORE,
    INSTRUCTIONS,
    LITERAL,
    MACHINE,
    MUST,
    NOT_DENIED,
    NOW,
    RULES,
    SPEAK,
    THIS,
    WORDS,
)

_IF_USER = r"\b(?:if|when|whenever|once|should)\s+(?:an?|the|any|some|every)\s+users?\s+"

_IGNORED = (
    rf"\b{NOT_DENIED}{IGNORE}\s+(?:(?:all|any|every|of|the|these|those|my|your|other|and)\s+)"
    rf"{{0,4}}{EARLIER}\s+(?:(?:and|or)\s+{EARLIER}\s+)?(?:\w+\s+){{0,2}}?{INSTRUCTIONS}\b",
    # "all instructions", "your guidelines", "the rules above"; but a doctor's stay a doctor's.
    rf"\b{NOT_DENIED}{IGNORE}\s+(?:all\s+(?:of\s+)?(?:the\s+)?|any\s+|every\s+)(?:\w+\s+)?"
    rf"{RULES}\b(?!\s+(?:of|from|by|on|for)\b)",
    rf"\b{NOT_DENIED}{IGNORE}\s+(?:all\s+(?:of\s+)?)?your\s+(?:\w+\s+)?{RULES}\b"
    r"(?!\s+(?:of|from|by)\b)",
    rf"\b{NOT_DENIED}{IGNORE}\s+(?:all\s+)?(?:the\s+)?(?:instructions?|prompts?|rules?|"
    r"guidelines?|directives?|passages?|text|context|messages?)\s+(?:above|before\s+this|"
    r"(?:that\s+)?you\s+(?:were|have\s+been)\s+(?:given|told))\b",
    rf"\b{NOT_DENIED}(?:ignore|disregard|forget)\s+(?:all|any|every|everything)\b[^.!?]{{0,30}}?"
    r"\b(?:you\s+(?:were|have\s+been)\s+told|(?:said|written|stands?)\s+(?:above|before))\b",
    rf"{NOW}forget\s+everything\b(?:\s+(?:above|before|you|and|else|that)\b|\s*[.!,;:])",
    r"\b(?:ignore|disregard|forget)\s+(?:all\s+(?:of\s+)?|everything\s+)?(?:the\s+)?above\b"
    r"(?:\s*[.!]|[^.!?]{0,80}?\b(?:asked|repl(?:y|ies)|respond|answer|output|print)\b)",
    # Written together, or with blanks that have no width.
    rf"\b{NOT_DENIED}(?:ignore|disregard|forget)\s*(?:all)?\s*(?:of)?\s*(?:the|your)?\s*"
    r"(?:previous|prior|preceding|earlier|above|foregoing|existing|original|initial|system)\s*"
    r"(?:instructions?|prompts?|rules?|directives?|commands?)",
    r"\b(?:the|your|my|this)\s+(?:system|developer|hidden|secret)[\s_-]+(?:prompt|instructions)\b|"
    r"\b(?:system|developer)[\s_-]prompt\b(?!\s+you)",
    r"\byour\s+system\s+(?:messages?|prompts?|instructions?)\b",
    r"\byour\s+new\s+(?:instructions?|prompts?|directives?|orders|role|task)\s+(?:is|are)\b",
    # The other documents, by what a document of a hospital does not call to be set aside.
    rf"\b{NOT_DENIED}(?:ignore|disregard|override|overrule)\s+(?:(?:all|any|the|this|these|those|earlier|"
    r"previous|other|older|printed|official|approved|current|of)\s+){0,5}(?:labels?|labell?ing|package\s+"
    r"inserts?|monographs?|formular(?:y|ies)|(?:sections?|chapters?|pages?)\s+of\s+(?:the|this)\s+\w+|"
    r"handbooks?)\b",
    rf"{NOW}use\s+this\s+(?:text|passage|wording|answer)\s+instead\b",
    r"\b(?:jailbreak|developer\s+mode|DAN\s+mode|unrestricted\s+mode)\b",
)
_ADDRESSED = (
    rf"\b(?:note|notice|message|memo|attention|instructions?|reminder|orders?|important)\s*,?\s+"
    rf"(?:(?:to|for)\s+)?(?:{THIS}\s+)?(?:\w+\s+)?{MACHINE}\s*[:,!–—-]",
    rf"\b(?:note|notice|message|memo|attention|instructions?|reminder|orders?)\s*,?\s+(?:to|for)\s+"
    rf"(?:{THIS}\s+)?{HELPER}\b[^.!?]{{0,40}}?[:,–—-][^.!?]{{0,80}}?\b{SPEAK}\b",
    rf"(?:^|[.!?\n]\s{{0,40}})(?:dear|hey|hi|hello|ok|okay)\s+{MACHINE}\b",
    rf"(?:^|[.!?:\n]\s{{0,40}})(?:dear\s+|hey\s+|hi\s+|hello\s+|ok\s+)?{HELPER}\s*[,:]\s*"
    r"(?:please\s+|you\s+(?:must|should|shall|will)\s+|always\s+|only\s+|do\s+not\s+|never\s+)?"
    rf"{SPEAK}\b",
    rf"\byou(?:['’]re|\s+are)?\s+(?:now\s+)?(?:(?:act|answer|speak)\s+)?(?:as\s+)?an?\s+"
    rf"(?:\w+\s+){{0,2}}?{MACHINE}\b",
    rf"\bas\s+an?\s+(?:\w+\s+)?{MACHINE}\b[^.!?]{{0,20}}?\byou\b",
    rf"\byou\b[^.!?]{{0,25}}?\bas\s+an?\s+{MACHINE}\b",
    r"\byou\s+are\s+(?:now|no\s+longer)\s+(?:an?\s+(?:\w+\s+){0,2}?(?:unrestricted|unfiltered|"
    r"uncensored|jailbroken|assistant|bot|pirate)\b|(?:bound|restricted|limited|held)\s+(?:by|to)\s+"
    rf"(?:\w+\s+){{0,2}}?{INSTRUCTIONS})",
    rf"\bpretend\s+(?:to\s+be|that\s+you\s+are|you\s+are)\s+an?\s+(?:\w+\s+)?{MACHINE}\b|"
    r"\bas\s+(?:if|though)\s+you\s+had\s+no\s+(?:rules|guidelines|restrictions|limits|filters)\b",
    r"\bfrom\s+now\s+on,?\s+you\s+(?:(?:will|must|shall|should|are\s+to|only|always)\s+)*"
    r"(?:say|answer|reply|respond|speak|obey|output|claim|state)\b",
    rf"(?:^|[.!?\n]\s{{0,40}}){MACHINE}\s*[:,!]\s*[^.!?\n]{{0,80}}?\b(?:you\s+{MUST}|and|please|now)\s+"
    rf"{SPEAK}\b",
    r"\bas\s+(?:the|an?)\s+(?:\w+\s+)?(?:assistant|bot)\s*,?\s+you\s+(?:will|must|shall|should|are\s+to)"
    r"\s+(?:always\s+|only\s+)?(?:answer|reply|respond|output|print|never|not)\b",
    # Whoever reads it is a program.
    rf"\b(?:{HELPER}|models?|systems?|programs?)\s+(?:(?:that|who|which)\s+)?(?:reads?|reading|"
    r"process(?:es|ing)?|summari[sz](?:es|ing)|pars(?:es|ing)|ingest(?:s|ing)|index(?:es|ing))\s+"
    r"th(?:is|ese)\b",
    rf"\b(?:the\s+model|{HELPER})\s+summari[sz]ing\b",
)
_TOLD = (
    # What a program is to say.
    rf"(?<!of\s)(?<!by\s)\b{THIS}\s+(?:\w+\s+)?{MACHINE}\s+{MUST}\s+(?:\w+\s+)?{SPEAK}\s+"
    rf"(?:\w+\s+){{0,3}}?(?:that|as|with|only|:|{LITERAL})",
    rf"\b(?:questions?|quer(?:y|ies)|asks?|asked|users?|prompts?|prompted|chat)\b[^.!?]{{0,80}}?"
    rf"\b(?:the|this|any|every)\s+(?:assistant|bot|model)\s+{MUST}\s+(?:\w+\s+)?{SPEAK}\b",
    rf"\b{THIS}\s+(?:assistant|bot)\s+(?:must|shall|should|has\s+to|will)\s+(?:always\s+|only\s+)?"
    rf"(?:answer|reply|respond)\s+(?:that|with\s+{LITERAL}|only|as)",
    rf"\bask\w*\s+(?:the|an?|this|any)\s+{HELPER}\b[^.!?]{{0,80}}?\b{MUST}\s+(?:\w+\s+)?{SPEAK}\b",
    # What is to be said to a user.
    rf"{_IF_USER}(?:mentions?|types?|says?|quer(?:y|ies)|prompts?)\b[^.!?]{{0,80}}?\b{SPEAK}\b",
    rf"{_IF_USER}(?:asks?|inquires?|enquires?|wants?\s+to\s+know|requests?)\b[^.!?]{{0,80}}?\b"
    r"(?:say|state|answer|reply|respond|tell|claim|assert|report|output|write|print|confirm)\b",
    rf"\b(?:if|when|whenever)\s+(?:you\s+are\s+|it\s+is\s+)?(?:asked|queried|prompted|questioned)\b"
    rf"[^.!?]{{0,60}}?{NOW}(?:reply|respond|answer|output|print|return)\s+(?:that\b|only\b|"
    rf"(?:only\s+)?with\s+{LITERAL}|{LITERAL})",
    r"\b(?:for|to|on|upon|given)\s+(?:any|all|every|each)\s+(?:\w+\s+)?(?:quer(?:y|ies)|questions?|"
    rf"prompts?|requests?)\b[^.!?]{{0,80}}?\b(?:reply|respond|answer|output|print|return)\s+"
    rf"(?:only\s+)?(?:that\b|with\s+{LITERAL}|{LITERAL})",
    rf"{NOW}(?:respond|reply|answer)\s+(?:to\s+)?(?:(?:all|any|every|each|the)\s+)?"
    r"(?:questions?|quer(?:y|ies)|prompts?|requests?)\b[^.!?]{0,60}?\b(?:with|by\s+saying)\s+"
    rf"(?:only\s+)?{LITERAL}",
    rf"{NOW}(?:tell|inform|convince|persuade|assure)\s+(?:the|any|every|all)\s+users?\b",
    r"\b(?:do\s+not|don['’]t|never)\s+(?:tell|inform|warn)\s+(?:the|any|every)\s+users?\b",
    r"\bwithout\s+(?:telling|informing)\s+the\s+user\b",
    r"\bthe\s+user\s+(?:must|shall|should|(?:is|has)\s+to)\s+be\s+told\b",
    r"\b(?:questions?|quer(?:y|ies)|prompts?)\b[^.!?]{0,60}?\b(?:(?:is|are)\s+to|must|shall|should)\s+"
    rf"be\s+answered\s+(?:only\s+)?(?:with\s+{LITERAL}|by\s+saying)",
    rf"\bthe\s+(?:(?:only|correct|right)\s+)?{ANSWERS}\s+to\s+(?:everything|(?:all|any|every|each)\s+"
    r"(?:\w+\s+)?(?:question|quer|prompt)\w*)\b[^.!?]{0,40}?\b(?:is|must|shall)\b",
    r"\b(?:if|when|whenever)\s+(?:the|an?|any)\s+(?:questions?|quer(?:y|ies)|prompts?)\s+(?:(?:is|are)\s+"
    r"about|concerns?|mentions?|contains?|refers?|asks?\s+(?:about|for))\b[^.!?]{0,60}?\b(?:answer|say|"
    r"reply|respond|output)\b",
    rf"\bask(?:s|ing)\s+(?:the|this)\s+{HELPER}\b[^.!?]{{0,60}}?\bbe\s+(?:told|informed|answered)\b",
    rf"\bask(?:s|ed)?\b[^.!?]{{0,60}}?,\s*(?:the|this)\s+{MACHINE}\s+(?:always\s+)?(?:replies|answers|"
    r"says|responds|states|tells)\b",
    rf"\b(?:important|sure|ensure|necessary|required)\s+(?:that\s+)?(?:the|this|any|every)\s+{MACHINE}\s+"
    r"(?:says?|answers?|states?|repl(?:y|ies)|responds?|tells?|reports?)\b",
    rf"\b(?:the|this|your)\s+{MACHINE}\s+(?:must|shall|should|may|will|can)\s*(?:not|never)\s+(?:mention|"
    r"warn|refuse|decline|reveal|cite)\b",
    rf"\bthe\s+system\s+{MUST}\s+(?:respond|reply|answer)\b[^.!?]{{0,40}}?\b(?:questions?|"
    r"quer(?:y|ies)|prompts?)\b",
    rf"\byou\s+(?:must|shall|should|will)\s+(?:always\s+|never\s+|only\s+)?{SPEAK}\b[^.!?]{{0,60}}?\b"
    r"(?:to|with)\s+(?:the|any|every|all)\s+users?\b",
)
_LITERALLY = (
    rf"{NOW}(?:reply|answer)\s+to\s+(?:\w+\s+){{1,4}}?with\s+(?:only\s+)?{LITERAL}",
    rf"\balways\s+(?:answer|reply|respond)\s*(?::|that\b|with\s+{LITERAL})",
    r"\binstead\s+of\s+(?:answering|replying|responding|(?:the|an?|your)\s+(?:answer|reply|response))\b"
    r"[^.!?,]{0,30},?\s*(?:please\s+|only\s+|just\s+)?(?:print|say|output|write|reply|respond)\b",
    r"\bsummari[sz]e\s+(?:this|the)\s+(?:page|document|passage|text|label|leaflet)\s+as\b",
    # Words that an answer is to be, or to hold.
    rf"{NOW}(?:reply|output|emit)\s+(?:(?:only|exactly|solely|simply|verbatim|just)\b|"
    rf"with\s+{LITERAL}|{LITERAL})",
    rf"{NOW}(?:output|print|emit|return|reply\s+with|respond\s+with|answer\s+with)\s+"
    rf"(?:only\s+|exactly\s+|just\s+|simply\s+)?(?:{WORDS}|{CAPITALS}|nothing\s+but)",
    rf"{NOW}(?:respond|answer|say|write|print|state)\s+(?:only|exactly|solely|simply|verbatim|just)"
    rf"\s*(?::|(?:with\s+|in\s+|by\s+)?{LITERAL})",
    rf"{NOW}(?:say|write|print|reply|answer|respond)\s+{CAPITALS}",
    r"\b(?:output|print|reply|respond|answer|say|write|return)\b[^.!?]{0,60}?"
    r"\band\s+nothing\s+else\b",
    rf"{NOW}(?:begin|start|end|finish|close|open|prefix|conclude)\s+(?:every|each|all(?:\s+of)?|"
    rf"your|all\s+your)\s+(?:(?:your|next|further)\s+)?{ANSWERS}\s+(?:with|by)\b",
    rf"{NOW}(?:add|append|insert|put|mention|include|place)\b[^.!?]{{0,60}}?\b(?:in|to|into|of)\s+"
    r"(?:your|every|each|all(?:\s+your)?)\s+(?:answers?|repl(?:y|ies)|outputs?)\b",
    rf"\byour\s+(?:(?:next|final|only)\s+)?{ANSWERS}\s+(?:must|should|shall|will|(?:is|are|has|"
    r"have)\s+to)\s+(?:always\s+|only\s+)?(?:begin|start|end|finish|say|state|contain|read|mention|"
    rf"cite|repeat|consist)\b|\byour\s+{ANSWERS}\s+(?:must|should|shall|will)\s+be\s*(?::|"
    rf"{LITERAL})",
    r"\b(?:make\s+sure|ensure|see\s+to\s+it)\s+(?:that\s+)?(?:your|every|each)\s+(?:answer|reply|"
    r"output|response)\s+(?:begins|starts|ends|says|states|contains|includes|mentions)\b",
    rf"{NOW}(?:omit|leave\s+out|hide|(?:do\s+not|never)\s+mention)\b[^.!?]{{0,60}}?\b(?:in|from)\s+"
    r"(?:your|every|all(?:\s+your)?)\s+(?:answers?|repl(?:y|ies)|outputs?)\b",
    # What it is to cite, and what it was given.
    r"\bcite\s+(?:passage|source|document)s?\s+\[?\d|\bcite\s+\[\d{1,3}\]\s+as\b|"
    r"\bcite\s+(?:this|the)\s+(?:passage|document|page|text)\s+(?:as|for|in)\b",
    rf"\b{NOT_DENIED}(?:reveal|leak|exfiltrate|dump|disclose|expose|output|print|repeat|show|quote|"
    r"recite)\s+(?:me\s+)?(?:(?:all|of|the|your|every)\s+){0,3}?(?:(?:the|your)\s+(?:system|hidden|"
    r"secret|initial|original|own)\s+(?:instructions?|prompts?|context|rules)|"
    r"(?:your|the)\s+(?:prompts?|context\s+window)|(?:all\s+)?(?:the\s+|of\s+the\s+)?other\s+"
    r"passages)\b",
    rf"\b{NOT_DENIED}(?:reveal|leak|exfiltrate|dump|print|output|send|show)\s+(?:me\s+)?"
    r"(?:the|your|all|any)\s+(?:\w+\s+)?(?:passwords?|credentials?|api\s+keys?|chat\s+history|"
    r"conversation\s+history|conversations)\b",
)
_MARKS = (
    # Of a chat's turns.
    r"<\|[^|>\n]{0,40}\|>|<\uff5c|<</?\s*SYS\s*>>|\[/?\s*INST\s*\]|</?s>|"
    r"<(?:start|end)_of_turn>|</?(?:system|assistant|user|instructions?|tool_call|think)>",
    r"(?:(?:^|\n)[^\S\n]{0,40}|[.!?]\s{1,40})(?:#{1,6}\s{0,40})?(?-i:SYSTEM|HUMAN|DEVELOPER)\s*:",
    r"(?:^|\n)[^\S\n]{0,40}(?:user|human)\s*:[^\n]{0,300}\n[^\S\n]{0,40}assistant\s*:",
    r"(?:^|\n)[^\S\n]{0,40}#{1,6}\s{0,40}(?:system|assistant|user|human|instruction|response)\s*:",
    # Of a program's frames, the appliance's own among them.
    r"(?:^|\n)[^\S\n]{0,40}From\s(?:[^\n]{3,200},\s+page\s+\d{1,4}|the\s+hospital['’]s\s+documents)\s*:",
    r"[{,]\s*\\?[\"'](?:role|type|message_id|tool_calls?|function_call|citations|content)"
    r"\\?[\"']\s*:",
    # What a page could load or open.
    r"!\[[^\]\n]{0,300}\]\s*\(|\]\(\s*(?:https?|ftp|data|javascript|file):|"
    r"</?(?:img|script|iframe|svg|object|embed|link|style)\b[^>]*>?|<a\s[^>]{0,80}href|</a>|"
    r"\b(?:javascript|data)\s*:\s*(?:text/|image/|alert)",
)


def _either(patterns: Iterable[str]) -> str:
    """One pattern of many. What many begin with is said once: it is tried at every character."""
    begun: dict[str, list[str]] = {NOW: [], r"\b": [], "": []}
    for pattern in patterns:
        first = next(first for first in begun if pattern.startswith(first))
        begun[first].append(pattern.removeprefix(first))
    return "|".join(f"(?:{first})(?:{'|'.join(rest)})" for first, rest in begun.items())


ORDER = re.compile(
    _either((*_IGNORED, *_ADDRESSED, *_TOLD, *LAID_DOWN, *_LITERALLY, *_MARKS)), re.IGNORECASE
)
