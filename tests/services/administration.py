"""An administration and the people in it, for tests of what administrators do."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, cast

from appliance.domain import AdminRole, Principal, RequestOrigin, User
from appliance.errors import Unauthorized
from appliance.services.answer_streams import AnswerStreams
from appliance.services.erasure import AccountErasure
from appliance.services.one_time_links import OneTimeLinks
from appliance.services.user_changes import UserChanges
from appliance.services.users import Users
from appliance.storage import users as store
from appliance.storage.cache import Cache
from appliance.storage.database import Database
from tests.conftest import SettableClock
from tests.services.test_accounts import Identity

ORIGIN = RequestOrigin("request-7", "10.0.0.9", "Firefox")


class Forgetful:
    """A cache that keeps nothing."""

    def key(self, namespace: str, *parts: str) -> str:
        return ":".join((namespace, *parts))

    async def through(self, key: str, ttl_s: float, compute: Callable[[], Awaitable[Any]]) -> Any:
        return await compute()


class Staff:
    """People by name; `close` when done."""

    def __init__(self, database: Database, clock: SettableClock) -> None:
        self.identity = identity = Identity(database, clock)
        self.database, self.clock = database, clock
        self.links = OneTimeLinks(
            database, identity.sessions, identity.hasher, identity.throttle, clock=clock
        )
        self.streams = AnswerStreams()
        self.users = Users(
            database,
            identity.sessions,
            identity.throttle,
            self.links,
            cast(Cache, Forgetful()),
            AccountErasure(database, identity.sessions, identity.throttle, self.streams),
            clock=clock,
        )
        self.people: dict[str, Principal] = {}
        self.tokens: dict[str, str] = {}

    async def join(self, name: str, role: AdminRole, *, is_active: bool = True) -> Principal:
        """With a session of their own, where active."""
        user = User(name, f"{name}@ward.local", name.title(), is_active, role, self.clock())
        await self.database.write(lambda tx: store.insert(tx, user, "hash"))
        self.people[name] = Principal(user, "none")
        if is_active:
            pair = await self.identity.sessions.start(user, ORIGIN)
            self.tokens[name] = pair.access_token
            self.people[name] = await self.identity.sessions.authenticate(pair.access_token)
        return self.people[name]

    async def change(self, name: str, by: str = "root", **changes: Any) -> User:
        reason = changes.pop("reason", None)
        overview = await self.users.change(
            self.people[by], ORIGIN, name, UserChanges(**changes), reason=reason
        )
        return overview.account.user

    async def holds(self, name: str) -> bool:
        try:
            await self.identity.sessions.authenticate(self.tokens[name])
        except Unauthorized:
            return False
        return True

    async def trail(self) -> list[tuple[str, str | None, dict[str, Any]]]:
        """Action, object and details of what administrators did."""
        return [
            (row["action"], row["resource_id"], json.loads(row["details"]))
            for row in await self.identity.trail()
            if not row["action"].startswith("session.")
        ]

    async def stored(self, name: str) -> User | None:
        return await self.database.read(lambda tx: store.by_id(tx, name))

    def close(self) -> None:
        self.identity.sessions.close()
        self.identity.hasher.close()


async def hired(database: Database, clock: SettableClock) -> Staff:
    """Two administrators, a viewer and a user."""
    staff = Staff(database, clock)
    for name, role in (
        ("root", AdminRole.ADMIN),
        ("deputy", AdminRole.ADMIN),
        ("viewer", AdminRole.VIEWER),
        ("ada", AdminRole.USER),
    ):
        await staff.join(name, role)
        clock.advance(minutes=1)
    return staff
