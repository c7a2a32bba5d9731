"""The form that a written answer must have, as a grammar of llama.cpp (GBNF).

The model chooses every token among those that keep to the form: one to six sentences, each ending
in one or more [n] that name passages of its prompt, or the fixed words that say that there is no
answer. It says nothing about whether a sentence is true: that is checked where the answer is read.
"""

from __future__ import annotations

from appliance.engines.protocols import NO_ANSWER

MOST_SENTENCES = 6
MOST_MARKS = 4  # of one sentence

# Neither brackets, which only marks have, nor what looks like the end of a sentence, nor control
# characters, spaces of other widths and characters that nobody sees.
_PLAIN = (
    r"[^\[\].!?\x00-\x20\x7F-\xA0\xAD\u034F\u061C\u1680\u180E\u2000-\u200F\u2028-\u202F"
    r"\u205F-\u206F\u3000\uFE00-\uFE0F\uFEFF\uFFF0-\uFFFF\U000E0000-\U000E0FFF]"
)


def answer_grammar(passages: int) -> str:
    """For a prompt with passages [1]..[`passages`], at least one.

    A full stop with a space behind it ends a sentence, so it must be followed by its marks: no
    sentence can hide in front of another one's.
    """
    numbers = " | ".join(f'"{number}"' for number in range(1, passages + 1))
    return "\n".join(
        (
            f'root ::= " "? ({_quoted(NO_ANSWER)} | '
            f'sentence (" " sentence){{0,{MOST_SENTENCES - 1}}})',
            f'sentence ::= word (" " word)* point? " "? mark (" "? mark){{0,{MOST_MARKS - 1}}} '
            '"."?',
            "word ::= (point* plain)+",
            "point ::= [.!?]",
            f"plain ::= {_PLAIN}",
            f'mark ::= "[" ({numbers}) "]"',
        )
    )


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
