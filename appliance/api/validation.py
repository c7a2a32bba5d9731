"""Turns bytes and query strings into the models that a route declares, or into a clear error."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from pydantic.alias_generators import to_camel

from appliance.errors import Invalid, NotFound

ModelT = TypeVar("ModelT", bound=BaseModel)


def parse_body(model: type[ModelT], raw: bytes, *, optional: bool) -> ModelT:
    """Raises `Invalid` naming the field."""
    if optional and not raw:
        return validate(model, {})
    return validate(model, parse_json(raw))


def parse_json(raw: bytes | str) -> dict[str, Any]:
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Invalid("The body is not valid JSON.", field="body") from None
    if not isinstance(value, dict):
        raise Invalid("The body must be a JSON object.", field="body")
    return value


def parse_query(model: type[ModelT], arguments: Mapping[str, list[str]]) -> ModelT:
    return validate(model, {name: values[-1] for name, values in arguments.items()})


def validate(model: type[ModelT], values: dict[str, Any]) -> ModelT:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise invalid(error, values) from None
    except RecursionError:
        raise Invalid("The body is nested too deeply.", field="body") from None


def invalid(error: ValidationError, sent: Mapping[str, Any]) -> Invalid:
    """The first problem in words, all of them in `details`; never the value that was sent.

    Fields are named as `sent` spells them.
    """
    problems = [
        {
            "field": ".".join(_spelt(part, sent) for part in problem["loc"]) or "body",
            "problem": problem["msg"].removeprefix("Value error, "),
        }
        for problem in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    first = problems[0]
    return Invalid(
        f"{first['field']}: {first['problem']}", field=first["field"], details={"errors": problems}
    )


def _spelt(part: int | str, sent: Mapping[str, Any]) -> str:
    camel = to_camel(str(part))
    return camel if camel in sent else str(part)


def check_path(path: Mapping[str, str]) -> dict[str, str]:
    """Ids as canonical UUID text. A malformed id is answered like an absent one."""
    return {name: _uuid(value) if name.endswith("_id") else value for name, value in path.items()}


def _uuid(value: str) -> str:
    try:
        parsed = uuid.UUID(value)
    except ValueError:
        raise NotFound("There is nothing with this id.") from None
    if str(parsed) != value.lower():
        raise NotFound("There is nothing with this id.")
    return str(parsed)
