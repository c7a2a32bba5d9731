"""The one server on the local network that may be asked, and the way to it.

Nothing else is ever connected to: no proxy of the environment is used, and a host name counts only
while all its addresses are private ones.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from appliance.errors import Unavailable

CONNECT_S = 5.0
LINE_BYTES = 64 << 10  # of what is read at once, and so of a header or a line
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_.])?")
_PRIVATE = tuple(
    map(
        ipaddress.ip_network,
        # Loopback, RFC 1918 and RFC 4193.
        ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"),
    )
)

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True)
class LanServer:
    """`path` is what stands before /v1, with no slash at its end; `tls` is None for plain HTTP."""

    host: str
    port: int
    path: str
    tls: ssl.SSLContext | None

    @classmethod
    def parse(cls, base_url: str, ca_file: Path | None = None) -> LanServer:
        """Of "http(s)://host[:port][/path]", with or without /v1.

        Raises Unavailable, naming the setting, for anything else, for plain HTTP to an address that
        is not private, and for a `ca_file` that holds no certificates.
        """
        try:
            parts = urlsplit(base_url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise _unusable("is not a URL") from None
        if not base_url.isascii() or not base_url.isprintable() or " " in base_url:
            raise _unusable("holds characters that no URL has")
        if parts.scheme not in ("http", "https"):
            raise _unusable("must begin with http:// or https://")
        if "@" in parts.netloc or "?" in base_url or "#" in base_url:
            raise _unusable("must hold no user, no query and no fragment (a key has its own file)")
        address = _address(host)
        if port == 0 or (address is None and not _NAME.fullmatch(host)):
            raise _unusable("names no host and port")
        secure = parts.scheme == "https"
        if address is not None and not secure and not is_private(host):
            raise _unusable("must begin with https:// for an address that is not a private one")
        if ca_file is not None and not secure:
            raise Unavailable(
                "The setting llm_ca_file is of use only for an https:// llm_base_url."
            )
        return cls(
            host=host,
            port=port or (443 if secure else 80),
            path=parts.path.rstrip("/").removesuffix("/v1"),
            tls=_context(ca_file) if secure else None,
        )

    @property
    def authority(self) -> str:
        """As the Host header has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    async def connect(self) -> Connection:
        """A connection of its own, its certificate checked against `host`.

        Raises Unavailable when there is none within CONNECT_S.
        """
        try:
            async with asyncio.timeout(CONNECT_S):
                *others, last = await self._addresses()
                for address in others:
                    with contextlib.suppress(ConnectionError):
                        return await self._open(address)
                return await self._open(last)
        except TimeoutError:
            raise Unavailable("The language model's server does not respond.") from None
        except ssl.SSLError as error:
            verify = isinstance(error, ssl.SSLCertVerificationError)
            what = "has no certificate that is trusted" if verify else "speaks no TLS"
            raise Unavailable(f"The language model's server {what}.") from None
        except OSError:
            raise Unavailable("The language model's server cannot be reached.") from None

    async def _open(self, address: str) -> Connection:
        return await asyncio.open_connection(
            address,
            self.port,
            limit=LINE_BYTES,
            ssl=self.tls,
            server_hostname=self.host if self.tls else None,
        )

    async def _addresses(self) -> list[str]:
        """Where to connect to: the host itself, or what its name means now."""
        if _address(self.host) is not None:
            return [self.host]
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        addresses = [str(entry[4][0]) for entry in found]
        # One that is not would be reached as soon as the others are down.
        if not addresses or not all(map(is_private, addresses)):
            raise Unavailable("The name of the language model's server is of no private address.")
        return addresses


def is_private(address: str) -> bool:
    """Whether it is a loopback address, or one of a network that is not routed outside."""
    parsed = _address(address)
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return parsed is not None and any(
        parsed in network for network in _PRIVATE if network.version == parsed.version
    )


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _context(ca_file: Path | None) -> ssl.SSLContext:
    """The system's authorities, or those of `ca_file` alone."""
    if ca_file is None:
        return ssl.create_default_context()
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ValueError):
        raise Unavailable(
            f"The file {ca_file} (setting llm_ca_file) holds no certificates in PEM form, or "
            "cannot be read."
        ) from None


def _unusable(why: str) -> Unavailable:
    return Unavailable(f"The setting llm_base_url {why}.")
