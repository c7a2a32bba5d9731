"""Examples made from schemas: the reference's own values, by the names of the fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TIME = "2025-11-27T10:00:00Z"
LATER = "2025-11-27T12:00:00Z"
REQUEST_ID = "7f3e1c52-9a44-4a0e-8f0b-2d6f0f4f9b11"
_ID = "5b8f4f0e-3c1d-4c8e-9a57-0d6a1f2b7c11"
_OTHER_ID = "c2a9d1b4-7e60-4b35-8f21-94d0e6a3b512"
_QUESTION = "How often is potassium checked during replacement?"
_TOKEN = "eyJhbG..."

# Field, in snake_case -> the value that shows what it is.
VALUES: dict[str, Any] = {
    "access_token": _TOKEN,
    "action": "conversation.read",
    "active": True,
    "actor": "admin@hospital.example",
    "appliance_version": "0.1.0",
    "archived": False,
    "branch_id": "main",
    "category": "Electrolytes",
    "challenge": _TOKEN,
    "changed_at": TIME,
    "code": "123456",
    "chunks_indexed": 42,
    "client_message_id": "c0ffee00-0000-4000-8000-000000000001",
    "connected_at": TIME,
    "content": _QUESTION,
    "created_at": TIME,
    "current_password": "currentPassword",
    "days": 30,
    "deleted_count": 12,
    "description": "Enable voice input mode",
    "duration": 2.4,
    "edited_at": None,
    "effective_date": "2025-01-01",
    "email": "user@example.com",
    "enabled": True,
    "error": None,
    "expires_at": LATER,
    "expires_in": 300,
    "feedback": None,
    "file_type": "pdf",
    "filename": "potassium.pdf",
    "folder_id": None,
    "format": "json",
    "from_role": "user",
    "full_name": "John Doe",
    "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "hits": 12500,
    "index": 1,
    "initial_message": "Optional first message in branch",
    "ip": "192.0.2.17",
    "is_active": True,
    "is_admin": False,
    "image": "3.png",
    "issuer": "Department of Medicine",
    "keys": 1250,
    "language": "en",
    "last_login": LATER,
    "last_message_preview": _QUESTION,
    "level": "info",
    "limit": 20,
    "message_count": 5,
    "misses": 250,
    "model": "extractive",
    "name": "voice_mode",
    "new_password": "newSecurePassword123",
    "next_cursor": None,
    "offset": 0,
    "old_password": "currentPassword",
    "owner": "Dr. Green",
    "page": 1,
    "page_count": 12,
    "page_size": 20,
    "pages": 12,
    "parent_message_id": _OTHER_ID,
    "password": "securePassword123",
    "pattern": "user:*",
    "period_days": 30,
    "progress": 1.0,
    "query": "potassium replacement",
    "reason": "Covers for the head of department",
    "refresh_expires_in": 86400,
    "refresh_token": _TOKEN,
    "request_id": REQUEST_ID,
    "review_by": "2027-01-01",
    "role": "user",
    "rollout_percentage": 100,
    "sample_rate": 16000,
    "score": 0.83,
    "search": "potassium",
    "section": "Monitoring",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "size": 184320,
    "snippet": "Check potassium every four hours during replacement.",
    "source_type": "kb",
    "supersedes": None,
    "text": "Check potassium every four hours during replacement.",
    "timestamp": TIME,
    "title": "New Medical Discussion",
    "to_role": "admin",
    "token_type": "bearer",
    "tokens": None,
    "total": 42,
    "transcript": _QUESTION,
    "updated_at": LATER,
    "upload_date": TIME,
    "uptime": 864000,
    "url": f"/api/documents/{_ID}/passages/{_OTHER_ID}",
    "used_memory": "15MB",
    "version": "2.0.0",
    "websocket_url": "/ws",
}

DESCRIPTIONS = {
    "action": "Only this kind of act.",
    "archived": "Only archived conversations, or only those that are not.",
    "branch_id": "A branch of the conversation, or `main`.",
    "category": "Only this category.",
    "cursor": "`next_cursor`/`nextCursor` of the page before, for deep paging.",
    "days": "How many days back.",
    "folder_id": "Only conversations in this folder.",
    "format": "What the download should be.",
    "from": "Only what happened at or after this time (ISO 8601).",
    "image": "The number of the page, from 1, and the type: 3.png.",
    "is_active": "Only active accounts, or only inactive ones.",
    "is_admin": "Only administrators, or only others.",
    "limit": "How many at most.",
    "offset": "How many to skip.",
    "page": "The page, from 1.",
    "page_size": "How many on a page.",
    "q": "The words to look for.",
    "search": "Words to look for.",
    "status": "Only this status.",
    "to": "Only what happened before this time (ISO 8601).",
    "user_id": "Of this user.",
    "conversation_id": "Id of the conversation.",
    "message_id": "Id of the message.",
    "document_id": "Id of the document.",
    "chunk_id": "Id of the passage, as its citation names it.",
    "session_id": "Id of the sign-in.",
    "job_id": "Id of the job.",
    "flag_name": "Name of the flag.",
    "name": "The name.",
    "number": "Number of the page, from 1.",
    "highlight": "The passage to mark.",
}

_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
    "array": list,
    "object": dict,
}
_FORMATS = {
    "date-time": TIME,
    "date": "2025-01-01",
    "uuid": _ID,
    "binary": "(the bytes of the file)",
    "email": "user@example.com",
    "uri": "/",
}


def example(
    schema: Mapping[str, Any],
    definitions: Mapping[str, Any],
    name: str = "",
    seen: tuple[str, ...] = (),
) -> Any:
    """A value of `schema`, which belongs to a field called `name`.

    `seen` are the definitions around it: what contains itself ends there.
    """
    if "$ref" in schema:
        target = schema["$ref"].rsplit("/", 1)[1]
        return example(definitions[target], definitions, name, (*seen, target))
    for key in ("const", "example"):
        if key in schema:
            return schema[key]
    if schema.get("examples"):
        return schema["examples"][0]
    key = _snake(name)
    if key in VALUES and _fits(VALUES[key], schema, definitions):
        return VALUES[key]
    if "enum" in schema:
        return schema["enum"][0]
    if options := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
        usable = [option for option in options if not _ends_here(option, seen)]
        return example((usable or [{"type": "null"}])[0], definitions, name, seen)
    if schema.get("default") is not None:
        return schema["default"]
    return _of_type(schema, definitions, name, seen)


def _of_type(
    schema: Mapping[str, Any], definitions: Mapping[str, Any], name: str, seen: tuple[str, ...]
) -> Any:
    kind = schema.get("type")
    if kind == "object":
        fields = schema.get("properties", {})
        return {field: example(inner, definitions, field, seen) for field, inner in fields.items()}
    if kind == "array":
        if "prefixItems" in schema:
            return [example(item, definitions, name, seen) for item in schema["prefixItems"]]
        items = schema.get("items", {})
        return [] if _ends_here(items, seen) else [example(items, definitions, name, seen)]
    if kind == "boolean":
        return True
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    if kind == "null":
        return None
    if _snake(name).endswith("_id") or name == "id" or "[0-9a-f]{8}-" in schema.get("pattern", ""):
        return _ID
    shown = _FORMATS.get(schema.get("format", ""), name.replace("_", " ").strip() or "text")
    return shown.ljust(schema.get("minLength", 0), ".")[: schema.get("maxLength")]


def _fits(value: Any, schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> bool:
    if "$ref" in schema:
        return _fits(value, definitions[schema["$ref"].rsplit("/", 1)[1]], definitions)
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return any(_fits(value, option, definitions) for option in options)
    if "enum" in schema and value not in schema["enum"]:
        return False
    if "const" in schema and value != schema["const"]:
        return False
    wanted = schema.get("type")
    if wanted not in _TYPES or (isinstance(value, bool) and wanted != "boolean"):
        return wanted is None and "enum" not in schema
    if not isinstance(value, _TYPES[wanted]):
        return False
    if isinstance(value, str):
        return (
            schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value))
            and schema.get("format") in (None, "date-time", "date", "email")
            and "-[0-9a-f]" not in schema.get("pattern", "")
        )
    if isinstance(value, int | float):
        return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))
    return True


def _ends_here(schema: Mapping[str, Any], seen: tuple[str, ...]) -> bool:
    """Whether there is nothing to show: null, or what already stands around it."""
    return schema.get("type") == "null" or schema.get("$ref", "").rsplit("/", 1)[-1] in seen


def _snake(name: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)
