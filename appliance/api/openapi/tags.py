"""The chapters of the document, and what is said before them."""

from __future__ import annotations

from collections.abc import Iterable

TAGS: dict[str, str] = {
    "Authentication": "Accounts, signing in and out, sessions and the second factor.",
    "Users": "The caller's own account, and accounts for administrators.",
    "Conversations": "Conversations, their branches and messages. They belong to one user; to "
    "anybody else they do not exist.",
    "Folders": "Places for conversations; folders nest.",
    "Messages": "Asking, editing, regenerating, stopping and rating answers.",
    "Search": "Finding words in one's own conversations.",
    "Documents": "The passages that answers cite.",
    "Admin panel": "Accounts, figures and connections for administrators.",
    "Audit": "The hash-chained trail of who did and read what.",
    "Knowledge base": "The documents that answers are drawn from, and their indexing.",
    "Knowledge base jobs": "What is being indexed, what waits and what failed.",
    "Knowledge base search": "What retrieval finds for a question.",
    "Cache": "What the appliance remembers so as to answer faster.",
    "Feature flags": "Switches with a rollout that is stable per user.",
    "Models": "The language model that writes answers.",
    "Voice": "Speech in: dictation and spoken questions.",
    "Realtime": "The WebSocket on which answers stream.",
    "Health": "Liveness, readiness and metrics, for machines. Without envelope.",
    "Pages": "The web client.",
}

INTRODUCTION = """\
An offline medical assistant over a hospital's own documents.

**Envelope.** Every JSON response is `{success, data, error, meta}`. Under `/api/auth` and
`/api/users` the fields of `data` stand at the top level too. `X-Envelope: off` leaves it off on
success.

**Addresses.** Some operations answer at a second address without `/api`, which they name; a
trailing slash makes no difference; updates answer to `PUT` and `PATCH` alike.

**Spelling.** Requests may spell every field in snake_case or in camelCase; one is shown here.
Responses have one spelling each. Unknown fields in a body are refused.

**Values.** Times are ISO 8601 in UTC, ending in `Z`; ids are UUIDs. The id of somebody else's thing
is answered exactly like one that does not exist.

**Limits** count per address. Each response says how many requests remain.
"""


def tags(used: Iterable[str]) -> list[dict[str, str]]:
    """The tags that are used, in the order of the list above; what is not in it comes last."""
    names = set(used)
    ordered = [name for name in TAGS if name in names] + sorted(names - TAGS.keys())
    return [
        {"name": name} | ({"description": TAGS[name]} if name in TAGS else {}) for name in ordered
    ]
