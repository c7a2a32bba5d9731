"""The hashed words of every chunk in memory, to weigh a question's words in the chunks found.

The full-text index scores what it finds alone; here any chunk can be looked into. A chunk takes
five bytes for each of its different words: 100,000 chunks some 25 MB.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

T = TypeVar("T", np.uint8, np.uint32)

_COLUMNS = ["chunk_id", "document_id", "revision", "terms"]
_BATCH = 4096
_MOST = 255  # of one word in one chunk, in a byte


@dataclass(frozen=True, slots=True)
class TermCounts:
    """Where a question's words stand: rows are chunks, columns the question's different words."""

    counts: NDArray[np.int64]  # (chunks, words)
    lengths: NDArray[np.int64]  # words in each chunk
    frequencies: NDArray[np.int64]  # chunks of the whole index that hold each word
    total: int  # chunks of the whole index
    mean_length: float  # words in a chunk of the whole index


@dataclass(frozen=True, slots=True)
class _Rows:
    """One consistent state. Entries past `used` and rows past `ends` are room to grow."""

    documents: list[tuple[str, int]]  # document id and revision of each row
    ids: list[str]
    ends: NDArray[np.int64]  # where each row's entries end, with a leading 0
    lengths: NDArray[np.int64]
    words: NDArray[np.uint32]
    counts: NDArray[np.uint8]


class ExactTerms:
    """One thread at a time changes it; readers may run beside and see a whole state."""

    def __init__(self) -> None:
        self._rows = _Rows(
            [],
            [],
            np.zeros(1, np.int64),
            np.empty(0, np.int64),
            np.empty(0, np.uint32),
            np.empty(0, np.uint8),
        )
        # Row of each chunk, and chunks with each word; may know rows that a later state added.
        self._numbers: dict[str, int] = {}
        self._frequencies: Counter[int] = Counter()

    def load(self, data: pa.Table) -> None:
        """Add rows as the search index holds them."""
        for batch in data.select(_COLUMNS).to_batches(max_chunksize=_BATCH):
            ids, documents, revisions = (column.to_pylist() for column in batch.columns[:3])
            self.add(ids, list(zip(documents, revisions, strict=True)), batch.columns[3])

    def add(
        self, ids: Sequence[str], documents: Sequence[tuple[str, int]], terms: pa.Array
    ) -> None:
        """`terms`: each chunk's hashed words with blanks between."""
        rows, used = self._rows, int(self._rows.ends[-1])
        words, counts, sizes, lengths = _counted(terms)
        self._frequencies.update(words.tolist())
        self._numbers.update(
            (chunk_id, len(rows.ids) + place) for place, chunk_id in enumerate(ids)
        )
        self._rows = _Rows(
            [*rows.documents, *documents],
            [*rows.ids, *ids],
            np.concatenate([rows.ends, used + np.cumsum(sizes)]),
            np.concatenate([rows.lengths, lengths]),
            _appended(rows.words, used, words),
            _appended(rows.counts, used, counts),
        )

    def remove(self, document_id: str, *, except_revision: int | None = None) -> None:
        rows = self._rows
        stays = np.fromiter(
            (d != document_id or r == except_revision for d, r in rows.documents),
            bool,
            len(rows.documents),
        )
        if stays.all():
            return
        sizes = np.diff(rows.ends)
        used = int(rows.ends[-1])
        entries = np.repeat(stays, sizes)
        gone = rows.words[:used][~entries]
        self._forget(gone.tolist())
        kept = np.flatnonzero(stays)
        ids = [rows.ids[number] for number in kept]
        self._numbers = {chunk_id: number for number, chunk_id in enumerate(ids)}
        self._rows = _Rows(
            [rows.documents[number] for number in kept],
            ids,
            np.concatenate([[0], np.cumsum(sizes[kept])]),
            rows.lengths[kept],
            rows.words[:used][entries],
            rows.counts[:used][entries],
        )

    def _forget(self, words: Sequence[int]) -> None:
        """Words of chunks that go; those that no chunk has any more take no room either."""
        for word, count in Counter(words).items():
            self._frequencies[word] -= count
            if self._frequencies[word] <= 0:
                del self._frequencies[word]

    def counted(self, terms: Sequence[str], ids: Sequence[str]) -> TermCounts:
        """The counts of different hashed `terms` in the chunks `ids`; none in an unknown chunk."""
        rows, numbers = self._rows, self._numbers
        known = [(n, number) for n, i in enumerate(ids) if (number := numbers.get(i)) is not None]
        known = [(n, number) for n, number in known if number < len(rows.ids)]
        counts = np.zeros((len(ids), len(terms)), np.int64)
        lengths = np.zeros(len(ids), np.int64)
        asked = [_number(term) for term in terms]
        if known:
            places = np.array([n for n, _ in known])
            chosen = np.array([number for _, number in known])
            starts, sizes = rows.ends[chosen], rows.ends[chosen + 1] - rows.ends[chosen]
            offsets = np.cumsum(sizes) - sizes
            entries = np.arange(int(sizes.sum())) + np.repeat(starts - offsets, sizes)
            owners = np.repeat(places, sizes)
            words, held = rows.words[entries], rows.counts[entries]
            for column, word in enumerate(asked):
                found = words == word
                counts[owners[found], column] = held[found]
            lengths[places] = rows.lengths[chosen]
        return TermCounts(
            counts,
            lengths,
            np.array([max(self._frequencies[word], 0) for word in asked], np.int64),
            len(rows.ids),
            float(rows.lengths.mean()) if len(rows.lengths) else 0.0,
        )


def _number(term: str) -> int:
    """32 bits for a hashed word: of the 100,000 words of a collection, one pair shares them."""
    return zlib.crc32(term.encode())


def _counted(
    terms: pa.Array,
) -> tuple[NDArray[np.uint32], NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """The different words of each text and how often each stands there, text after text; then
    how many different ones and how many in all each text has."""
    split = pc.split_pattern(terms, " ")
    lengths = pc.list_value_length(split).to_numpy(zero_copy_only=False).astype(np.int64)
    encoded = split.flatten().dictionary_encode()
    names = np.array([_number(term) for term in encoded.dictionary.to_pylist()], np.uint64)
    owners = np.repeat(np.arange(len(terms), dtype=np.uint64), lengths)
    pairs = owners << 32 | names[encoded.indices.to_numpy()]
    different, counts = np.unique(pairs, return_counts=True)
    sizes = np.bincount((different >> 32).astype(np.int64), minlength=len(terms))
    words = (different & 0xFFFFFFFF).astype(np.uint32)
    return words, np.minimum(counts, _MOST).astype(np.uint8), sizes, lengths


def _appended(room: NDArray[T], used: int, more: NDArray[T]) -> NDArray[T]:
    """`room` with `more` after its first `used` entries, grown where it is too small."""
    needed = used + len(more)
    if needed > len(room):
        room = np.concatenate([room[:used], np.empty(len(more) + needed // 4, room.dtype)])
    room[used:needed] = more
    return room
