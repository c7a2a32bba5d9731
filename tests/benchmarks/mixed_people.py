"""What people do with an appliance, at random, for a benchmark that loads it with all of it."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import httpx2
from websockets.exceptions import ConnectionClosed

from tests.api.socket_client import SocketClient
from tests.benchmarks.bench_embedding import WORDS
from tests.benchmarks.ward_texts import section, subjects
from tests.pdf_writer import pdf

ADMIN = "admin@hospital.example"
PASSWORD = "correct horse battery"
PATIENCE_S = 120.0
CONVERSATIONS = 6  # of a person; older ones are deleted
DOCUMENTS = 16
SEARCHES = 1200  # two entries each fill the memory in front of the cache
MAX_TIMES = 4096  # kept of each thing done
NAMES = subjects(1280)


@dataclass
class Record:
    """Things done by name and outcome (an HTTP status, a code, an exception's name)."""

    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    seconds: dict[str, deque[float]] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, outcome: str, seconds: float, *, wanted: bool) -> None:
        self.outcomes.setdefault(name, Counter())[outcome] += 1
        self.seconds.setdefault(name, deque(maxlen=MAX_TIMES)).append(seconds)
        if not wanted:
            self.failures[f"{name}: {outcome}"] += 1


Act = Callable[[], Awaitable[str]]


@dataclass
class Ward:
    """Where everybody works. `names` are what its documents are about."""

    address: str
    record: Record
    chooser: random.Random
    names: deque[str] = field(default_factory=lambda: deque(maxlen=DOCUMENTS))


