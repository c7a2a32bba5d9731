"""Time-based one-time passwords (RFC 6238): SHA-1, 30 s, six digits, as every authenticator has."""

from __future__ import annotations

from datetime import datetime

import pyotp
from pyotp.exceptions import OTPVerificationError

ISSUER = "VoiceAssist"
DIGITS = 6
WINDOW = 1  # steps of 30 s by which a telephone's clock may be off, either way


def new_secret() -> str:
    """160 random bits in base32."""
    return pyotp.random_base32()


def uri(secret: str, email: str) -> str:
    """The `otpauth:` address that an authenticator reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def accepted_step(secret: str, code: str, now: datetime, *, last_step: int) -> int | None:
    """The time step that `code` belongs to; None for a wrong code, and for one accepted before.

    `last_step` is the newest step whose code was accepted.
    """
    if not (len(code) == DIGITS and code.isascii() and code.isdigit()):
        return None
    totp = pyotp.TOTP(secret)
    try:
        step = totp.verify_and_get_timecode(code, for_time=now, valid_window=WINDOW)
    except OTPVerificationError:
        return None
    # A step further ahead was accepted by a clock that has been set back since: to wait for it
    # could lock its owner out for days.
    set_back = last_step > totp.timecode(now) + WINDOW
    return step if step > last_step or set_back else None
