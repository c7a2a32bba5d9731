"""Bad input to every operation: 422 and the field named, nothing changed, never a 5xx."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import uuid
from typing import Any
from urllib.parse import quote

import pytest

from appliance.api.routing import Route
from appliance.api.table import API_ROUTES
from appliance.services.authorization import Access
from appliance.settings import Settings
from tests.api.conftest import Api
from tests.contract.bad_values import (
    NAUGHTY,
    Bad,
    bad_bodies,
    bad_forms,
    bad_queries,
    naughty,
    text_fields,
    text_queries,
)
from tests.contract.world import World

# They record that somebody called, which is not what the call asked for.
UNWATCHED = {"audit_log", "audit_checkpoints", "login_failures", "lock_events", "sessions"}
# The answer to a request whose field may be read as an id, a credential or a name that is taken.
OTHERWISE = {401, 404, 409, 415}

BODIES = [row for row in API_ROUTES if row.body is not None]
QUERIES = [row for row in API_ROUTES if row.query is not None]
UPLOADS = [row for row in API_ROUTES if row.upload]
JSON = {"Content-Type": "application/json"}
STEP = 20  # each field meets one naughty string in so many


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"rate_limits": False, "upload_max_mb": 1})


class Ward:
    """The appliance with something in it, and a look at all that it stores."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self._world = World(api)
        self._ids: dict[str, str] = {}
        self._guest: dict[str, str] = {}

    async def fill(self) -> None:
        conversation_id, message_id = await self._world.answered()
        self._ids = {
            "conversation_id": conversation_id,
            "message_id": message_id,
            "document_id": await self._world.document(),
            "user_id": (await self._world.guest()).user.id,
        }

    async def send(self, row: Route, **arguments: Any) -> Any:
        """As somebody whom the route lets in, and whose the conversation is."""
        address = re.sub(
            r"<(\w+)>", lambda found: self._ids.get(found[1], str(uuid.uuid4())), row.path
        )
        own = row.path.startswith(("/api/auth/", "/api/users/me"))
        headers = self.api.user if row.access is Access.USER else self.api.admin
        if own:
            self._guest = self._guest or (await self._world.guest()).headers
            headers = self._guest
        headers = headers | arguments.pop("headers", {})
        await self._settled()
        before = await self.stored()
        response = await self.api.client.request(row.method, address, headers=headers, **arguments)
        if own and response.is_success:
            self._guest = {}  # signed out, or erased
        if response.status_code >= 400:
            assert await self.stored() == before, (row.method, row.path, arguments, response.text)
        return response

    async def _settled(self) -> None:
        """Wait until no document that was taken is being indexed any more."""
        database = self.api.container.database
        busy = "SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')"
        async with asyncio.timeout(30):
            while await database.read(lambda tx: tx.execute(busy).fetchone()[0]):  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def stored(self) -> str:
        """The sum of every table but those that record calls."""

        def work(tx: Any) -> str:
            names = [
                name
                for name, made_by in tx.execute(
                    "SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name"
                )
                if name not in UNWATCHED and "VIRTUAL" not in made_by and "_fts_" not in name
            ]
            digest = hashlib.sha256()
            for name in names:
                rows = sorted(repr(tuple(row)) for row in tx.execute(f'SELECT * FROM "{name}"'))
                digest.update(repr((name, rows)).encode("utf-8", "surrogatepass"))
            return digest.hexdigest()

        return await self.api.container.database.read(work)


@pytest.fixture
async def ward(api: Api) -> Ward:
    made = Ward(api)
    await made.fill()
    return made


