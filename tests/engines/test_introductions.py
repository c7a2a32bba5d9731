from __future__ import annotations

from dataclasses import replace

from appliance.domain import Passage
from appliance.engines.introductions import SEVERAL, continuation, introduction, introductions
from tests.answering_parts import passage


def other_page(one: Passage) -> Passage:
    return replace(one, chunk=replace(one.chunk, page=9))


def test_one_place_is_named() -> None:
    one = passage("a", page=4, section="2.1 Dosage")
    expected = "From Ward handbook, 2.1 Dosage, page 4, effective 2025-01-01:"
    assert introduction([one, one]) == expected
    assert introduction([one, other_page(one)]) == "From Ward handbook, effective 2025-01-01:"
    assert introduction([one, passage("b")]) == SEVERAL


def test_a_title_cites_nothing_and_stays_on_its_line() -> None:
    one = passage("a")
    one = replace(one, document=replace(one.document, title="Doses [1]\nof  digoxin"))
    line = introduction([one])
    assert line.startswith("From Doses (1) of digoxin, page 1,") and "\n" not in line


def test_what_can_be_said_is_known() -> None:
    one, two = passage("a", page=4), passage("b")
    known = introductions([one, two, other_page(one)])
    for quoted in ([one], [two], [one, other_page(one)], [one, two]):
        assert introduction(quoted) in known
    assert (
        introduction([passage("c")]) in known or introduction([passage("c", page=7)]) not in known
    )


def test_where_it_goes_on_is_named_and_known() -> None:
    one = passage("a", page=4, section="2.1 Dosage [1]")
    expected = "What is quoted goes on in Ward handbook, 2.1 Dosage (1), page 4."
    assert continuation(one) == expected
    assert expected in introductions([one])
    assert continuation(passage("c", page=7)) not in introductions([one])
