"""Hooks of Schemathesis, loaded by its own process."""

from __future__ import annotations

from typing import Any

import schemathesis


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """The documented answers are enveloped; a header would take the envelope off."""
    case.headers.pop("X-Envelope", None)
