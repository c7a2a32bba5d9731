from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, RootModel

from appliance.api.fields import Body, Instant, Line, Output
from appliance.domain import AdminRole, User
from appliance.services.accounts import MAX_EMAIL, MAX_FULL_NAME
from appliance.services.challenges import Challenge
from appliance.services.passwords import MAX_LENGTH, normalise
from appliance.services.sessions import TokenPair

# Before normalisation, which may shorten a text: what is longer is not even looked at.
_RAW_PASSWORD = 8 * MAX_LENGTH
_RAW_EMAIL = 2 * MAX_EMAIL


def _short_enough(password: str) -> str:
    if len(normalise(password)) > MAX_LENGTH:
        raise ValueError(f"must have at most {MAX_LENGTH} characters")
    return password


Password = Annotated[str, Field(max_length=_RAW_PASSWORD), AfterValidator(_short_enough)]
Email = Annotated[str, Field(max_length=_RAW_EMAIL)]  # the rest is judged by the service
Token = Annotated[str, Field(max_length=4096)]


class RegisterIn(Body):
    email: Email
    password: Password
    full_name: Annotated[Line, Field(min_length=1, max_length=MAX_FULL_NAME)]


class LoginIn(Body):
    email: Email
    password: Password


class RefreshIn(Body):
    refresh_token: Token


class LogoutIn(Body):
    refresh_token: Token | None = None


class UserOut(Output):
    id: str
    email: str
    full_name: str
    is_active: bool
    is_admin: bool
    admin_role: AdminRole
    created_at: Instant
    last_login: Instant | None

    @classmethod
    def of(cls, user: User) -> UserOut:
        return cls(
            id=user.id,
            email=user.email,
            full_name=user.full_name,
            is_active=user.is_active,
            is_admin=user.is_admin,
            admin_role=user.admin_role,
            created_at=user.created_at,
            last_login=user.last_login,
        )


class TokensOut(Output):
    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int
    refresh_expires_in: int
    user: UserOut

    @classmethod
    def of(cls, pair: TokenPair) -> TokensOut:
        return cls(
            access_token=pair.access_token,
            refresh_token=pair.refresh_token,
            expires_in=pair.expires_in,
            refresh_expires_in=pair.refresh_expires_in,
            user=UserOut.of(pair.user),
        )


class ChallengeOut(Output):
    """The password was right; the code of the second factor is asked for too."""

    requires_2fa: Literal[True] = True
    challenge: str
    expires_in: int

    @classmethod
    def of(cls, challenge: Challenge) -> ChallengeOut:
        return cls(challenge=challenge.token, expires_in=challenge.expires_in)


class LoginOut(RootModel[TokensOut | ChallengeOut]):
    @classmethod
    def of(cls, outcome: TokenPair | Challenge) -> LoginOut:
        if isinstance(outcome, Challenge):
            return cls(ChallengeOut.of(outcome))
        return cls(TokensOut.of(outcome))


class LoggedOut(Output):
    message: str = "Successfully logged out"
