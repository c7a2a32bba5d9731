"""Ed25519 signatures over what the audit trail says of itself. Keys and signatures are hex."""

from __future__ import annotations

import json

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

Statement = dict[str, str | int]


class AuditSigner:
    """The private key of one installation."""

    def __init__(self, seed: bytes) -> None:
        """`seed`: 32 bytes."""
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = self._key.public_key().public_bytes_raw().hex()

    def sign(self, statement: Statement) -> str:
        return self._key.sign(_canonical(statement)).hex()


def is_signed(public_key: str, statement: Statement, signature: str) -> bool:
    """False also for what is no key or no signature."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(signature), _canonical(statement))
    except (ValueError, InvalidSignature):
        return False
    # One spelling only: a signature in capitals is a changed file.
    return signature == signature.lower() and public_key == public_key.lower()


def checkpoint_statement(seq: int, row_hash: str, signed_at: str) -> Statement:
    """The chain ended with this row at that time."""
    return {"seq": seq, "hash": row_hash, "signed_at": signed_at}


def seal_statement(seq: int, rows: str, checkpoints: str) -> Statement:
    """An export that the row `seq` tells of holds these rows and signatures.

    `rows` and `checkpoints` are SHA-256 over the hashes of its rows and over the signatures of its
    checkpoints, each in order.
    """
    return {"seq": seq, "rows": rows, "checkpoints": checkpoints}


def _canonical(statement: Statement) -> bytes:
    return json.dumps(statement, sort_keys=True, separators=(",", ":")).encode()
