"""The audit trail over HTTP: SECURITY F1 (what is in it), C6, the export and who may have it."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from appliance.services.audit_files import open_export
from appliance.services.audit_verification import verify
from appliance.storage import audit, audit_rows
from appliance.storage.audit import AuditEntry
from tests.api.conftest import PASSWORD, Api

KB = "/api/admin/kb/documents"
LOGS = "/api/admin/panel/audit-logs"
ABSENT = "00000000-0000-4000-8000-00000000ffff"


async def logs(api: Api, query: str = "") -> dict[str, Any]:
    response = await api.client.get(LOGS + query, headers=api.viewer)
    assert response.status_code == 200, response.text
    data: dict[str, Any] = response.json()["data"]
    return data


async def newest(api: Api, action: str) -> dict[str, Any]:
    found = await logs(api, f"?action={action}&limit=1")
    row: dict[str, Any] = found["logs"][0]
    return row


async def export(api: Api, path: Path, query: str = "") -> Path:
    response = await api.client.get(f"{LOGS}/export{query}", headers=api.admin)
    assert response.status_code == 200, response.text
    await asyncio.to_thread(path.write_bytes, response.content)
    return path


async def seed(api: Api, number: int, **fields: Any) -> None:
    start = api.container.services.audit._clock()

    def work(tx: Any) -> None:
        for _ in range(number):
            audit.append(
                tx, AuditEntry(**({"at": start, "action": "thing.do", "success": True} | fields))
            )

    await api.container.database.write(work)


async def test_f1_every_act_leaves_its_row(api: Api) -> None:
    """One act after the other; the newest row of its action says who did what, and no secret."""
    user = api.accounts["user"].user
    client = api.client
    login = {"email": user.email, "password": PASSWORD}
    wrong = login | {"password": "wrong horse battery"}
    conversation = (
        await client.post("/api/conversations", json={"title": "Mrs Smith"}, headers=api.user)
    ).json()["data"]["id"]
    one = f"/api/conversations/{conversation}"
    acts: list[tuple[str, bool, str | None, Any]] = [
        ("session.login", True, user.id, lambda: client.post("/api/auth/login", json=login)),
        ("session.login", False, user.id, lambda: client.post("/api/auth/login", json=wrong)),
        (
            "conversation.update", True, user.id,
            lambda: client.patch(one, json={"title": "Mrs Jones"}, headers=api.user),
        ),
        ("conversation.delete", True, user.id, lambda: client.delete(one, headers=api.user)),
        ("access.denied", False, user.id, lambda: client.get(LOGS, headers=api.user)),
        (
            "audit.export", True, api.accounts["admin"].user.id,
            lambda: client.get(f"{LOGS}/export", headers=api.admin),
        ),
        (
            "session.logout", True, api.accounts["other"].user.id,
            lambda: client.post("/api/auth/logout", headers=api.other),
        ),
    ]  # fmt: skip
    for action, success, user_id, act in acts:
        await act()
        row = await newest(api, action)
        assert (row["success"], row["user_id"]) == (success, user_id), action
        assert row["level"] == ("info" if success else "warning")
        assert row["request_id"] and row["ip"] == "127.0.0.1" and row["timestamp"].endswith("Z")
    started = await newest(api, "appliance.start")
    assert (started["success"], started["user_id"], started["ip"]) == (True, None, None)
    trail = json.dumps(await logs(api, "?limit=200"))
    for secret in ("Smith", "Jones", PASSWORD, "wrong horse", api.user_token):
        assert secret not in trail


async def test_f1_a_reused_refresh_token_leaves_its_row(api: Api) -> None:
    token = api.accounts["user"].refresh_token
    pair = await api.client.post("/api/auth/refresh", json={"refresh_token": token})
    # Its successor is in use: the first one coming back now means that two people hold it.
    await api.client.post("/api/auth/refresh", json={"refresh_token": pair.json()["refresh_token"]})
    await api.client.post("/api/auth/refresh", json={"refresh_token": token})
    row = await newest(api, "session.refresh_reuse")
    assert (row["success"], row["user_id"]) == (False, api.accounts["user"].user.id)
    assert token not in json.dumps(row)


@pytest.mark.parametrize(
    ("method", "path", "who", "route"),
    [
        ("GET", LOGS, "user", LOGS),
        ("GET", f"{LOGS}/export", "viewer", f"{LOGS}/export"),
        ("DELETE", f"{KB}/{ABSENT}", "viewer", f"{KB}/<document_id>"),
    ],
)  # fmt: skip
async def test_f1_every_denial_is_on_record(
    api: Api, method: str, path: str, who: str, route: str
) -> None:
    for _ in range(3):
        refused = await api.client.request(method, path, headers=api.accounts[who].headers)
        assert refused.status_code == 403
    found = await logs(api, "?action=access.denied")
    assert found["total"] == 3
    assert found["logs"][0]["details"] == {"method": method, "route": route}
    assert found["logs"][0]["user_id"] == api.accounts[who].user.id
    assert ABSENT not in json.dumps(found)


async def test_nobody_is_no_denial(api: Api) -> None:
    assert (await api.client.get(LOGS)).status_code == 401
    assert (await logs(api, "?action=access.denied"))["total"] == 0


async def test_f2_a_look_is_on_record_once_and_not_in_itself(api: Api) -> None:
    first = await logs(api, "?limit=3")
    assert "audit.read" not in {row["action"] for row in first["logs"]}
    second = await logs(api)
    assert second["total"] == first["total"] + 1
    assert [row["action"] for row in second["logs"]].count("audit.read") == 1
    assert second["logs"][0]["details"] == {"page": 1, "limit": 3}
    assert second["logs"][0]["user_email"] == "viewer@hospital.example"
    at_once = await asyncio.gather(*(logs(api) for _ in range(20)))
    assert len(at_once) == 20
    assert (await logs(api, "?action=audit.read"))["total"] == 22


async def test_f2_a_look_that_cannot_be_on_record_shows_nothing(api: Api) -> None:
    await api.container.database.write(
        lambda tx: (
            tx.execute(
                """CREATE TRIGGER full BEFORE INSERT ON audit_log WHEN new.action LIKE 'audit.%'
               BEGIN SELECT RAISE(ABORT, 'no'); END"""
            ).rowcount
        )
    )
    for path in (LOGS, f"{LOGS}/export"):
        response = await api.client.get(path, headers=api.admin)
        assert response.status_code == 500
        assert "session.login" not in response.text


async def test_pages_fit_together(api: Api) -> None:
    await seed(api, 25)
    whole = (await logs(api, "?limit=200"))["logs"]
    assert [row["seq"] for row in whole] == list(range(len(whole), 0, -1))
    paged = await logs(api, "?page=2&limit=10")
    # One more row stands before: that of the look at the whole.
    assert [row["seq"] for row in paged["logs"]] == [row["seq"] for row in whole[9:19]]
    assert (paged["total"], paged["page"], paged["limit"]) == (len(whole) + 1, 2, 10)
    beyond = await logs(api, "?page=1000&limit=200")
    assert beyond["logs"] == []


async def test_filters(api: Api) -> None:
    user = api.accounts["user"].user
    await seed(api, 3, user_id=user.id)
    await seed(api, 2, user_id=ABSENT)
    await seed(api, 1, action="thing.undo", user_id=user.id)
    found = await logs(api, f"?action=thing.do&user_id={user.id}&limit=2")
    assert (found["total"], len(found["logs"])) == (3, 2)
    assert {row["user_email"] for row in found["logs"]} == {user.email}
    (undone,) = (await logs(api, "?action=thing.undo"))["logs"]
    assert undone["action"] == "thing.undo"
    absent = await logs(api, f"?userId={ABSENT}")
    assert [row["user_email"] for row in absent["logs"]] == [None, None]
    assert (await logs(api, "?action=no.such"))["logs"] == []


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ("from=2026-03-02", [2, 3]),
        ("to=2026-03-02", [1, 2]),
        ("from=2026-03-02&to=2026-03-02", [2]),
        ("from=2026-03-02T12:00:00Z", [2, 3]),
        ("from=2026-03-02T12:00:00.000001Z", [3]),
        ("to=2026-03-02T12:00:00Z", [1, 2]),
        ("to=2026-03-02T11:59:59Z", [1]),
        ("from=2026-03-02T14:00:00%2B02:00&to=2026-03-02T12:00", [2]),
        ("from=2026-03-03&to=2026-03-01", []),
    ],
)
@pytest.mark.parametrize("more", ["", "&action=thing.do"])
async def test_times(api: Api, query: str, days: list[int], more: str) -> None:
    # Not in the order of time: somebody set the clock back.
    for day in (2, 1, 3):
        await seed(api, 1, at=datetime(2026, 3, day, 12, tzinfo=UTC))
    until = "" if "to=" in query else "&to=2026-03-31"
    found = await logs(api, f"?{query}{until}{more}")
    assert sorted(int(row["timestamp"][8:10]) for row in found["logs"]) == days
    assert found["total"] == len(days)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page=0", "page"),
        ("page=x", "page"),
        ("page=99999999999999999999", "page"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("action=DROP TABLE", "action"),
        ("action=" + "a" * 200, "action"),
        ("action=%00", "action"),
        ("user_id=1", "user_id"),
        ("userId=' OR 1=1", "userId"),
        ("from=yesterday", "from"),
        ("from=%20", "from"),
        ("to=2026-02-30", "to"),
        ("to=0001-01-01", "to"),
        ("to=9999-12-31", "to"),
        ("from=9999-12-31T23:59:59-23:59", "from"),
        ("to=0001-01-01T00:00:00%2B23:59", "to"),
    ],
)
async def test_bad_queries_name_their_field(api: Api, query: str, field: str) -> None:
    for path in (LOGS, f"{LOGS}/export"):
        if path.endswith("export") and field in ("page", "limit"):
            continue
        response = await api.client.get(f"{path}?{query}", headers=api.admin)
        assert (response.status_code, response.json()["error"]["field"]) == (422, field)
    trail = await logs(api)
    assert {"audit.read", "audit.export"} & {row["action"] for row in trail["logs"]} == set()


async def test_an_unknown_format_is_refused(api: Api) -> None:
    response = await api.client.get(f"{LOGS}/export?format=xml", headers=api.admin)
    assert (response.status_code, response.json()["error"]["field"]) == (422, "format")


@pytest.mark.parametrize(
    ("form", "media_type"), [("csv", "text/csv"), ("json", "application/json")]
)
async def test_f4_an_export_proves_itself(
    api: Api, tmp_path: Path, form: str, media_type: str
) -> None:
    await seed(api, 1200)
    response = await api.client.get(f"{LOGS}/export?format={form}", headers=api.admin)
    media_type = {"csv": "text/csv", "json": "application/json"}[form]
    assert response.headers["content-type"].startswith(media_type)
    assert response.headers["content-disposition"] == f'attachment; filename="audit-trail.{form}"'
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["x-request-id"]
    assert response.headers["x-ratelimit-limit"]
    assert "default-src 'self'" in response.headers["content-security-policy"]
    path = tmp_path / "trail"
    await asyncio.to_thread(path.write_bytes, response.content)
    report = verify(path)
    total = (await logs(api))["total"]
    assert (report.finding, report.rows, report.first, report.last) == (None, total, 1, total)
    assert report.public_key == api.container.audit_key()
    assert verify(path, public_key=api.container.audit_key()).finding is None
    if form == "json":
        document = json.loads(response.content)
        assert set(document) == {
            "format", "public_key", "exported_at", "filters", "filtered", "note", "rows",
            "checkpoints", "seal",
        }  # fmt: skip
        assert len(document["rows"]) == total
        assert document["rows"][-1]["action"] == "audit.export"
        assert document["checkpoints"][-1]["seq"] == total


@pytest.mark.parametrize("form", ["csv", "json"])
@pytest.mark.parametrize(
    ("query", "actions"),
    [
        ("action=thing.do", {"thing.do"}),
        ("action=no.such", set()),
        ("action=audit.export", set()),
        ("user_id=" + ABSENT, {"thing.undo"}),
        ("from=2001-01-01&to=2001-12-31", set()),
        ("from=2001-01-01&action=thing.undo", {"thing.undo"}),
    ],
)
async def test_a_filtered_export_holds_what_was_asked_for_and_says_that_it_is_a_selection(
    api: Api, tmp_path: Path, form: str, query: str, actions: set[str]
) -> None:
    await seed(api, 3)
    await seed(api, 2, action="thing.undo", user_id=ABSENT)
    await seed(api, 3)
    path = await export(api, tmp_path / "trail", f"?format={form}&{query}")
    report = verify(path)
    assert report.finding is None
    assert report.filtered
    found = [row.values["action"] for row in open_export(path).rows()]
    assert set(found[:-1]) == actions
    assert found[-1] == "audit.export"
    text = await asyncio.to_thread(path.read_text)
    assert "not that the selection is complete" in text


async def test_c6_no_value_is_a_formula(api: Api, tmp_path: Path) -> None:
    texts = [
        "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "＋1", "－1", "＠1", "'=1", "'",
        "''", 'say "x",\r\ny', "plain",
    ]  # fmt: skip
    for text in texts:
        await seed(api, 1, resource_id=text)
    path = await export(api, tmp_path / "trail.csv")
    assert verify(path).finding is None
    back = [row.values["resource_id"] for row in open_export(path).rows()]
    assert [text for text in back if text in texts] == texts
    raw = await asyncio.to_thread(path.read_bytes)
    assert raw.count(b"\r\n") >= len(texts) and raw.endswith(b"\r\n")
    assert b'"say ""x"",\r\ny"' in raw
    for row in csv.reader(io.StringIO(raw.decode(), newline="")):
        assert not [field for field in row if field.startswith(tuple("=+-@\t\r＝＋－＠"))]


async def test_only_administrators_export(api: Api) -> None:
    for who, status in (("user", 403), ("viewer", 403)):
        response = await api.client.get(f"{LOGS}/export", headers=api.accounts[who].headers)
        assert response.status_code == status
    assert (await api.client.get(f"{LOGS}/export")).status_code == 401
    assert (await logs(api, "?action=audit.export"))["total"] == 0


@pytest.mark.parametrize("form", ["csv", "json"])
async def test_an_export_while_writes_go_on(api: Api, tmp_path: Path, form: str) -> None:
    await seed(api, 1500)
    stop = asyncio.Event()

    async def write() -> int:
        written = 0
        while not stop.is_set():
            await seed(api, 1)
            written += 1
        return written

    writers = [asyncio.create_task(write()) for _ in range(8)]
    paths = await asyncio.gather(
        *(export(api, tmp_path / str(number), f"?format={form}") for number in range(3))
    )
    stop.set()
    assert sum(await asyncio.gather(*writers)) > 0
    for path in paths:
        report = verify(path)
        assert report.finding is None
        assert report.rows == report.last
    lasts = {verify(path).last for path in paths}
    assert len(lasts) == 3
    whole = verify(await export(api, tmp_path / "after"))
    assert whole.finding is None


async def test_a_download_that_breaks_off_is_no_whole_one(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await seed(api, 1200)
    whole = audit_rows.batch

    def breaks(tx: Any, wanted: Any, *, after: int, **bounds: Any) -> Any:
        if after > 600:
            raise RuntimeError("Mrs Smith")
        return whole(tx, wanted, after=after, **bounds)

    monkeypatch.setattr(audit_rows, "batch", breaks)
    with pytest.raises(httpx2.RemoteProtocolError):
        await api.client.get(f"{LOGS}/export", headers=api.admin)
    assert (await api.client.get("/health")).status_code == 200


async def test_a_client_that_leaves_a_download_is_nobodys_loss(api: Api) -> None:
    await seed(api, 5000)
    async with api.client.stream("GET", f"{LOGS}/export", headers=api.admin) as response:
        async for _ in response.aiter_bytes(1000):
            break
    assert (await logs(api))["total"] > 5000
    readers = api.container.database._idle
    for _ in range(100):
        if readers.qsize() == 3:
            break
        await asyncio.sleep(0.02)
    assert readers.qsize() == 3
