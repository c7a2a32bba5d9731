"""services/tokens.py: SECURITY B5."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from appliance.errors import Unauthorized
from appliance.services.tokens import AccessClaims, AccessTokens, RefreshTokens
from tests.conftest import SettableClock

KEY = bytes(range(32))
INSTALL = "install-1"


@pytest.fixture
def tokens(clock: SettableClock) -> AccessTokens:
    return AccessTokens(KEY, INSTALL, clock=clock)


def claims(clock: SettableClock, **changes: Any) -> dict[str, Any]:
    now = int(clock().timestamp())
    given = {
        "iss": INSTALL,
        "aud": INSTALL,
        "sub": "user-1",
        "sid": "session-1",
        "jti": "1",
        "typ": "access",
        "iat": now,
        "exp": now + 300,
    }
    return {name: value for name, value in {**given, **changes}.items() if value is not None}


def sign(payload: dict[str, Any], key: bytes = KEY, headers: dict[str, Any] | None = None) -> str:
    """By hand: the library refuses to write some of what an attacker would."""
    signed = f"{part({'alg': 'HS256', 'typ': 'JWT'} | (headers or {}))}.{part(payload)}"
    signature = base64.urlsafe_b64encode(hmac.digest(key, signed.encode(), "sha256"))
    return f"{signed}.{signature.rstrip(b'=').decode()}"


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def far(clock: SettableClock) -> Any:
    return clock() + timedelta(hours=24)


def test_a_token_says_whose_it_is(tokens: AccessTokens, clock: SettableClock) -> None:
    token, lives = tokens.issue("user-1", "session-1", not_after=far(clock))
    assert lives == 300
    assert tokens.read(token) == AccessClaims("user-1", "session-1")
    assert tokens.read(sign(claims(clock))) == AccessClaims("user-1", "session-1")
    content = jwt.decode(token, options={"verify_signature": False})
    assert set(content) == {"iss", "aud", "sub", "sid", "jti", "typ", "iat", "exp"}


def test_no_two_tokens_are_alike(tokens: AccessTokens, clock: SettableClock) -> None:
    assert len({tokens.issue("u", "s", not_after=far(clock))[0] for _ in range(50)}) == 50


def test_a_token_does_not_outlive_its_session(tokens: AccessTokens, clock: SettableClock) -> None:
    token, lives = tokens.issue("u", "s", not_after=clock() + timedelta(seconds=20))
    assert lives == 20
    clock.advance(seconds=20)
    with pytest.raises(Unauthorized):
        tokens.read(token)


def test_a_token_ends(tokens: AccessTokens, clock: SettableClock) -> None:
    token, _ = tokens.issue("u", "s", not_after=far(clock))
    clock.advance(seconds=299)
    tokens.read(token)
    clock.advance(seconds=1)
    with pytest.raises(Unauthorized):
        tokens.read(token)


def test_e11_a_clock_set_back_makes_no_token_live_longer(
    tokens: AccessTokens, clock: SettableClock
) -> None:
    token, _ = tokens.issue("u", "s", not_after=far(clock))
    clock.advance(seconds=-60)
    tokens.read(token)  # a small correction of the clock harms nobody
    clock.advance(seconds=-1)
    with pytest.raises(Unauthorized):
        tokens.read(token)


CHANGES: list[dict[str, Any]] = [
    {"iss": "install-2"},
    {"aud": "install-2"},
    {"aud": ["install-2"]},
    {"typ": "refresh"},
    {"typ": "ticket"},
    {"typ": ["access"]},
    {"sid": 7},
    {"sid": ["session-1"]},
    {"sub": 7},
    {"exp": 1},
    {"exp": "9999999999"},
    {"exp": 9999999999.5},
    {"exp": True},
    {"iat": 9999999999, "exp": 9999999999 + 300},
    {"iat": "1"},
    *({name: None} for name in ("iss", "aud", "sub", "sid", "jti", "typ", "iat", "exp")),
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_b5_rightly_signed_but_not_an_access_token(
    tokens: AccessTokens, clock: SettableClock, change: dict[str, Any]
) -> None:
    with pytest.raises(Unauthorized):
        tokens.read(sign(claims(clock, **change)))


@pytest.mark.parametrize("name", ["crit", "kid", "jku", "x5u", "jwk", "x5c", "b64", "zip", "cty"])
def test_b5_header_parameters_that_we_never_write(
    tokens: AccessTokens, clock: SettableClock, name: str
) -> None:
    value: Any = ["exp"] if name == "crit" else True if name == "b64" else "x"
    with pytest.raises(Unauthorized):
        tokens.read(sign(claims(clock), headers={name: value}))


def test_b5_another_key(tokens: AccessTokens, clock: SettableClock) -> None:
    with pytest.raises(Unauthorized):
        tokens.read(sign(claims(clock), key=bytes(32)))


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
def test_b5_no_algorithm(tokens: AccessTokens, clock: SettableClock, algorithm: str) -> None:
    unsigned = f"{part({'alg': algorithm, 'typ': 'JWT'})}.{part(claims(clock))}."
    signature = sign(claims(clock)).rsplit(".", 1)[1]
    for token in (unsigned, unsigned + signature):
        with pytest.raises(Unauthorized):
            tokens.read(token)


def test_b5_other_algorithms(tokens: AccessTokens, clock: SettableClock) -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    long_key = KEY * 2
    for token in (
        jwt.encode(claims(clock), private, algorithm="RS256"),
        jwt.encode(claims(clock), long_key, algorithm="HS512"),
        jwt.encode(claims(clock), long_key, algorithm="HS384"),
    ):
        with pytest.raises(Unauthorized):
            tokens.read(token)
        with pytest.raises(Unauthorized):
            AccessTokens(long_key, INSTALL, clock=clock).read(token)


def test_b5_changed_content(tokens: AccessTokens, clock: SettableClock) -> None:
    token, _ = tokens.issue("user-1", "session-1", not_after=far(clock))
    header, _, signature = token.split(".")
    forged = f"{header}.{part(claims(clock, sub='admin'))}.{signature}"
    for other in (forged, token[:-4] + "AAAA", token + ".", token + "=", " " + token[:-1]):
        with pytest.raises(Unauthorized):
            tokens.read(other)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "é.é.é",
        "\ud800",
        "x" * 5000,
        part([]) + ".e30.",
        part("x") + ".e30.",
        part({"alg": ["HS256"]}) + ".e30.",
        part({"alg": None}) + ".e30.",
        "[" * 3000,
        base64.urlsafe_b64encode(b"[" * 2900).decode() + ".e30.x",
    ],
)
def test_b5_what_is_no_token(tokens: AccessTokens, text: str) -> None:
    with pytest.raises(Unauthorized):
        tokens.read(text)


def test_b5_a_refresh_token_is_no_access_token(tokens: AccessTokens) -> None:
    with pytest.raises(Unauthorized):
        tokens.read(RefreshTokens(KEY).new())


def test_a_refusal_says_nothing_about_the_token(tokens: AccessTokens, clock: SettableClock) -> None:
    messages = set()
    for token in (sign(claims(clock, exp=1)), sign(claims(clock), key=bytes(32)), "a.b.c"):
        with pytest.raises(Unauthorized) as refused:
            tokens.read(token)
        assert token not in str(refused.value)
        messages.add(refused.value.message)
    assert len(messages) == 1


def test_refresh_tokens_are_random() -> None:
    refresh = RefreshTokens(KEY)
    made = {refresh.new() for _ in range(100)}
    assert len(made) == 100
    assert {len(token) for token in made} == {43}


def test_a_refresh_token_has_one_child_that_only_the_key_can_name() -> None:
    refresh = RefreshTokens(KEY)
    parent = refresh.new()
    child = refresh.child(parent)
    assert child == refresh.child(parent)
    assert child not in (parent, refresh.child(child), refresh.hash(parent))
    assert child != RefreshTokens(bytes(32)).child(parent)
    assert len(child) == 43
    assert refresh.child(refresh.new()) != child


def test_the_kept_form_of_a_refresh_token_is_its_hash() -> None:
    assert RefreshTokens.hash("a") == (
        "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
    )
    assert len(RefreshTokens.hash("\ud800")) == 64
