"""The schema, as an append-only list of migrations; each runs in a transaction of its own.

A released migration is never edited: a change is a new function at the end.
"""

from __future__ import annotations

import logging
import sqlite3
from typing import Any, cast

import sqlite_utils

from appliance.errors import Unavailable

schema = sqlite_utils.Migrations("appliance")

logger = logging.getLogger(__name__)


def names() -> tuple[str, ...]:
    """Every migration that this version knows, in order."""
    return tuple(m.name for m in schema.pending(sqlite_utils.Database(memory=True)))


def apply(connection: Any) -> None:
    """Apply what is pending. Raises `Unavailable` for a file of a newer appliance."""
    row_factory, connection.row_factory = connection.row_factory, None
    try:
        # sqlcipher3's connection has sqlite3's interface without being its subclass.
        database = sqlite_utils.Database(cast(sqlite3.Connection, connection))
        newer = sorted({migration.name for migration in schema.applied(database)} - set(names()))
        if newer:
            raise Unavailable(
                f"The database has the migration {newer[-1]}, which this version does not know. "
                "Install the newer appliance, or restore a backup made by this version."
            )
        pending = [migration.name for migration in schema.pending(database)]
        if pending:
            # A large database takes its time; whoever waits at the console should know why.
            logger.info("the database is brought up to date", extra={"fields": {"steps": pending}})
        schema.apply(database)
    finally:
        connection.row_factory = row_factory


