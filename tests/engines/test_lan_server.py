from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from appliance.engines.lan_server import LanServer, is_private
from appliance.engines.openai_engine import OpenAiEngine
from appliance.errors import Unavailable
from tests.engines.model_server import model_server


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("http://127.0.0.1:8080", "127.0.0.1", 8080, ""),
        ("http://10.1.2.3", "10.1.2.3", 80, ""),
        ("http://172.16.0.1:1/v1/", "172.16.0.1", 1, ""),
        ("http://192.168.0.9:8000/llm/v1", "192.168.0.9", 8000, "/llm"),
        ("http://[::1]:8080/llm/", "::1", 8080, "/llm"),
        ("http://[fd00::7]", "fd00::7", 80, ""),
        ("https://Model.Ward.example", "model.ward.example", 443, ""),
        ("https://8.8.8.8", "8.8.8.8", 443, ""),  # secured, and named by whoever set it
        ("http://model_1", "model_1", 80, ""),  # its address is looked at when it is known
    ],
)
def test_addresses_that_can_be_used(url: str, host: str, port: int, path: str) -> None:
    server = LanServer.parse(url)
    assert (server.host, server.port, server.path) == (host, port, path)
    assert (server.tls is not None) is url.startswith("https")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8080",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "http://",
        "http://:80",
        "http://8.8.8.8",
        "http://172.32.0.1",
        "http://169.254.169.254",
        "http://0.0.0.0:80",
        "http://[2001:db8::1]",
        "http://[::ffff:8.8.8.8]",
        "http://[fe80::1%25eth0]",
        "http://[::1",
        "http://127.0.0.1:0",
        "http://127.0.0.1:70000",
        "http://127.0.0.1:http",
        "http://user:secret@127.0.0.1",
        "http://127.0.0.1@8.8.8.8",
        "http://127.0.0.1?key=secret",
        "http://127.0.0.1#secret",
        "http://127.0.0.1/\r\nX-Injected: 1",
        "http://127.0.0.1/a b",
        "http://mod\u00e9l",
        "http://model/\x00",
        "http://-model",
        "http://mo*del",
    ],
)
def test_addresses_that_are_refused(url: str) -> None:
    with pytest.raises(Unavailable, match="llm_base_url") as raised:
        LanServer.parse(url)
    assert "secret" not in raised.value.message


def test_a_mapped_address_is_what_it_stands_for() -> None:
    assert is_private("::ffff:10.0.0.1")
    assert not is_private("::ffff:8.8.8.8")
    assert not is_private("model")


@pytest.mark.parametrize(
    ("found", "reached"),
    [
        (["8.8.8.8"], False),
        (["127.0.0.1", "8.8.8.8"], False),
        (["169.254.169.254"], False),
        ([], False),
        (["127.0.0.1"], True),
        (["127.0.0.2", "127.0.0.1"], True),  # the first may be one that nobody listens on
    ],
)
async def test_a_name_must_mean_private_addresses_alone(
    found: list[str], reached: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a name means can change; here it is chosen, and where the connection goes is real."""

    async def resolved(host: str, port: int, **_: Any) -> list[Any]:
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, (address, port)) for address in found] if host == "ward.example" else []

    async with model_server() as server:
        lan = LanServer.parse(f"http://ward.example:{server.port}")
        loop = asyncio.get_running_loop()
        own = loop.getaddrinfo

        async def getaddrinfo(host: Any, port: Any, **options: Any) -> list[Any]:
            if host == "ward.example":
                return await resolved(host, port)
            assert host in (
                "127.0.0.1",
                "127.0.0.2",
            )  # nothing else may be asked for, nor connected to
            return await own(host, port, **options)

        monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)
        if reached:
            _, writer = await lan.connect()
            writer.transport.abort()
        else:
            with pytest.raises(Unavailable, match="private"):
                await lan.connect()


async def test_a_name_that_nobody_knows_cannot_be_reached() -> None:
    with pytest.raises(Unavailable, match="cannot be reached"):
        await LanServer.parse("http://nothing.invalid").connect()


# TLS


def certificate(folder: Path, name: str, host: str) -> tuple[Path, Path]:
    """A self-signed one for `host`, an address or a name: (certificate, key)."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    try:
        alternative: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        alternative = x509.DNSName(host)
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / f"{name}.pem", folder / f"{name}.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem, secret


async def test_a_certificate_is_checked_always(tmp_path: Path) -> None:
    mine, key = certificate(tmp_path, "mine", "127.0.0.1")
    other, _ = certificate(tmp_path, "other", "127.0.0.1")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(mine, key)
    async with model_server(tls=tls) as server:
        url = f"https://127.0.0.1:{server.port}"
        engine = await OpenAiEngine.open(url, ca_file=mine)
        await engine.check()
        assert engine.name == "ward-7b"
        for ca_file in (other, None):
            untrusting = await OpenAiEngine.open(url, ca_file=ca_file)
            with pytest.raises(Unavailable, match="certificate"):
                await untrusting.check()
        assert len(server.heads) == 1


async def test_a_certificate_of_another_host_is_refused(tmp_path: Path) -> None:
    pem, key = certificate(tmp_path, "elsewhere", "elsewhere.example")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pem, key)
    async with model_server(tls=tls) as server:
        with pytest.raises(Unavailable, match="certificate"):
            await LanServer.parse(f"https://127.0.0.1:{server.port}", pem).connect()


async def test_a_server_without_tls_is_told_apart() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read(1)
        writer.close()

    listening = await asyncio.start_server(plain, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    with pytest.raises(Unavailable, match="TLS"):
        await LanServer.parse(f"https://127.0.0.1:{port}").connect()
    listening.close()


def test_authorities_must_be_there(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("no certificate")
    for ca_file in (empty, tmp_path / "none.pem"):
        with pytest.raises(Unavailable, match="llm_ca_file"):
            LanServer.parse("https://127.0.0.1", ca_file)
    with pytest.raises(Unavailable, match="llm_ca_file"):
        LanServer.parse("http://127.0.0.1", empty)
