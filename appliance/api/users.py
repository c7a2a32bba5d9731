"""Accounts, for administrators."""

from __future__ import annotations

from typing import Any

from appliance.api.routing import Call, Handler, Route
from appliance.api.schemas.auth import UserOut
from appliance.api.schemas.users import ReasonIn, UserChanged, UserList, UserQuery, UserUpdate
from appliance.domain import AdminRole
from appliance.services.authorization import Access
from appliance.services.user_changes import UserChanges


async def list_users(call: Call) -> UserList:
    query = call.query(UserQuery)
    found, total = await call.services.users.find(
        call.caller, call.origin, query.wanted(), offset=query.offset, limit=query.limit
    )
    items = [UserOut.of(user) for user in found]
    return UserList(items=items, total=total, offset=query.offset, limit=query.limit)


async def get_user(call: Call) -> UserOut:
    return UserOut.of(await call.services.users.get(call.caller, call.origin, call.path["user_id"]))


async def update_user(call: Call) -> UserOut:
    body = call.body(UserUpdate)
    overview = await call.services.users.change(
        call.caller, call.origin, call.path["user_id"], body.changes(), reason=body.reason
    )
    return UserOut.of(overview.account.user)


async def activate(call: Call) -> UserChanged:
    return await _change(call, UserChanges(is_active=True), "The account is active.")


async def deactivate(call: Call) -> UserChanged:
    return await _change(call, UserChanges(is_active=False), "The account is not active any more.")


async def promote_admin(call: Call) -> UserChanged:
    return await _change(
        call, UserChanges(admin_role=AdminRole.ADMIN), "The user is an administrator."
    )


async def revoke_admin(call: Call) -> UserChanged:
    return await _change(
        call, UserChanges(admin_role=AdminRole.USER), "The user has no administrator's rights."
    )


async def _change(call: Call, changes: UserChanges, message: str) -> UserChanged:
    overview = await call.services.users.change(
        call.caller,
        call.origin,
        call.path["user_id"],
        changes,
        reason=call.body(ReasonIn).reason,
    )
    return UserChanged.with_message(overview.account.user, message)


def _route(method: str, rest: str, handler: Handler, summary: str, **more: Any) -> Route:
    return Route(
        method, f"/api/users{rest}", handler, Access.ADMIN, "Users", summary, flat=True, **more
    )


def _act(name: str, handler: Handler, summary: str) -> Route:
    return _route(
        "PUT",
        f"/<user_id>/{name}",
        handler,
        summary,
        more_methods=("PATCH",),
        body=ReasonIn,
        optional_body=True,
        response=UserChanged,
    )


ROUTES: tuple[Route, ...] = (
    _route(
        "GET", "", list_users, "List accounts, newest first", query=UserQuery, response=UserList
    ),
    _route("GET", "/<user_id>", get_user, "Get an account", response=UserOut),
    _route(
        "PATCH",
        "/<user_id>",
        update_user,
        "Change an account",
        more_methods=("PUT",),
        body=UserUpdate,
        response=UserOut,
    ),
    _act("activate", activate, "Let an account sign in"),
    _act("deactivate", deactivate, "Keep an account from signing in, and sign it out everywhere"),
    _act("promote-admin", promote_admin, "Make a user an administrator"),
    _act("revoke-admin", revoke_admin, "Make an administrator or viewer an ordinary user"),
)
