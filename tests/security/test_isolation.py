"""A2: two people, every operation that people have, any id that exists: none sees another's words.

A hypothesis state machine over REST and the socket. The operations come from the route table, so a
new one is covered when it is declared; its inputs are made from its schemas. Everything that a
person writes carries a word of theirs, and every id that was ever in an answer may be used by
both.
"""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
import threading
import uuid
from collections.abc import AsyncGenerator, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from pydantic import BaseModel
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from appliance.api.routing import Route
from appliance.api.table import all_routes
from appliance.container import Container
from appliance.domain import AdminRole, Passage, Question, User, utc_now
from appliance.services.authorization import Access
from appliance.services.query import Query
from appliance.settings import Settings
from appliance.storage import users
from tests.answering_parts import DOSE, all_bear, passage
from tests.api.conftest import ORIGIN, Account, password_hash
from tests.fake_embedder import FakeEmbedder
from tests.fake_engine import FakeEngine
from tests.serving import serving

T = TypeVar("T")

PEOPLE = ("ada", "ben")
OTHER = {"ada": "ben", "ben": "ada"}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# Ends the account for good; what follows would show nothing.
LEFT_OUT = {("DELETE", "/api/users/me")}
OPERATIONS = [
    route
    for route in all_routes()
    if route.access is Access.USER and (route.method, route.path) not in LEFT_OUT
]
FRAMES = ("message_send", "resume", "cancel", "typing_start", "typing_stop")
CHOICES: dict[str, list[Any]] = {
    "rating": ["up", "down"],
    "format": ["md", "json", "pdf"],
    "mode": ["ask", "dictate"],
    "archived": [True, False],
    "answer": ["true", "false"],
    "page": [1, 2],
    "page_size": [5, 50],
    "limit": [5, 50],
}


class Echo(FakeEngine):
    """Says what it was asked and what was said before, so that a leak between two would show."""

    async def answer(self, question: Question) -> AsyncGenerator[str]:
        yield question.text
        for turn in question.history:
            yield " " + turn.content


class Known:
    async def understood(self, question: str) -> Query:
        return Query(question)

    async def find(self, question: str) -> list[Passage]:
        return [passage(DOSE)]


