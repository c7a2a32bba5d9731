from __future__ import annotations

import pytest

from appliance.services.routes import speaks_of_route


@pytest.mark.parametrize(
    ("question", "text", "speaks"),
    [
        ("zelocin dose iv", "Zelocin 500 mg by mouth.", False),
        ("zelocin dose IV", "Zelocin acts on topoisomerase IV.", False),
        ("zelocin dose IV", "Infuse zelocin over an hour.", True),
        ("IV zelocin dose", "IV: 500 mg", True),
        ("zelocin in stage IV disease", "Zelocin 500 mg by mouth.", True),
        ("zelocin i.m.?", "Zelocin 500 mg by mouth.", True),  # not understood, nothing is asked
        ("intramuscular zelocin", "Zelocin 500 mg by mouth.", False),
        ("oral zelocin", "Zelocin 500 mg.", True),
    ],
)
def test_routes(question: str, text: str, speaks: bool) -> None:
    assert speaks_of_route(question, text) is speaks
