"""The services of a person's own account, put together as the container does."""

from __future__ import annotations

import pyotp

from appliance.domain import Principal
from appliance.services.answer_streams import AnswerStreams
from appliance.services.challenges import Challenge
from appliance.services.erasure import AccountErasure
from appliance.services.login_throttle import LoginThrottle
from appliance.services.profile import Profile
from appliance.services.reauthentication import Reauthentication
from appliance.services.recovery_codes import RecoveryCodes
from appliance.services.sessions import TokenPair
from appliance.services.two_factor import TwoFactor
from appliance.storage.database import Database
from tests.conftest import SettableClock
from tests.services.test_accounts import EMAIL, NAME, ORIGIN, PASSWORD, Identity


class OwnAccount(Identity):
    def __init__(self, database: Database, clock: SettableClock) -> None:
        super().__init__(database, clock)
        self.streams = AnswerStreams()
        self.reauthentication = Reauthentication(database, self.hasher, self.throttle, clock=clock)
        self.profile = Profile(
            database,
            self.sessions,
            self.hasher,
            self.reauthentication,
            AccountErasure(database, self.sessions, self.throttle, self.streams),
            clock=clock,
        )
        self.second = self.two_factor(self.throttle)

    def two_factor(self, throttle: LoginThrottle) -> TwoFactor:
        return TwoFactor(
            self.database,
            self.sessions,
            self.reauthentication,
            throttle,
            self.challenges,
            RecoveryCodes(bytes([6] * 32)),
            clock=self.clock,
        )

    async def join(self, email: str = EMAIL) -> Principal:
        await self.open.register(email, NAME, PASSWORD, ORIGIN)
        return await self.sign_in(email)

    async def sign_in(self, email: str = EMAIL) -> Principal:
        pair = await self.open.login(email, PASSWORD, ORIGIN)
        assert isinstance(pair, TokenPair)
        return await self.sessions.authenticate(pair.access_token)

    async def challenge(self, email: str = EMAIL) -> str:
        given = await self.open.login(email, PASSWORD, ORIGIN)
        assert isinstance(given, Challenge)
        return given.token

    async def enrol(self, principal: Principal) -> tuple[str, list[str]]:
        """Turn the second factor on; returns secret and recovery codes. A step then passes."""
        secret = (await self.second.setup(principal, PASSWORD, ORIGIN)).secret
        codes = await self.second.enable(principal, self.code(secret), ORIGIN)
        self.clock.advance(seconds=30)
        return secret, codes

    def code(self, secret: str, *, steps: int = 0) -> str:
        """What an authenticator shows `steps` of 30 s from now."""
        return pyotp.TOTP(secret).at(self.clock(), counter_offset=steps)

    async def actions(self) -> list[str]:
        return [row["action"] for row in await self.trail()]
