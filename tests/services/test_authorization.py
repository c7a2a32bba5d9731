"""services/authorization.py: SECURITY A1."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from appliance.domain import AdminRole, Principal, User
from appliance.errors import Forbidden, Unauthorized
from appliance.services.authorization import Access, authorize


def caller(role: AdminRole) -> Principal:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return Principal(User("user-1", "ada@ward.local", "Ada", True, role, now), "session-1")


ALLOWED: dict[Access, set[AdminRole | None]] = {
    Access.PUBLIC: {None, AdminRole.USER, AdminRole.VIEWER, AdminRole.ADMIN},
    Access.USER: {AdminRole.USER, AdminRole.VIEWER, AdminRole.ADMIN},
    Access.VIEWER: {AdminRole.VIEWER, AdminRole.ADMIN},
    Access.ADMIN: {AdminRole.ADMIN},
}


@pytest.mark.parametrize("access", list(Access))
@pytest.mark.parametrize("role", [None, *AdminRole])
def test_a1_every_access_and_every_caller(access: Access, role: AdminRole | None) -> None:
    principal = None if role is None else caller(role)
    if role in ALLOWED[access]:
        authorize(access, principal)
        return
    with pytest.raises(Unauthorized if role is None else Forbidden):
        authorize(access, principal)
