from __future__ import annotations

import shutil

from tests.api.conftest import Api


async def test_health_is_bare_and_has_the_reference_fields(api: Api) -> None:
    response = await api.client.get("/health")
    assert response.status_code == 200
    body = response.json()
    assert body["status"] == "healthy"
    assert body["version"] == "2.0.0"
    assert isinstance(body["timestamp"], float)
    assert "success" not in body


async def test_ready_names_the_four_roles_and_the_real_parts(api: Api) -> None:
    response = await api.client.get("/ready")
    assert response.status_code == 200
    body = response.json()
    assert body["status"] == "ready"
    assert body["checks"] == dict.fromkeys(("postgres", "redis", "qdrant", "nextcloud"), True)
    names = {component["name"] for component in body["components"]}
    assert {"sqlite", "lancedb", "diskcache", "files", "embedding", "answers"} <= names


async def test_a_stopping_appliance_is_not_ready(api: Api) -> None:
    api.container.services.health.stop()
    response = await api.client.get("/ready")
    assert response.status_code == 503
    assert response.json()["status"] == "not_ready"
    assert (await api.client.get("/health")).status_code == 200


async def test_a_broken_part_is_named(api: Api) -> None:
    shutil.rmtree(api.container.settings.data_dir / "files")
    response = await api.client.get("/ready")
    assert response.status_code == 503
    assert response.json()["status"] == "not_ready"
    assert response.json()["checks"]["nextcloud"] is False
    assert response.json()["checks"]["postgres"] is True


async def test_probes_are_limited_to_100_a_minute(api: Api) -> None:
    answers = [(await api.client.get("/health")) for _ in range(101)]
    assert [answer.status_code for answer in answers[:100]] == [200] * 100
    assert answers[0].headers["x-ratelimit-limit"] == "100"
    assert answers[0].headers["x-ratelimit-remaining"] == "99"
    assert answers[100].status_code == 429
    assert answers[100].json()["error"]["code"] == "RATE_LIMITED"
    assert 1 <= int(answers[100].headers["retry-after"]) <= 60
    # Each probe has its own hundred.
    assert (await api.client.get("/ready")).status_code == 200


async def test_metrics_are_for_this_machine_and_admins(api: Api) -> None:
    text = (await api.client.get("/metrics")).text
    assert "voiceassist_build_info" in text
    # A client behind a proxy on this machine looks local; then a token is asked for.
    elsewhere = {"X-Forwarded-For": "192.0.2.7"}
    refused = await api.client.get("/metrics", headers=elsewhere)
    assert refused.status_code == 401
    as_user = await api.client.get("/metrics", headers=elsewhere | api.user)
    assert as_user.status_code == 403
    as_admin = await api.client.get("/metrics", headers=elsewhere | api.admin)
    assert as_admin.status_code == 200


async def test_metrics_hold_no_ids_and_no_text(api: Api) -> None:
    await api.client.post(
        "/api/conversations", json={"title": "Mrs Smith warfarin"}, headers=api.user
    )
    text = (await api.client.get("/metrics")).text
    assert 'route="/api/conversations"' in text
    assert "Smith" not in text
    assert api.accounts["user"].user.id not in text
