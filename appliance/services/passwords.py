"""Passwords: what is accepted as one (NIST SP 800-63B-4, 3.1.1) and how it is kept (bcrypt)."""

from __future__ import annotations

import asyncio
import base64
import hmac
import string
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import bcrypt

from appliance.errors import Invalid

MAX_LENGTH = 128  # characters, after NFKC
PRODUCT = "voiceassist"
LONGEST_REPEATED_UNIT = 4

# Passwords of eight characters and more that lead the published lists of leaked ones.
COMMON = frozenset(
    """
    password password1 password12 password123 password1234 password12345 password123456 passw0rd
    p@ssw0rd p@ssword p@ssw0rd1234 pa55word passw0rd1234 passwordpassword mypassword mypassword123
    yourpassword newpassword newpassword123 defaultpassword temppassword changepassword changeme
    changeme123 changeme1234 changemenow pleasechangeme letmein1 letmein123 letmein1234
    letmeinplease letmeinnow welcome1 welcome123 welcome1234 welcome12345 welcomehome
    administrator administrator1 administrator123 admin123 admin1234 admin12345 admin123456
    adminadmin adminadmin123 rootroot superuser qwerty12 qwerty123 qwerty1234 qwerty12345
    qwerty123456 qwertyqwerty qwertyuiop123 qwertyuiop1234 iloveyou iloveyou1 iloveyou123
    iloveyou1234 iloveyouforever sunshine sunshine123 princess princess123 football football123
    football1234 baseball baseball123 basketball basketball1 superman superman123 batman123456
    starwars starwars1234 trustno1 trustnoone whatever whatever123 computer internet michael1
    jennifer charlie1 liverpool liverpoolfc manchester manchesterunited chelsea12345 arsenal12345
    monkey123456 dragon123456 master123456 shadow123456 abcd1234 abc123456789 abc123abc123
    abcdef123456 1234567890ab a123456789 aa123456789 asdf1234 asdfasdf asdfghjkl123 zxcvbnm123
    zxcvbnm12345 1qaz2wsx3edc 1qaz2wsx3edc4rfv q1w2e3r4t5y6 qazwsxedcrfv qazwsxedc123
    correcthorsebatterystaple hospital hospital1 hospital123 hospital1234 hospital12345
    hospital2024 hospital2025 hospital2026 hospitalpassword medicine123 medical123 medical12345
    doctor123456 nurse1234567 nursenurse patient12345 clinic123456 summer2024 summer2025
    summer2026 winter2024 winter2025 winter2026 spring2025 spring2026 autumn2025 autumn2026
    january2026 monday123456 nothing12345 secret123456 secretsecret secretpassword topsecret
    topsecret123 testtest testtest123 testpassword testing12345 test12345678 guestguest useruser
    demo12345678 demopassword googlegoogle facebook facebook123 samsung12345 microsoft123 passwort
    passwort1234 hallo1234567 motdepasse motdepasse123 azertyuiop azertyuiop123 contrasena
    senha1234567 thequickbrownfox ilovemyhospital godblessyou jesuschrist jesus1234567
    """.split()
)
_WALKS = (
    string.digits,
    string.ascii_lowercase,
    "1234567890",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertyuiop[]asdfghjkl;'zxcvbnm,./",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1234567890qwertyuiop",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "qazwsxedcrfvtgbyhnujmikolp",
)

T = TypeVar("T")


class PasswordHasher:
    """bcrypt over a keyed hash, in two threads of its own: hashing never stops the event loop."""

    def __init__(self, pepper: bytes, rounds: int = 12, min_length: int = 12) -> None:
        """`pepper` is a 32-byte key kept apart from the database, `rounds` a power of two."""
        self._pepper = pepper
        self._rounds = rounds
        self._min_length = min_length
        self._executor = ThreadPoolExecutor(2, thread_name_prefix="password")
        # Costs as much to check as a real one; no password is known to give it.
        self._nobodys_hash = bcrypt.gensalt(rounds) + b"." * 31

    async def hash(self, password: str) -> str:
        return await self._in_thread(
            lambda: bcrypt.hashpw(
                prehash(self._pepper, password), bcrypt.gensalt(self._rounds)
            ).decode()
        )

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """`password_hash` None stands for an unknown user: as slow as a known one, always False."""
        stored = self._nobodys_hash if password_hash is None else password_hash.encode()
        matches = await self._in_thread(
            lambda: bcrypt.checkpw(prehash(self._pepper, password), stored)
        )
        return matches and password_hash is not None

    def check(self, password: str, *, email: str, field: str = "password") -> None:
        """Raises `Invalid` naming `field` for a password too short, too long or too common."""
        if any(unicodedata.category(character) == "Cs" for character in password):
            raise Invalid("The password has characters that are no text.", field=field)
        normal = normalise(password)
        if not self._min_length <= len(normal) <= MAX_LENGTH:
            raise Invalid(
                f"The password must have {self._min_length} to {MAX_LENGTH} characters.",
                field=field,
            )
        if _is_guessable(normal.casefold(), email.casefold()):
            raise Invalid(
                "The password is too easy to guess: choose a few words of your own.",
                field=field,
            )

    def close(self) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)

    async def _in_thread(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function)


def normalise(password: str) -> str:
    """The same text however a keyboard composes its accents."""
    return unicodedata.normalize("NFKC", password)


def prehash(pepper: bytes, password: str) -> bytes:
    """44 bytes out of a password of any length; bcrypt takes no more than 72 and no NUL."""
    text = normalise(password).encode("utf-8", "surrogatepass")
    return base64.b64encode(hmac.digest(pepper, text, "sha256"))


def _is_guessable(password: str, email: str) -> bool:
    if password in COMMON or _is_repetition(password) or _is_walk(password):
        return True
    squeezed = "".join(character for character in password if character.isalnum())
    local_part = "".join(character for character in email.partition("@")[0] if character.isalnum())
    whole = "".join(character for character in email if character.isalnum())
    forbidden = {PRODUCT, local_part, whole, _stem(local_part)} - {""}
    return not forbidden.isdisjoint({squeezed, _stem(squeezed)}) or squeezed in COMMON


def _stem(text: str) -> str:
    """Without the digits that people append."""
    return text.rstrip(string.digits)


def _is_repetition(password: str) -> bool:
    for period in range(1, len(password) // 2 + 1):
        if password[period:] == password[:-period]:
            return period <= LONGEST_REPEATED_UNIT or password[:period] in COMMON
    return False


def _is_walk(password: str) -> bool:
    """A run along the alphabet, the digits or the keys of a keyboard, forwards or backwards."""
    for walk in _WALKS:
        endless = walk * (len(password) // len(walk) + 2)
        if password in endless or password[::-1] in endless:
            return True
    return False
