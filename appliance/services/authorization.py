"""The one place that decides who may call what."""

from __future__ import annotations

from enum import StrEnum

from appliance.domain import AdminRole, Principal
from appliance.errors import Forbidden, Unauthorized


class Access(StrEnum):
    """What a route asks of its caller. Every route declares one; there is no default."""

    PUBLIC = "public"
    USER = "user"
    VIEWER = "viewer"  # admin pages that show no patient text
    ADMIN = "admin"


_ROLES = {
    Access.USER: frozenset(AdminRole),
    Access.VIEWER: frozenset({AdminRole.VIEWER, AdminRole.ADMIN}),
    Access.ADMIN: frozenset({AdminRole.ADMIN}),
}


def authorize(access: Access, principal: Principal | None) -> None:
    """Return if `principal` may do what asks for `access`.

    Raises `Unauthorized` without a principal and `Forbidden` with one that lacks the role.
    """
    if access is Access.PUBLIC:
        return
    if principal is None:
        raise Unauthorized("Sign in first: a valid access token is needed.")
    if principal.user.admin_role not in _ROLES[access]:
        raise Forbidden("Your account does not have the right to do this.")
