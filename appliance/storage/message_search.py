"""Finding messages by their words: a full-text index whose every query is bound to one user."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.storage.database import Connection

# A shorter beginning of a word is looked for as it stands: too much goes on from it.
PREFIX_CHARACTERS = 2

# The conversations of the messages that match :expression.
CONVERSATIONS = """SELECT conversation_id FROM messages WHERE seq IN
                     (SELECT rowid FROM messages_fts WHERE messages_fts MATCH :expression)"""


def expression(user_id: str, words: Sequence[str]) -> str | None:
    """The user's messages that hold all `words`, the last of which may go on; in FTS5's language.

    Every word is a quoted string, so that none is taken for an operator. Marks alone are no word:
    None when there is nothing else.
    """
    sought = [_quoted(word) for word in words if any(map(str.isalnum, word))]
    if not sought:
        return None
    if words[-1][-PREFIX_CHARACTERS:].isalnum() and len(words[-1]) >= PREFIX_CHARACTERS:
        sought[-1] += " *"
    return f"owner : {_quoted(user_id.replace('-', ''))} AND content : ({' AND '.join(sought)})"


def found(
    tx: Connection, user_id: str, words: Sequence[str], *, before: int | None, limit: int
) -> list[int]:
    """Sequence numbers of the matching messages below `before`, newest first."""
    sought = expression(user_id, words)
    if sought is None:
        return []
    rows = tx.execute(
        """SELECT rowid FROM messages_fts WHERE messages_fts MATCH :expression AND rowid < :before
           ORDER BY rowid DESC LIMIT :limit""",
        {"expression": sought, "before": 2**63 - 1 if before is None else before, "limit": limit},
    )
    return [row["rowid"] for row in rows]


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
