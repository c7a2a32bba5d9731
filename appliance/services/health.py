"""Whether the appliance serves, and whether every part that it needs works."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

CHECK_TIMEOUT_S = 5.0

Check = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Detail:
    """What else is known of a part that takes its time to get ready. `progress` is 0 to 1."""

    state: str
    progress: float | None = None
    reason: str | None = None  # why it failed
    device: str | None = None  # what computes


@dataclass(frozen=True, slots=True)
class Component:
    """A part as `/ready` shows it. `role` is the reference's name for what it replaces, if any."""

    name: str
    role: str | None
    check: Check  # returns when the part works, raises when it does not
    model: Callable[[], str] | None = None
    detail: Callable[[], Detail | None] | None = None


@dataclass(frozen=True, slots=True)
class ComponentState:
    name: str
    role: str | None
    ok: bool
    model: str | None = None
    detail: Detail | None = None


class Health:
    def __init__(self, components: list[Component]) -> None:
        self._components = components
        self._stopping = False

    def stop(self) -> None:
        """From now on the appliance is not ready: it finishes what it has and takes nothing new."""
        self._stopping = True

    @property
    def stopping(self) -> bool:
        return self._stopping

    async def states(self) -> list[ComponentState]:
        return list(await asyncio.gather(*(self._state(part) for part in self._components)))

    async def _state(self, component: Component) -> ComponentState:
        model = None if component.model is None else component.model()
        detail = None if component.detail is None else component.detail()
        try:
            await asyncio.wait_for(component.check(), CHECK_TIMEOUT_S)
        except Exception:
            # Any failure means the same here; the part itself logs what it knows of the cause.
            return ComponentState(component.name, component.role, False, model, detail)
        return ComponentState(component.name, component.role, True, model, detail)


def roles(states: list[ComponentState]) -> Mapping[str, bool]:
    """The reference's four dependencies."""
    return {state.role: state.ok for state in states if state.role is not None}
