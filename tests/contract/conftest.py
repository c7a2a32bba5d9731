"""The appliance of the HTTP tests, for the tests of the contract."""

from __future__ import annotations

from tests.api.conftest import api, settings

__all__ = ["api", "settings"]
