"""Folders over REST."""

from __future__ import annotations

from typing import Any

from appliance.api.routing import Call, Handler, Route
from appliance.api.schemas.folders import (
    FolderCreate,
    FolderDeleted,
    FolderOut,
    FolderTree,
    FolderUpdate,
)
from appliance.services.authorization import Access


async def tree(call: Call) -> FolderTree:
    return FolderTree.of(await call.services.folders.tree(call.caller, call.origin))


async def create(call: Call) -> FolderOut:
    body = call.body(FolderCreate)
    return FolderOut.of(
        await call.services.folders.create(
            call.caller, call.origin, name=body.name, parent_id=body.parent_id
        )
    )


async def get(call: Call) -> FolderOut:
    return FolderOut.of(
        await call.services.folders.get(call.caller, call.origin, call.path["folder_id"])
    )


async def update(call: Call) -> FolderOut:
    changes = call.body(FolderUpdate).changes()
    return FolderOut.of(
        await call.services.folders.update(
            call.caller, call.origin, call.path["folder_id"], changes
        )
    )


async def delete(call: Call) -> FolderDeleted:
    folder_id = call.path["folder_id"]
    await call.services.folders.delete(call.caller, call.origin, folder_id)
    return FolderDeleted(
        message="The folder was deleted. What lay in it was kept.", folder_id=folder_id
    )


def _route(method: str, rest: str, handler: Handler, summary: str, **more: Any) -> Route:
    """Under `/api/folders`, and under `/folders` as conversations are."""
    return Route(
        method,
        f"/api/folders{rest}",
        handler,
        Access.USER,
        "Folders",
        summary,
        aliases=(f"/folders{rest}",),
        **more,
    )


_ONE = "/<folder_id>"

ROUTES: tuple[Route, ...] = (
    _route("GET", "", tree, "List folders as a tree", response=FolderTree),
    _route(
        "POST", "", create, "Create a folder", body=FolderCreate, response=FolderOut, status=201
    ),
    _route("GET", _ONE, get, "Get a folder and what lies in it", response=FolderOut),
    _route(
        "PUT",
        _ONE,
        update,
        "Rename or move a folder",
        more_methods=("PATCH",),
        body=FolderUpdate,
        response=FolderOut,
    ),
    _route(
        "DELETE", _ONE, delete, "Delete a folder, keeping what lies in it", response=FolderDeleted
    ),
)
