"""All services of a running appliance, as the container built them."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.services.accounts import Accounts
from appliance.services.answering import Answering
from appliance.services.conversations import Conversations
from appliance.services.exports import Exports
from appliance.services.health import Health
from appliance.services.knowledge import Knowledge
from appliance.services.message_actions import MessageActions
from appliance.services.metrics import Metrics
from appliance.services.rate_limits import RateLimiter
from appliance.services.sessions import Sessions
from appliance.services.sockets import OpenSockets


@dataclass(frozen=True, slots=True)
class Services:
    accounts: Accounts
    sessions: Sessions
    conversations: Conversations
    answering: Answering
    messages: MessageActions
    exports: Exports
    knowledge: Knowledge
    health: Health
    metrics: Metrics
    rate_limits: RateLimiter
    sockets: OpenSockets
