"""services/challenges.py: SECURITY B5, each kind of token is good for its own purpose only."""

from __future__ import annotations

from datetime import timedelta

import jwt
import pytest

from appliance.errors import Unauthorized
from appliance.services.challenges import LIFETIME_S, Challenges, mark
from appliance.services.tokens import AccessTokens, RefreshTokens
from tests.conftest import SettableClock

KEY, INSTALL, HASH = bytes(range(32)), "install-1", "$2b$12$abc"


@pytest.fixture
def challenges(clock: SettableClock) -> Challenges:
    return Challenges(KEY, INSTALL, clock=clock)


def test_a_challenge_says_whose_it_is(challenges: Challenges, clock: SettableClock) -> None:
    given = challenges.issue("user-1", HASH)
    assert given.expires_in == LIFETIME_S == 300
    claims = challenges.read(given.token)
    assert (claims.user_id, claims.password_mark) == ("user-1", mark(HASH))
    assert claims.expires_at == clock().replace(microsecond=0) + timedelta(seconds=300)
    assert challenges.read(challenges.issue("user-1", HASH).token).id != claims.id
    content = jwt.decode(given.token, options={"verify_signature": False})
    assert set(content) == {"iss", "aud", "sub", "jti", "typ", "iat", "exp", "pwd"}
    assert HASH not in str(content) and mark(HASH) != mark(HASH + "x")


def test_a_challenge_ends(challenges: Challenges, clock: SettableClock) -> None:
    token = challenges.issue("user-1", HASH).token
    clock.advance(seconds=299)
    challenges.read(token)
    clock.advance(seconds=1)
    with pytest.raises(Unauthorized):
        challenges.read(token)


def test_b5_cross_type_though_the_key_were_the_same(
    challenges: Challenges, clock: SettableClock
) -> None:
    access = AccessTokens(KEY, INSTALL, clock=clock)
    challenge = challenges.issue("user-1", HASH).token
    token, _ = access.issue("user-1", "session-1", not_after=clock() + timedelta(hours=1))
    access.read(token)
    with pytest.raises(Unauthorized):
        access.read(challenge)
    for other in (token, RefreshTokens(KEY).new(), "", "a.b.c"):
        with pytest.raises(Unauthorized):
            challenges.read(other)
    # Nor when it carries the claims of the other kind as well.
    claims = jwt.decode(challenge, options={"verify_signature": False})
    both = jwt.encode({**claims, "sid": "session-1"}, KEY, algorithm="HS256")
    with pytest.raises(Unauthorized):
        access.read(both)


@pytest.mark.parametrize("other", [{"key": bytes(32)}, {"install_id": "install-2"}], ids=str)
def test_b5_another_installation(
    challenges: Challenges, clock: SettableClock, other: dict[str, str | bytes]
) -> None:
    given = {"key": KEY, "install_id": INSTALL, **other}
    stranger = Challenges(given["key"], given["install_id"], clock=clock)  # type: ignore[arg-type]
    with pytest.raises(Unauthorized):
        challenges.read(stranger.issue("user-1", HASH).token)
