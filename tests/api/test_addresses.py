"""Trailing slash or not, PUT or PATCH, prefix or not: every spelling answers alike."""

from __future__ import annotations

import re
import uuid

import pytest

from appliance.api.routing import Route
from appliance.api.table import all_routes
from appliance.settings import Settings
from tests.api.conftest import Api

# What the reference writes without a prefix, though its base address ends in /api.
WITHOUT_PREFIX = ("/api/conversations", "/api/folders", "/api/documents")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"rate_limits": False})


def spellings(route: Route) -> list[tuple[str, str]]:
    """Methods and addresses with ids that nothing has; the first is the route's own."""
    absent = str(uuid.uuid4())
    paths = [re.sub(r"<\w+>", absent, path) for path in (route.path, *route.aliases)]
    return [
        (method, path + slash)
        for method in (route.method, *route.more_methods)
        for path in paths
        for slash in (("",) if path == "/" else ("", "/"))
    ]


async def test_every_spelling_answers_alike(api: Api) -> None:
    unlike = {}
    # What ends the caller's own account or session comes last, and once.
    for route in sorted(all_routes(), key=lambda route: route.method == "DELETE"):
        own = route.path.startswith(("/api/auth", "/api/users/me"))
        answers = {}
        for method, address in spellings(route):
            # An unknown field goes no further than validation, so that nothing is done twice.
            body = {"no_such_field": 1} if route.body is not None else None
            headers = api.user if own else api.admin
            response = await api.client.request(method, address, json=body, headers=headers)
            answers[method, address] = response.status_code
            if own and method in {"DELETE", "POST"} and response.is_success:
                break
        if len(set(answers.values())) != 1 or {301, 302, 307, 308, 405} & set(answers.values()):
            unlike[route.path] = answers
    assert unlike == {}


@pytest.mark.parametrize("route", all_routes(), ids=lambda route: f"{route.method} {route.path}")
def test_updates_answer_to_both_verbs(route: Route) -> None:
    methods = {route.method, *route.more_methods}
    assert ("PUT" in methods) == ("PATCH" in methods)


@pytest.mark.parametrize("route", all_routes(), ids=lambda route: f"{route.method} {route.path}")
def test_what_the_reference_writes_without_prefix_is_served_so(route: Route) -> None:
    if route.path.startswith(WITHOUT_PREFIX):
        assert route.aliases == (route.path.removeprefix("/api"),)


async def test_another_path_is_not_taken_for_one_of_them(api: Api) -> None:
    for address in ("/conversation", "/api/auth", "/api/api/conversations", "/auth/me"):
        assert (await api.client.get(address, headers=api.user)).status_code == 404
