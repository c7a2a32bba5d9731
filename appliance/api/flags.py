"""Feature flags: set by administrators, read by everyone for themselves."""

from __future__ import annotations

from appliance.api.routing import Call, Route
from appliance.api.schemas.flags import (
    FlagCreate,
    FlagDeleted,
    FlagList,
    FlagOut,
    FlagsHeld,
    FlagUpdate,
)
from appliance.services.authorization import Access


async def find(call: Call) -> FlagList:
    return FlagList(flags=[FlagOut.of(flag) for flag in await call.services.flags.listing()])


async def get(call: Call) -> FlagOut:
    return FlagOut.of(await call.services.flags.get(call.path["flag_name"]))


async def create(call: Call) -> FlagOut:
    body = call.body(FlagCreate)
    flag = await call.services.flags.create(
        body.name,
        enabled=body.enabled,
        description=body.description,
        rollout_percentage=body.rollout_percentage,
        actor=call.caller,
        origin=call.origin,
    )
    return FlagOut.of(flag)


async def update(call: Call) -> FlagOut:
    changes = call.body(FlagUpdate).changes()
    flag = await call.services.flags.update(
        call.path["flag_name"], changes, actor=call.caller, origin=call.origin
    )
    return FlagOut.of(flag)


async def delete(call: Call) -> FlagDeleted:
    flag = await call.services.flags.delete(
        call.path["flag_name"], actor=call.caller, origin=call.origin
    )
    return FlagDeleted(message="The flag was deleted.", name=flag.name)


async def toggle(call: Call) -> FlagOut:
    flag = await call.services.flags.toggle(
        call.path["flag_name"], actor=call.caller, origin=call.origin
    )
    return FlagOut.of(flag)


async def held(call: Call) -> FlagsHeld:
    return FlagsHeld(flags=await call.services.flags.held_by(call.caller.user.id))


_FLAGS = "/api/admin/feature-flags"
_ONE = f"{_FLAGS}/<flag_name>"
_TAG = "Feature flags"

ROUTES: tuple[Route, ...] = (
    Route("GET", _FLAGS, find, Access.VIEWER, _TAG, "List flags, by name.", response=FlagList),
    Route(
        "POST", _FLAGS, create, Access.ADMIN, _TAG, "Create a flag.",
        response=FlagOut, status=201, body=FlagCreate,
    ),
    Route("GET", _ONE, get, Access.VIEWER, _TAG, "One flag.", response=FlagOut),
    Route(
        "PATCH", _ONE, update, Access.ADMIN, _TAG,
        "Switch a flag, describe it, or say for how many users it holds.",
        response=FlagOut, body=FlagUpdate, more_methods=("PUT",),
    ),
    Route(
        "DELETE", _ONE, delete, Access.ADMIN, _TAG,
        "Delete a flag; one that is built in can only be switched off.", response=FlagDeleted,
    ),
    Route(
        "POST", f"{_ONE}/toggle", toggle, Access.ADMIN, _TAG,
        "Switch a flag on if it is off, and off if it is on.", response=FlagOut,
    ),
    Route(
        "GET", "/api/feature-flags", held, Access.USER, _TAG,
        "Which flags hold for the caller.", response=FlagsHeld,
    ),
)  # fmt: skip
