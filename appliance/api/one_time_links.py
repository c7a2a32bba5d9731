"""Choosing a password by a one-time link."""

from __future__ import annotations

from urllib.parse import urlsplit

from appliance.api.routing import Call, Route
from appliance.api.schemas.users import PasswordSet, RedeemIn
from appliance.services.authorization import Access
from appliance.services.one_time_links import Link
from appliance.services.rate_limits import RateLimit

_REDEEM = RateLimit("redeem", 10, 60)


async def redeem_link(call: Call) -> PasswordSet:
    body = call.body(RedeemIn)
    email = await call.services.links.redeem(body.token, body.password, body.full_name, call.origin)
    return PasswordSet(message="Your password is set. Sign in with it.", email=email)


def address_of(call: Call, link: Link) -> str:
    """The page that redeems `link`; its token stands in the fragment, which no browser sends."""
    headers = call.request.headers
    host = headers.get("host", "")
    scheme = "https" if call.request.scheme == "https" else "http"
    # Behind a proxy that ends TLS only the page knows; it says so where it names this host.
    try:
        page = urlsplit(headers.get("origin", ""))
    except ValueError:
        page = urlsplit("")
    if page.scheme == "https" and page.netloc.lower() == host.lower():
        scheme = "https"
    return f"{scheme}://{host}/#link={link.token}" if host else f"/#link={link.token}"


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/api/auth/links/redeem",
        redeem_link,
        Access.PUBLIC,
        "Authentication",
        "Choose a password by a one-time link.",
        response=PasswordSet,
        body=RedeemIn,
        limit=_REDEEM,
        flat=True,
    ),
)
