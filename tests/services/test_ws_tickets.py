"""services/ws_tickets.py: one socket per ticket, in time, of a session that holds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from appliance.domain import Principal
from appliance.errors import Unauthorized
from appliance.services.ws_tickets import LIFETIME_S, PER_SESSION, WsTickets
from appliance.storage.database import Database
from tests.conftest import SettableClock
from tests.services.own_account import OwnAccount


@pytest.fixture
async def own(database: Database, clock: SettableClock) -> AsyncIterator[OwnAccount]:
    made = OwnAccount(database, clock)
    yield made
    made.sessions.close()
    made.hasher.close()


@pytest.fixture
async def ada(own: OwnAccount) -> Principal:
    return await own.join()


@pytest.fixture
def tickets(own: OwnAccount) -> WsTickets:
    return WsTickets(own.sessions, clock=own.clock)


async def assert_refused(tickets: WsTickets, ticket: str) -> None:
    with pytest.raises(Unauthorized) as refused:
        await tickets.redeem(ticket)
    assert ticket not in refused.value.message or not ticket


async def test_a_ticket_lets_its_session_in_once(tickets: WsTickets, ada: Principal) -> None:
    ticket = tickets.issue(ada)
    assert len(ticket) == 43
    assert await tickets.redeem(ticket) == ada
    await assert_refused(tickets, ticket)


async def test_of_20_who_try_at_once_one_comes_in(tickets: WsTickets, ada: Principal) -> None:
    ticket = tickets.issue(ada)
    outcomes = await asyncio.gather(
        *(tickets.redeem(ticket) for _ in range(20)), return_exceptions=True
    )
    assert sum(outcome == ada for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Unauthorized) for outcome in outcomes) == 19


async def test_a_ticket_runs_out(tickets: WsTickets, ada: Principal, clock: SettableClock) -> None:
    first, second = tickets.issue(ada), tickets.issue(ada)
    clock.advance(seconds=LIFETIME_S - 1)
    await tickets.redeem(first)
    clock.advance(seconds=1)
    await assert_refused(tickets, second)


async def test_e11_a_clock_set_back_makes_no_ticket_live_longer(
    tickets: WsTickets, ada: Principal, clock: SettableClock
) -> None:
    ticket = tickets.issue(ada)
    clock.advance(hours=-1)
    await assert_refused(tickets, ticket)


async def test_a_ticket_ends_with_its_session(
    own: OwnAccount, tickets: WsTickets, ada: Principal
) -> None:
    ticket = tickets.issue(ada)
    await own.sessions.revoke(ada.session_id, "test")
    await assert_refused(tickets, ticket)


async def test_a_ticket_is_of_its_own_session(
    own: OwnAccount, tickets: WsTickets, ada: Principal
) -> None:
    again = await own.sign_in()
    tickets.issue(ada)
    assert (await tickets.redeem(tickets.issue(again))).session_id == again.session_id


async def test_what_is_no_ticket(tickets: WsTickets, ada: Principal) -> None:
    ticket = tickets.issue(ada)
    for text in ("", "x", ticket[:-1], ticket + "x", "\ud800", ada.session_id, "x" * 100_000):
        await assert_refused(tickets, text)
    assert await tickets.redeem(ticket) == ada


async def test_a_session_holds_a_bounded_number(
    own: OwnAccount, tickets: WsTickets, ada: Principal, clock: SettableClock
) -> None:
    other = tickets.issue(await own.sign_in())
    made = [tickets.issue(ada) for _ in range(200)]
    assert len(tickets._issued) == PER_SESSION + 1
    for ticket in made[-PER_SESSION:]:
        assert await tickets.redeem(ticket) == ada
    await assert_refused(tickets, made[-PER_SESSION - 1])
    await tickets.redeem(other)
    tickets.issue(ada)
    clock.advance(minutes=1)
    tickets.issue(ada)
    assert len(tickets._issued) == 1  # what has run out is not kept


async def test_no_ticket_is_kept_in_the_clear(tickets: WsTickets, ada: Principal) -> None:
    assert tickets.issue(ada) not in str(tickets._issued)
