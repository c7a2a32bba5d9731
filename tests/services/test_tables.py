"""Tables are found in lines, with the title and the rows that name their columns."""

from __future__ import annotations

import pytest

from appliance.services.page_lines import lines_of
from appliance.services.table_leads import Table, cells_of
from appliance.services.tables import tables_of


def tables(*pages: str) -> list[Table]:
    return tables_of(lines_of(pages))


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("Age\tDose\n6 years\t250 mg\n9 years\t500 mg", "Age\tDose"),
        ("Age\tDose\tTime\n(years)\t(mg)\t(h)\n6\t250\t8", "Age\tDose\tTime\n(years)\t(mg)\t(h)"),
        ("\tPlacebo\tDrug\n\tN = 53\tN = 51\nRash\t1\t4", "\tPlacebo\tDrug\n\tN = 53\tN = 51"),
        ("\t10 mg\t20 mg\nRash\t1\t4", "\t10 mg\t20 mg"),
        ("6 years\t250 mg\n9 years\t500 mg\n12 years\t750 mg", ""),
        ("Drug\tEffect\nAspirin\tMore bleeding than before\nRifampin\tA lower INR", "Drug\tEffect"),
        ("Rash\t10 mg\t20 mg\nItch\t6.3\t4", "Rash\t10 mg\t20 mg"),
        ("Adults\t10 mg\t2\nInfants\t5 mg\t4", ""),
        ("Sex\tDose\tDrug\nSex\tof\tto\nMen\t5\t4", "Sex\tDose\tDrug\n\tof\tto"),
        ("| Age | Dose |\n|-----|------|\n| 6 | 250 mg |", "Age\tDose"),
    ],
)
def test_the_head_is_told_from_the_rows_by_what_they_hold(text: str, head: str) -> None:
    for above, title in (
        ("", ""),
        ("Table 2: Doses\nfor children\n", "Table 2: Doses for children\n"),
    ):
        (table,) = tables(f"A sentence before it.\n\n{above}{text}\n\nA sentence behind it.")
        assert table.head == (title + head).strip("\n")


def test_a_row_and_the_names_between_rows_belong_to_the_table() -> None:
    text = "Age\tDose\nChildren\n6 years\t250 mg\nAdults\n30 years\t500 mg"
    page = f"Before.\n\n{text}\n\nBehind."
    (table,) = tables(page)
    assert (table.rows, table.body, table.last, table.groups) == (1, 2, 5, (2, 4))
    leads = [table.lead_of(lines_of([page]), number) for number in range(2, 6)]
    assert leads == ["Age\tDose", "Age\tDose\nChildren", "Age\tDose", "Age\tDose\nAdults"]


GROUPS = (
    "Table 3: Interactions\nCarbonic Anhydrase Inhibitors\nImpact:\tA decrease in bicarbonate.\n"
    "Intervention:\tMonitor these patients.\nInsulin\nImpact:\tMay increase the"
)


def test_the_first_group_is_no_part_of_the_title() -> None:
    (table,) = tables(GROUPS)
    assert table.head == "Table 3: Interactions"
    assert table.groups == (1, 4)


def test_a_row_and_its_group_go_on_over_the_page() -> None:
    for rest in ("risk of hypoglycemia.", "\trisk of hypoglycemia."):
        top = f"{rest}\nIntervention:\tLower the dose.\nAlcohol\nImpact:\tAvoid it."
        first, second = tables(GROUPS, top)
        assert (first.is_torn, second.is_torn) == (False, True)
        lines = lines_of([GROUPS, top])
        assert second.lead_of(lines, second.rows + 1) == "Table 3: Interactions\nInsulin"
        assert second.lead_of(lines, second.last) == "Table 3: Interactions\nAlcohol"


@pytest.mark.parametrize(
    "text",
    ["Page 3\tWard handbook\nText goes on below.", "One | two.", "a|b", "No cells\n\nat all", ""],
)
def test_what_is_no_table(text: str) -> None:
    assert tables(text) == []


def test_a_title_at_the_foot_of_the_page_before_counts() -> None:
    (table,) = tables("Text.\nTable 1: Daily Doses by\nGenotype", "GG\tAG\n5 mg\t3 mg\n4 mg\t2 mg")
    assert table.head.split("\n")[0] == "Table 1: Daily Doses by Genotype"


def test_a_table_goes_on_below_a_repeated_head_or_none() -> None:
    first = "Table 1: Doses\nAge\tDose\n6 years\t250 mg\n7 years\t260 mg"
    for top in ("8 years\t270 mg\n9 years\t280 mg", "Table 1 (continued)\nAge\tDose\n8\t270 mg"):
        _, second = tables(first, top)
        assert second.head.endswith("\nAge\tDose")
        assert second.head.startswith("Table 1")
    _, other = tables(first, "Table 2: Levels\nLevel\tDays\n1\t2")
    assert other.head == "Table 2: Levels\nLevel\tDays"


def test_cells() -> None:
    assert cells_of("\ta\t b \t") == ["", "a", "b", ""]
    assert cells_of("| a | b |") == ["a", "b"]
    assert cells_of("a and b") == ["a and b"]


DOSING = "Table 1\nInfection\tSeverity\tDose\nSkin\tMild\t500 mg\n\tSevere\t750 mg"


def test_a_row_is_led_by_the_cells_that_span_it() -> None:
    text = f"{DOSING}\nBone\tMild\t250 mg\n\tSevere\t400 mg\n\t\t800 mg"
    (table,) = tables(text)
    lines = lines_of([text])
    leads = [table.lead_of(lines, number).removeprefix(table.head) for number in range(2, 7)]
    assert leads == ["", "\nSkin\t", "", "\nBone\t", "\nBone\tSevere\t"]


def test_a_spanning_cell_goes_on_over_the_page() -> None:
    pages = DOSING, "\tFatal\t900 mg\nBone\tMild\t250 mg"
    _, table = tables(*pages)
    lines = lines_of(pages)
    assert table.lead_of(lines, 4) == "Table 1\nInfection\tSeverity\tDose\nSkin\t"
    assert table.lead_of(lines, 5) == "Table 1\nInfection\tSeverity\tDose"


def test_the_rest_of_a_cell_is_no_group() -> None:
    (table,) = tables("Age\tDose\nAdults\t5 mg with a meal or\nMilk\nInfants\t1 mg\nOthers\t2 mg")
    assert table.groups == ()


CUT = "Table 1\nInfection\tSeverity\tDose\nBone\tMild\t250 mg\n\tMild\t500 mg every 12 hours or"


def test_a_row_that_its_page_cuts_goes_on_with_the_cells_of_the_other_page() -> None:
    pages = CUT, "Skin\t\t250 mg every 8 hours\nSkin\tSevere\t875 mg"
    first, second = tables(*pages)
    lines = lines_of(pages)
    leads = [first.lead_of(lines, number).removeprefix(first.head) for number in (2, 3)]
    leads += [second.lead_of(lines, number).removeprefix(first.head) for number in (4, 5)]
    assert leads == ["", "\nSkin\t", "\n\tMild\t", ""]


@pytest.mark.parametrize(
    "top",
    [
        "\tSevere\t750 mg\nSkin\tMild\t875 mg",  # nothing says of which infection
        "Skin\tMild\t250 mg every 8 hours\nSkin\tSevere\t875 mg",  # a row of its own
    ],
)
def test_rows_that_stand_whole_on_their_pages(top: str) -> None:
    first, second = tables(CUT, top)
    assert (first.below, second.rest) == ((), ())
