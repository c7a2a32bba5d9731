"""The language model over HTTP, with models of random weights that are really loaded."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest

from appliance.container import Container
from appliance.domain import AdminRole
from appliance.settings import Settings
from tests.answering_parts import rows
from tests.api.conftest import Account, Api, sign_up
from tests.engines.questions import question
from tests.fake_embedder import FakeEmbedder
from tests.random_bert import write_random_bert
from tests.random_gguf import tiny_vocabulary, write_aborting_llama, write_random_llama
from tests.serving import serving

MODELS, LLM = "/api/admin/models", "/api/admin/models/llm"


@dataclass
class Ward:
    client: httpx2.AsyncClient
    container: Container
    accounts: dict[str, Account]

    async def models(self, name: str = "viewer") -> Any:
        response = await self.client.get(MODELS, headers=self.accounts[name].headers)
        assert response.status_code == 200
        return response.json()["data"]

    async def put(self, body: Any, name: str = "admin") -> httpx2.Response:
        return await self.client.put(LLM, json=body, headers=self.accounts[name].headers)

    async def settled(self) -> Any:
        await asyncio.wait_for(self.container.services.language_models.settled(), 20)
        return (await self.models())["llm"]

    async def answers(self) -> Any:
        ready = (await self.client.get("/ready")).json()
        return next(part for part in ready["components"] if part["name"] == "answers")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models, and what is none."""
    folder = tmp_path_factory.mktemp("models")
    words = tiny_vocabulary()
    write_random_llama(folder / "first.gguf", layers=1, context=2048, vocabulary=words)
    write_random_llama(folder / "second.gguf", layers=3, context=2048, vocabulary=words)
    write_random_bert(folder / "encoder.gguf")
    cut = write_random_llama(folder / "cut.gguf", layers=1, context=2048, vocabulary=words)
    os.truncate(cut, cut.stat().st_size - 1)
    (folder / "text.gguf").write_text("no model")
    return folder


@asynccontextmanager
async def ward(data_dir: Path, library: Path, **changed: Any) -> AsyncIterator[Ward]:
    settings = Settings(
        data_dir=data_dir, password_rounds=10, threads=1, llm_context=2048, llm_slots=2,
        llm_max_tokens=8, models_dir=library, **changed,
    )  # fmt: skip
    container = Container(settings, embedder=FakeEmbedder())
    async with serving(container) as (_, port):
        accounts = {}
        if not await container.services.accounts.has_admin():
            for name, role in (
                ("admin", AdminRole.ADMIN), ("viewer", AdminRole.VIEWER), ("user", AdminRole.USER),
            ):  # fmt: skip
                accounts[name] = await sign_up(container, name, role)
        base_url = f"http://127.0.0.1:{port}"
        async with httpx2.AsyncClient(base_url=base_url, trust_env=False) as client:
            yield Ward(client, container, accounts)


async def test_it_is_loaded_changed_and_named_by_ready(tmp_path: Path, library: Path) -> None:
    first = library / "first.gguf"
    async with ward(tmp_path / "data", library, llm_model=first) as here:
        llm = await here.settled()
        assert llm == {"model": "random-1x64", "file": "first.gguf", "change": None}
        part = await here.answers()
        assert part["ok"] and part["model"] == "random-1x64" and part["state"] == "serving"
        assert part["device"].startswith("CPU") and part["reason"] is None
        response = await here.put({"file": "second.gguf"})
        assert response.status_code == 202
        assert response.json()["data"]["change"]["file"] == "second.gguf"
        assert (await here.settled())["model"] == "random-3x64"
        listed = (await here.models())["files"]
        assert [(each["file"], each["serving"]) for each in listed] == [
            ("cut.gguf", False), ("encoder.gguf", False), ("first.gguf", False),
            ("second.gguf", True), ("text.gguf", False),
        ]  # fmt: skip
        assert listed[2]["size"] == first.stat().st_size
        engine = cast(Any, here.container.services.language_models)._serving.for_question()
        assert [piece async for piece in engine.answer(question("Why?"))]
        found = await rows(
            here.container.database,
            "SELECT * FROM audit_log WHERE action LIKE 'llm.%' ORDER BY seq",
        )
        summed = hashlib.sha256((library / "second.gguf").read_bytes()).hexdigest()
        assert [(r["action"], r["user_id"]) for r in found] == [
            ("llm.load", None),
            ("llm.change", here.accounts["admin"].user.id),
            ("llm.load", here.accounts["admin"].user.id),
        ]
        assert json.loads(found[-1]["details"]) == {"from": "first.gguf", "sha256": summed}
    async with ward(tmp_path / "data", library, llm_model=first) as here:
        await here.container.services.language_models.settled()
        assert (await here.answers())["model"] == "random-3x64"


