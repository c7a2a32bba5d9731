"""SECURITY A1: every route declares who may call it, and that is what happens."""

from __future__ import annotations

import re
import uuid

import pytest

from appliance.api.routing import Route
from appliance.api.table import all_routes
from appliance.api.ws import WS_PATHS
from appliance.services.authorization import Access
from tests.api.conftest import Api

# Identity -> the status that an access level owes it; None: let in, whatever the handler then says.
OUTCOMES: dict[Access, dict[str, int | None]] = {
    Access.PUBLIC: dict.fromkeys(("anonymous", "forged", "user", "viewer", "admin")),
    Access.USER: {"anonymous": 401, "forged": 401, "user": None, "viewer": None, "admin": None},
    Access.VIEWER: {"anonymous": 401, "forged": 401, "user": 403, "viewer": None, "admin": None},
    Access.ADMIN: {"anonymous": 401, "forged": 401, "user": 403, "viewer": 403, "admin": None},
}


def addresses(route: Route) -> list[str]:
    return [
        re.sub(r"<\w+>", lambda _: str(uuid.uuid4()), path) for path in (route.path, *route.aliases)
    ]


async def test_a1_every_served_path_is_in_the_table(api: Api) -> None:
    declared = {
        (path.strip("/"), method)
        for route in all_routes()
        for path in (route.path, *route.aliases)
        for method in (route.method, *route.more_methods)
    } | {(path.strip("/"), "GET") for path in WS_PATHS}
    served = {
        (re.sub(r"<(\w+):[^>]*>", r"<\1>", route.path), method)
        for route in api.app.router.routes
        for method in route.methods
    }
    assert served == declared


@pytest.mark.parametrize("route", all_routes(), ids=lambda route: f"{route.method} {route.path}")
async def test_a1_access_is_as_declared(api: Api, route: Route) -> None:
    identities = {
        "anonymous": {},
        "forged": {"Authorization": "Bearer " + api.user_token[:-4] + "AAAA"},
        "user": api.user,
        "viewer": api.viewer,
        "admin": api.admin,
    }
    for address in addresses(route):
        for method in (route.method, *route.more_methods):
            for identity, expected in OUTCOMES[route.access].items():
                if route.optional_caller and identity == "forged":
                    expected = 401
                # No body: whoever is let in gets no further than a validation error.
                response = await api.client.request(method, address, headers=identities[identity])
                context = (identity, method, address, response.status_code)
                # Voice has no speech model in this version, and says so.
                unavailable = response.status_code == 503 and route.tag == "Voice"
                assert response.status_code < 500 or unavailable, context
                if expected is None:
                    assert response.status_code not in (401, 403, 405) or identity == "user", (
                        context
                    )
                else:
                    assert response.status_code == expected, context
                    assert response.json()["success"] is False


async def test_a_deactivated_account_is_let_in_nowhere(api: Api) -> None:
    user_id = api.accounts["user"].user.id
    await api.container.database.write(
        lambda tx: tx.execute("UPDATE users SET is_active = 0 WHERE id = ?", (user_id,)).rowcount
    )
    for route in all_routes():
        if route.access is Access.PUBLIC:
            continue
        response = await api.client.request(route.method, addresses(route)[0], headers=api.user)
        assert response.status_code == 401, route.path
