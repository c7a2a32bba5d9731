from __future__ import annotations

import pytest

from appliance.engines.answer_text import AnswerText
from appliance.engines.chat_template import PLAIN_STOP


@pytest.mark.parametrize(
    ("pieces", "expected", "ended"),
    [
        ([b" So", b" it is.", b"\nUser", b": more"], "So it is.", True),
        ([b"One.\nUse", b" two"], "One.\nUse two", False),
        ([b"One.\n", b"U", b"ser:"], "One.", True),
        ([b"\n \n", b"  A", b" b "], "A b ", False),
        ([b"5 \xc2", b"\xb5g"], "5 \u00b5g", False),
        ([b"cut \xe2\x82"], "cut \ufffd", False),
        ([b"ends with \nUser"], "ends with \nUser", False),
    ],
)
def test_text_is_shown_as_it_becomes_certain(
    pieces: list[bytes], expected: str, ended: bool
) -> None:
    text = AnswerText(PLAIN_STOP)
    shown = ""
    for piece in pieces:
        shown += text.take(piece)
        assert expected.startswith(shown)
        if text.ended:
            break
    if not text.ended:
        shown += text.rest()
    assert (shown, text.ended) == (expected, ended)
