"""Learns the documents' own vocabulary, for reading questions as they were meant.

Each document's part is derived from its pages and kept in SQLite; together they are in memory. A
change of the documents is learned behind: until then questions are read by what was known.
"""

from __future__ import annotations

import asyncio
import logging
import re
import sys
from collections import Counter
from collections.abc import Callable, Set
from itertools import chain

from appliance.services.abbreviations import compared_names, other_names, pairs
from appliance.services.query import Vocabulary
from appliance.storage import documents, knowledge_epoch, lexicons
from appliance.storage.database import Connection, Database
from appliance.storage.lexicons import DocumentLexicon

_WORD = re.compile(r"[^\W\d_]{2,40}")
_BATCH = 200  # documents written at once

logger = logging.getLogger(__name__)


class Lexicon:
    def __init__(self, db: Database, common: Callable[[], Set[str]] = frozenset) -> None:
        """`common`: words of the language that name nothing, as the embedding model has them."""
        self._db = db
        self._common = common
        self._epoch = -1  # of the documents that `_vocabulary` was learned from
        self._vocabulary = Vocabulary()
        self._parts: dict[tuple[str, int], DocumentLexicon] = {}
        self._learning: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin to learn the documents that are there."""
        self.vocabulary(await self._db.read(knowledge_epoch.current))

    async def close(self) -> None:
        if self._learning is not None:
            self._learning.cancel()
            await asyncio.gather(self._learning, return_exceptions=True)

    async def settled(self) -> None:
        """Wait until what is being learned is known."""
        if self._learning is not None:
            await asyncio.wait({self._learning})

    @property
    def known(self) -> Vocabulary:
        """What is known so far; learns nothing."""
        return self._vocabulary

    def vocabulary(self, epoch: int) -> tuple[int, Vocabulary]:
        """What is known so far, with its epoch; learns `epoch` behind, if it is another."""
        if epoch != self._epoch and (self._learning is None or self._learning.done()):
            self._learning = asyncio.create_task(self._learn())
        return self._epoch, self._vocabulary

    async def _learn(self) -> None:
        try:
            epoch, served, titles = await self._db.read(_wanted)
            parts = {key: part for key, part in self._parts.items() if key in served}
            missing = sorted(served - parts.keys())
            for start in range(0, len(missing), _BATCH):
                parts |= await self._taught(missing[start : start + _BATCH])
            vocabulary = await asyncio.to_thread(
                _together, list(parts.values()), titles, self._common()
            )
            self._epoch, self._parts, self._vocabulary = epoch, parts, vocabulary
        except Exception:
            # Questions are read by what is known; the next one tries again.
            logger.exception("the documents' vocabulary could not be learned")

    async def _taught(self, keys: list[tuple[str, int]]) -> dict[tuple[str, int], DocumentLexicon]:
        """What is kept of `keys`, and what is not, learned and kept."""
        found = {}
        new = []
        for key in keys:
            kept = await self._db.read(lambda tx, key=key: lexicons.of_revision(tx, *key))  # type: ignore[misc]
            if kept is None:
                texts = await self._db.read(lambda tx, key=key: lexicons.texts(tx, *key))  # type: ignore[misc]
                kept = await asyncio.to_thread(learned, texts)
                new.append((*key, kept))
            found[key] = kept
        if new:
            await self._db.write(lambda tx: lexicons.put(tx, new))
        return found


def learned(pages: list[str]) -> DocumentLexicon:
    """The vocabulary of one document."""
    # Words in capitals alone are abbreviations or headings, whose words come in small letters too.
    words = {
        sys.intern(word.casefold())
        for text in pages
        for word in _WORD.findall(text)
        if not word.isupper()
    }
    told = chain.from_iterable((*pairs(text), *other_names(text)) for text in pages)
    names = dict.fromkeys((*told, *compared_names(pages)))
    return DocumentLexicon(tuple(sorted(words)), tuple(names))


def _wanted(tx: Connection) -> tuple[int, set[tuple[str, int]], list[str]]:
    titles = [document.title for document in documents.served(tx)]
    return knowledge_epoch.current(tx), lexicons.served(tx), titles


def _together(parts: list[DocumentLexicon], titles: list[str], common: Set[str]) -> Vocabulary:
    frequencies = Counter(word for part in parts for word in part.words)
    names = Counter(name for part in parts for name in part.names)
    return Vocabulary(
        frequencies,
        ((a, b, count) for (a, b), count in names.items()),
        titles=titles,
        common=common,
    )
