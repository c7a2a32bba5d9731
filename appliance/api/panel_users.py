"""People in the admin panel: with their figures, histories, invitations and password resets."""

from __future__ import annotations

from typing import Any

from appliance.api.one_time_links import address_of
from appliance.api.routing import Call, Handler, Route
from appliance.api.schemas.auth import UserOut
from appliance.api.schemas.users import (
    HistoryQuery,
    InvitationIn,
    Invited,
    LockEventOut,
    LockReasons,
    PanelUserList,
    PanelUserOut,
    PasswordLinkOut,
    ReasonIn,
    RoleChangeOut,
    RoleHistory,
    UserDeleted,
    UserQuery,
    UserUpdate,
)
from appliance.services.authorization import Access


async def list_users(call: Call) -> PanelUserList:
    query = call.query(UserQuery)
    found, total = await call.services.users.overviews(
        call.caller, call.origin, query.wanted(), offset=query.offset, limit=query.limit
    )
    users = [PanelUserOut.of_overview(overview) for overview in found]
    return PanelUserList(users=users, total=total, offset=query.offset, limit=query.limit)


async def get_user(call: Call) -> PanelUserOut:
    return PanelUserOut.of_overview(
        await call.services.users.overview(call.caller, call.origin, call.path["user_id"])
    )


async def update_user(call: Call) -> PanelUserOut:
    body = call.body(UserUpdate)
    return PanelUserOut.of_overview(
        await call.services.users.change(
            call.caller, call.origin, call.path["user_id"], body.changes(), reason=body.reason
        )
    )


async def delete_user(call: Call) -> UserDeleted:
    user_id = call.path["user_id"]
    await call.services.users.delete(call.caller, call.origin, user_id)
    return UserDeleted(message="The account and all that was its own were erased.", user_id=user_id)


async def invite_user(call: Call) -> Invited:
    body = call.body(InvitationIn)
    user, link = await call.services.users.invite(
        call.caller, call.origin, body.email, body.full_name, body.admin_role
    )
    return Invited(
        user=UserOut.of(user),
        link=address_of(call, link),
        token=link.token,
        expires_at=link.expires_at,
    )


async def reset_password(call: Call) -> PasswordLinkOut:
    link = await call.services.users.new_link(call.caller, call.origin, call.path["user_id"])
    return PasswordLinkOut(
        user_id=link.user_id,
        link=address_of(call, link),
        token=link.token,
        expires_at=link.expires_at,
    )


async def unlock_user(call: Call) -> PanelUserOut:
    return PanelUserOut.of_overview(
        await call.services.users.unlock(
            call.caller,
            call.origin,
            call.path["user_id"],
            reason=call.body(ReasonIn).reason,
        )
    )


async def reset_two_factor(call: Call) -> PanelUserOut:
    overview = await call.services.users.reset_two_factor(
        call.caller,
        call.origin,
        call.path["user_id"],
        reason=call.body(ReasonIn).reason,
    )
    return PanelUserOut.of_overview(overview)


async def role_history(call: Call) -> RoleHistory:
    query = call.query(HistoryQuery)
    found = await call.services.users.role_history(
        call.caller,
        call.origin,
        call.path["user_id"],
        offset=query.offset,
        limit=query.limit,
    )
    return RoleHistory(history=[RoleChangeOut.of(change) for change in found])


async def lock_reasons(call: Call) -> LockReasons:
    query = call.query(HistoryQuery)
    found = await call.services.users.lock_events(
        call.caller,
        call.origin,
        call.path["user_id"],
        offset=query.offset,
        limit=query.limit,
    )
    return LockReasons(events=[LockEventOut.of(event) for event in found])


def _route(
    method: str, rest: str, handler: Handler, access: Access, summary: str, **more: Any
) -> Route:
    path = f"/api/admin/panel/users{rest}"
    return Route(method, path, handler, access, "Admin panel", summary, **more)


_ONE = "/<user_id>"

ROUTES: tuple[Route, ...] = (
    _route(
        "GET",
        "",
        list_users,
        Access.VIEWER,
        "List accounts with their figures, newest first",
        query=UserQuery,
        response=PanelUserList,
    ),
    _route(
        "POST",
        "",
        invite_user,
        Access.ADMIN,
        "Invite somebody by a one-time link",
        body=InvitationIn,
        response=Invited,
        status=201,
    ),
    _route(
        "GET",
        _ONE,
        get_user,
        Access.VIEWER,
        "Get an account with its figures",
        response=PanelUserOut,
    ),
    _route(
        "PUT",
        _ONE,
        update_user,
        Access.ADMIN,
        "Change an account",
        more_methods=("PATCH",),
        body=UserUpdate,
        response=PanelUserOut,
    ),
    _route(
        "DELETE",
        _ONE,
        delete_user,
        Access.ADMIN,
        "Erase an account and all that is its own",
        response=UserDeleted,
    ),
    _route(
        "POST",
        f"{_ONE}/reset-password",
        reset_password,
        Access.ADMIN,
        "Make a one-time link to choose a new password",
        response=PasswordLinkOut,
    ),
    _route(
        "POST",
        f"{_ONE}/unlock",
        unlock_user,
        Access.ADMIN,
        "Forget an account's wrong passwords",
        body=ReasonIn,
        optional_body=True,
        response=PanelUserOut,
    ),
    _route(
        "POST",
        f"{_ONE}/reset-2fa",
        reset_two_factor,
        Access.ADMIN,
        "Turn off an account's second factor, for who has lost it",
        body=ReasonIn,
        optional_body=True,
        response=PanelUserOut,
        errors=("CONFLICT",),
    ),
    _route(
        "GET",
        f"{_ONE}/role-history",
        role_history,
        Access.VIEWER,
        "Who gave or took which role, newest first",
        query=HistoryQuery,
        response=RoleHistory,
    ),
    _route(
        "GET",
        f"{_ONE}/lock-reasons",
        lock_reasons,
        Access.VIEWER,
        "When and why the account was locked and unlocked, newest first",
        query=HistoryQuery,
        response=LockReasons,
    ),
)
