"""How each endpoint of the reference is called, by whom it may be, and what it then answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance.domain import AdminRole
from tests.api.conftest import PASSWORD
from tests.contract import shapes
from tests.contract.reference import Row
from tests.contract.world import IDENTITIES, TEXT, World

NEW_PASSWORD = "newSecurePassword123"


@dataclass
class Sending:
    """What differs from the reference's own example: ids, and values that must be true here."""

    path: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    files: dict[str, tuple[str, bytes]] | None = None
    form: dict[str, str] | None = None


Prepare = Callable[[World, str], Awaitable[Sending]]


@dataclass(frozen=True)
class Expected:
    """Status by identity, and the data of a success. `file`: the media type of what is not JSON."""

    statuses: Mapping[str, int]
    shape: Any = None
    prepare: Prepare | None = None
    file: str | None = None
    bare: bool = False


def _who(success: int, refused: Mapping[str, int]) -> dict[str, int]:
    return {identity: refused.get(identity, success) for identity in IDENTITIES}


def public(status: int = 200) -> dict[str, int]:
    return _who(status, {})


def own(status: int = 200) -> dict[str, int]:
    """Every signed-in caller acts on what is their own."""
    return _who(status, {"anonymous": 401})


def owners(status: int = 200) -> dict[str, int]:
    """The thing is `user`'s; to anybody else, administrators included, it does not exist."""
    return _who(status, {"anonymous": 401, "other": 404, "viewer": 404, "admin": 404})


def viewers(status: int = 200) -> dict[str, int]:
    return _who(status, {"anonymous": 401, "other": 403, "user": 403})


def admins(status: int = 200) -> dict[str, int]:
    return _who(status, {"anonymous": 401, "other": 403, "user": 403, "viewer": 403})


async def _new_email(world: World, identity: str) -> Sending:
    return Sending(body={"email": f"{identity}.new@hospital.example"})


async def _sign_in(world: World, identity: str) -> Sending:
    return Sending(body={"email": "user@hospital.example", "password": PASSWORD})


async def _refresh(world: World, identity: str) -> Sending:
    return Sending(body={"refresh_token": await world.refresh_token()})


async def _profile(world: World, identity: str) -> Sending:
    # A new address asks for the password besides.
    return Sending(body={"email": f"{identity}.new@hospital.example", "password": PASSWORD})


async def _change_password(world: World, identity: str) -> Sending:
    return Sending(body={"old_password": PASSWORD, "new_password": NEW_PASSWORD})


async def _second_admin(world: World, identity: str) -> Sending:
    await world.guest(AdminRole.ADMIN)  # the last one could not go
    return Sending()


async def _guest(world: World, identity: str) -> Sending:
    return Sending(path={"user_id": (await world.guest()).user.id})


async def _guest_renamed(world: World, identity: str) -> Sending:
    sending = await _guest(world, identity)
    sending.body = {"full_name": "John Updated"}
    return sending


async def _guest_admin(world: World, identity: str) -> Sending:
    return Sending(path={"user_id": (await world.guest(AdminRole.ADMIN)).user.id})


async def _guest_with_roles(world: World, identity: str) -> Sending:
    sending = await _guest(world, identity)
    path = f"/api/users/{sending.path['user_id']}/promote-admin"
    await world.sent("PUT", path, "admin", json={"reason": "Covers for a colleague"})
    return sending


async def _conversation(world: World, identity: str) -> Sending:
    return Sending(path={"conversation_id": await world.conversation()})


async def _conversation_unfiled(world: World, identity: str) -> Sending:
    """The reference's folder does not exist: the conversation is taken out of its folder."""
    sending = await _conversation(world, identity)
    sending.body = {"folder_id": None}
    return sending


async def _no_folder(world: World, identity: str) -> Sending:
    return Sending(body={"folder_id": None})


async def _answered(world: World, identity: str) -> Sending:
    conversation_id, _ = await world.answered()
    return Sending(path={"conversation_id": conversation_id})


async def _branch(world: World, identity: str) -> Sending:
    conversation_id, message_id = await world.answered()
    return Sending(
        path={"conversation_id": conversation_id}, body={"parent_message_id": message_id}
    )


async def _file(world: World, identity: str) -> Sending:
    return Sending(
        files={"file": ("ward.txt", TEXT)}, form={"title": "Ward handbook", "category": "Test"}
    )


async def _document(world: World, identity: str) -> Sending:
    return Sending(path={"document_id": await world.document()})


async def _flag(world: World, identity: str) -> Sending:
    return Sending(path={"flag_name": await world.flag()})


async def _recording(world: World, identity: str) -> Sending:
    return Sending(files={"audio": ("speech.wav", b"RIFF\x24\x00\x00\x00WAVEfmt ")})


async def _nothing(world: World, identity: str) -> Sending:
    return Sending()


# Without a speech model, as here, voice says so.
CALLS: dict[str, Expected] = {
    "POST /api/auth/register": Expected(public(201), shapes.USER, _new_email),
    "POST /api/auth/login": Expected(public(), shapes.TOKENS_MORE, _sign_in),
    "POST /api/auth/refresh": Expected(public(), shapes.TOKENS_MORE, _refresh),
    "POST /api/auth/logout": Expected(own(), shapes.MESSAGE_ONLY),
    "GET /api/auth/me": Expected(own(), shapes.USER),
    "GET /api/users/me": Expected(own(), shapes.USER),
    "PUT /api/users/me": Expected(own(), shapes.USER, _profile),
    "POST /api/users/me/change-password": Expected(own(), shapes.MESSAGE_ONLY, _change_password),
    "DELETE /api/users/me": Expected(own(), shapes.MESSAGE_ONLY, _second_admin),
    "GET /api/users": Expected(admins(), shapes.USER_LIST),
    "GET /api/users/{user_id}": Expected(admins(), shapes.USER, _guest),
    "PATCH /api/users/{user_id}": Expected(admins(), shapes.USER, _guest_renamed),
    "PUT /api/users/{user_id}/activate": Expected(
        admins(), shapes.USER | shapes.MESSAGE_ONLY, _guest
    ),
    "PUT /api/users/{user_id}/deactivate": Expected(
        admins(), shapes.USER | shapes.MESSAGE_ONLY, _guest
    ),
    "PUT /api/users/{user_id}/promote-admin": Expected(
        admins(), shapes.USER | shapes.MESSAGE_ONLY, _guest
    ),
    "PUT /api/users/{user_id}/revoke-admin": Expected(
        admins(), shapes.USER | shapes.MESSAGE_ONLY, _guest_admin
    ),
    "GET /conversations": Expected(own(), None, _conversation),
    "POST /conversations": Expected(own(201), shapes.CONVERSATION, _no_folder),
    "GET /conversations/{conversation_id}": Expected(owners(), shapes.CONVERSATION, _conversation),
    "PUT /conversations/{conversation_id}": Expected(
        owners(), shapes.CONVERSATION, _conversation_unfiled
    ),
    "DELETE /conversations/{conversation_id}": Expected(
        owners(), shapes.MESSAGE_ONLY, _conversation
    ),
    "POST /conversations/{conversation_id}/branches": Expected(
        owners(201), shapes.BRANCH_CREATED, _branch
    ),
    "GET /conversations/{conversation_id}/branches": Expected(
        owners(), shapes.BRANCH_LIST, _answered
    ),
    "GET /conversations/{conversation_id}/messages": Expected(
        owners(), shapes.MESSAGE_LIST, _answered
    ),
    "GET /api/admin/panel/summary": Expected(viewers(), shapes.SUMMARY_MORE),
    "GET /api/admin/panel/websocket-status": Expected(viewers(), shapes.SOCKETS),
    "GET /api/admin/panel/users": Expected(viewers(), shapes.PANEL_USERS),
    "GET /api/admin/panel/users/{user_id}": Expected(viewers(), shapes.PANEL_USER, _guest),
    "PUT /api/admin/panel/users/{user_id}": Expected(admins(), shapes.USER, _guest_renamed),
    "DELETE /api/admin/panel/users/{user_id}": Expected(admins(), shapes.USER_DELETED, _guest),
    "GET /api/admin/panel/users/{user_id}/role-history": Expected(
        viewers(), shapes.ROLE_HISTORY, _guest_with_roles
    ),
    "GET /api/admin/panel/users/{user_id}/lock-reasons": Expected(
        viewers(), shapes.LOCK_REASONS, _guest
    ),
    "GET /api/admin/panel/metrics": Expected(viewers(), shapes.METRICS),
    "GET /api/admin/panel/audit-logs": Expected(viewers(), shapes.AUDIT_LOGS),
    "GET /api/admin/panel/audit-logs/export": Expected(admins(), file="text/csv"),
    "GET /api/admin/kb/documents": Expected(viewers(), shapes.DOCUMENT_LIST, _document),
    "POST /api/admin/kb/documents": Expected(admins(202), shapes.DOCUMENT, _file),
    "GET /api/admin/kb/documents/{document_id}": Expected(viewers(), shapes.DOCUMENT, _document),
    "DELETE /api/admin/kb/documents/{document_id}": Expected(
        admins(), shapes.DOCUMENT_DELETED, _document
    ),
    "POST /api/admin/kb/documents/{document_id}/reindex": Expected(
        admins(202), shapes.DOCUMENT, _document
    ),
    "GET /api/admin/cache/stats": Expected(viewers(), shapes.CACHE_MORE),
    "POST /api/admin/cache/clear": Expected(admins(), shapes.CACHE_CLEARED),
    "POST /api/admin/cache/invalidate": Expected(admins(), shapes.CACHE_INVALIDATED),
    "GET /api/admin/feature-flags": Expected(viewers(), {"flags": [shapes.FLAG]}),
    "GET /api/admin/feature-flags/{flag_name}": Expected(viewers(), shapes.FLAG, _flag),
    "POST /api/admin/feature-flags": Expected(admins(201), shapes.FLAG),
    "PATCH /api/admin/feature-flags/{flag_name}": Expected(admins(), shapes.FLAG, _flag),
    "DELETE /api/admin/feature-flags/{flag_name}": Expected(admins(), shapes.MESSAGE_ONLY, _flag),
    "POST /api/admin/feature-flags/{flag_name}/toggle": Expected(admins(), shapes.FLAG, _flag),
    "GET /health": Expected(public(), None, bare=True),
    "GET /ready": Expected(public(), None, bare=True),
    "GET /metrics": Expected(public(), file="text/plain"),
    "POST /api/voice/session": Expected(own(503)),
    "POST /api/voice/audio": Expected(own(503), prepare=_recording),
}


async def request(
    row: Row, expected: Expected, world: World, identity: str
) -> tuple[str, dict[str, Any]]:
    """The address and the arguments of a call, after the reference's example."""
    sending = await (expected.prepare or _nothing)(world, identity)
    arguments: dict[str, Any] = {"params": row.query}
    if sending.files is not None:
        arguments |= {"files": sending.files, "data": sending.form or {}}
    elif row.request is not None or sending.body:
        arguments["json"] = (row.request or {}) | sending.body
    return row.path.format(**sending.path), arguments