async def test_back_to_the_settings(tmp_path: Path, library: Path) -> None:
    async with ward(tmp_path / "data", library) as here:
        assert (await here.models())["llm"] == {"model": None, "file": None, "change": None}
        part = await here.answers()
        assert part["ok"] and part["model"] == "extractive" and part["state"] is None
        await here.put({"file": "first.gguf"})
        assert (await here.settled())["model"] == "random-1x64"
        response = await here.client.delete(LLM, headers=here.accounts["admin"].headers)
        assert response.status_code == 202
        assert (await here.settled())["model"] is None
        part = await here.answers()
        assert part["ok"] and part["model"] == "extractive"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"file": "absent.gguf"}, 404, "NOT_FOUND"),
        ({"file": "..gguf"}, 404, "NOT_FOUND"),
        ({"file": ".hidden.gguf"}, 404, "NOT_FOUND"),
        ({"file": "../first.gguf"}, 422, "VALIDATION_ERROR"),
        ({"file": "/etc/passwd"}, 422, "VALIDATION_ERROR"),
        ({"file": "a\\first.gguf"}, 422, "VALIDATION_ERROR"),
        ({"file": "first.gguf\u0000"}, 422, "VALIDATION_ERROR"),
        ({"file": "first.gguf\n"}, 422, "VALIDATION_ERROR"),
        ({"file": "first"}, 422, "VALIDATION_ERROR"),
        ({"file": ""}, 422, "VALIDATION_ERROR"),
        ({"file": "x" * 300 + ".gguf"}, 422, "VALIDATION_ERROR"),
        ({"file": None}, 422, "VALIDATION_ERROR"),
        ({"file": ["first.gguf"]}, 422, "VALIDATION_ERROR"),
        ({}, 422, "VALIDATION_ERROR"),
        ({"file": "first.gguf", "path": "/tmp"}, 422, "VALIDATION_ERROR"),
        ({"file": "first.gguf", "sha256": "abc"}, 422, "VALIDATION_ERROR"),
        ({"file": "text.gguf"}, 422, "VALIDATION_ERROR"),
        ({"file": "cut.gguf"}, 422, "VALIDATION_ERROR"),
        ({"file": "encoder.gguf"}, 422, "VALIDATION_ERROR"),
    ],
)
async def test_what_cannot_be_chosen(
    body: Any, status: int, code: str, tmp_path: Path, library: Path
) -> None:
    async with ward(tmp_path / "data", library) as here:
        response = await here.put(body)
        assert response.status_code == status
        error = response.json()["error"]
        assert error["code"] == code
        assert str(library) not in response.text
        if status == 422:
            assert error["field"] in body or error["field"] == "file"
        assert (await here.models())["llm"] == {"model": None, "file": None, "change": None}
        audited = "SELECT action FROM audit_log WHERE action LIKE 'llm.%'"
        assert await rows(here.container.database, audited) == []


