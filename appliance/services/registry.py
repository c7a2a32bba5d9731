"""All services of a running appliance, as the container built them."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.services.accounts import Accounts
from appliance.services.answering import Answering
from appliance.services.audit import AuditTrail
from appliance.services.cache import CacheAdmin
from appliance.services.catalogue import Catalogue
from appliance.services.conversation_reads import ConversationReads
from appliance.services.conversation_search import ConversationSearch
from appliance.services.conversations import Conversations
from appliance.services.document_pages import DocumentPages
from appliance.services.exports import Exports
from appliance.services.flags import Flags
from appliance.services.folders import Folders
from appliance.services.health import Health
from appliance.services.ingest_jobs import IngestJobs
from appliance.services.knowledge import Knowledge
from appliance.services.knowledge_search import KnowledgeSearch
from appliance.services.language_models import LanguageModels
from appliance.services.message_actions import MessageActions
from appliance.services.metrics import Metrics
from appliance.services.one_time_links import OneTimeLinks
from appliance.services.panel import Panel
from appliance.services.profile import Profile
from appliance.services.rate_limits import RateLimiter
from appliance.services.sessions import Sessions
from appliance.services.sockets import OpenSockets
from appliance.services.two_factor import TwoFactor
from appliance.services.users import Users
from appliance.services.voice import Voice
from appliance.services.ws_tickets import WsTickets


@dataclass(frozen=True, slots=True)
class Services:
    accounts: Accounts
    sessions: Sessions
    two_factor: TwoFactor
    ws_tickets: WsTickets
    profile: Profile
    conversations: Conversations
    conversation_reads: ConversationReads
    conversation_search: ConversationSearch
    folders: Folders
    answering: Answering
    messages: MessageActions
    exports: Exports
    knowledge: Knowledge
    catalogue: Catalogue
    document_pages: DocumentPages
    ingest_jobs: IngestJobs
    knowledge_search: KnowledgeSearch
    audit: AuditTrail
    health: Health
    metrics: Metrics
    panel: Panel
    rate_limits: RateLimiter
    sockets: OpenSockets
    cache: CacheAdmin
    flags: Flags
    language_models: LanguageModels
    voice: Voice
    users: Users
    links: OneTimeLinks
