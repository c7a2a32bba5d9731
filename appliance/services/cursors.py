"""Where a page of a list ended, as text that a client hands back."""

from __future__ import annotations

import base64
import binascii

from appliance.errors import Invalid

_SEPARATOR = "~"


def encode(*parts: str) -> str:
    return base64.urlsafe_b64encode(_SEPARATOR.join(parts).encode()).decode().rstrip("=")


def decode(cursor: str) -> list[str]:
    """The parts that were encoded; made-up ones may have any form.

    Raises `Invalid` for text that cannot have been made here.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        text = base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        raise refused() from None
    return text.split(_SEPARATOR)


def refused() -> Invalid:
    return Invalid("This cursor was not given out here.", field="cursor")
