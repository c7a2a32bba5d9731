"""A4: a right that is lost while a request is under way is lost for that request."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.api.conftest import Api

BOUNDARY = "frontier"
FILE = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
    f"Some words of a document.\r\n--{BOUNDARY}--\r\n"
).encode()


class Slow:
    """A request whose body comes when it is told to."""

    def __init__(self, api: Api, who: str, method: str, path: str, body: bytes, kind: str) -> None:
        self.api, self.body = api, body
        self.head = (
            f"{method} {path} HTTP/1.1\r\nHost: here\r\nContent-Type: {kind}\r\n"
            f"Authorization: {api.accounts[who].headers['Authorization']}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        ).encode()

    async def begin(self) -> None:
        port = int(self.api.base_url.rsplit(":", 1)[1])
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
        self.writer.write(self.head + self.body[:1])
        await self.writer.drain()
        await asyncio.sleep(0.1)

    async def finish(self) -> int:
        self.writer.write(self.body[1:])
        answer = await asyncio.wait_for(self.reader.read(), 10)
        self.writer.close()
        return int(answer.split(b" ", 2)[1])


def as_json(body: dict[str, Any]) -> tuple[bytes, str]:
    return json.dumps(body).encode(), "application/json"


async def test_a4_an_administrator_cannot_restore_himself_with_a_late_body(api: Api) -> None:
    user_id = api.accounts["user"].user.id
    await api.client.put(f"/api/users/{user_id}/promote-admin", headers=api.admin)
    body, kind = as_json({"is_active": True, "admin_role": "admin"})
    slow = Slow(api, "user", "PATCH", f"/api/users/{user_id}", body, kind)
    await slow.begin()
    gone = await api.client.put(f"/api/users/{user_id}/deactivate", headers=api.admin)
    assert gone.status_code == 200
    assert await slow.finish() == 401
    left = await api.client.get(f"/api/users/{user_id}", headers=api.admin)
    assert left.json()["data"]["is_active"] is False


@pytest.mark.parametrize("what", ["invitation", "document", "conversation"])
async def test_a4_nothing_is_done_for_who_has_signed_out_meanwhile(api: Api, what: str) -> None:
    invitation = {"email": "new@hospital.example", "full_name": "New", "admin_role": "admin"}
    path, (body, kind) = {
        "invitation": ("/api/admin/panel/users", as_json(invitation)),
        "document": (
            "/api/admin/kb/documents",
            (FILE, f"multipart/form-data; boundary={BOUNDARY}"),
        ),
        "conversation": ("/api/conversations", as_json({"title": "Late"})),
    }[what]
    counted = {
        "invitation": "SELECT count(*) AS n FROM users",
        "document": "SELECT count(*) AS n FROM documents",
        "conversation": "SELECT count(*) AS n FROM conversations",
    }[what]

    async def count() -> int:
        found: int = await api.container.database.read(
            lambda tx: tx.execute(counted).fetchone()["n"]
        )
        return found

    before = await count()
    slow = Slow(api, "admin", "POST", path, body, kind)
    await slow.begin()
    await api.client.post("/api/auth/logout", headers=api.admin)
    assert await slow.finish() == 401
    assert await count() == before


async def test_a4_a_download_ends_with_the_right_to_it(api: Api) -> None:
    size = 30 << 20
    words = b"words " * (size // 6)
    sent = await api.client.post(
        "/api/admin/kb/documents", files={"file": ("big.txt", words)}, headers=api.admin
    )
    document_id = sent.json()["data"]["document_id"]
    user_id = api.accounts["user"].user.id
    await api.client.put(f"/api/users/{user_id}/promote-admin", headers=api.admin)
    got = 0
    address = f"/api/admin/kb/documents/{document_id}/file"
    with pytest.raises(Exception, match=r"(?i)peer closed|incomplete|connection|disconnect"):
        async with api.client.stream("GET", address, headers=api.user) as response:
            assert response.status_code == 200
            async for piece in response.aiter_bytes(1 << 16):
                if not got:
                    gone = await api.client.put(
                        f"/api/users/{user_id}/deactivate", headers=api.admin
                    )
                    assert gone.status_code == 200
                got += len(piece)
                await asyncio.sleep(0.02)
    assert 0 < got < len(words)
