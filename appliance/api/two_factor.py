"""Signing in with a second factor: turning it on and off, and the second step of a login."""

from __future__ import annotations

from appliance.api.routing import Call, Route
from appliance.api.schemas.auth import TokensOut
from appliance.api.schemas.two_factor import (
    TwoFactorDisabled,
    TwoFactorDisableIn,
    TwoFactorEnabled,
    TwoFactorEnableIn,
    TwoFactorSetupIn,
    TwoFactorSetupOut,
    TwoFactorStatusOut,
    TwoFactorVerifyIn,
)
from appliance.services.authorization import Access
from appliance.services.rate_limits import RateLimit

_VERIFY = RateLimit("two_factor", 10, 60)
_TAG = "Authentication"


async def two_factor_status(call: Call) -> TwoFactorStatusOut:
    return TwoFactorStatusOut.of(await call.services.two_factor.status(call.caller))


async def setup_two_factor(call: Call) -> TwoFactorSetupOut:
    password = call.body(TwoFactorSetupIn).password
    return TwoFactorSetupOut.of(
        await call.services.two_factor.setup(call.caller, password, call.origin)
    )


async def enable_two_factor(call: Call) -> TwoFactorEnabled:
    code = call.body(TwoFactorEnableIn).code
    codes = await call.services.two_factor.enable(call.caller, code, call.origin)
    return TwoFactorEnabled(recovery_codes=codes)


async def disable_two_factor(call: Call) -> TwoFactorDisabled:
    body = call.body(TwoFactorDisableIn)
    await call.services.two_factor.disable(call.caller, body.password, body.code, call.origin)
    return TwoFactorDisabled()


async def verify_two_factor(call: Call) -> TokensOut:
    body = call.body(TwoFactorVerifyIn)
    return TokensOut.of(
        await call.services.two_factor.verify(body.challenge, body.code, call.origin)
    )


ROUTES = (
    Route(
        "GET", "/api/auth/2fa", two_factor_status, Access.USER, _TAG,
        "Is a second factor asked for, and how many recovery codes are left.",
        response=TwoFactorStatusOut, flat=True,
    ),
    Route(
        "POST", "/api/auth/2fa/setup", setup_two_factor, Access.USER, _TAG,
        "A secret for an authenticator; not in force until it is enabled.",
        response=TwoFactorSetupOut, body=TwoFactorSetupIn, flat=True,
    ),
    Route(
        "POST", "/api/auth/2fa/enable", enable_two_factor, Access.USER, _TAG,
        "Ask for a code at every sign-in from now on.",
        response=TwoFactorEnabled, body=TwoFactorEnableIn, flat=True,
    ),
    Route(
        "POST", "/api/auth/2fa/disable", disable_two_factor, Access.USER, _TAG,
        "Ask for no code any more.", response=TwoFactorDisabled, body=TwoFactorDisableIn, flat=True,
    ),
    Route(
        "POST", "/api/auth/2fa/verify", verify_two_factor, Access.PUBLIC, _TAG,
        "The second step of a login, with the authenticator's code or a recovery code.",
        response=TokensOut, body=TwoFactorVerifyIn, limit=_VERIFY, flat=True,
    ),
)  # fmt: skip
