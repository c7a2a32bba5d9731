"""services/totp.py: RFC 6238, SECURITY B7."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from appliance.services import totp
from tests.conftest import SettableClock

# RFC 6238, appendix B, SHA-1: the last six of the eight digits given there.
SECRET = base64.b32encode(b"12345678901234567890").decode()
VECTORS = {
    59: "287082",
    1111111109: "081804",
    1111111111: "050471",
    1234567890: "005924",
    2000000000: "279037",
}


@pytest.mark.parametrize(("seconds", "code"), VECTORS.items())
def test_the_vectors_of_the_rfc(seconds: int, code: str) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    assert totp.accepted_step(SECRET, code, at, last_step=0) == seconds // 30


@pytest.mark.parametrize(("late", "holds"), [(-31, 0), (-30, 1), (0, 1), (59, 1), (60, 0)])
def test_one_step_either_side_is_accepted(late: int, holds: int) -> None:
    at = datetime.fromtimestamp(1111111110 + late, UTC)  # from where the code's step begins
    step = totp.accepted_step(SECRET, VECTORS[1111111111], at, last_step=0)
    assert (step is not None) is bool(holds)


@pytest.mark.parametrize(
    "code", ["", "00592", "0059244", "abcdef", "٠٠٥٩٢٤", "005924\x00", "\ud800"]
)
def test_what_is_no_code(code: str) -> None:
    at = datetime.fromtimestamp(1234567890, UTC)
    assert totp.accepted_step(SECRET, code, at, last_step=0) is None


def test_b7_a_step_and_those_before_it_are_accepted_once() -> None:
    at = datetime.fromtimestamp(1234567890, UTC)
    step = totp.accepted_step(SECRET, VECTORS[1234567890], at, last_step=0)
    assert step is not None
    assert totp.accepted_step(SECRET, VECTORS[1234567890], at, last_step=step) is None
    assert totp.accepted_step(SECRET, VECTORS[1234567890], at, last_step=step + 1) is None


def test_e11_a_clock_set_back_locks_nobody_out(clock: SettableClock) -> None:
    at = datetime.fromtimestamp(1234567890, UTC)
    step = totp.accepted_step(SECRET, VECTORS[1234567890], at, last_step=1234567890 // 30 + 2880)
    assert step == 1234567890 // 30
    assert totp.accepted_step(SECRET, VECTORS[1234567890], at, last_step=step) is None


def test_secrets_are_random_and_long_enough() -> None:
    made = {totp.new_secret() for _ in range(50)}
    assert len(made) == 50
    assert {len(base64.b32decode(each)) for each in made} == {20}  # RFC 4226, 4: 160 bits


def test_the_address_is_what_authenticators_read() -> None:
    parts = urlsplit(totp.uri(SECRET, "ada+x@ward.local"))
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert parts.path == "/VoiceAssist:ada%2Bx%40ward.local"
    asked = parse_qs(parts.query)
    assert (asked["secret"], asked["issuer"]) == ([SECRET], ["VoiceAssist"])
    # What is left out is the default of every authenticator.
    assert {name: asked[name] for name in asked if name not in ("secret", "issuer")} in (
        {},
        {"algorithm": ["SHA1"], "digits": ["6"], "period": ["30"]},
    )
