from __future__ import annotations

import pytest

from appliance.sentences.unmarked_lists import unmarked_lists


def found(text: str, *, carried: bool = False) -> list[tuple[str, ...]]:
    """Leads and items of every list."""
    return [(one.lead, *one.items) for one in unmarked_lists(text, carried=carried)]


@pytest.mark.parametrize(
    ("text", "lists"),
    [
        pytest.param(
            "Do not use\nif you have ever had an allergic reaction to any other pain reliever\n"
            "right before or after an operation\n",
            [
                (
                    "Do not use",
                    "if you have ever had an allergic reaction to any other pain reliever",
                    "right before or after an operation",
                )
            ],
            id="no colon",
        ),
        pytest.param(
            "Call the ward. Do not take the tablets if you:\nhave had a severe reaction.\n"
            "also take a medicine for\nthe heart.\nAsk if you are not sure.\n",
            [
                (
                    "Do not take the tablets if you:",
                    "have had a severe reaction.",
                    "also take a medicine for",
                    "the heart.",
                )
            ],
            id="items with a full stop",
        ),
        pytest.param(
            "The risk of the therapy may be increased by:\nSevere hepatic impairment\n"
            "Use of a catheter\nVasculitis, small vessels\n\nNothing else.\n",
            [
                (
                    "The risk of the therapy may be increased by:",
                    "Severe hepatic impairment",
                    "Use of a catheter",
                    "Vasculitis, small vessels",
                )
            ],
            id="capitals below a colon",
        ),
        pytest.param(
            "Hypersensitivity to the drug or its salts (4)\nMajor lumbar block anesthesia (4)\n"
            "Malignant hypertension of any cause (4)\n",
            [
                (
                    "",
                    "Hypersensitivity to the drug or its salts (4)",
                    "Major lumbar block anesthesia (4)",
                    "Malignant hypertension of any cause (4)",
                )
            ],
            id="below a title",
        ),
        pytest.param(
            "Ask first if you are\ntaking any other drug of this kind (prescription or\n"
            "nonprescription)\ntaking a blood thinner\nStop use if\npain gets worse\n"
            "fever lasts more than 3 days\n",
            [
                (
                    "Ask first if you are",
                    "taking any other drug of this kind (prescription or nonprescription)",
                    "taking a blood thinner",
                ),
                ("Stop use if", "pain gets worse", "fever lasts more than 3 days"),
            ],
            id="two lists, and an item that goes on",
        ),
    ],
)
def test_lines_below_what_leads_to_them_are_a_list(text: str, lists: list[tuple[str, ...]]) -> None:
    assert found(text) == lists


@pytest.mark.parametrize(
    "text",
    [
        "The dose is raised every week on the basis of control and of\n"
        "tolerability, up to the maximum that is given above, and in\n"
        "divided doses that are taken with meals on each of the days.\n",
        "Store the vial in its carton.\nKeep it away from light and heat.\n",
        "DOSAGE AND ADMINISTRATION\ngiven with meals\nonce a day\n",
        "1.1 Infections of the Ear\n1.2 Infections of the Skin\n1.3 Infections of the Tract\n",
        "Directions:\n• take it with food\n• do not crush it\n",
        "Made by the Works\nHaifa Bay\nDist. by Others\n",
        "",
    ],
)
def test_what_is_no_unmarked_list(text: str) -> None:
    assert found(text) == []


def test_a_list_that_goes_on_from_the_passage_above_has_no_lead_of_its_own() -> None:
    text = "have surgery\nhave a heart attack\nCommon side effects are listed below.\n"
    assert found(text, carried=True) == [("", "have surgery", "have a heart attack")]
    assert found(text) == []


def test_the_span_is_that_of_the_lead_and_its_items() -> None:
    text = "Keep it dry. Do not use if you:\nhave a cough\nhave a fever\nAsk a doctor.\n"
    (one,) = unmarked_lists(text)
    assert text[one.start : one.end] == "Do not use if you:\nhave a cough\nhave a fever"
