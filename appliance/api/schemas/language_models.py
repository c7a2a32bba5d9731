"""Language models on the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from appliance.api.fields import Body, Instant, Line, Output
from appliance.services.language_models import Candidate, LlmChange, LlmStatus

FileName = Annotated[
    Line,
    Field(
        max_length=250,
        pattern=r"^[^/\\]+\.gguf$",
        description="The name of a file in the directory of models, without a path.",
        examples=["qwen3-8b-q4_k_m.gguf"],
    ),
]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ModelChoice(Body):
    file: FileName
    sha256: Sha256 | None = Field(
        None,
        description="What the file must hold. Given, it takes the place of what was accepted under "
        "that name before; the catalogue's own sum goes before both.",
    )


class ChangeOut(Output):
    file: str | None = Field(description="Null: to no language model.")
    state: str = Field(
        description="checking, trying, draining, loading, restoring or failed.",
        examples=["loading"],
    )
    progress: float = Field(description="Of the state, 0 to 1.")
    reason: str | None = Field(description="Why it failed.", examples=[None])
    started_at: Instant

    @classmethod
    def of(cls, change: LlmChange) -> ChangeOut:
        return cls(
            file=change.file,
            state=change.phase.value,
            progress=round(change.progress, 3),
            reason=change.reason,
            started_at=change.started_at,
        )


class LlmOut(Output):
    model: str | None = Field(description="The name of what answers now; null for none.")
    file: str | None = Field(description="What it was loaded from.")
    change: ChangeOut | None = Field(
        description="The change under way, or the last one when it failed."
    )

    @classmethod
    def of(cls, status: LlmStatus) -> LlmOut:
        change = None if status.change is None else ChangeOut.of(status.change)
        return cls(model=status.model, file=status.file, change=change)


class ModelFileOut(Output):
    file: str
    size: int = Field(description="Bytes.")
    in_catalogue: bool = Field(description="The appliance knows what it must hold.")
    serving: bool

    @classmethod
    def of(cls, candidate: Candidate) -> ModelFileOut:
        return cls(
            file=candidate.name,
            size=candidate.size,
            in_catalogue=candidate.is_listed,
            serving=candidate.is_served,
        )


class LanguageModelsOut(Output):
    llm: LlmOut
    files: list[ModelFileOut] = Field(description="What can be chosen, by name.")

    @classmethod
    def of(cls, status: LlmStatus, candidates: list[Candidate]) -> LanguageModelsOut:
        files = [ModelFileOut.of(candidate) for candidate in candidates]
        return cls(llm=LlmOut.of(status), files=files)
