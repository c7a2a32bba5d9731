"""services/rate_limits.py"""

from __future__ import annotations

import pytest

from appliance.services import rate_limits
from appliance.services.rate_limits import RateLimit, RateLimiter
from tests.conftest import SettableClock

LOGIN = RateLimit("login", 3, 60)  # the clock of the tests stands at second 5 of a minute


@pytest.fixture
def limiter(clock: SettableClock) -> RateLimiter:
    return RateLimiter(clock)


def test_so_many_and_no_more(limiter: RateLimiter) -> None:
    outcomes = [limiter.take(LOGIN, "10.0.0.1") for _ in range(5)]
    assert [allowed for allowed, _ in outcomes] == [True, True, True, False, False]
    assert [state.remaining for _, state in outcomes] == [2, 1, 0, 0, 0]
    assert [state.retry_after for _, state in outcomes] == [0, 0, 0, 55, 55]


def test_the_headers_of_the_reference(limiter: RateLimiter, clock: SettableClock) -> None:
    _, state = limiter.take(LOGIN, "10.0.0.1")
    assert state.headers == {
        "X-RateLimit-Limit": "3",
        "X-RateLimit-Remaining": "2",
        "X-RateLimit-Reset": str(int(clock().timestamp()) + 55),
    }


def test_a_new_window_begins_on_time(limiter: RateLimiter, clock: SettableClock) -> None:
    for _ in range(4):
        limiter.take(LOGIN, "10.0.0.1")
    clock.advance(seconds=54.5)
    allowed, state = limiter.take(LOGIN, "10.0.0.1")
    assert (allowed, state.retry_after) == (False, 1)
    clock.advance(seconds=0.5)
    allowed, state = limiter.take(LOGIN, "10.0.0.1")
    assert (allowed, state.remaining) == (True, 2)


def test_addresses_and_limits_are_counted_apart(limiter: RateLimiter) -> None:
    for _ in range(4):
        limiter.take(LOGIN, "10.0.0.1")
    assert limiter.take(LOGIN, "10.0.0.2")[0]
    assert limiter.take(RateLimit("register", 1, 60), "10.0.0.1")[0]
    assert not limiter.take(LOGIN, "10.0.0.1")[0]


def test_switched_off_it_counts_but_refuses_nobody(clock: SettableClock) -> None:
    limiter = RateLimiter(clock, enabled=False)
    outcomes = [limiter.take(LOGIN, "10.0.0.1") for _ in range(5)]
    assert all(allowed and state.retry_after == 0 for allowed, state in outcomes)
    assert outcomes[-1][1].remaining == 0


def test_past_windows_are_forgotten_when_there_are_many(
    limiter: RateLimiter, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "MAX_TRACKED", 10)
    for number in range(10):
        limiter.take(LOGIN, f"10.0.0.{number}")
    clock.advance(seconds=60)
    limiter.take(LOGIN, "10.0.1.1")
    assert len(limiter._windows) == 1
