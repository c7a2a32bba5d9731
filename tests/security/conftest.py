"""The running appliance of the API tests, for the tests of what others got wrong."""

from __future__ import annotations

from tests.api.conftest import api, settings

__all__ = ["api", "settings"]
