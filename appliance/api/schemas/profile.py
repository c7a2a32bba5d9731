from __future__ import annotations

from typing import Annotated

from pydantic import Field

from appliance.api.fields import Body, Line, Output
from appliance.api.schemas.auth import Email, Password
from appliance.services.accounts import MAX_FULL_NAME


class ProfileIn(Body):
    """What is not given stays. Another e-mail address needs the password, as it is now."""

    full_name: Annotated[Line, Field(min_length=1, max_length=MAX_FULL_NAME)] | None = None
    email: Email | None = None
    password: Password | None = None


class ChangePasswordIn(Body):
    old_password: Password
    new_password: Password


class PasswordChanged(Output):
    message: str = "The password is changed. All other sessions have ended."


class ProfileDeleted(Output):
    message: str = "The account is deleted."
