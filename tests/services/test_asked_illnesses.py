from __future__ import annotations

import pytest

from appliance.services.asked_illnesses import for_illness

INR = "What is the target INR for atrial fibrillation on zelfarin?"


@pytest.mark.parametrize(
    ("before", "about", "expected"),
    [
        (INR, "DVT", "What is the target INR for DVT on zelfarin?"),
        (INR, "a mechanical mitral valve",
         "What is the target INR for a mechanical mitral valve on zelfarin?"),
        (INR, "in pulmonary embolism",
         "What is the target INR for pulmonary embolism on zelfarin?"),
        ("Dose of zelfarin for the pneumonia in adults?", "cystitis",
         "Dose of zelfarin for cystitis in adults?"),
        # No illness, or the question is asked for none.
        (INR, "quorkolol", None),
        (INR, "ECG", None),
        (INR, "overdose", None),
        ("What is the dose of zelfarin?", "DVT", None),
        ("What is the dose of zelfarin for 7 days?", "DVT", None),
        ("What is the dose of zelfarin in renal failure?", "DVT", None),
    ],
)  # fmt: skip
def test_a_question_for_another_illness(before: str, about: str, expected: str | None) -> None:
    assert for_illness(before, about) == expected
