"""What has been made from what: one small file per step of the set-up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Step:
    """One thing to make.

    `key` names what it is made from and becomes its stamp; `present` looks whether it still stands;
    `also` gives another stamp that serves as well.
    """

    name: str
    key: Callable[[], str]
    make: Callable[[], None]
    present: Callable[[], bool] = lambda: True
    also: Callable[[], str] = lambda: ""


class Stamps:
    """The stamps of one checkout, in a folder that need not exist yet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def holds(self, step: Step) -> bool:
        """Whether the step was done with what it would be done with now."""
        try:
            stamp = (self._folder / step.name).read_text("utf-8")
        except FileNotFoundError:
            return False
        return stamp in (step.key(), step.also()) and step.present()

    def carry_out(self, step: Step) -> None:
        """Does the step; a failure on the way leaves it without any stamp."""
        (self._folder / step.name).unlink(missing_ok=True)
        step.make()
        self._folder.mkdir(parents=True, exist_ok=True)
        part = self._folder / f"{step.name}.part"
        part.write_text(step.key(), "utf-8")
        part.replace(self._folder / step.name)
