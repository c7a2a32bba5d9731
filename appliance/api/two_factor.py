"""Signing in with a second factor: turning it on and off, and the second step of a login."""

from __future__ import annotations

from appliance.api.routing import Call, Route
from appliance.api.schemas.auth import TokensOut
from appliance.api.schemas.two_factor import (
    DisabledOut,
    DisableIn,
    EnabledOut,
    EnableIn,
    SetupIn,
    SetupOut,
    StatusOut,
    VerifyIn,
)
from appliance.services.authorization import Access
from appliance.services.rate_limits import RateLimit

_VERIFY = RateLimit("two_factor", 10, 60)
_TAG = "Authentication"


async def two_factor_status(call: Call) -> StatusOut:
    return StatusOut.of(await call.services.two_factor.status(call.caller))


async def setup_two_factor(call: Call) -> SetupOut:
    password = call.body(SetupIn).password
    return SetupOut.of(await call.services.two_factor.setup(call.caller, password, call.origin))


async def enable_two_factor(call: Call) -> EnabledOut:
    code = call.body(EnableIn).code
    codes = await call.services.two_factor.enable(call.caller, code, call.origin)
    return EnabledOut(recovery_codes=codes)


async def disable_two_factor(call: Call) -> DisabledOut:
    body = call.body(DisableIn)
    await call.services.two_factor.disable(call.caller, body.password, body.code, call.origin)
    return DisabledOut()


async def verify_two_factor(call: Call) -> TokensOut:
    body = call.body(VerifyIn)
    return TokensOut.of(
        await call.services.two_factor.verify(body.challenge, body.code, call.origin)
    )


ROUTES = (
    Route(
        "GET", "/api/auth/2fa", two_factor_status, Access.USER, _TAG,
        "Is a second factor asked for, and how many recovery codes are left.",
        response=StatusOut, flat=True,
    ),
    Route(
        "POST", "/api/auth/2fa/setup", setup_two_factor, Access.USER, _TAG,
        "A secret for an authenticator; not in force until it is enabled.",
        response=SetupOut, body=SetupIn, flat=True,
    ),
    Route(
        "POST", "/api/auth/2fa/enable", enable_two_factor, Access.USER, _TAG,
        "Ask for a code at every sign-in from now on.",
        response=EnabledOut, body=EnableIn, flat=True,
    ),
    Route(
        "POST", "/api/auth/2fa/disable", disable_two_factor, Access.USER, _TAG,
        "Ask for no code any more.", response=DisabledOut, body=DisableIn, flat=True,
    ),
    Route(
        "POST", "/api/auth/2fa/verify", verify_two_factor, Access.PUBLIC, _TAG,
        "The second step of a login, with the authenticator's code or a recovery code.",
        response=TokensOut, body=VerifyIn, limit=_VERIFY, flat=True,
    ),
)  # fmt: skip
