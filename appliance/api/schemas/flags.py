"""Feature flags on the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from appliance.api.fields import Body, Instant, Line, Output
from appliance.domain import FeatureFlag
from appliance.services.flags import BUILT_IN, FlagChanges

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$", examples=["new_feature"])]
Description = Annotated[Line, Field(max_length=500)]
Percentage = Annotated[int, Field(ge=0, le=100)]


class FlagCreate(Body):
    name: Name
    enabled: bool = False
    description: Description = ""
    rollout_percentage: Percentage = 100


class FlagUpdate(Body):
    """Fields that are absent or null stay as they are."""

    enabled: bool | None = None
    description: Description | None = None
    rollout_percentage: Percentage | None = None

    def changes(self) -> FlagChanges:
        return FlagChanges(**self.model_dump())


class FlagOut(Output):
    name: str
    enabled: bool
    description: str
    rollout_percentage: int
    built_in: bool = Field(description="The appliance asks for it: it cannot be deleted.")
    created_at: Instant
    updated_at: Instant

    @classmethod
    def of(cls, flag: FeatureFlag) -> FlagOut:
        return cls(
            name=flag.name,
            enabled=flag.enabled,
            description=flag.description,
            rollout_percentage=flag.rollout_percentage,
            built_in=flag.name in BUILT_IN,
            created_at=flag.created_at,
            updated_at=flag.updated_at,
        )


class FlagList(Output):
    flags: list[FlagOut]


class FlagDeleted(Output):
    message: str
    name: str


class FlagsHeld(Output):
    flags: dict[str, bool] = Field(
        description="Every flag, and whether it holds for the caller.",
        examples=[{"voice_mode": True}],
    )
