"""Substances that have one name in the United States and another in the rest of the world. Pure.

International nonproprietary names (WHO) beside those of the United States Adopted Names Council and
earlier British Approved Names; where they differ in spelling alone, `spelling` knows.
"""

from __future__ import annotations

from collections.abc import Mapping

_NAMES = """
paracetamol acetaminophen apap
adrenaline epinephrine
noradrenaline norepinephrine
salbutamol albuterol
rifampicin rifampin
pethidine meperidine
furosemide frusemide
glibenclamide glyburide
lidocaine lignocaine
phenobarbital phenobarbitone
isoprenaline isoproterenol
suxamethonium succinylcholine
orciprenaline metaproterenol
bendroflumethiazide bendrofluazide
phytomenadione phytonadione
colecalciferol cholecalciferol
levothyroxine thyroxine
dosulepin dothiepin
trihexyphenidyl benzhexol
hydroxycarbamide hydroxyurea
mercaptamine cysteamine
chlorphenamine chlorpheniramine
""".strip()
_OTHERS = {
    name: tuple(other for other in line.split() if other != name)
    for line in _NAMES.splitlines()
    for name in line.split()
}


def known_name(word: str, known: Mapping[str, int]) -> str | None:
    """The name that the documents have for the substance `word`, in small letters, where they do
    not have `word` itself; None where it is none of these names, or they have none.
    """
    folded = word.casefold()
    if folded in known:
        return None
    return next((other for other in _OTHERS.get(folded, ()) if other in known), None)
