"""What clinical questions ask in one word and documents tell in another. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from appliance.storage.terms import content_words

# Each line: words that ask or tell the same.
_GROUPS = """
treatment, treat, treated, therapy, management
symptom, sign, clinical feature, manifestation
cause, caused, etiology
diagnose, diagnosed, diagnosis, test
prognosis, outlook, survival
prevent, prevention, prophylaxis
inherited, inheritance, hereditary
inherited, autosomal, dominant, recessive
genetic change, mutation, gene
prevalence, incidence, frequency, people affected, rare
risk, risk factor, susceptible
complication, problem
dose, dosage, dosing
start, starting, initial, initiate
maximum, maximal, exceed
side effect, adverse reaction, adverse event
contraindicated, contraindication, should not
interaction, interact, concomitant
overdose, overdosage
pregnancy, pregnant
breastfeeding, lactation, nursing
child, children, pediatric, paediatric
elderly, older, geriatric
kidney, renal
liver, hepatic
heart, cardiac
lung, pulmonary
store, storage, stored
clean, cleaning, cleaned, disinfect
stop, discontinue, discontinuation
allergy, allergic, hypersensitivity
clinical trial, research, study
""".strip()

# Names of one measure, which a question and a passage may each give by another.
_MEASURES = """
GFR, eGFR, glomerular filtration rate, creatinine clearance, CrCl
""".strip()


def _others(groups: str) -> dict[tuple[str, ...], list[str]]:
    found: dict[tuple[str, ...], list[str]] = {}
    for line in groups.splitlines():
        names = [name.strip() for name in line.split(",")]
        for name in names:
            found.setdefault(tuple(content_words(name)), []).extend(
                other for other in names if content_words(other) != content_words(name)
            )
    return found


_OTHER_MEASURES = _others(_MEASURES)
_OTHERS = _others(f"{_GROUPS}\n{_MEASURES}")


def other_wordings(text: str) -> list[tuple[str, str]]:
    """Words of `text`, and others that documents use for them."""
    return _found(text, _OTHERS)


def other_measures(text: str) -> list[tuple[str, str]]:
    """Names of measures in `text`, and others that say exactly the same."""
    return _found(text, _OTHER_MEASURES)


def _found(text: str, others: Mapping[tuple[str, ...], Sequence[str]]) -> list[tuple[str, str]]:
    words = content_words(text)
    longest = max(map(len, others))
    found = []
    for start in range(len(words)):
        for end in range(start + 1, min(start + longest, len(words)) + 1):
            part = tuple(words[start:end])
            found += [(" ".join(part), other) for other in others.get(part, ())]
    return found
