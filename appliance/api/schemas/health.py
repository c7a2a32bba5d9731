from __future__ import annotations

from appliance.api.fields import Output
from appliance.services.health import ComponentState


class HealthOut(Output):
    status: str
    version: str
    appliance_version: str
    timestamp: float


class ComponentOut(Output):
    name: str
    role: str | None
    ok: bool
    model: str | None

    @classmethod
    def of(cls, state: ComponentState) -> ComponentOut:
        return cls(name=state.name, role=state.role, ok=state.ok, model=state.model)


class ReadyOut(Output):
    status: str
    checks: dict[str, bool]
    components: list[ComponentOut]
    timestamp: float
