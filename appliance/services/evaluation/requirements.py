"""What a run must reach: `ndcg_at_10 >= 0.8`, on the command line or in a TOML file."""

from __future__ import annotations

import operator
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.services.evaluation.summary import KINDS, Kind, Measure

_OPERATORS = {">=": operator.ge, "<=": operator.le}
_FORM = re.compile(r"\s*(\w+)\s*(>=|<=)\s*(\d+(?:\.\d+)?)\s*(%?)\s*")


class BadRequirement(Exception):
    """A requirement that cannot be read; the text names it."""


@dataclass(frozen=True, slots=True)
class Requirement:
    name: str
    sign: str  # ">=" or "<="
    bound: float

    def __str__(self) -> str:
        return f"{self.name} {self.sign} {self.bound:g}"

    def met(self, value: float) -> bool:
        return bool(_OPERATORS[self.sign](value, self.bound))


# Hold for every run: a supported sentence with another number, a snippet that is not in its page
# and an answer that broke off are faults of the appliance, whatever the documents are.
ALWAYS = (
    Requirement("number_errors", "<=", 0),
    Requirement("verbatim", ">=", 1),
    Requirement("failed", "<=", 0),
)


def parse(text: str) -> Requirement:
    """Raises `BadRequirement`."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise BadRequirement(f"{text!r} is not of the form 'measure >= number' or <=")
    name, sign, bound, percent = match.groups()
    if name not in KINDS:
        raise BadRequirement(f"{name!r} is no measure; there are {', '.join(sorted(KINDS))}")
    is_share = KINDS[name] is Kind.SHARE
    if percent and not is_share:
        raise BadRequirement(f"{text!r}: {name} is no share, and has no per cent")
    value = float(bound) / (100 if percent else 1)
    if is_share and value > 1:
        raise BadRequirement(f"{text!r}: {name} is a share, from 0 to 1 or 0% to 100%")
    return Requirement(name, sign, value)


def from_file(path: Path) -> list[Requirement]:
    """The list `require` of a TOML file. Raises `BadRequirement`, and OSError."""
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadRequirement(f"{path}: {error}") from None
    texts = content.pop("require", None)
    if content or not isinstance(texts, list) or not all(isinstance(t, str) for t in texts):
        raise BadRequirement(f'{path}: it must hold require = ["measure >= number", ...] alone')
    return [parse(text) for text in texts]


def missed(measures: Iterable[Measure], requirements: Sequence[Requirement]) -> list[str]:
    """What of `ALWAYS` and of `requirements` is not reached, as text."""
    by_name = {measure.name: measure for measure in measures}
    lines = []
    for requirement in [*ALWAYS, *requirements]:
        value = by_name[requirement.name].value
        if value is None and requirement not in ALWAYS:
            lines.append(f"{requirement} is missed: no question of the set bears on it")
        elif value is not None and not requirement.met(value):
            lines.append(f"{requirement} is missed: {value:.4g}")
    return lines