class Serving:
    """The appliance in a thread with a loop of its own, for a machine that knows no await."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))
        self._thread.start()
        assert self._ready.wait(30)

    async def _serve(self) -> None:
        self.container = Container(
            Settings(data_dir=Path(self._folder.name), rate_limits=False, password_rounds=10),
            embedder=FakeEmbedder(),
            engine=Echo(),
        )
        async with serving(self.container) as (_, self.port):
            writer: Any = self.container.services.answering._writer
            writer._retrieval, writer._bearing = Known(), all_bear
            self._ready.set()
            await self._stop.wait()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)
        self._loop.close()
        self._folder.cleanup()


class TwoPeople(RuleBasedStateMachine):
    server: Serving
    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self.client = httpx2.Client(
            base_url=f"http://127.0.0.1:{self.server.port}", trust_env=False, timeout=30
        )
        self.accounts: dict[str, Account] = {}
        self.owner: dict[str, str] = {}  # id -> who was told of it first
        self.number = 0

    @initialize()
    def begin(self) -> None:
        for who in PEOPLE:
            self.accounts[who] = self.server.run(self.enrol(who))
        for who in PEOPLE:
            self.send(who, "POST", "/api/conversations", {"title": self.words(who)})

    @rule(who=st.sampled_from(PEOPLE), route=st.sampled_from(OPERATIONS), data=st.data())
    def operate(self, who: str, route: Route, data: st.DataObject) -> None:
        method = data.draw(st.sampled_from((route.method, *route.more_methods)))
        named: list[str] = []

        def fill(match: re.Match[str]) -> str:
            value = str(self.value(who, match[1], data))
            named.append(value)
            return value

        path = re.sub(r"<(\w+)>", fill, route.path)
        body = None if route.body is None else self.fields(who, route.body, data)
        query = None if route.query is None else self.fields(who, route.query, data)
        status = self.send(who, method, path, body, query)
        if any(self.owner.get(value) == OTHER[who] for value in named):
            assert status >= 400, (who, method, path)

    @rule(who=st.sampled_from(PEOPLE), kind=st.sampled_from(FRAMES), data=st.data())
    def speak(self, who: str, kind: str, data: st.DataObject) -> None:
        TwoPeople.steps += 1
        frame: dict[str, Any] = {"type": kind}
        if kind == "message_send":
            frame["content"] = self.words(who)
            for name in ("conversation_id", "branch_id", "parent_message_id", "client_message_id"):
                if data.draw(st.booleans()):
                    frame[name] = self.value(who, name, data)
        elif kind in ("resume", "cancel"):
            frame["message_id"] = self.value(who, "message_id", data)
        else:
            frame["conversation_id"] = self.value(who, "conversation_id", data)
        try:
            self.exchange(who, frame)
        except ConnectionClosed:
            # Only because the person has signed out before.
            assert self.send(who, "GET", "/api/auth/me") == 401

    def exchange(self, who: str, frame: dict[str, Any]) -> None:
        with connect(
            f"ws://127.0.0.1:{self.server.port}/ws", additional_headers=self.bearer(who), proxy=None
        ) as ws:
            ws.send(json.dumps(frame))
            ws.send(json.dumps({"type": "ping"}))
            answers = frame["type"] in ("message_send", "resume")
            ends = {"message_done", "error"} if answers else {"pong"}
            while True:
                said = ws.recv(timeout=10)
                assert isinstance(said, str)
                self.look(who, said)
                told = json.loads(said)
                if told["type"] in ends:
                    break

    def send(self, who: str, method: str, path: str, body: Any = None, query: Any = None) -> int:
        TwoPeople.steps += 1
        response = self.client.request(
            method, path, json=body, params=query, headers=self.bearer(who)
        )
        if response.status_code == 401:
            self.sign_in_again(who)
        allowed = response.status_code < 500 or response.status_code == 503
        assert allowed, (method, path, response.status_code, response.text)
        self.look(who, response.text)
        return response.status_code

    def look(self, who: str, said: str) -> None:
        assert f"{OTHER[who]}canary" not in said.lower(), (who, said[:2000])
        for found in UUID.findall(said):
            self.owner.setdefault(found, who)

    def sign_in_again(self, who: str) -> None:
        """It ended its own session, which is its right."""
        user = self.accounts[who].user
        sessions = self.server.container.services.sessions
        pair = self.server.run(sessions.start(user, ORIGIN))
        self.accounts[who] = Account(user, pair.access_token, pair.refresh_token)

    async def enrol(self, who: str) -> Account:
        user_id = str(uuid.uuid4())
        email = f"{who}-{user_id}@hospital.example"
        user = User(user_id, email, who.title(), True, AdminRole.USER, utc_now())
        container = self.server.container
        stored = password_hash(container.keys.derive("password-pepper"))
        await container.database.write(lambda tx: users.insert(tx, user, stored))
        pair = await container.services.sessions.start(user, ORIGIN)
        return Account(user, pair.access_token, pair.refresh_token)

    def bearer(self, who: str) -> dict[str, str]:
        return dict(self.accounts[who].headers)

    def words(self, who: str) -> str:
        self.number += 1
        return f"{who}canary {self.number}"

    def fields(self, who: str, model: type[BaseModel], data: st.DataObject) -> dict[str, Any]:
        given = {}
        for name, field in model.model_fields.items():
            if field.is_required() or data.draw(st.booleans()):
                value = self.value(who, name, data)
                if value is not None:
                    given[name] = value
        return given

    def value(self, who: str, name: str, data: st.DataObject) -> Any:
        if name in CHOICES:
            return data.draw(st.sampled_from(CHOICES[name]))
        if name in ("q", "search", "query"):
            return f"{data.draw(st.sampled_from(PEOPLE))}canary"
        if name.endswith("_id") or name == "cursor":
            # By place, not by value: ids differ from run to run, places do not.
            ids = list(self.owner)[-200:]
            place = data.draw(st.integers(0, 400))
            return "main" if name == "branch_id" and place % 2 else ids[place % len(ids)]
        return self.words(who)

    def teardown(self) -> None:
        # Each still finds what is its own: nobody has destroyed the other's.
        for who in self.accounts:
            self.send(who, "GET", "/api/conversations", query={"page_size": 100})
        self.client.close()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a2_nobody_ever_sees_anothers_words() -> None:
    TwoPeople.server = Serving()
    TwoPeople.steps = 0
    try:
        run_state_machine_as_test(
            TwoPeople,
            settings=settings(
                max_examples=25,
                stateful_step_count=40,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        TwoPeople.server.close()
    assert TwoPeople.steps > 500
