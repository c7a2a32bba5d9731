"""Every option of the appliance, once: name, default, help.

Values come from the defaults, then the TOML file, then the environment (`VOICEASSIST_<NAME>`), then
the command line; later ones win.
"""

from __future__ import annotations

import difflib
import os
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from appliance.processors import compute_threads

ENVIRONMENT_PREFIX = "VOICEASSIST_"
_REMOTE = ("llm_base_url", "llm_api_key_file", "llm_ca_file", "llm_remote_model")
_EMPTY_IS_NONE = {"llm_model", "models_dir", "llm_backends", *_REMOTE}
EMBEDDING_MODEL_NAME = "all-MiniLM-L6-v2-f16.gguf"


class SettingsError(Exception):
    """A setting that cannot be used; the text names it and where it came from."""


def model_catalogue() -> Path:
    return _bundled("models") / "catalog.toml"


def _bundled(relative: str) -> Path:
    """A path inside the executable when frozen, else below the working directory."""
    return Path(getattr(sys, "_MEIPASS", ".")) / relative


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 picks a free one.")
    data_dir: Path = Field(Path("data"), description="Where database, uploads, index and keys are.")
    embedding_model: Path = Field(
        default_factory=lambda: _bundled("models") / EMBEDDING_MODEL_NAME,
        description="GGUF file of the embedding model.",
    )
    llm_model: Path | None = Field(
        None,
        description="GGUF file of a language model; without one, answers quote the documents.",
    )
    llm_backend: Literal["local", "openai"] = Field(
        "local",
        description="Where the LLM runs: in this process, or on a server (llm_base_url).",
    )
    llm_base_url: str | None = Field(
        None,
        description="OpenAI-compatible server on the local network, e.g. https://10.0.0.5:8443.",
    )
    llm_api_key_file: Path | None = Field(
        None, description="File with that server's key, readable by its owner alone."
    )
    llm_ca_file: Path | None = Field(
        None, description="PEM file of the authorities that server's certificate is checked with."
    )
    llm_remote_model: str | None = Field(
        None, description="Model to ask that server for; without one, the first that it serves."
    )
    models_dir: Path | None = Field(
        None,
        description="Folder of GGUF files that admins may change the LLM to; by default that of "
        "llm_model, else `models` in data_dir.",
    )
    llm_backends: Path | None = Field(
        None, description="Folder of GPU libraries for the LLM (libggml-cuda.so, -vulkan.so)."
    )
    llm_context: int = Field(4096, ge=256, le=131072, description="Context of the LLM in tokens.")
    llm_max_tokens: int = Field(512, ge=1, le=8192, description="Longest LLM answer in tokens.")
    llm_temperature: float = Field(
        0.0, ge=0, le=2, description="0 always picks the likeliest token."
    )
    llm_slots: int = Field(
        16, ge=1, le=64, description="LLM answers written at once; fewer where memory is short."
    )
    llm_cache_mb: int = Field(
        256, ge=0, le=65536, description="Memory for beginnings of LLM prompts that return, in MB."
    )
    threads: int = Field(
        default_factory=lambda: min(256, compute_threads()),
        ge=1,
        le=256,
        description="Compute threads.",
    )
    passages: int = Field(8, ge=1, le=20, description="Passages given to the answer engine.")
    concurrent_answers: int = Field(
        64, ge=1, le=1024, description="Answers under way at once; more are told BUSY."
    )
    registration: Literal["open", "approval", "closed"] = Field(
        "open", description="Who may register: anyone, anyone with an admin's approval, nobody."
    )
    password_min_length: int = Field(12, ge=8, le=64, description="Shortest password accepted.")
    password_rounds: int = Field(12, ge=10, le=16, description="Cost of bcrypt (a power of two).")
    access_token_seconds: int = Field(300, ge=60, le=3600, description="Life of an access token.")
    session_hours: int = Field(24, ge=1, le=720, description="Longest life of a sign-in.")
    upload_max_mb: int = Field(50, ge=1, le=500, description="Largest document accepted, in MB.")
    rate_limits: bool = Field(True, description="Refuse requests over the limits of the reference.")
    trusted_proxies: tuple[str, ...] = Field(
        (), description="Addresses whose X-Forwarded-For is believed; comma-separated."
    )
    allowed_origins: tuple[str, ...] = Field(
        (), description="Further origins whose pages may open the WebSocket; comma-separated."
    )
    metrics_access: Literal["admin", "open"] = Field(
        "admin", description="Who reads /metrics: loopback and admins, or anyone."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severe log line written."
    )

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        given = [name for name in _REMOTE if getattr(self, name) is not None]
        if self.llm_backend == "local" and given:
            raise ValueError(f'{given[0]} is of use only with llm_backend = "openai"')
        if self.llm_backend == "openai" and self.llm_base_url is None:
            raise ValueError('llm_backend = "openai" needs llm_base_url')
        if self.llm_backend == "openai" and self.llm_model is not None:
            raise ValueError('llm_model is of use only with llm_backend = "local"')
        return self

    @property
    def models_folder(self) -> Path:
        """`models_dir`, or what stands for it."""
        if self.models_dir is not None:
            return self.models_dir
        return self.data_dir / "models" if self.llm_model is None else self.llm_model.parent

    @classmethod
    def load(
        cls,
        *,
        config: Path | None = None,
        environment: Mapping[str, str] | None = None,
        flags: Mapping[str, Any] | None = None,
    ) -> Settings:
        """Settings from `config` (or `VOICEASSIST_CONFIG`), the environment and `flags`.

        Raises `SettingsError` naming the option for an unknown or unusable value.
        """
        environment = os.environ if environment is None else environment
        values: dict[str, Any] = {}
        named = environment.get(f"{ENVIRONMENT_PREFIX}CONFIG")
        file = config or (Path(named) if named else None)
        if file is not None:
            values.update(_read_toml(file))
        _refuse_unknown(environment, [*cls.model_fields, "config"])
        for name in cls.model_fields:
            if (text := environment.get(ENVIRONMENT_PREFIX + name.upper())) is not None:
                values[name] = _from_text(name, text)
        values.update({k: v for k, v in (flags or {}).items() if v is not None})
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise SettingsError(_explain(error)) from None


def _refuse_unknown(environment: Mapping[str, str], known: list[str]) -> None:
    """A misspelt name must not leave a default in force that nobody chose."""
    names = {ENVIRONMENT_PREFIX + name.upper() for name in known}
    for name in environment:
        if name.startswith(ENVIRONMENT_PREFIX) and name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            meant = f" Did you mean {near[0]}?" if near else ""
            raise SettingsError(f"There is no setting behind {name} in the environment.{meant}")


def _from_text(name: str, text: str) -> Any:
    if name in {"trusted_proxies", "allowed_origins"}:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if name in _EMPTY_IS_NONE and not text:
        return None
    return text


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"The settings file {file} cannot be read: {error}") from None


def _explain(error: ValidationError) -> str:
    lines = []
    for problem in error.errors():
        name = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            lines.append(f"There is no setting named {name}.")
        elif not name:
            lines.append(f"{problem['ctx']['error']}.")
        else:
            lines.append(
                f"The setting {name} ({ENVIRONMENT_PREFIX}{name.upper()}): {problem['msg']}."
            )
    return "\n".join(lines)
