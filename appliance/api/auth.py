"""Registering, signing in and out."""

from __future__ import annotations

from appliance.api.routing import Call, Route
from appliance.api.schemas.auth import (
    LoggedOut,
    LoginIn,
    LoginOut,
    LogoutIn,
    RefreshIn,
    RegisterIn,
    TokensOut,
    UserOut,
)
from appliance.services.authorization import Access
from appliance.services.rate_limits import RateLimit

_REGISTER = RateLimit("register", 5, 3600)
_LOGIN = RateLimit("login", 10, 60)
_TAG = "Authentication"


async def register(call: Call) -> UserOut:
    body = call.body(RegisterIn)
    user = await call.services.accounts.register(
        body.email, body.full_name, body.password, call.origin
    )
    return UserOut.of(user)


async def login(call: Call) -> LoginOut:
    body = call.body(LoginIn)
    return LoginOut.of(await call.services.accounts.login(body.email, body.password, call.origin))


async def refresh(call: Call) -> TokensOut:
    token = call.body(RefreshIn).refresh_token
    return TokensOut.of(await call.services.sessions.refresh(token, call.origin))


async def logout(call: Call) -> LoggedOut:
    token = call.body(LogoutIn).refresh_token
    await call.services.accounts.logout(call.caller, token, call.origin)
    return LoggedOut()


async def me(call: Call) -> UserOut:
    return UserOut.of(call.caller.user)


ROUTES = (
    Route(
        "POST", "/api/auth/register", register, Access.PUBLIC, _TAG, "Create an account.",
        response=UserOut, status=201, body=RegisterIn, limit=_REGISTER, flat=True,
    ),
    Route(
        "POST", "/api/auth/login", login, Access.PUBLIC, _TAG, "Sign in.",
        response=LoginOut, body=LoginIn, limit=_LOGIN, flat=True,
    ),
    Route(
        "POST", "/api/auth/refresh", refresh, Access.PUBLIC, _TAG,
        "Exchange a refresh token for new tokens.",
        response=TokensOut, body=RefreshIn, flat=True,
    ),
    Route(
        "POST", "/api/auth/logout", logout, Access.USER, _TAG, "Sign out, here and everywhere "
        "this session is in use.",
        response=LoggedOut, body=LogoutIn, optional_body=True, flat=True,
    ),
    Route(
        "GET", "/api/auth/me", me, Access.USER, _TAG, "The account of the caller.",
        response=UserOut, flat=True,
    ),
)  # fmt: skip
