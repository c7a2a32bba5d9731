"""What the calls of the contract need to be there: people, conversations, documents, flags."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from appliance.domain import AdminRole
from tests.api.conftest import PASSWORD, Account, Api, sign_up
from tests.api.socket_client import SocketClient

TEXT = b"Potassium replacement. Check the potassium level every four hours."
IDENTITIES = ("anonymous", "other", "viewer", "user", "admin")


@dataclass
class World:
    """Things are made anew for each call, so that calls do not undo each other."""

    api: Api
    guests: int = field(default=0)

    def headers(self, identity: str) -> dict[str, str]:
        return {} if identity == "anonymous" else self.api.accounts[identity].headers

    async def sent(self, method: str, path: str, identity: str, **more: Any) -> Any:
        response = await self.api.client.request(
            method, path, headers=self.headers(identity), **more
        )
        assert response.status_code < 300, (method, path, response.status_code, response.text)
        return response.json()["data"]

    async def conversation(self) -> str:
        """One of `user`."""
        made = await self.sent("POST", "/conversations", "user", json={"title": "Potassium"})
        return str(made["id"])

    async def answered(self) -> tuple[str, str]:
        """A conversation of `user` and the question in it, which was answered."""
        conversation_id = await self.conversation()
        async with SocketClient(self.api.ws_url, self.api.user_token) as client:
            frames = await client.ask("How often is it checked?", conversation_id=conversation_id)
        return conversation_id, str(frames[-1]["user_message_id"])

    async def document(self) -> str:
        self.guests += 1
        content = TEXT + f" Ward {self.guests}.".encode()
        made = await self.sent(
            "POST", "/api/admin/kb/documents", "admin", files={"file": ("ward.txt", content)}
        )
        document_id = str(made["document_id"])
        async with asyncio.timeout(20):
            while True:
                path = f"/api/admin/kb/documents/{document_id}"
                document = await self.sent("GET", path, "admin")
                if document["status"] == "indexed":
                    return document_id
                await asyncio.sleep(0.02)

    async def guest(self, role: AdminRole = AdminRole.USER) -> Account:
        """Somebody nobody else has to do with."""
        self.guests += 1
        return await sign_up(self.api.container, "g" * (10 + self.guests), role)

    async def flag(self) -> str:
        self.guests += 1
        made = await self.sent(
            "POST",
            "/api/admin/feature-flags",
            "admin",
            json={
                "name": f"new_feature_{self.guests}",
                "enabled": False,
                "description": "Made for a test",
                "rollout_percentage": 0,
            },
        )
        return str(made["name"])

    async def refresh_token(self) -> str:
        login = {"email": "user@hospital.example", "password": PASSWORD}
        made = await self.sent("POST", "/api/auth/login", "anonymous", json=login)
        return str(made["refresh_token"])