class Person:
    """Signed in, with a socket; does one thing after the other. Use `open`, then `close`."""

    def __init__(self, ward: Ward, email: str) -> None:
        self._ward = ward
        self._email = email
        self._chooser = ward.chooser
        self._http = httpx2.AsyncClient(
            base_url=f"http://{ward.address}", trust_env=False, timeout=PATIENCE_S
        )
        self._socket: SocketClient | None = None
        self._token = ""
        self._conversations: list[str] = []
        self.acts: list[tuple[int, str, Act]] = [
            (30, "ask", self._ask),
            (8, "cancel", self._cancel),
            (6, "abandon", self._abandon),
            (5, "ask by HTTP", self._post),
            (12, "read", self._read),
            (6, "search chats", self._search),
            (6, "export", self._export),
            (4, "login", self._login),
            (5, "refused", self._refused),
            (8, "new chat", self._new),
        ]

    async def open(self) -> None:
        body = {"email": self._email, "password": PASSWORD, "full_name": "Person"}
        await self._http.post("/api/auth/register", json=body)
        await self.sign_in()

    async def sign_in(self) -> None:
        body = {"email": self._email, "password": PASSWORD}
        response = await self._http.post("/api/auth/login", json=body)
        response.raise_for_status()
        self._token = response.json()["data"]["access_token"]
        self._http.headers["Authorization"] = f"Bearer {self._token}"

    async def close(self) -> None:
        await self._leave()
        await self._http.aclose()

    async def act(self) -> None:
        """One thing, whatever becomes of it; it goes into the record."""
        weights = [weight for weight, _, _ in self.acts]
        _, name, act = self._chooser.choices(self.acts, weights)[0]
        started = perf_counter()
        try:
            async with asyncio.timeout(PATIENCE_S):
                outcome, wanted = await act(), True
        except Unwanted as error:
            outcome, wanted = error.outcome, False
        except (ConnectionClosed, httpx2.HTTPError, OSError, TimeoutError) as error:
            outcome, wanted = type(error).__name__, False
            self._socket = None
        self._ward.record.add(name, outcome, perf_counter() - started, wanted=wanted)

    async def _request(
        self, method: str, path: str, *statuses: int, **options: Any
    ) -> httpx2.Response:
        response = await self._http.request(method, path, **options)
        if response.status_code not in statuses:
            raise Unwanted(str(response.status_code))
        return response

    async def _status(self, method: str, path: str, *statuses: int, **options: Any) -> str:
        return str((await self._request(method, path, *statuses, **options)).status_code)

    def _question(self) -> str:
        name = self._chooser.choice(self._ward.names)
        words = " ".join(self._chooser.choices(WORDS, k=4))
        asked = (f"What does the {name} protocol say?", f"{words} in the {name} protocol?", words)
        return self._chooser.choice(asked)

    async def _begin(self) -> SocketClient:
        """Ask on the socket; it is opened when there is none."""
        if self._socket is None:
            self._socket = SocketClient(f"ws://{self._ward.address}/ws", self._token)
            await self._socket.__aenter__()
        chosen = self._chooser.choice([None, *self._conversations])
        about = {} if chosen is None else {"conversation_id": chosen}
        await self._socket.send("message_send", content=self._question(), **about)
        return self._socket

    async def _until(self, socket: SocketClient, *types: str) -> dict[str, Any]:
        while True:
            frame = await socket.frame(PATIENCE_S)
            if frame["type"] == "error":
                raise Unwanted(frame["error"]["code"])
            if frame["type"] in types:
                if frame.get("conversation_id") not in (None, *self._conversations):
                    self._conversations.append(frame["conversation_id"])
                return frame

    async def _ask(self) -> str:
        done = await self._until(await self._begin(), "message_done")
        message = done["message"]
        if message["status"] != "complete":
            raise Unwanted(message["status"])
        if self._chooser.random() < 0.2:
            path = f"/conversations/{done['conversation_id']}/messages/{message['id']}/feedback"
            await self._request("POST", path, 200, json={"rating": "up"})
        return str(message["model"])

    async def _cancel(self) -> str:
        socket = await self._begin()
        frame = await self._until(socket, "sources", "message_done")
        if frame["type"] == "message_done":
            return "too late"
        await asyncio.sleep(self._chooser.uniform(0, 0.3))
        await socket.send("cancel")
        return str((await self._until(socket, "message_done"))["message"]["status"])

    async def _abandon(self) -> str:
        """The network goes before the answer has come, at any moment."""
        socket = await self._begin()
        await asyncio.sleep(self._chooser.uniform(0, 0.5))
        socket.cut_off()
        self._socket = None
        return "cut off"

    async def _post(self) -> str:
        if not self._conversations:
            return await self._new()
        path = f"/conversations/{self._chooser.choice(self._conversations)}/messages"
        body = {"content": self._question()}
        return await self._status("POST", path, 201, json=body)

    async def _new(self) -> str:
        if len(self._conversations) >= CONVERSATIONS:
            oldest = self._conversations.pop(0)
            await self._request("DELETE", f"/conversations/{oldest}", 200)
        made = await self._request("POST", "/conversations", 201, json={"title": "A case"})
        self._conversations.append(made.json()["data"]["id"])
        return "201"

    async def _read(self) -> str:
        for chosen in self._conversations[:2]:
            await self._request("GET", f"/conversations/{chosen}/messages", 200)
        return await self._status("GET", "/conversations", 200, params={"limit": 20})

    async def _search(self) -> str:
        words = {"q": self._chooser.choice((*self._ward.names, *WORDS[:20]))}
        return await self._status("GET", "/conversations/search", 200, params=words)

    async def _export(self) -> str:
        if not self._conversations:
            return await self._new()
        form = self._chooser.choice(("md", "pdf", "json"))
        path = f"/conversations/{self._chooser.choice(self._conversations)}/export"
        return await self._status("GET", path, 200, params={"format": form})

    async def _login(self) -> str:
        """Sign out and in again, as a new session; the old one's socket goes with it."""
        await self._leave()
        await self._request("POST", "/api/auth/logout", 200)
        await self.sign_in()
        return "200"

    async def _refused(self) -> str:
        wrong = {"email": f"{uuid.uuid4()}@hospital.example", "password": PASSWORD}
        method, path, status, options = self._chooser.choice(
            (
                ("GET", f"/conversations/{uuid.uuid4()}/messages", 404, {}),
                ("POST", "/api/auth/login", 401, {"json": wrong}),
                ("GET", "/conversations", 422, {"params": {"page": "none"}}),
                ("GET", "/api/admin/panel/summary", 403, {}),
            )
        )
        if self._email == ADMIN and status == 403:
            status = 200
        return await self._status(method, path, status, **options)

    async def _leave(self) -> None:
        if self._socket is not None:
            socket, self._socket = self._socket, None
            await socket.ws.close()


