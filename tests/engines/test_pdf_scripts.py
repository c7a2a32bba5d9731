"""What raised and lowered characters become in plain text."""

from __future__ import annotations

import re

import pytest

from appliance.engines.pdf_scripts import Piece, written


def pieces(text: str) -> list[Piece]:
    """`^{…}` is raised, `_{…}` lowered; a blank parts pieces."""
    found: list[Piece] = []
    for match in re.finditer(r"( *)(?:\^\{(.*?)\}|_\{(.*?)\}|([^ ^_]+))", text):
        gap, raised, lowered, plain = match.groups()
        shown = raised or lowered or plain
        found.append(Piece(shown, bool(raised), bool(lowered), bool(gap and found), False))
    return found


@pytest.mark.parametrize(
    ("set_", "plain"),
    [
        # Digits of units and of powers of ten.
        ("30 kg/m^{2}", "30 kg/m²"),
        ("per mm^{3} of blood", "per mm³ of blood"),
        ("1.73 m^{2} or more", "1.73 m² or more"),
        ("mL min^{-1} kg^{−1}", "mL min⁻¹ kg⁻¹"),
        ("4 × 10^{6} CFU", "4 × 10⁶ CFU"),
        ("10^{-3}", "10⁻³"),
        # Marks that refer to a note never join a number or a word.
        ("10 mg^{1} daily", "10 mg ¹ daily"),
        ("dose of 10^{a}", "dose of 10 a"),
        ("12 hours^{1,2}", "12 hours ¹,²"),
        ("in 2007^{12} and", "in 2007 ¹² and"),
        ("^{1}See the table.", "¹ See the table."),
        ("^{a}All doses fasting", "a All doses fasting"),
        ("Elderly^{f}, healthy", "Elderly f, healthy"),
        ("3.35^{†}", "3.35†"),
        # What stays with its word.
        ("Ca^{2+} and Na^{+}", "Ca2+ and Na+"),
        ("2^{nd} dose", "2nd dose"),
        ("AMOXIL^{®} over", "AMOXIL® over"),
        ("^{131}I therapy", "131I therapy"),
        ("vitamin B_{12} and C_{max}^{b}", "vitamin B12 and Cmax b"),
        ("H_{2}O", "H2O"),
    ],
)
def test_raised_and_lowered(set_: str, plain: str) -> None:
    text, spans = written(pieces(set_))
    assert text == plain
    assert [text[start:end] != "" for start, end in spans] == [True] * len(spans)
    assert all(" " not in text[start:end] for start, end in spans)


@pytest.mark.parametrize("set_", ["10 mg^{1}", "every 12^{2} hours", "5^{a} mg", "1.5^{3}"])
def test_no_mark_changes_a_number(set_: str) -> None:
    text, _ = written(pieces(set_))
    plain = re.sub(r"\^\{.*?\}", "", set_)
    assert re.findall(r"\d[\d.]*", text) == re.findall(r"\d[\d.]*", plain)
