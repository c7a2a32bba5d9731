from __future__ import annotations

from dataclasses import replace

import pytest

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


def test_the_rest_of_a_row_has_the_cell_that_the_page_above_has() -> None:
    cut = passage("Skin\t\t250 mg\nBone\tSevere\t875 mg")
    head = "Table 2\nInfection\tSeverity\tDose"
    cut = replace(cut, chunk=replace(cut.chunk, lead=f"{head}\n\tMild\t"))
    rows, _ = rows_of(cut.chunk)
    assert [(row.text, row.lead) for row in rows] == [
        ("Skin\t\t250 mg", f"{head}\nMild"),
        ("Bone\tSevere\t875 mg", head),
    ]


DOSING = (
    "Table 1. Dosing in adults\n"
    "Infection\tSeverity\tDose over 24 h\n"
    "Skin\tMild\t500 mg\n"
    "\tSevere\t750 mg\n"
    "Bone\tMild\t250 mg\n"
    "\tSevere\t400 mg\n"
    "\t\t800 mg"
)
DOSING_HEAD = "Table 1. Dosing in adults\nInfection\tSeverity\tDose over 24 h"


def test_a_row_stands_with_the_cells_that_span_it() -> None:
    rows, _ = rows_of(passage(DOSING).chunk)
    assert [(row.text, row.lead.removeprefix(DOSING_HEAD)) for row in rows] == [
        ("Skin\tMild\t500 mg", ""),
        ("Severe\t750 mg", "\nSkin"),
        ("Bone\tMild\t250 mg", ""),
        ("Severe\t400 mg", "\nBone"),
        ("800 mg", "\nBone\tSevere"),
    ]


def test_a_spanning_cell_goes_on_from_the_passage_before() -> None:
    goes_on = passage("Severe\t400 mg\n\tLasting\t800 mg\nLung\tMild\t300 mg")
    goes_on = replace(goes_on, chunk=replace(goes_on.chunk, lead=f"{DOSING_HEAD}\nBone\t"))
    rows, _ = rows_of(goes_on.chunk)
    assert [row.lead.removeprefix(DOSING_HEAD) for row in rows] == ["\nBone", "\nBone", ""]


def test_a_group_goes_on_from_the_passage_before_until_the_next() -> None:
    goes_on = passage("150 mL\t116 mL\nOral suspension 250 mg\n80 mL\t59 mL")
    lead = "Table 2\nBottle\tWater\nOral suspension 125 mg"
    rows, _ = rows_of(replace(goes_on.chunk, lead=lead))
    assert [row.lead for row in rows] == [lead, lead.replace("125", "250")]


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("Age\tDose\nAdults\t5 mg with a meal or\nmilk\nInfants\t1 mg", "5 mg with a meal or milk"),
        ("Age\tDose\nAdults\t5 mg (in water,\nMilk)\nInfants\t1 mg", "5 mg (in water, Milk)"),
        ("Age\tDose\nSkin and\t5 mg\nBone\nLung\t1 mg", "5 mg\tBone"),
    ],
)
def test_the_rest_of_a_cell_is_no_group(table: str, row: str) -> None:
    rows, _ = rows_of(passage(table).chunk)
    assert rows[0].text.endswith(f"\t{row}")
    assert {found.lead for found in rows} == {"Age\tDose"}


@pytest.mark.parametrize(
    "head",
    ["Reaction\tDose of 5 mg\tNone", "Reaction\t5 mg (N = 93)\t10 mg (N = 36)", "\tWeek 1\tWeek 2"],
)
def test_a_head_may_hold_figures(head: str) -> None:
    rows, _ = rows_of(passage(f"Table 3\n{head}\nRash\t6.3\t5\nFever\t4\t3 (2%)").chunk)
    assert [row.lead for row in rows] == [f"Table 3\n{head.strip()}"] * 2


def test_a_row_with_units_is_no_head() -> None:
    rows, _ = rows_of(passage("Table 3\nAdults\t5 mg\t2\nInfants\t1 mg\t3").chunk)
    assert [row.lead for row in rows] == ["Table 3"] * 2


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