@schema()
def m0001_accounts(db: sqlite_utils.Database) -> None:
    _run(
        db,
        """CREATE TABLE users (
             id TEXT PRIMARY KEY,
             email TEXT NOT NULL UNIQUE,
             full_name TEXT NOT NULL,
             password_hash TEXT NOT NULL,
             is_active INTEGER NOT NULL,
             admin_role TEXT NOT NULL CHECK (admin_role IN ('user', 'viewer', 'admin')),
             created_at TEXT NOT NULL,
             last_login TEXT
           ) STRICT""",
        """CREATE TABLE sessions (
             id TEXT PRIMARY KEY,
             user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
             created_at TEXT NOT NULL,
             expires_at TEXT NOT NULL,
             ip TEXT NOT NULL,
             user_agent TEXT NOT NULL,
             revoked_at TEXT
           ) STRICT""",
        "CREATE INDEX sessions_user ON sessions(user_id)",
        """CREATE TABLE refresh_tokens (
             hash TEXT PRIMARY KEY,
             session_id TEXT NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
             created_at TEXT NOT NULL,
             expires_at TEXT NOT NULL,
             used_at TEXT
           ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX refresh_tokens_session ON refresh_tokens(session_id)",
        """CREATE TABLE login_failures (
             account TEXT PRIMARY KEY,
             failures INTEGER NOT NULL,
             blocked_until TEXT,
             last_failure TEXT NOT NULL
           ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE audit_log (
             seq INTEGER PRIMARY KEY,
             timestamp TEXT NOT NULL,
             action TEXT NOT NULL,
             user_id TEXT,
             role TEXT,
             session_id TEXT,
             ip TEXT,
             request_id TEXT,
             resource_type TEXT,
             resource_id TEXT,
             success INTEGER NOT NULL,
             details TEXT NOT NULL,
             hash TEXT NOT NULL
           ) STRICT""",
    )


@schema()
def m0002_knowledge(db: sqlite_utils.Database) -> None:
    _run(
        db,
        """CREATE TABLE files (
             sha256 TEXT PRIMARY KEY,
             size INTEGER NOT NULL,
             key BLOB NOT NULL,
             created_at TEXT NOT NULL
           ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE documents (
             id TEXT PRIMARY KEY,
             title TEXT NOT NULL,
             category TEXT,
             filename TEXT NOT NULL,
             file_type TEXT NOT NULL CHECK (file_type IN ('pdf', 'txt')),
             size INTEGER NOT NULL,
             sha256 TEXT NOT NULL UNIQUE REFERENCES files(sha256),
             status TEXT NOT NULL CHECK (status IN ('uploaded', 'processing', 'indexed', 'failed')),
             error TEXT,
             pages INTEGER,
             chunks_indexed INTEGER NOT NULL DEFAULT 0,
             version TEXT,
             supersedes TEXT,
             issuer TEXT,
             effective_date TEXT,
             review_by TEXT,
             owner TEXT,
             uploaded_by TEXT,
             upload_date TEXT NOT NULL,
             indexed_at TEXT,
             revision INTEGER
           ) STRICT""",
        "CREATE INDEX documents_upload ON documents(upload_date DESC, id)",
        "CREATE INDEX documents_supersedes ON documents(supersedes) WHERE supersedes IS NOT NULL",
        # A reindex writes its revision beside the one that answers questions.
        """CREATE TABLE pages (
             document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
             revision INTEGER NOT NULL,
             number INTEGER NOT NULL,
             text TEXT NOT NULL,
             PRIMARY KEY (document_id, revision, number)
           ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE chunks (
             id TEXT NOT NULL,
             document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
             revision INTEGER NOT NULL,
             ordinal INTEGER NOT NULL,
             page INTEGER NOT NULL,
             section TEXT,
             char_start INTEGER NOT NULL,
             char_end INTEGER NOT NULL,
             embedding_model TEXT,
             embedding BLOB,
             PRIMARY KEY (document_id, revision, ordinal)
           ) STRICT""",
        "CREATE INDEX chunks_id ON chunks(id)",
        """CREATE TABLE jobs (
             id TEXT PRIMARY KEY,
             document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
             state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed')),
             stage TEXT NOT NULL,
             progress REAL NOT NULL DEFAULT 0,
             attempts INTEGER NOT NULL DEFAULT 0,
             error TEXT,
             lease_until TEXT,
             created_at TEXT NOT NULL,
             updated_at TEXT NOT NULL
           ) STRICT""",
        "CREATE INDEX jobs_state ON jobs(state, created_at)",
        "CREATE INDEX jobs_document ON jobs(document_id, created_at)",
    )


@schema()
def m0003_conversations(db: sqlite_utils.Database) -> None:
    _run(
        db,
        """CREATE TABLE folders (
             id TEXT PRIMARY KEY,
             user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
             parent_id TEXT REFERENCES folders(id) ON DELETE CASCADE,
             name TEXT NOT NULL,
             created_at TEXT NOT NULL
           ) STRICT""",
        """CREATE TABLE conversations (
             id TEXT PRIMARY KEY,
             user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
             title TEXT NOT NULL,
             archived INTEGER NOT NULL DEFAULT 0,
             folder_id TEXT REFERENCES folders(id) ON DELETE SET NULL,
             message_count INTEGER NOT NULL DEFAULT 0,
             last_message_preview TEXT,
             created_at TEXT NOT NULL,
             updated_at TEXT NOT NULL
           ) STRICT""",
        "CREATE INDEX conversations_recent ON conversations(user_id, updated_at DESC, id)",
        """CREATE TABLE branches (
             id TEXT PRIMARY KEY,
             conversation_id TEXT NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,
             parent_message_id TEXT NOT NULL REFERENCES messages(id) ON DELETE CASCADE,
             created_at TEXT NOT NULL
           ) STRICT""",
        "CREATE INDEX branches_conversation ON branches(conversation_id, created_at)",
        # Deleting a message looks for the branches that start from it.
        "CREATE INDEX branches_parent ON branches(parent_message_id)",
        # branch_id is 'main' or branches.id; seq orders messages across the whole conversation.
        """CREATE TABLE messages (
             seq INTEGER PRIMARY KEY,
             id TEXT NOT NULL UNIQUE,
             conversation_id TEXT NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,
             branch_id TEXT NOT NULL,
             parent_message_id TEXT,
             role TEXT NOT NULL CHECK (role IN ('user', 'assistant', 'system')),
             content TEXT NOT NULL,
             status TEXT NOT NULL
               CHECK (status IN ('complete', 'streaming', 'interrupted', 'failed')),
             client_message_id TEXT,
             model TEXT,
             tokens INTEGER,
             sentences TEXT NOT NULL DEFAULT '[]',
             created_at TEXT NOT NULL,
             edited_at TEXT
           ) STRICT""",
        "CREATE INDEX messages_conversation ON messages(conversation_id, branch_id, seq)",
        "CREATE INDEX messages_streaming ON messages(seq) WHERE status = 'streaming'",
        """CREATE UNIQUE INDEX messages_client ON messages(conversation_id, client_message_id)
             WHERE client_message_id IS NOT NULL""",
        # A retry that names no conversation is found by its client's id alone.
        """CREATE INDEX messages_client_id ON messages(client_message_id)
             WHERE client_message_id IS NOT NULL""",
        """CREATE TABLE citations (
             id TEXT PRIMARY KEY,
             message_id TEXT NOT NULL REFERENCES messages(id) ON DELETE CASCADE,
             position INTEGER NOT NULL,
             snapshot TEXT NOT NULL
           ) STRICT""",
        "CREATE INDEX citations_message ON citations(message_id, position)",
    )


@schema()
def m0004_account_care(db: sqlite_utils.Database) -> None:
    _run(
        db,
        # last_step: the newest time step whose code was accepted, so that none is accepted twice.
        """CREATE TABLE two_factor (
             user_id TEXT PRIMARY KEY REFERENCES users(id) ON DELETE CASCADE,
             secret TEXT NOT NULL,
             enabled_at TEXT,
             last_step INTEGER NOT NULL DEFAULT 0
           ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE recovery_codes (
             user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
             hash TEXT NOT NULL,
             used_at TEXT,
             PRIMARY KEY (user_id, hash)
           ) STRICT, WITHOUT ROWID""",
        # Sign-ins that were finished with a second factor: each challenge serves once.
        """CREATE TABLE used_challenges (
             id TEXT PRIMARY KEY,
             expires_at TEXT NOT NULL
           ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE one_time_links (
             hash TEXT PRIMARY KEY,
             user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
             purpose TEXT NOT NULL CHECK (purpose IN ('invitation', 'password_reset')),
             created_by TEXT,
             created_at TEXT NOT NULL,
             expires_at TEXT NOT NULL,
             used_at TEXT
           ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX one_time_links_user ON one_time_links(user_id)",
        """CREATE TABLE role_changes (
             seq INTEGER PRIMARY KEY,
             id TEXT NOT NULL UNIQUE,
             user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
             changed_at TEXT NOT NULL,
             actor_id TEXT,
             from_role TEXT NOT NULL,
             to_role TEXT NOT NULL,
             reason TEXT,
             request_id TEXT
           ) STRICT""",
        "CREATE INDEX role_changes_user ON role_changes(user_id, seq)",
        """CREATE TABLE lock_events (
             seq INTEGER PRIMARY KEY,
             id TEXT NOT NULL UNIQUE,
             user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
             timestamp TEXT NOT NULL,
             actor_id TEXT,
             status TEXT NOT NULL CHECK (status IN ('locked', 'unlocked')),
             reason TEXT,
             request_id TEXT
           ) STRICT""",
        "CREATE INDEX lock_events_user ON lock_events(user_id, seq)",
        "CREATE INDEX users_created ON users(created_at, id)",
    )


@schema()
def m0005_conversation_care(db: sqlite_utils.Database) -> None:
    _run(
        db,
        """CREATE TABLE message_feedback (
             message_id TEXT PRIMARY KEY REFERENCES messages(id) ON DELETE CASCADE,
             rating TEXT NOT NULL CHECK (rating IN ('up', 'down')),
             reason TEXT,
             created_at TEXT NOT NULL
           ) STRICT, WITHOUT ROWID""",
        # What an edited message said before.
        """CREATE TABLE message_edits (
             seq INTEGER PRIMARY KEY,
             message_id TEXT NOT NULL REFERENCES messages(id) ON DELETE CASCADE,
             content TEXT NOT NULL,
             replaced_at TEXT NOT NULL
           ) STRICT""",
        "CREATE INDEX message_edits_message ON message_edits(message_id, seq)",
        "ALTER TABLE messages ADD COLUMN first_token_ms INTEGER",
        "ALTER TABLE messages ADD COLUMN duration_ms INTEGER",
        "CREATE INDEX messages_created ON messages(created_at)",
        # Holds all that the figures on answers are made of.
        """CREATE INDEX messages_answers
             ON messages(created_at, first_token_ms, duration_ms, tokens, model)
             WHERE role = 'assistant' AND status = 'complete'""",
        "CREATE INDEX conversations_created ON conversations(created_at)",
        "CREATE INDEX folders_user ON folders(user_id, parent_id)",
        # Deleting a folder looks for the folders in it.
        "CREATE INDEX folders_parent ON folders(parent_id) WHERE parent_id IS NOT NULL",
        # Both hold all that a list sorts, filters and counts by: pages are found without the rows.
        "DROP INDEX conversations_recent",
        """CREATE INDEX conversations_recent
             ON conversations(user_id, updated_at DESC, id, archived)""",
        """CREATE INDEX conversations_folder
             ON conversations(folder_id, user_id, updated_at DESC, id, archived)
             WHERE folder_id IS NOT NULL""",
        # How many conversations a user has: counting them would cost more than a page of them.
        """CREATE TABLE conversation_counts (
             user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
             archived INTEGER NOT NULL,
             conversations INTEGER NOT NULL,
             PRIMARY KEY (user_id, archived)
           ) STRICT, WITHOUT ROWID""",
        """INSERT INTO conversation_counts
             SELECT user_id, archived, count(*) FROM conversations GROUP BY user_id, archived""",
        """CREATE TRIGGER conversation_counts_insert AFTER INSERT ON conversations BEGIN
             INSERT INTO conversation_counts VALUES (new.user_id, new.archived, 1)
               ON CONFLICT DO UPDATE SET conversations = conversations + 1;
           END""",
        """CREATE TRIGGER conversation_counts_update AFTER UPDATE OF archived ON conversations
           WHEN new.archived <> old.archived BEGIN
             UPDATE conversation_counts SET conversations = conversations - 1
              WHERE user_id = old.user_id AND archived = old.archived;
             INSERT INTO conversation_counts VALUES (new.user_id, new.archived, 1)
               ON CONFLICT DO UPDATE SET conversations = conversations + 1;
           END""",
        """CREATE TRIGGER conversation_counts_delete AFTER DELETE ON conversations BEGIN
             UPDATE conversation_counts SET conversations = conversations - 1
              WHERE user_id = old.user_id AND archived = old.archived;
           END""",
        # How many messages stand on each branch, for the same reason.
        """CREATE TABLE branch_counts (
             conversation_id TEXT NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,
             branch_id TEXT NOT NULL,
             messages INTEGER NOT NULL,
             PRIMARY KEY (conversation_id, branch_id)
           ) STRICT, WITHOUT ROWID""",
        """INSERT INTO branch_counts
             SELECT conversation_id, branch_id, count(*) FROM messages
              GROUP BY conversation_id, branch_id""",
        """CREATE TRIGGER branch_counts_insert AFTER INSERT ON messages BEGIN
             INSERT INTO branch_counts VALUES (new.conversation_id, new.branch_id, 1)
               ON CONFLICT DO UPDATE SET messages = messages + 1;
           END""",
        """CREATE TRIGGER branch_counts_delete AFTER DELETE ON messages BEGIN
             UPDATE branch_counts SET messages = messages - 1
              WHERE conversation_id = old.conversation_id AND branch_id = old.branch_id;
           END""",
        # Keeps no text of its own. `owner` is the user's id as one word, so that a search reads
        # the rows of one user only.
        """CREATE VIRTUAL TABLE messages_fts USING fts5(
             owner, content, content = '', columnsize = 0,
             tokenize = "unicode61 remove_diacritics 2"
           )""",
        # What is deleted leaves the index at once, not when its segments are merged one day. That
        # is why contentless_delete is not used: it only marks rows as gone.
        "INSERT INTO messages_fts (messages_fts, rank) VALUES ('secure-delete', 1)",
        """INSERT INTO messages_fts (rowid, owner, content)
             SELECT m.seq, replace(c.user_id, '-', ''), m.content
               FROM messages m JOIN conversations c ON c.id = m.conversation_id
              WHERE m.content <> ''""",
        """CREATE TRIGGER messages_fts_insert AFTER INSERT ON messages
           WHEN new.content <> '' BEGIN
             INSERT INTO messages_fts (rowid, owner, content)
               SELECT new.seq, replace(user_id, '-', ''), new.content
                 FROM conversations WHERE id = new.conversation_id;
           END""",
        # A row is taken out by naming the very words that were put in.
        """CREATE TRIGGER messages_fts_update AFTER UPDATE OF content ON messages
           WHEN new.content <> old.content BEGIN
             INSERT INTO messages_fts (messages_fts, rowid, owner, content)
               SELECT 'delete', old.seq, replace(user_id, '-', ''), old.content
                 FROM conversations WHERE id = old.conversation_id AND old.content <> '';
             INSERT INTO messages_fts (rowid, owner, content)
               SELECT new.seq, replace(user_id, '-', ''), new.content
                 FROM conversations WHERE id = new.conversation_id AND new.content <> '';
           END""",
        """CREATE TRIGGER messages_fts_delete AFTER DELETE ON messages
           WHEN old.content <> '' BEGIN
             INSERT INTO messages_fts (messages_fts, rowid, owner, content)
               SELECT 'delete', old.seq, replace(user_id, '-', ''), old.content
                 FROM conversations WHERE id = old.conversation_id;
           END""",
        # The cascade would remove them when their owner can no longer be looked up.
        """CREATE TRIGGER conversations_messages BEFORE DELETE ON conversations BEGIN
             DELETE FROM messages WHERE conversation_id = old.id;
           END""",
    )


@schema()
def m0006_audit_checkpoints(db: sqlite_utils.Database) -> None:
    _run(
        db,
        # An Ed25519 signature over the head of the chain, as it stood at `seq`.
        """CREATE TABLE audit_checkpoints (
             seq INTEGER PRIMARY KEY,
             hash TEXT NOT NULL,
             signed_at TEXT NOT NULL,
             signature TEXT NOT NULL
           ) STRICT""",
        "CREATE INDEX audit_log_action ON audit_log(action, seq)",
        # With success: on which days somebody was active is read from here alone.
        "CREATE INDEX audit_log_user ON audit_log(user_id, seq, success)",
        "CREATE INDEX audit_log_timestamp ON audit_log(timestamp)",
    )


@schema()
def m0007_feature_flags(db: sqlite_utils.Database) -> None:
    _run(
        db,
        """CREATE TABLE feature_flags (
             name TEXT PRIMARY KEY,
             enabled INTEGER NOT NULL,
             description TEXT NOT NULL,
             rollout_percentage INTEGER NOT NULL
               CHECK (rollout_percentage BETWEEN 0 AND 100),
             created_at TEXT NOT NULL,
             updated_at TEXT NOT NULL
           ) STRICT, WITHOUT ROWID""",
        """INSERT INTO feature_flags
           SELECT column1, 1, column2, 100, at, at
             FROM (VALUES
                    ('voice_mode', 'Voice sessions and dictation.'),
                    ('llm_answers', 'Answers written by the language model, where there is one.'),
                    ('registration_open', 'People may create accounts of their own.')),
                  (SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z' AS at)""",
        # Counts every change of what retrieval may find; what was found before is then stale.
        """CREATE TABLE knowledge_epoch (
             id INTEGER PRIMARY KEY CHECK (id = 1),
             epoch INTEGER NOT NULL
           ) STRICT""",
        "INSERT INTO knowledge_epoch VALUES (1, 0)",
    )


@schema()
def m0008_evidence(db: sqlite_utils.Database) -> None:
    _run(
        db,
        # In points; layout says where on the page each word of the text stands.
        "ALTER TABLE pages ADD COLUMN width REAL",
        "ALTER TABLE pages ADD COLUMN height REAL",
        "ALTER TABLE pages ADD COLUMN layout BLOB",
        # Whether the file has text there that nobody can see, and that was left out.
        "ALTER TABLE pages ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0",
        # JSON: the headings above a chunk, outermost first; the head of the table or list that it
        # goes on with; and whether a sentence goes over its ends.
        "ALTER TABLE chunks ADD COLUMN path TEXT NOT NULL DEFAULT '[]'",
        "ALTER TABLE chunks ADD COLUMN lead TEXT",
        "ALTER TABLE chunks ADD COLUMN torn_start INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE chunks ADD COLUMN torn_end INTEGER NOT NULL DEFAULT 0",
        # JSON: what reading the document found that people should look at.
        "ALTER TABLE documents ADD COLUMN warnings TEXT NOT NULL DEFAULT '[]'",
        # How many sentences a check withheld, and (JSON) what a refusal found nearest.
        "ALTER TABLE messages ADD COLUMN withheld INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE messages ADD COLUMN nearest TEXT NOT NULL DEFAULT '[]'",
        # Derived from the pages, for reading questions: the document's words, with blanks between,
        # and (JSON) what it says that its abbreviations and names mean.
        """CREATE TABLE lexicons (
             document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
             revision INTEGER NOT NULL,
             words TEXT NOT NULL,
             names TEXT NOT NULL,
             PRIMARY KEY (document_id, revision)
           ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE evaluation_runs (
             id TEXT PRIMARY KEY,
             set_name TEXT NOT NULL,
             created_at TEXT NOT NULL,
             accepted_at TEXT,
             result TEXT NOT NULL
           ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX evaluation_runs_set ON evaluation_runs(set_name, created_at)",
        # `path`: the file it was last loaded from. One at most is served: the search index is
        # made of its vectors, and questions are embedded with it.
        """CREATE TABLE embedding_models (
             id INTEGER PRIMARY KEY,
             name TEXT NOT NULL UNIQUE,
             path TEXT,
             is_served INTEGER NOT NULL DEFAULT 0
           ) STRICT""",
        # A chunk has a vector of each model while one takes the place of another.
        """CREATE TABLE chunk_vectors (
             document_id TEXT NOT NULL,
             revision INTEGER NOT NULL,
             ordinal INTEGER NOT NULL,
             model_id INTEGER NOT NULL REFERENCES embedding_models(id),
             vector BLOB NOT NULL,
             PRIMARY KEY (document_id, revision, ordinal, model_id),
             FOREIGN KEY (document_id, revision, ordinal)
               REFERENCES chunks(document_id, revision, ordinal) ON DELETE CASCADE
           ) STRICT""",
        """INSERT INTO embedding_models (name)
             SELECT DISTINCT embedding_model FROM chunks WHERE embedding_model IS NOT NULL""",
        """INSERT INTO chunk_vectors
             SELECT c.document_id, c.revision, c.ordinal, m.id, c.embedding
               FROM chunks c JOIN embedding_models m ON m.name = c.embedding_model
              WHERE c.embedding IS NOT NULL""",
        "ALTER TABLE chunks DROP COLUMN embedding",
        "ALTER TABLE chunks DROP COLUMN embedding_model",
    )


@schema()
def m0009_model_files(db: sqlite_utils.Database) -> None:
    _run(
        db,
        # The files that language models were loaded from, by their absolute path, with the bytes
        # that were accepted; what a look at the file without reading it showed then (nanoseconds);
        # and which one administrators chose in the place of the settings'.
        """CREATE TABLE model_files (
             path TEXT PRIMARY KEY,
             sha256 TEXT NOT NULL,
             size INTEGER NOT NULL,
             modified INTEGER NOT NULL,
             changed INTEGER NOT NULL,
             inode INTEGER NOT NULL,
             accepted_at TEXT NOT NULL,
             is_chosen INTEGER NOT NULL DEFAULT 0
           ) STRICT, WITHOUT ROWID""",
    )


def _run(db: sqlite_utils.Database, *statements: str) -> None:
    for statement in statements:
        db.execute(statement)
