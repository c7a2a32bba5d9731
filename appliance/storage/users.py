"""Accounts as rows. The password hash never leaves this module inside a `User`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlcipher3 import dbapi2

from appliance.domain import AdminRole, User
from appliance.errors import Conflict
from appliance.storage.database import Connection, Row
from appliance.storage.instants import from_text, optional_from_text, to_text

# Stands in the hash of who was invited and has not chosen a password; no password gives it.
NO_PASSWORD = ""
NEWEST_FIRST = "ORDER BY u.created_at DESC, u.id DESC LIMIT :limit OFFSET :offset"
_IS_ADMIN = f"admin_role = 'admin' AND is_active = 1 AND password_hash <> '{NO_PASSWORD}'"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a listing is narrowed to; None leaves it open.

    `search` is looked for in address and name, whatever the case of its letters.
    """

    search: str | None = None
    is_active: bool | None = None
    is_admin: bool | None = None


def insert(tx: Connection, user: User, password_hash: str) -> None:
    """Raises `Conflict` naming the field when the e-mail address is taken."""
    try:
        tx.execute(
            """INSERT INTO users (id, email, full_name, password_hash, is_active, admin_role,
                                  created_at, last_login)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
            (
                user.id,
                user.email,
                user.full_name,
                password_hash,
                int(user.is_active),
                user.admin_role.value,
                to_text(user.created_at),
                None if user.last_login is None else to_text(user.last_login),
            ),
        )
    except dbapi2.IntegrityError as error:
        raise _conflict(error) from None


def by_id(tx: Connection, user_id: str) -> User | None:
    row = tx.execute(
        """SELECT id, email, full_name, is_active, admin_role, created_at, last_login
             FROM users WHERE id = ?""",
        (user_id,),
    ).fetchone()
    return None if row is None else from_row(row)


def by_email(tx: Connection, email: str) -> User | None:
    """`email` in its normal form, as it was inserted."""
    found = credentials(tx, email)
    return None if found is None else found[0]


def credentials(tx: Connection, email: str) -> tuple[User, str | None] | None:
    """The account and its password hash, None where no password was chosen yet."""
    row = tx.execute(
        """SELECT id, email, full_name, is_active, admin_role, created_at, last_login, password_hash
             FROM users WHERE email = ?""",
        (email,),
    ).fetchone()
    if row is None:
        return None
    return from_row(row), None if row["password_hash"] == NO_PASSWORD else row["password_hash"]


def password_hash(tx: Connection, user_id: str) -> str | None:
    row = tx.execute("SELECT password_hash FROM users WHERE id = ?", (user_id,)).fetchone()
    return None if row is None or row["password_hash"] == NO_PASSWORD else row["password_hash"]


def has_password(tx: Connection, user_id: str) -> bool:
    row = tx.execute(
        "SELECT 1 FROM users WHERE id = ? AND password_hash <> ?", (user_id, NO_PASSWORD)
    ).fetchone()
    return row is not None


def has_active_admin(tx: Connection) -> bool:
    return tx.execute(f"SELECT 1 FROM users WHERE {_IS_ADMIN} LIMIT 1").fetchone() is not None


def is_last_admin(tx: Connection, user_id: str) -> bool:
    """Whether `user_id` is an active administrator who can sign in, and nobody else is."""
    rows = tx.execute(f"SELECT id FROM users WHERE {_IS_ADMIN} LIMIT 2").fetchall()
    return [row["id"] for row in rows] == [user_id]


def listing(tx: Connection, wanted: Wanted, *, offset: int, limit: int) -> tuple[list[User], int]:
    """Newest first, and how many there are in all."""
    where, values = narrowed(wanted)
    rows = tx.execute(
        f"""SELECT id, email, full_name, is_active, admin_role, created_at, last_login
              FROM users u {where} {NEWEST_FIRST}""",
        values | {"limit": limit, "offset": offset},
    ).fetchall()
    return [from_row(row) for row in rows], count(tx, wanted)


def count(tx: Connection, wanted: Wanted) -> int:
    where, values = narrowed(wanted)
    total: int = tx.execute(f"SELECT count(*) AS n FROM users u {where}", values).fetchone()["n"]
    return total


def narrowed(wanted: Wanted) -> tuple[str, dict[str, Any]]:
    """A WHERE clause over `users u` and its values."""
    clause = """WHERE (:is_active IS NULL OR u.is_active = :is_active)
                  AND (:is_admin IS NULL OR (u.admin_role = 'admin') = :is_admin)
                  AND (:search IS NULL OR instr(folded(u.email), folded(:search))
                       OR instr(folded(u.full_name), folded(:search)))"""
    values = {
        "is_active": wanted.is_active,
        "is_admin": wanted.is_admin,
        "search": wanted.search or None,
    }
    return clause, values


def update(tx: Connection, user: User) -> None:
    """Write the fields that people can change. Raises `Conflict` when the address is taken."""
    try:
        tx.execute(
            "UPDATE users SET email = ?, full_name = ?, is_active = ?, admin_role = ? WHERE id = ?",
            (user.email, user.full_name, int(user.is_active), user.admin_role.value, user.id),
        )
    except dbapi2.IntegrityError as error:
        raise _conflict(error) from None


def set_password(tx: Connection, user_id: str, password_hash: str) -> None:
    tx.execute("UPDATE users SET password_hash = ? WHERE id = ?", (password_hash, user_id))


def delete(tx: Connection, user_id: str) -> bool:
    """With sessions, conversations and everything else that is the user's own."""
    return bool(tx.execute("DELETE FROM users WHERE id = ?", (user_id,)).rowcount)


def set_last_login(tx: Connection, user_id: str, at: datetime) -> None:
    tx.execute("UPDATE users SET last_login = ? WHERE id = ?", (to_text(at), user_id))


def from_row(row: Row) -> User:
    return User(
        id=row["id"],
        email=row["email"],
        full_name=row["full_name"],
        is_active=bool(row["is_active"]),
        admin_role=AdminRole(row["admin_role"]),
        created_at=from_text(row["created_at"]),
        last_login=optional_from_text(row["last_login"]),
    )


def _conflict(error: Exception) -> Exception:
    if "users.email" not in str(error):
        return error
    return Conflict("An account with this e-mail address exists.", field="email")