def wrong(row: Route, bad: Bad, response: Any) -> list[str]:
    """What is wrong with the answer to a bad value."""
    status, text = response.status_code, response.text[:300]
    said = f"{row.method} {row.path} {bad.field} {bad.what}: {status}"
    if status >= 500:
        return [] if status == 503 and row.path.startswith("/api/voice/") else [f"{said} {text}"]
    if status < 400:
        return [f"{said}, taken"] if bad.certain else []
    if status == 429 and not bad.certain:
        return []  # so many wrong passwords close the account for a while
    if status != 422:
        return [f"{said} {text}"] if bad.certain or status not in OTHERWISE else []
    named = re.split(r"[.\[]", response.json()["error"].get("field") or "")[0]
    # A value that the schema allows may be refused together with another that is only an example.
    right = {snake(bad.field)} if bad.certain else {snake(bad.field), *map(snake, bad.values)}
    return [] if snake(named) in right else [f"{said} names {named!r}: {text}"]


def snake(name: str) -> str:
    return re.sub(r"([A-Z])", lambda found: "_" + found[1].lower(), name)


async def test_bodies(ward: Ward) -> None:
    problems = []
    for row in BODIES:
        for bad in bad_bodies(row):
            response = await ward.send(row, content=json.dumps(bad.values).encode(), headers=JSON)
            problems += wrong(row, bad, response)
    assert not problems, "\n".join(problems)


async def test_what_is_no_object_or_no_json(ward: Ward) -> None:
    for row in BODIES:
        for content in (b"{", b"[]", b"null", b'"text"', b"\xff", b'{"a": "\\ud800"}', b"[" * 9999):
            response = await ward.send(row, content=content, headers=JSON)
            assert response.status_code in (422, 503), (row.path, content[:20], response.text)
        response = await ward.send(row, content=b"{}", headers={"Content-Type": "text/plain"})
        assert response.status_code == 415, row.path


async def test_queries(ward: Ward) -> None:
    problems = []
    for row in QUERIES:
        for bad in bad_queries(row):
            problems += wrong(row, bad, await ward.send(row, params=bad.values))
    assert not problems, "\n".join(problems)


async def test_forms(ward: Ward) -> None:
    problems = []
    for row in UPLOADS:
        for bad, files, fields in bad_forms(row):
            problems += wrong(row, bad, await ward.send(row, files=files, data=fields))
        response = await ward.send(row, content=b"{}", headers=JSON)
        assert response.status_code in (415, 503)
    assert not problems, "\n".join(problems)


async def test_naughty_strings(ward: Ward) -> None:
    """Whatever they are taken for, they are text: refused whole, or kept."""
    if not NAUGHTY.is_file():
        pytest.skip("the list of naughty strings is not here")
    strings = naughty()
    tried: set[str] = set()
    for number, (row, name, example) in enumerate(text_fields(BODIES)):
        for text in strings[number % STEP :: STEP]:
            tried.add(text)
            content = json.dumps(example | {name: text}).encode()
            response = await ward.send(row, content=content, headers=JSON)
            assert_calm(row, name, text, response)
    for number, (row, name) in enumerate(text_queries(QUERIES)):
        for text in strings[number % STEP :: STEP]:
            tried.add(text)
            assert_calm(row, name, text, await ward.send(row, params={name: text}))
    assert len(tried) > len(strings) // 2


async def test_naughty_strings_in_paths(ward: Ward) -> None:
    if not NAUGHTY.is_file():
        pytest.skip("the list of naughty strings is not here")
    api = ward.api
    prefixes = ("/api/conversations/", "/api/admin/kb/documents/", "/static/")
    for number, text in enumerate(naughty()):
        segment = quote(text, safe="")
        response = await api.client.get(prefixes[number % 3] + segment, headers=api.admin)
        found = response.status_code == 200 and segment in ("", ".", "..")
        assert found or response.status_code in (400, 404), (text, response.status_code)


def assert_calm(row: Route, name: str, text: str, response: Any) -> None:
    context = (row.method, row.path, name, text, response.text[:300])
    if row.path.startswith("/api/voice/") and response.status_code == 503:
        return
    if row.path.startswith(("/api/auth/", "/api/users/me")) and response.status_code == 429:
        return
    assert response.status_code < 500, context
    assert "Traceback" not in response.text, context
    if response.status_code >= 400:
        assert response.status_code in OTHERWISE | {422}, context
