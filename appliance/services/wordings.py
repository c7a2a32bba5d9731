"""What clinical questions ask in one word and documents tell in another. Pure."""

from __future__ import annotations

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

_OTHERS: dict[tuple[str, ...], list[str]] = {}
for _line in _GROUPS.splitlines():
    _names = [name.strip() for name in _line.split(",")]
    for _name in _names:
        _OTHERS.setdefault(tuple(content_words(_name)), []).extend(
            other for other in _names if content_words(other) != content_words(_name)
        )
_LONGEST = max(map(len, _OTHERS))


def other_wordings(text: str) -> list[tuple[str, str]]:
    """Words of `text`, and others that documents use for them."""
    words = content_words(text)
    found = []
    for start in range(len(words)):
        for end in range(start + 1, min(start + _LONGEST, len(words)) + 1):
            part = tuple(words[start:end])
            found += [(" ".join(part), other) for other in _OTHERS.get(part, ())]
    return found
