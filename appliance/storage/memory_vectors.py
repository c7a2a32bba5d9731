"""Unit vectors in memory: exact search over all of them while they are few, inverted lists above.

Exact search is one matrix product; at the sizes that it is for, it is an order of magnitude faster
than decoding the column from its file for every question. 100,000 vectors of 384 dimensions take
154 MB, and there is nothing beside them but their names.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from appliance.storage.inverted_lists import InvertedLists, trained

Scalar = TypeVar("Scalar", bound=np.generic)

FLAT_LIMIT = 100_000
_STALE = 0.25  # share of rows that are deleted, or in no list, from which all are sorted anew


@dataclass(frozen=True, slots=True)
class _Rows:
    """One consistent state. What stands past `count` is room to grow, or of a later state.

    One id may have a row for each revision.
    """

    count: int
    ids: list[str]
    numbers: dict[str, int]  # a row of each id that is alive; may know rows of a later state
    documents: list[str]
    document_of: NDArray[np.int32]  # place in `documents`
    revision_of: NDArray[np.int64]
    alive: NDArray[np.bool_]
    dead: int
    matrix: NDArray[np.float32]
    lists: InvertedLists | None  # of the first rows; those added later are all looked at


@dataclass(frozen=True, slots=True)
class Clustering:
    """Rows of one state in a new order, with the lists that this order makes."""

    rows: _Rows
    lists: InvertedLists
    order: NDArray[np.int64]


class MemoryVectors:
    """One thread at a time changes it; searches may run beside and see a whole state."""

    def __init__(self, dimensions: int, *, flat_limit: int = FLAT_LIMIT) -> None:
        """Up to `flat_limit` vectors a search is exact."""
        self._dimensions = dimensions
        self._flat_limit = flat_limit
        self._places: dict[str, int] = {}  # of each document in `documents`
        self._rows = _Rows(
            0,
            [],
            {},
            [],
            np.empty(0, np.int32),
            np.empty(0, np.int64),
            np.empty(0, np.bool_),
            0,
            np.empty((0, dimensions), np.float32),
            None,
        )

    def __len__(self) -> int:
        return self._rows.count - self._rows.dead

    def is_exact(self) -> bool:
        return self._rows.lists is None

    def keys(self) -> list[tuple[str, str, int]]:
        """(chunk id, document id, revision) of every row."""
        rows = self._rows
        return [
            (rows.ids[n], rows.documents[rows.document_of[n]], int(rows.revision_of[n]))
            for n in np.flatnonzero(rows.alive[: rows.count]).tolist()
        ]

    def add(
        self,
        ids: Sequence[str],
        documents: Sequence[tuple[str, int]],
        vectors: NDArray[np.float32],
    ) -> None:
        """`documents`: id and revision of each; `vectors`: shape (len(ids), dimensions), rows of
        length 1.
        """
        rows = self._with_room(len(ids))
        start, end = rows.count, rows.count + len(ids)
        for document_id, _ in documents:
            if document_id not in self._places:
                self._places[document_id] = len(rows.documents)
                rows.documents.append(document_id)
        rows.document_of[start:end] = [self._places[document_id] for document_id, _ in documents]
        rows.revision_of[start:end] = [revision for _, revision in documents]
        rows.alive[start:end] = True
        rows.matrix[start:end] = vectors
        rows.ids.extend(ids)
        rows.numbers.update(zip(ids, range(start, end), strict=True))
        self._rows = replace(rows, count=end)

    def remove(self, document_id: str, *, except_revision: int | None = None) -> None:
        rows = self._rows
        place = self._places.get(document_id)
        own = (rows.document_of[: rows.count] == place) & rows.alive[: rows.count]
        if except_revision is None:
            gone, kept = own, np.zeros_like(own)
        else:
            revisions = rows.revision_of[: rows.count]
            gone, kept = own & (revisions != except_revision), own & (revisions == except_revision)
        numbers = np.flatnonzero(gone).tolist()
        if not numbers:
            return
        alive = rows.alive.copy()
        alive[numbers] = False
        for number in numbers:
            if rows.numbers.get(rows.ids[number]) == number:
                del rows.numbers[rows.ids[number]]
        rows.numbers.update((rows.ids[number], number) for number in np.flatnonzero(kept).tolist())
        self._rows = replace(rows, alive=alive, dead=rows.dead + len(numbers))
        if self._rows.dead > _STALE * self._rows.count:
            self._compact()

    def search(self, vector: NDArray[np.float32], limit: int) -> list[tuple[str, float]]:
        """The `limit` nearest (id, cosine), nearest first; equal ones in order of their rows."""
        rows = self._rows
        if rows.lists is None:
            parts = [(0, rows.count)]
        else:
            parts = [*rows.lists.nearest(vector), (rows.lists.rows, rows.count)]
        scores = np.concatenate([rows.matrix[start:end] @ vector for start, end in parts])
        numbers = np.concatenate([np.arange(start, end) for start, end in parts])
        if rows.dead:
            living = rows.alive[numbers]
            scores, numbers = scores[living], numbers[living]
        count = min(limit, len(scores))
        if count == 0:
            return []
        best = np.argpartition(-scores, count - 1)[:count]
        best = best[np.lexsort((numbers[best], -scores[best]))]
        return [(rows.ids[numbers[place]], float(scores[place])) for place in best]

    def cosines(self, vector: NDArray[np.float32], ids: Iterable[str]) -> dict[str, float]:
        """The cosine of each of `ids` that is here."""
        rows = self._rows
        known = [(i, n) for i in ids if (n := rows.numbers.get(i, rows.count)) < rows.count]
        if not known:
            return {}
        scores = rows.matrix[[number for _, number in known]] @ vector
        return {i: float(score) for (i, _), score in zip(known, scores, strict=True)}

    def needs_lists(self) -> bool:
        """Whether an exact search takes too long, or too many rows are in no list."""
        rows = self._rows
        if len(self) <= self._flat_limit:
            return False
        return rows.lists is None or rows.count - rows.lists.rows > _STALE * rows.count

    def clustered(self, stop: threading.Event) -> Clustering:
        """New lists for the rows of now; changes may go on meanwhile. Raises `Stopped`."""
        rows = self._rows
        lists, order = trained(rows.matrix[: rows.count], stop)
        return Clustering(rows, lists, order)

    def adopt(self, clustering: Clustering) -> None:
        """Search by these lists from now on, if the rows still stand where they were."""
        rows, known = self._rows, clustering.lists.rows
        if rows.ids is clustering.rows.ids:
            order = np.concatenate([clustering.order, np.arange(known, rows.count)])
            self._rows = _reordered(rows, order, clustering.lists)

    def _compact(self) -> None:
        """Drop the rows that are dead."""
        rows = self._rows
        alive = rows.alive[: rows.count]
        lists = None
        if rows.lists is not None and len(self) > self._flat_limit:
            lists = rows.lists.without(alive)
        self._rows = _reordered(rows, np.flatnonzero(alive), lists)

    def _with_room(self, more: int) -> _Rows:
        rows = self._rows
        needed = rows.count + more
        if needed <= len(rows.matrix):
            return rows
        room = needed + needed // 4

        def grown(array: NDArray[Scalar]) -> NDArray[Scalar]:
            larger = np.empty((room, *array.shape[1:]), array.dtype)
            larger[: rows.count] = array[: rows.count]
            return larger

        return replace(
            rows,
            document_of=grown(rows.document_of),
            revision_of=grown(rows.revision_of),
            alive=grown(rows.alive),
            matrix=grown(rows.matrix),
        )


def _reordered(rows: _Rows, order: NDArray[np.int64], lists: InvertedLists | None) -> _Rows:
    """The rows of `order` in that order; in lists of their own, which no other state shares."""
    ids = [rows.ids[number] for number in order.tolist()]
    alive = rows.alive[order]
    return _Rows(
        len(ids),
        ids,
        {ids[number]: number for number in np.flatnonzero(alive).tolist()},
        rows.documents,
        rows.document_of[order],
        rows.revision_of[order],
        alive,
        int(len(ids) - np.count_nonzero(alive)),
        rows.matrix[order],
        lists,
    )
