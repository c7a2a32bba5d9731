"""A whole appliance in this process, on a loopback port, with scripted engines."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import bcrypt
import httpx2
import pytest

from appliance.container import Container
from appliance.domain import AdminRole, RequestOrigin, User, utc_now
from appliance.server import App
from appliance.settings import Settings
from appliance.storage import users
from tests.fake_embedder import FakeEmbedder
from tests.fake_engine import FakeEngine
from tests.serving import serving

PASSWORD = "correct horse battery"
ORIGIN = RequestOrigin(request_id="test", ip="127.0.0.1")


@dataclass
class Account:
    user: User
    access_token: str
    refresh_token: str
    headers: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.headers = {"Authorization": f"Bearer {self.access_token}"}


@dataclass
class Api:
    """The running appliance and four people in it."""

    client: httpx2.AsyncClient
    base_url: str
    ws_url: str
    container: Container
    app: App
    engine: FakeEngine
    accounts: dict[str, Account]

    @property
    def user(self) -> dict[str, str]:
        return self.accounts["user"].headers

    @property
    def other(self) -> dict[str, str]:
        return self.accounts["other"].headers

    @property
    def viewer(self) -> dict[str, str]:
        return self.accounts["viewer"].headers

    @property
    def admin(self) -> dict[str, str]:
        return self.accounts["admin"].headers

    @property
    def user_token(self) -> str:
        return self.accounts["user"].access_token

    @property
    def other_token(self) -> str:
        return self.accounts["other"].access_token


@cache
def password_hash(pepper: bytes) -> str:
    """The stored form of PASSWORD, at the lowest cost: hashing is tested elsewhere."""
    from appliance.services.passwords import prehash

    return bcrypt.hashpw(prehash(pepper, PASSWORD), bcrypt.gensalt(4)).decode()


async def sign_up(container: Container, name: str, role: AdminRole) -> Account:
    user = User(
        id=f"00000000-0000-4000-8000-{len(name):02d}{ord(name[0]):010d}",
        email=f"{name}@hospital.example",
        full_name=name.title(),
        is_active=True,
        admin_role=role,
        created_at=utc_now(),
    )
    stored = password_hash(container.keys.derive("password-pepper"))
    await container.database.write(lambda tx: users.insert(tx, user, stored))
    pair = await container.services.sessions.start(user, ORIGIN)
    return Account(user, pair.access_token, pair.refresh_token)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", password_rounds=10)


@pytest.fixture
async def api(settings: Settings) -> AsyncIterator[Api]:
    engine = FakeEngine()
    container = Container(settings, embedder=FakeEmbedder(), engine=engine)
    async with serving(container) as (app, port):
        accounts = {
            name: await sign_up(container, name, role)
            for name, role in (
                ("user", AdminRole.USER),
                ("other", AdminRole.USER),
                ("viewer", AdminRole.VIEWER),
                ("admin", AdminRole.ADMIN),
            )
        }
        base_url = f"http://127.0.0.1:{port}"
        async with httpx2.AsyncClient(base_url=base_url, trust_env=False) as client:
            yield Api(
                client, base_url, f"ws://127.0.0.1:{port}/ws", container, app, engine, accounts
            )
