"""The shapes that the contract gives: by example, as the reference writes them."""

from __future__ import annotations

from typing import Any

# What may be null although the example shows a value.
NULLABLE = {"last_login", "lastMessagePreview", "last_active", "initialMessage", "nextCursor"}

ANY = object()

MESSAGE_ONLY = {"message": "done"}
USER = {
    "id": "uuid",
    "email": "user@example.com",
    "full_name": "John Doe",
    "is_active": True,
    "is_admin": False,
    "admin_role": "user",
    "created_at": "2025-11-27T10:00:00Z",
    "last_login": "2025-11-27T12:00:00Z",
}
USER_LIST = {"items": [USER], "total": 1, "offset": 0, "limit": 20}
CONVERSATION = {
    "id": "uuid",
    "userId": "uuid",
    "title": "Medical Inquiry",
    "archived": False,
    "messageCount": 5,
    "folderId": None,
    "createdAt": "2025-11-27T10:00:00Z",
    "updatedAt": "2025-11-27T12:00:00Z",
    "lastMessagePreview": "words",
}
MESSAGE: dict[str, Any] = {
    "id": "uuid",
    "conversationId": "uuid",
    "branchId": "main",
    "parentMessageId": None,
    "role": "user",
    "content": "words",
    "status": "complete",
    "citations": [],
    "clientMessageId": None,
    "model": None,
    "tokens": None,
    "createdAt": "2025-11-27T10:00:00Z",
    "editedAt": None,
    "feedback": None,
}
BRANCH_CREATED = {
    "branchId": "uuid",
    "conversationId": "uuid",
    "parentMessageId": "uuid",
    "createdAt": "2025-11-27T10:00:00Z",
    "messageCount": 1,
    "initialMessage": MESSAGE,
}
BRANCH_LIST = {
    "items": [
        {
            "branchId": "main",
            "parentMessageId": None,
            "messageCount": 1,
            "createdAt": "2025-11-27T10:00:00Z",
            "lastActivity": "2025-11-27T10:00:00Z",
        }
    ]
}
MESSAGE_LIST = {
    "items": [MESSAGE],
    "total": 1,
    "limit": 100,
    "page": 1,
    "pageSize": 100,
    "branchId": "main",
    "nextCursor": None,
}
SOCKETS = {
    "active_connections": 0,
    "connections_by_type": {"chat": 0, "voice": 0},
    "recent_connections": [],
    "queue": {"waiting": 0, "running": 0, "slots": 1},
    "timestamp": "2025-11-27T10:00:00Z",
}
PANEL_USER = USER | {
    "conversations": 0,
    "messages": 0,
    "last_active": "2025-11-27T12:00:00Z",
    "locked": False,
    "sessions": 1,
}
PANEL_USERS = {"users": [PANEL_USER], "total": 1, "offset": 0, "limit": 20}
USER_DELETED = {"message": "done", "user_id": "uuid"}
ROLE_HISTORY: dict[str, Any] = {
    "history": [
        {
            "id": "uuid",
            "changed_at": "2025-11-27T10:00:00Z",
            "actor": ANY,
            "from_role": "user",
            "to_role": "admin",
            "reason": None,
            "request_id": "id",
        }
    ]
}
LOCK_REASONS: dict[str, Any] = {
    "events": [
        {
            "id": "uuid",
            "timestamp": "2025-11-27T10:00:00Z",
            "actor": ANY,
            "status": "locked",
            "reason": None,
            "request_id": "id",
        }
    ]
}
_SERIES = [{"date": "2025-11-27", "count": 0}]
METRICS: dict[str, Any] = {
    "daily_registrations": _SERIES,
    "daily_active_users": _SERIES,
    "daily_conversations": _SERIES,
    "daily_messages": _SERIES,
    "user_distribution": {"total": 1, "active": 1, "inactive": 0, "admins": 1, "regular": 0},
    "answers": {
        "p50_first_token_ms": None,
        "p95_first_token_ms": None,
        "tokens_per_second": None,
        "no_evidence_rate": None,
        "helpful_rate": None,
    },
    "system": {"cpu_percent": 1.0, "memory": ANY, "disk": ANY, "uptime": 1.0},
    "period_days": 30,
    "timestamp": "2025-11-27T10:00:00Z",
}
AUDIT_LOGS: dict[str, Any] = {
    "logs": [
        {
            "seq": 1,
            "timestamp": "2025-11-27T10:00:00Z",
            "level": "info",
            "action": "auth.login",
            "user_id": None,
            "user_email": None,
            "role": None,
            "ip": None,
            "resource_type": None,
            "resource_id": None,
            "success": True,
            "details": ANY,
            "request_id": None,
            "hash": "sha",
        }
    ],
    "total": 1,
    "page": 1,
    "limit": 50,
}
DOCUMENT = {
    "document_id": "uuid",
    "title": "Handbook",
    "category": None,
    "filename": "handbook.txt",
    "file_type": "txt",
    "size": 1,
    "sha256": "sha",
    "status": "indexed",
    "error": None,
    "progress": 1.0,
    "pages": None,
    "chunks_indexed": 1,
    "version": None,
    "supersedes": None,
    "issuer": None,
    "effective_date": None,
    "review_by": None,
    "owner": None,
    "upload_date": "2025-11-27T10:00:00Z",
    "indexed_at": None,
    "uploaded_by": None,
}
DOCUMENT_LIST = {"documents": [DOCUMENT], "total": 1, "offset": 0, "limit": 20}
DOCUMENT_DELETED = {"message": "done", "document_id": "uuid"}
# Beyond the reference's examples: what the contract adds to them.
SUMMARY_MORE = {
    "documents": {"total": 0, "indexed": 0, "failed": 0, "chunks": 0},
    "messages": {"total": 0, "today": 0},
    "models": {"llm": ANY, "speech": ANY, "embedding": ANY},
}
CACHE_MORE: dict[str, Any] = {"diskcache": {"size_bytes": 0, "entries": 0, "hit_rate": ANY}}
CACHE_CLEARED = {"message": "done", "cleared": ANY}
CACHE_INVALIDATED = {"pattern": "user:*", "deleted_count": 0, "message": "done"}
FLAG = {
    "name": "voice_mode",
    "enabled": True,
    "description": "words",
    "rollout_percentage": 100,
    "created_at": "2025-11-27T10:00:00Z",
    "updated_at": "2025-11-27T10:00:00Z",
}
CITATION_FIELDS = set(
    "id index sourceId sourceType title category page pageCount section snippet charStart charEnd "
    "boxes score documentVersion effectiveDate reviewBy supports url".split()
)
TOKENS_MORE = {"refresh_expires_in": 1, "user": USER}


def differences(wanted: Any, found: Any, where: str = "data") -> list[str]:
    """What `found` lacks of `wanted`, by name and JSON type; it may have more."""
    if wanted is ANY or wanted is None:
        return []  # an example that shows null says nothing of the type
    if found is None and where.rsplit(".", 1)[-1] in NULLABLE:
        return []
    if isinstance(wanted, dict):
        if not isinstance(found, dict):
            return [f"{where} is no object"]
        return [
            problem
            for name, value in wanted.items()
            for problem in (
                differences(value, found[name], f"{where}.{name}")
                if name in found
                else [f"{where}.{name} is missing"]
            )
        ]
    if isinstance(wanted, list):
        if not isinstance(found, list):
            return [f"{where} is no array"]
        return [
            problem
            for number, item in enumerate(found)
            for sample in wanted[:1]
            for problem in differences(sample, item, f"{where}.{number}")
        ]
    if isinstance(wanted, bool) or isinstance(found, bool):
        same = isinstance(wanted, bool) and isinstance(found, bool)
    elif isinstance(wanted, float):
        same = isinstance(found, int | float)
    else:
        same = type(wanted) is type(found)
    return [] if same else [f"{where} is {found!r}, not like {wanted!r}"]
