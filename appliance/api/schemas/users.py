"""Accounts as administrators see and change them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from appliance.api.fields import Body, Instant, Line, Output, Query
from appliance.api.schemas.auth import Email, Password, Token, UserOut
from appliance.domain import AdminRole, LockEvent, LockStatus, RoleChange, User
from appliance.services.accounts import MAX_FULL_NAME
from appliance.services.user_changes import UserChanges
from appliance.services.users import Overview, Wanted

FullName = Annotated[Line, Field(min_length=1, max_length=MAX_FULL_NAME)]
Reason = Annotated[Line, Field(min_length=1, max_length=500)]
# A JSON string, in a body that takes nothing else for a number or a flag.
Role = Annotated[AdminRole, Field(strict=False)]


class UserQuery(Query):
    offset: int = Field(0, ge=0, le=1_000_000)
    limit: int = Field(20, ge=1, le=100)
    search: Annotated[Line, Field(max_length=200)] | None = None
    is_active: bool | None = None
    is_admin: bool | None = None

    def wanted(self) -> Wanted:
        return Wanted(self.search, self.is_active, self.is_admin)


class HistoryQuery(Query):
    offset: int = Field(0, ge=0, le=1_000_000)
    limit: int = Field(100, ge=1, le=500)


class ReasonIn(Body):
    """Why, in the administrator's own words."""

    reason: Reason | None = None


class UserUpdate(ReasonIn):
    """Fields that are absent or null stay as they are."""

    full_name: FullName | None = None
    email: Email | None = None
    is_active: bool | None = None
    is_admin: bool | None = None
    admin_role: Role | None = None

    @field_validator("admin_role")
    @classmethod
    def _one_role(cls, role: AdminRole | None, info: ValidationInfo) -> AdminRole | None:
        is_admin = info.data.get("is_admin")
        if None not in (role, is_admin) and is_admin != (role is AdminRole.ADMIN):
            raise ValueError("contradicts is_admin")
        return role

    def changes(self) -> UserChanges:
        return UserChanges(
            full_name=self.full_name,
            email=self.email,
            is_active=self.is_active,
            is_admin=self.is_admin,
            admin_role=self.admin_role,
        )


class InvitationIn(Body):
    email: Email
    full_name: FullName
    admin_role: Role = AdminRole.USER


class RedeemIn(Body):
    token: Token
    password: Password
    full_name: FullName | None = None


class UserList(Output):
    items: list[UserOut]
    total: int
    offset: int
    limit: int


class UserChanged(UserOut):
    message: str

    @classmethod
    def with_message(cls, user: User, message: str) -> UserChanged:
        return cls(**UserOut.of(user).model_dump(), message=message)


class PanelUserOut(UserOut):
    conversations: int
    messages: int
    last_active: Instant | None
    locked: bool
    sessions: int
    invited: bool

    @classmethod
    def of_overview(cls, overview: Overview) -> PanelUserOut:
        account = overview.account
        return cls(
            **UserOut.of(account.user).model_dump(),
            conversations=account.conversations,
            messages=overview.messages,
            last_active=account.last_active,
            locked=overview.locked,
            sessions=account.sessions,
            invited=account.invited,
        )


class PanelUserList(Output):
    users: list[PanelUserOut]
    total: int
    offset: int
    limit: int


class UserDeleted(Output):
    message: str
    user_id: str


class LinkOut(Output):
    """The link is shown this once."""

    link: str
    token: str
    expires_at: Instant


class Invited(LinkOut):
    user: UserOut


class PasswordLinkOut(LinkOut):
    user_id: str


class PasswordSet(Output):
    message: str
    email: str


class RoleChangeOut(Output):
    id: str
    changed_at: Instant
    actor: str | None
    from_role: AdminRole
    to_role: AdminRole
    reason: str | None
    request_id: str | None

    @classmethod
    def of(cls, change: RoleChange) -> RoleChangeOut:
        return cls(
            id=change.id,
            changed_at=change.changed_at,
            actor=change.actor_id,
            from_role=change.from_role,
            to_role=change.to_role,
            reason=change.reason,
            request_id=change.request_id,
        )


class RoleHistory(Output):
    history: list[RoleChangeOut]


class LockEventOut(Output):
    id: str
    timestamp: Instant
    actor: str | None
    status: LockStatus
    reason: str | None
    request_id: str | None

    @classmethod
    def of(cls, event: LockEvent) -> LockEventOut:
        return cls(
            id=event.id,
            timestamp=event.timestamp,
            actor=event.actor_id,
            status=event.status,
            reason=event.reason,
            request_id=event.request_id,
        )


class LockReasons(Output):
    events: list[LockEventOut]
