"""What an administrator may change of an account, and the trail that it leaves."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, fields, replace
from datetime import datetime

from appliance.domain import (
    AdminRole,
    LockEvent,
    LockStatus,
    Principal,
    RequestOrigin,
    RoleChange,
    User,
)
from appliance.errors import BadRequest, Conflict
from appliance.services.accounts import checked_name, normalise_email
from appliance.storage import audit, lock_events, role_changes, users
from appliance.storage.audit import AuditEntry
from appliance.storage.database import Connection

_RANKS = {AdminRole.USER: 0, AdminRole.VIEWER: 1, AdminRole.ADMIN: 2}


@dataclass(frozen=True, slots=True)
class UserChanges:
    """What to change; None leaves a field alone. `is_admin` False takes the role from an
    administrator alone: a viewer stays one.
    """

    full_name: str | None = None
    email: str | None = None
    is_active: bool | None = None
    is_admin: bool | None = None
    admin_role: AdminRole | None = None

    def checked(self) -> UserChanges:
        """In normal form. Raises `Invalid` naming the field."""
        return replace(
            self,
            full_name=None if self.full_name is None else checked_name(self.full_name),
            email=None if self.email is None else normalise_email(self.email),
        )

    def applied_to(self, user: User) -> User:
        role = self.admin_role or user.admin_role
        if self.admin_role is None and self.is_admin is not None and self.is_admin != user.is_admin:
            role = AdminRole.ADMIN if self.is_admin else AdminRole.USER
        return replace(
            user,
            full_name=user.full_name if self.full_name is None else self.full_name,
            email=user.email if self.email is None else self.email,
            is_active=user.is_active if self.is_active is None else self.is_active,
            admin_role=role,
        )


@dataclass(frozen=True, slots=True)
class Act:
    """One act of an administrator; `reason` is in the administrator's own words."""

    actor: Principal
    origin: RequestOrigin
    at: datetime
    reason: str | None = None

    def record(
        self, tx: Connection, action: str, user_id: str | None, **details: str | int | bool
    ) -> None:
        """Append the audit row."""
        audit.append(
            tx,
            AuditEntry(
                at=self.at,
                action=action,
                success=True,
                actor=self.actor,
                origin=self.origin,
                resource_type="user",
                resource_id=user_id,
                details=dict(details),
            ),
        )

    def is_on_self(self, user: User) -> bool:
        return self.actor.user.id == user.id


def loses_rights(before: User, after: User) -> bool:
    """Whether sessions of before must not live on."""
    return (before.is_active and not after.is_active) or _is_demoted(before, after)


def check(tx: Connection, act: Act, before: User, after: User) -> None:
    """Raises `BadRequest` for what one must not do to oneself, `Conflict` for the last admin."""
    if act.is_on_self(before):
        if not after.is_active:
            raise BadRequest("You cannot deactivate your own account.")
        if _is_demoted(before, after):
            raise BadRequest("You cannot take away your own role.")
        if after.email != before.email:
            # There the password is asked for.
            raise BadRequest("Change your own e-mail address in your profile.", field="email")
    if loses_rights(before, after):
        keep_an_admin(tx, before)


def keep_an_admin(tx: Connection, user: User) -> None:
    """Raises `Conflict` if without `user` nobody could administer the appliance."""
    if users.is_last_admin(tx, user.id):
        raise Conflict("This is the last administrator. Make another one first.")


def write(tx: Connection, act: Act, before: User, after: User) -> None:
    """Store the change with its history and audit rows."""
    users.update(tx, after)
    changed = [
        field.name
        for field in fields(User)
        if getattr(before, field.name) != getattr(after, field.name)
    ]
    edited = [name for name in changed if name in ("email", "full_name")]
    if edited:
        act.record(tx, "user.update", after.id, fields=",".join(edited))
    if "is_active" in changed:
        _write_activity(tx, act, after)
    if "admin_role" in changed:
        _write_role(tx, act, before, after)


def _write_activity(tx: Connection, act: Act, after: User) -> None:
    status = LockStatus.UNLOCKED if after.is_active else LockStatus.LOCKED
    event = LockEvent(
        id=str(uuid.uuid4()),
        user_id=after.id,
        timestamp=act.at,
        actor_id=act.actor.user.id,
        status=status,
        reason=act.reason,
        request_id=act.origin.request_id,
    )
    lock_events.insert(tx, event)
    act.record(tx, "user.activate" if after.is_active else "user.deactivate", after.id)


def _write_role(tx: Connection, act: Act, before: User, after: User) -> None:
    change = RoleChange(
        id=str(uuid.uuid4()),
        user_id=after.id,
        changed_at=act.at,
        actor_id=act.actor.user.id,
        from_role=before.admin_role,
        to_role=after.admin_role,
        reason=act.reason,
        request_id=act.origin.request_id,
    )
    role_changes.insert(tx, change)
    roles = {"from": before.admin_role.value, "to": after.admin_role.value}
    act.record(tx, "user.role_change", after.id, **roles)


def _is_demoted(before: User, after: User) -> bool:
    return _RANKS[after.admin_role] < _RANKS[before.admin_role]
