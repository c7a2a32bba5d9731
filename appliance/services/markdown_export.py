"""A transcript as Markdown. Whatever people and documents wrote stays words: it can become no
heading, list, link, image or HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from appliance.domain import Message
from appliance.services.transcript import (
    UNSUPPORTED,
    Transcript,
    cautions,
    moment,
    passages_of,
    printable,
    remarks,
    source_of,
    speaker,
)

_MARK = "\ufdd0"  # a code point that Unicode keeps out of texts
_MARKED = f" (*{UNSUPPORTED}*)"
# Of a citation's [n] the brackets stay: what could make a link of it is escaped.
_SPECIAL = re.compile(
    r"""(?P<citation>\[\d{1,4}\])(?P<link>[(:])?
      | (?P<html><) | (?P<entity>&(?=[\#\w]))
      | (?P<sign>[\\`*_~|$^\#\[\]{}] | !(?=\[) | :(?=//) | (?<=mailto): | (?<=www)\.)""",
    re.VERBOSE | re.IGNORECASE,
)
# Special where a line begins.
_START = re.compile(r"(?P<number>\d+(?=[.)](?:\s|$)))?(?P<sign>[+\-=>:]|(?<=\d)[.)])")


def to_markdown(transcript: Transcript) -> str:
    return "\n".join(_blocks(transcript))


def escaped(text: str) -> str:
    """`text` as words, in its lines and paragraphs."""
    paragraphs: list[list[str]] = [[]]
    for line in printable(text).split("\n"):
        if line.strip(" \t"):
            paragraphs[-1].append(_line(line))
        else:
            paragraphs.append([])
    return "\n\n".join("\\\n".join(lines) for lines in paragraphs if lines)


def _blocks(transcript: Transcript) -> Iterator[str]:
    conversation = transcript.conversation
    yield f"# {_folded(conversation.title)}\n"
    yield (
        f"Started {moment(conversation.created_at)}, exported {moment(transcript.exported_at)}. "
        f"Messages: {len(transcript.messages)}.\n"
    )
    for message in transcript.messages:
        yield f"## {speaker(message)}, {moment(message.created_at)}\n"
        if words := _words(message):
            yield words + "\n"
        for remark in remarks(message):
            yield f"*{remark}*\n"
        if message.citations:
            yield "**References**\n"
            for citation in message.citations:
                yield f"- [{citation.index}] {_folded(source_of(citation))}\\"
                for caution in cautions(transcript, citation):
                    yield f"  **{_folded(caution)}**\\"
                yield f"  “{_folded(citation.snippet)}”"
            yield ""


def _words(message: Message) -> str:
    marked = "".join(
        words.replace(_MARK, "\ufffd") + (_MARK if unsupported else "")
        for words, unsupported in passages_of(message)
    )
    return escaped(marked).replace(_MARK, _MARKED)


def _folded(text: str) -> str:
    return _line(" ".join(printable(text).split()))


def _line(line: str) -> str:
    text = line.lstrip(" \t")
    indent = line[: len(line) - len(text)].expandtabs(4)
    start = _START.match(text)
    head = "" if start is None else f"{start['number'] or ''}\\{start['sign']}"
    rest = text if start is None else text[start.end() :]
    return "&nbsp;" * len(indent) + head + _SPECIAL.sub(_escape, rest)


def _escape(found: re.Match[str]) -> str:
    if found["citation"]:
        return found["citation"] + (f"\\{found['link']}" if found["link"] else "")
    if found["html"]:
        return "&lt;"
    if found["entity"]:
        return "&amp;"
    return f"\\{found['sign']}"
