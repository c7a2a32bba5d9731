"""Base classes of what comes in and goes out: field styles and text rules of the contract."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel


class Body(BaseModel):
    """A request body: snake_case and camelCase both in, unknown fields and loose types refused."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        loc_by_alias=False,
        extra="forbid",
        strict=True,
    )


class Query(BaseModel):
    """A query string: both field styles in, text converted to the declared types."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, loc_by_alias=False, extra="ignore"
    )


class Output(BaseModel):
    """A response in snake_case."""

    model_config = ConfigDict(frozen=True)


class CamelOutput(Output):
    """A response in camelCase, for the resources whose reference spelling it is."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


def _printable(text: str) -> str:
    """One line for a person to read: no control or bidirectional override characters."""
    for character in text:
        if (
            unicodedata.category(character) in {"Cc", "Cs"}
            or character in "\u202a\u202b\u202d\u202e"
        ):
            raise ValueError("must not contain control characters")
    return text.strip()


def _prose(text: str) -> str:
    """Text of several lines."""
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\r\t":
            raise ValueError("must not contain control characters")
    return text


# The patterns tell clients of what the validators, which look at every character, refuse.
_LINE = {"pattern": r"^[^\u0000-\u001f\u007f-\u009f\u202a\u202b\u202d\u202e]*$"}
_PROSE = {"pattern": r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$"}

Line = Annotated[str, AfterValidator(_printable), Field(json_schema_extra=_LINE)]
Prose = Annotated[str, AfterValidator(_prose), Field(json_schema_extra=_PROSE)]


def _instant(value: datetime) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


Instant = Annotated[
    datetime,
    PlainSerializer(_instant, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]
