from __future__ import annotations

import pytest

from appliance.services.fitting import told_left_out


@pytest.mark.parametrize(
    ("passages", "line"),
    [
        (1, "1 of the 8 passages found did not fit the language model and was left out."),
        (2, "2 of the 8 passages found did not fit the language model and were left out."),
    ],
)
def test_it_says_how_many_of_how_many(passages: int, line: str) -> None:
    assert told_left_out(passages, found=8) == line
