from __future__ import annotations

from dataclasses import replace

from appliance.engines.quotes import quotes
from appliance.engines.table_rows import rows_of
from tests.engines.questions import passage

TABLE = (
    "Mix as follows.\n"
    "Table 2. Amount of water\n"
    "Bottle\tWater\n"
    "Oral suspension 125 mg\n"
    "80 mL\t62 mL\n"
    "100 mL\t78 mL\n"
    "Shake it well before each use of the bottle."
)


def test_a_row_stands_with_title_head_and_group() -> None:
    rows, rest = rows_of(passage(TABLE).chunk)
    lead = "Table 2. Amount of water\nBottle\tWater\nOral suspension 125 mg"
    assert [(row.text, row.lead) for row in rows] == [
        ("80 mL\t62 mL", lead),
        ("100 mL\t78 mL", lead),
    ]
    assert len(rest) == len(TABLE)
    assert rest.split() == "Mix as follows. Shake it well before each use of the bottle.".split()


def test_a_table_that_goes_on_has_the_head_from_above() -> None:
    goes_on = passage("150 mL\t116 mL")
    goes_on = replace(goes_on, chunk=replace(goes_on.chunk, lead="Table 2\nBottle\tWater"))
    (row,), _ = rows_of(goes_on.chunk)
    assert (row.text, row.lead) == ("150 mL\t116 mL", "Table 2\nBottle\tWater")


def test_text_without_a_table_is_left() -> None:
    text = "One line with a\ttab in it.\nAnother line."
    assert rows_of(passage(text).chunk) == ([], text)


def test_rows_are_quoted_whole() -> None:
    found = [quote for quote in quotes(0, passage(TABLE)) if quote.lines == ("100 mL\t78 mL",)]
    assert found[0].lead.startswith("Table 2. Amount of water\nBottle\tWater")


def test_a_sentence_torn_by_the_end_of_a_passage_is_not_quoted() -> None:
    text = "is not given to them at all. Give the drug with food every day. Do not give it when"
    torn = passage(text)
    torn = replace(torn, chunk=replace(torn.chunk, torn_start=True, torn_end=True))
    assert [quote.lines for quote in quotes(0, torn)] == [("Give the drug with food every day.",)]