async def test_e12_a_model_of_other_bytes_than_listed_is_named_and_all_else_works(
    tmp_path: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = tmp_path / "catalog.toml"
    catalogue.write_text(f'[[model]]\nfile = "first.gguf"\nsha256 = "{"0" * 64}"\n')
    monkeypatch.setattr("appliance.container.model_catalogue", lambda: catalogue)
    async with ward(tmp_path / "data", library, llm_model=library / "first.gguf") as here:
        llm = await here.settled()
        assert llm["model"] is None
        assert "is not the file of that name in the catalogue" in llm["change"]["reason"]
        part = await here.answers()
        assert not part["ok"] and part["model"] == "first.gguf"
        listed = {each["file"]: each["in_catalogue"] for each in (await here.models())["files"]}
        assert listed["first.gguf"] and not listed["second.gguf"]
        # Nor is it accepted of whoever names its sum.
        summed = hashlib.sha256((library / "first.gguf").read_bytes()).hexdigest()
        assert (await here.put({"file": "first.gguf", "sha256": summed})).status_code == 202
        assert (await here.settled())["model"] is None
        await here.put({"file": "second.gguf"})
        assert (await here.settled())["model"] == "random-3x64"


async def test_a_file_that_ends_llama_cpp_does_not_end_the_appliance(
    tmp_path: Path,
) -> None:
    bad = write_aborting_llama(tmp_path / "bad.gguf")
    async with ward(tmp_path / "data", tmp_path, llm_model=bad) as here:
        llm = await here.settled()
        assert llm["model"] is None and "makes llama.cpp fail" in llm["change"]["reason"]
        assert (await here.client.get("/health")).status_code == 200


async def test_a_link_out_of_the_directory_is_no_file_of_it(tmp_path: Path, library: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "out.gguf").symlink_to(library / "first.gguf")
    async with ward(tmp_path / "data", inside) as here:
        assert (await here.models())["files"] == []
        assert (await here.put({"file": "out.gguf"})).status_code == 404


async def test_only_administrators_change_it(tmp_path: Path, library: Path) -> None:
    async with ward(tmp_path / "data", library) as here:
        for name, status in (("user", 403), ("viewer", 403)):
            assert (await here.put({"file": "first.gguf"}, name)).status_code == status
            gone = await here.client.delete(LLM, headers=here.accounts[name].headers)
            assert gone.status_code == status
        assert (await here.client.put(LLM, json={"file": "first.gguf"})).status_code == 401
        refused = await here.client.get(MODELS, headers=here.accounts["user"].headers)
        assert refused.status_code == 403
        assert (await here.models())["llm"]["change"] is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("absent.gguf", "absent.gguf does not exist (setting llm_model)."),
        ("text.gguf", "does not begin as a GGUF file does"),
        ("cut.gguf", "it is incomplete"),
        ("encoder.gguf", "an embedding model"),
    ],
)
async def test_with_a_bad_file_everything_else_serves(
    name: str, reason: str, tmp_path: Path, library: Path
) -> None:
    async with ward(tmp_path / "data", library, llm_model=library / name) as here:
        llm = await here.settled()
        assert llm["model"] is None and llm["change"]["state"] == "failed"
        assert reason in llm["change"]["reason"]
        response = await here.client.get("/ready")
        assert response.status_code == 503
        part = await here.answers()
        assert (part["ok"], part["state"], part["model"]) == (False, "failed", name)
        assert reason in part["reason"] and str(library) not in response.text
        failing = [part["name"] for part in response.json()["components"] if not part["ok"]]
        assert failing == ["answers"]
        assert (await here.client.get("/health")).status_code == 200
        await here.put({"file": "first.gguf"})
        assert (await here.settled())["model"] == "random-1x64"
        assert (await here.client.get("/ready")).status_code == 200


async def test_a_model_of_another_kind_of_engine_is_left_as_it_is(api: Api) -> None:
    response = await api.client.put(LLM, json={"file": "m.gguf"}, headers=api.admin)
    assert response.status_code == 409
    found = (await api.client.get(MODELS, headers=api.viewer)).json()["data"]
    assert found["llm"]["model"] == "fake" and found["files"] == []
