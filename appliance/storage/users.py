"""Accounts as rows. The password hash never leaves this module inside a `User`."""

from __future__ import annotations

from datetime import datetime

from sqlcipher3 import dbapi2

from appliance.domain import AdminRole, User
from appliance.errors import Conflict
from appliance.storage.database import Connection, Row
from appliance.storage.instants import from_text, optional_from_text, to_text


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


def credentials(tx: Connection, email: str) -> tuple[User, str] | None:
    """The account and its password hash."""
    row = tx.execute(
        """SELECT id, email, full_name, is_active, admin_role, created_at, last_login, password_hash
             FROM users WHERE email = ?""",
        (email,),
    ).fetchone()
    return None if row is None else (from_row(row), row["password_hash"])


def password_hash(tx: Connection, user_id: str) -> str | None:
    row = tx.execute("SELECT password_hash FROM users WHERE id = ?", (user_id,)).fetchone()
    return None if row is None else row["password_hash"]


def has_active_admin(tx: Connection) -> bool:
    row = tx.execute(
        "SELECT 1 FROM users WHERE admin_role = 'admin' AND is_active = 1 LIMIT 1"
    ).fetchone()
    return row is not None


def is_last_admin(tx: Connection, user_id: str) -> bool:
    """Whether `user_id` is an active administrator and nobody else is."""
    rows = tx.execute(
        "SELECT id FROM users WHERE admin_role = 'admin' AND is_active = 1 LIMIT 2"
    ).fetchall()
    return [row["id"] for row in rows] == [user_id]


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