class Administrator(Person):
    """Keeps the documents moving, and looks at everything that only administrators see."""

    def __init__(self, ward: Ward) -> None:
        super().__init__(ward, ADMIN)
        self._documents: list[str] = []
        self._pictured: str | None = None  # the newest that has pages
        self._number = 0
        self.acts = [
            (6, "document", self._document),
            (6, "search documents", self._search_documents),
            (6, "panel", self._panel),
            (3, "page image", self._page),
            (2, "reindex", self._reindex),
            (2, "switch the model", self._switch),
            (1, "login", self._login),
        ]

    async def open(self) -> None:
        await self.sign_in()

    async def fill(self) -> None:
        """As many documents as there will be, and a cache that is full."""
        for _ in range(DOCUMENTS):
            await self._document()
        for _ in range(SEARCHES):
            await self._search_documents()

    async def _document(self) -> str:
        """One more; the oldest goes when there are enough."""
        if len(self._documents) >= DOCUMENTS:
            oldest = self._documents.pop(0)
            await self._request("DELETE", f"/api/admin/kb/documents/{oldest}", 200)
            if self._pictured == oldest:
                self._pictured = None
        self._number += 1
        name = NAMES[self._number % len(NAMES)]
        text = section(name, 500, self._chooser)
        if self._number % 4:
            content, file = text.encode(), f"{name}.txt"
        else:
            words = text.split()
            lines = [" ".join(words[at : at + 9]) for at in range(0, len(words), 9)]
            content, file = pdf([lines[:20], lines[20:] or [name]]), f"{name}.pdf"
        made = await self._request(
            "POST", "/api/admin/kb/documents", 202, files={"file": (file, content)}
        )
        document = made.json()["data"]["document_id"]
        self._documents.append(document)
        self._ward.names.append(name)
        if file.endswith(".pdf"):
            self._pictured = document
        return await self._indexed(document)

    async def _indexed(self, document: str) -> str:
        while True:
            path = f"/api/admin/kb/documents/{document}"
            status = (await self._request("GET", path, 200)).json()["data"]["status"]
            if status == "failed":
                raise Unwanted(status)
            if status == "indexed":
                return str(status)
            await asyncio.sleep(0.2)

    async def _search_documents(self) -> str:
        body = {"query": self._question() + f" {self._chooser.randrange(10**6)}"}
        return await self._status("POST", "/api/admin/kb/search", 200, json=body)

    async def _panel(self) -> str:
        for path in (
            "/api/admin/panel/summary",
            "/api/admin/panel/metrics",
            "/api/admin/panel/websocket-status",
            "/api/admin/panel/audit-logs",
            "/api/admin/kb/documents",
            "/api/admin/cache/stats",
            "/metrics",
            "/ready",
        ):
            await self._request("GET", path, 200)
        return "200"

    async def _page(self) -> str:
        if self._pictured is None:
            return await self._document()
        path = f"/api/admin/kb/documents/{self._pictured}/pages/1.png"
        return await self._status("GET", path, 200)

    async def _reindex(self) -> str:
        document = self._chooser.choice(self._documents)
        await self._request("POST", f"/api/admin/kb/documents/{document}/reindex", 202)
        return await self._indexed(document)

    async def _switch(self) -> str:
        """Answers are written, then quoted, then written."""
        return await self._status("POST", "/api/admin/feature-flags/llm_answers/toggle", 200)


class Unwanted(Exception):
    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome
