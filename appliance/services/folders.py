"""Folders: where people keep their conversations. They nest; deleting one loses nothing."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from appliance.domain import Folder, Principal, RequestOrigin, utc_now
from appliance.errors import Conflict, Invalid
from appliance.services.conversation_rules import not_found, record
from appliance.storage import audit, conversations, folders
from appliance.storage.audit import AuditEntry
from appliance.storage.database import Connection, Database

MAX_FOLDERS = 500  # of one user
MAX_DEPTH = 20

_Inside = Mapping[str | None, Sequence[Folder]]  # what lies in a folder


@dataclass(frozen=True, slots=True)
class FolderNode:
    """A folder with what lies in it; conversations in its subfolders count there."""

    folder: Folder
    conversations: int
    children: tuple[FolderNode, ...]


@dataclass(frozen=True, slots=True)
class FolderChanges:
    """What to change; None leaves a field alone, `to_top` takes it out of its parent."""

    name: str | None = None
    parent_id: str | None = None
    to_top: bool = False


class Folders:
    """All raise `NotFound` alike for an id that does not exist and for somebody else's."""

    def __init__(self, db: Database, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._db = db
        self._clock = clock

    async def tree(self, principal: Principal, origin: RequestOrigin) -> list[FolderNode]:
        """The folders at the top, by name."""
        now = self._clock()

        def read(tx: Connection) -> list[FolderNode]:
            owned = _owned(tx, principal)
            audit.append(
                tx,
                AuditEntry(
                    at=now,
                    action="folder.list",
                    success=True,
                    actor=principal,
                    origin=origin,
                    resource_type="folder",
                    details={"count": len(owned)},
                ),
            )
            return _nodes(None, _inside(owned), conversations.filed(tx, principal.user.id))

        return await self._db.write(read)

    async def get(self, principal: Principal, origin: RequestOrigin, folder_id: str) -> FolderNode:
        now = self._clock()

        def read(tx: Connection) -> FolderNode:
            node = _node(tx, principal, folder_id)
            record(tx, now, "folder.read", principal, origin, "folder", folder_id)
            return node

        return await self._db.write(read)

    async def create(
        self,
        principal: Principal,
        origin: RequestOrigin,
        *,
        name: str,
        parent_id: str | None = None,
    ) -> FolderNode:
        """Raises `Conflict` when there are too many, `Invalid` when it would lie too deep."""
        now = self._clock()
        folder = Folder(str(uuid.uuid4()), principal.user.id, parent_id, name, now)

        def work(tx: Connection) -> FolderNode:
            owned = _owned(tx, principal)
            _check_place(folder, owned)
            if len(owned) >= MAX_FOLDERS:
                raise Conflict(f"You cannot have more than {MAX_FOLDERS} folders.")
            folders.insert(tx, folder)
            record(tx, now, "folder.create", principal, origin, "folder", folder.id)
            return FolderNode(folder, 0, ())

        return await self._db.write(work)

    async def update(
        self,
        principal: Principal,
        origin: RequestOrigin,
        folder_id: str,
        changes: FolderChanges,
    ) -> FolderNode:
        """Rename or move. Raises `Invalid` for a move into itself or too deep."""
        now = self._clock()

        def work(tx: Connection) -> FolderNode:
            owned = _owned(tx, principal)
            current = _found(owned, folder_id)
            changed = replace(
                current,
                name=current.name if changes.name is None else changes.name,
                parent_id=_new_parent(current, changes),
            )
            if changed != current:
                _check_place(changed, owned)
                folders.update(tx, changed)
                record(tx, now, "folder.update", principal, origin, "folder", folder_id)
            return _node(tx, principal, folder_id)

        return await self._db.write(work)

    async def delete(self, principal: Principal, origin: RequestOrigin, folder_id: str) -> None:
        """The folders and conversations in it move to where it lay itself."""
        now = self._clock()

        def work(tx: Connection) -> None:
            folder = _found(_owned(tx, principal), folder_id)
            conversations.refile(tx, folder.user_id, folder_id, folder.parent_id)
            folders.move_children(tx, folder, folder.parent_id)
            folders.delete(tx, folder)
            record(tx, now, "folder.delete", principal, origin, "folder", folder_id)

        await self._db.write(work)


def _owned(tx: Connection, principal: Principal) -> dict[str, Folder]:
    return {folder.id: folder for folder in folders.of_user(tx, principal.user.id)}


def _found(owned: Mapping[str, Folder], folder_id: str) -> Folder:
    folder = owned.get(folder_id)
    if folder is None:
        raise not_found("folder")
    return folder


def _new_parent(current: Folder, changes: FolderChanges) -> str | None:
    if changes.to_top:
        return None
    return current.parent_id if changes.parent_id is None else changes.parent_id


def _check_place(folder: Folder, owned: Mapping[str, Folder]) -> None:
    """Whether `folder`, with what lies in it, may lie where it says."""
    if folder.parent_id is None:
        return
    _found(owned, folder.parent_id)
    above = [each.id for each in _ancestors(folder, owned)]
    if folder.id in above:
        raise Invalid("A folder cannot lie in itself.", field="parent_id")
    if len(above) + _height(folder.id, _inside(owned)) > MAX_DEPTH:
        raise Invalid(f"Folders can lie {MAX_DEPTH} deep at most.", field="parent_id")


def _ancestors(folder: Folder, owned: Mapping[str, Folder]) -> Iterator[Folder]:
    """From the parent up; ends where the line comes back to `folder`."""
    parent_id = folder.parent_id
    while parent_id is not None:
        parent = owned[parent_id]
        yield parent
        parent_id = None if parent.id == folder.id else parent.parent_id


def _inside(owned: Mapping[str, Folder]) -> dict[str | None, list[Folder]]:
    """What lies in each folder, by name; under None what lies at the top."""
    inside: dict[str | None, list[Folder]] = {}
    by_name = sorted(owned.values(), key=lambda each: (each.name.casefold(), each.created_at))
    for folder in by_name:
        inside.setdefault(folder.parent_id, []).append(folder)
    return inside


def _height(folder_id: str, inside: _Inside) -> int:
    """How many levels it takes up: 1 without subfolders."""
    return 1 + max((_height(child.id, inside) for child in inside.get(folder_id, ())), default=0)


def _nodes(parent_id: str | None, inside: _Inside, filed: Mapping[str, int]) -> list[FolderNode]:
    return [
        FolderNode(folder, filed.get(folder.id, 0), tuple(_nodes(folder.id, inside, filed)))
        for folder in inside.get(parent_id, ())
    ]


def _node(tx: Connection, principal: Principal, folder_id: str) -> FolderNode:
    owned = _owned(tx, principal)
    folder = _found(owned, folder_id)
    filed = conversations.filed(tx, principal.user.id)
    children = _nodes(folder_id, _inside(owned), filed)
    return FolderNode(folder, filed.get(folder_id, 0), tuple(children))
