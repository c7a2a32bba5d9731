from __future__ import annotations

from typing import Annotated

from pydantic import Field

from appliance.api.fields import Body, Instant, Output
from appliance.api.schemas.auth import Password, Token
from appliance.services.two_factor import Setup, Status

# Of an authenticator or a recovery code, with the spaces and dashes that people type.
Code = Annotated[str, Field(min_length=1, max_length=32)]


class TwoFactorSetupIn(Body):
    password: Password


class TwoFactorEnableIn(Body):
    code: Code


class TwoFactorDisableIn(Body):
    password: Password
    code: Code


class TwoFactorVerifyIn(Body):
    challenge: Token
    code: Code


class TwoFactorStatusOut(Output):
    enabled: bool
    enabled_at: Instant | None
    recovery_codes_left: int

    @classmethod
    def of(cls, status: Status) -> TwoFactorStatusOut:
        return cls(
            enabled=status.enabled_at is not None,
            enabled_at=status.enabled_at,
            recovery_codes_left=status.recovery_codes_left,
        )


class TwoFactorSetupOut(Output):
    secret: str
    otpauth_uri: str

    @classmethod
    def of(cls, setup: Setup) -> TwoFactorSetupOut:
        return cls(secret=setup.secret, otpauth_uri=setup.uri)


class TwoFactorEnabled(Output):
    """The codes are shown this once. Each replaces the authenticator one time."""

    message: str = "Two-factor sign-in is on. Keep the recovery codes where you find them."
    recovery_codes: list[str]


class TwoFactorDisabled(Output):
    message: str = "Two-factor sign-in is off."
