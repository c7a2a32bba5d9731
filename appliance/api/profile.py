"""The caller's own account."""

from __future__ import annotations

from appliance.api.routing import Call, Route
from appliance.api.schemas.auth import UserOut
from appliance.api.schemas.profile import (
    ChangePasswordIn,
    PasswordChanged,
    ProfileDeleted,
    ProfileIn,
)
from appliance.services.authorization import Access

_TAG = "Users"


async def profile(call: Call) -> UserOut:
    return UserOut.of(call.caller.user)


async def update_profile(call: Call) -> UserOut:
    body = call.body(ProfileIn)
    user = await call.services.profile.update(
        call.caller,
        call.origin,
        full_name=body.full_name,
        email=body.email,
        password=body.password,
    )
    return UserOut.of(user)


async def change_password(call: Call) -> PasswordChanged:
    body = call.body(ChangePasswordIn)
    await call.services.profile.change_password(
        call.caller, body.old_password, body.new_password, call.origin
    )
    return PasswordChanged()


async def delete_profile(call: Call) -> ProfileDeleted:
    await call.services.profile.delete(call.caller, call.origin)
    return ProfileDeleted()


ROUTES = (
    Route(
        "GET", "/api/users/me", profile, Access.USER, _TAG, "The account of the caller.",
        response=UserOut, flat=True,
    ),
    Route(
        "PUT", "/api/users/me", update_profile, Access.USER, _TAG,
        "Change the caller's name or e-mail address.",
        response=UserOut, body=ProfileIn, more_methods=("PATCH",), flat=True,
    ),
    Route(
        "POST", "/api/users/me/change-password", change_password, Access.USER, _TAG,
        "Change the caller's password; all other sessions end.",
        response=PasswordChanged, body=ChangePasswordIn, flat=True,
    ),
    Route(
        "DELETE", "/api/users/me", delete_profile, Access.USER, _TAG,
        "Erase the caller's account with all that is its own.",
        response=ProfileDeleted, flat=True,
    ),
)  # fmt: skip
