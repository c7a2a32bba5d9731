"""Rows of the search index: what LanceDB holds of a chunk, with a checksum that tells damage."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from appliance.storage.memory_vectors import MemoryVectors
from appliance.storage.terms import TermHasher


class DamagedIndex(Exception):
    """The index cannot be read, or holds something else than what was written. Rebuild it."""


@dataclass(frozen=True, slots=True)
class VectorRow:
    """A chunk as the index knows it. `vector` has length 1; `text` is what can be found."""

    chunk_id: str
    document_id: str
    revision: int
    text: str
    vector: NDArray[np.float32]


def schema(dimensions: int) -> pa.Schema:
    return pa.schema(
        [
            ("chunk_id", pa.string()),
            ("document_id", pa.string()),
            ("revision", pa.int64()),
            ("vector", pa.list_(pa.float32(), dimensions)),
            ("terms", pa.string()),
            ("checksum", pa.int64()),
        ]
    )


def encoded(
    rows: Sequence[VectorRow], terms_of: TermHasher, dimensions: int
) -> tuple[pa.Table, NDArray[np.float32]]:
    """The rows as LanceDB takes them, and their vectors as one matrix."""
    vectors = np.stack([row.vector for row in rows]).astype(np.float32)
    if vectors.shape != (len(rows), dimensions):
        raise ValueError(f"vectors of shape {vectors.shape}, not {dimensions} dimensions")
    terms = [terms_of.hashed(row.text) for row in rows]
    flat = pa.array(vectors.ravel())
    columns = {
        "chunk_id": [row.chunk_id for row in rows],
        "document_id": [row.document_id for row in rows],
        "revision": [row.revision for row in rows],
        "vector": pa.FixedSizeListArray.from_arrays(flat, dimensions),
        "terms": terms,
        "checksum": [
            _checksum(row.chunk_id, (row.document_id, row.revision), words, vector)
            for row, words, vector in zip(rows, terms, vectors, strict=True)
        ],
    }
    return pa.table(columns, schema=schema(dimensions)), vectors


def load(into: MemoryVectors, batch: pa.RecordBatch, dimensions: int) -> None:
    """Check rows and add their vectors. Raises `DamagedIndex`."""
    flat = batch.column("vector").flatten().to_numpy(zero_copy_only=False)
    if flat.size != batch.num_rows * dimensions:
        raise DamagedIndex("vectors are missing")
    vectors = flat.reshape(batch.num_rows, dimensions)
    ids: list[str] = batch.column("chunk_id").to_pylist()
    documents = list(
        zip(
            batch.column("document_id").to_pylist(),
            batch.column("revision").to_pylist(),
            strict=True,
        )
    )
    terms = batch.column("terms").to_pylist()
    checksums = batch.column("checksum").to_pylist()
    rows = zip(ids, documents, terms, vectors, checksums, strict=True)
    for chunk_id, document, words, vector, checksum in rows:
        if _checksum(chunk_id, document, words, vector) != checksum:
            raise DamagedIndex("a row is not what was written")
    into.add(ids, documents, vectors)


def _checksum(
    chunk_id: str, document: tuple[str, int], terms: str, vector: NDArray[np.float32]
) -> int:
    names = f"{chunk_id} {document[0]} {document[1]} {terms}"
    return zlib.crc32(np.ascontiguousarray(vector).data, zlib.crc32(names.encode()))
