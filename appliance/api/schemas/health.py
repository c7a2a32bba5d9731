from __future__ import annotations

from pydantic import Field

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
    state: str | None = Field(
        description="Of the answers, where there is to be a language model: checking, trying, "
        "draining, loading, restoring, serving or failed."
    )
    progress: float | None = Field(description="Of the state, 0 to 1.")
    reason: str | None = Field(description="Why it, or a change of it, failed.")
    device: str | None = Field(description="What computes.", examples=["CPU (zen4)"])

    @classmethod
    def of(cls, state: ComponentState) -> ComponentOut:
        detail = state.detail
        return cls(
            name=state.name,
            role=state.role,
            ok=state.ok,
            model=state.model,
            state=None if detail is None else detail.state,
            progress=None if detail is None else detail.progress,
            reason=None if detail is None else detail.reason,
            device=None if detail is None else detail.device,
        )


class ReadyOut(Output):
    status: str
    checks: dict[str, bool]
    components: list[ComponentOut]
    timestamp: float
