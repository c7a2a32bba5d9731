"""D6: the tests themselves run without any other machine."""

from __future__ import annotations

import socket

import pytest


@pytest.mark.parametrize("host", ["192.0.2.1", "203.0.113.7"])
def test_d6_no_test_can_reach_another_host(host: str) -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as caller,
        pytest.raises(PermissionError, match=host),
    ):
        caller.connect((host, 443))


def test_d6_no_test_can_look_one_up() -> None:
    with pytest.raises(PermissionError, match="no other machine"):
        socket.getaddrinfo("example.org", 443)


def test_d6_loopback_is_open() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname(), timeout=5),
    ):
        accepted, _ = server.accept()
        accepted.close()
