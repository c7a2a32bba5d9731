"""engines/model_need.py: every kind of file that is no language model, and what one needs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from appliance.engines import llama_context
from appliance.engines.gguf_header import BLOCKS
from appliance.engines.llama_context import LlamaContext, need_of
from appliance.engines.model_need import ModelNeed, read_language_model
from appliance.errors import Unavailable
from tests.random_bert import write_random_bert
from tests.random_gguf import tiny_vocabulary, write_random_llama
from tests.shared_data import shared_data

MIB = 1 << 20


def written(
    path: Path, *, weights: bool = True, vocabulary: bool = True, **scalars: object
) -> Path:
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(512)
    writer.add_embedding_length(64)
    writer.add_block_count(2)
    writer.add_head_count(4)
    if vocabulary:
        words = tiny_vocabulary()
        writer.add_tokenizer_model("llama")
        writer.add_token_list(words.pieces)
    for name, value in scalars.items():
        key = name.replace("__", ".")
        if isinstance(value, str):
            writer.add_string(key, value)
        else:
            assert isinstance(value, int)
            writer.add_uint32(key, value)
    if weights:
        writer.add_tensor("token_embd.weight", np.ones((8, 64), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def truncated(path: Path) -> Path:
    whole = write_random_llama(path, vocabulary=tiny_vocabulary())
    os.truncate(whole, whole.stat().st_size - 1)
    return whole


def pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def folder(path: Path) -> Path:
    path.mkdir()
    return path


def text(path: Path) -> Path:
    path.write_text("not a model")
    return path


def old(path: Path) -> Path:
    path.write_bytes(b"GGUF" + (1).to_bytes(4, "little") + b"\0" * 64)
    return path


BAD: dict[str, tuple[Callable[[Path], Path], str]] = {
    "absent": (lambda path: path, "does not exist"),
    "folder": (folder, "is not a file"),
    "pipe": (pipe, "is not a file"),
    "no gguf": (text, "does not begin as a GGUF file does"),
    "old version": (old, "version 1 of the format is not supported"),
    "truncated": (truncated, "is incomplete"),
    "vocabulary only": (lambda path: written(path, weights=False), "a vocabulary only"),
    "no vocabulary": (lambda path: written(path, vocabulary=False), "it has no vocabulary"),
    "embedding": (write_random_bert, "an embedding model"),
    "pooling": (lambda path: written(path, llama__pooling_type=3), "an embedding model"),
    "adapter": (lambda path: written(path, general__type="adapter"), "an adapter"),
    "sees": (lambda path: written(path, general__type="mmproj"), "that sees"),
    "part": (lambda path: written(path, split__count=3), "one of 3 parts"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_language_model_is_refused_with_the_reason(kind: str, tmp_path: Path) -> None:
    write, reason = BAD[kind]
    path = write(tmp_path / "bad.gguf")
    with pytest.raises(Unavailable, match=rf"bad\.gguf.*llm_model.*{reason}|{reason}.*llm_model"):
        read_language_model(path)
    with pytest.raises(Unavailable, match=reason):
        LlamaContext(path, threads=1, window=256, slots=1)


def test_a_language_model_is_accepted(tmp_path: Path) -> None:
    path = write_random_llama(tmp_path / "m.gguf", vocabulary=tiny_vocabulary())
    assert read_language_model(path).architecture == "llama"


def test_the_sizes_of_weights_are_those_of_the_format() -> None:
    known = {int(kind): sizes for kind, sizes in gguf.GGML_QUANT_SIZES.items()}
    del known[9]  # a type of no file; the package and the library give it different sizes
    assert known.items() <= BLOCKS.items()


@pytest.mark.parametrize("form", [{}, {"half": True}, {"eight_bit": True}])
def test_weights_are_counted_to_the_byte(form: dict[str, Any], tmp_path: Path) -> None:
    path = write_random_llama(tmp_path / "m.gguf", vocabulary=tiny_vocabulary(), **form)
    reader = gguf.GGUFReader(path)
    assert read_language_model(path).weights == sum(int(t.n_bytes) for t in reader.tensors)


def test_the_real_model_is_accepted() -> None:
    header = read_language_model(shared_data("models/stories260K-f32.gguf"))
    assert header.weights > 1_000_000


def test_keys_and_values_are_counted_as_llama_cpp_allocates_them(tmp_path: Path) -> None:
    """2 layers of 2 key-value heads, 16 wide, two bytes each, for keys and for values."""
    path = write_random_llama(tmp_path / "m.gguf", vocabulary=tiny_vocabulary(), kv_heads=2)
    need = ModelNeed.of(read_language_model(path), window=256, batch=8)
    assert need.slot == 256 * 2 * 2 * (16 + 16) * 2
    longer = ModelNeed.of(read_language_model(path), window=4096, batch=8)
    assert longer.window == 512  # the model's own
    assert longer.slot == 2 * need.slot


@pytest.mark.parametrize(
    ("available", "slots"),
    [(0, 0), (150 * MIB, 0), (169 * MIB, 0), (170 * MIB, 1), (190 * MIB, 2), (9000 * MIB, 16)],
)
def test_half_of_what_the_weights_leave_is_for_texts(available: int, slots: int) -> None:
    need = ModelNeed(weights=100 * MIB, slot=10 * MIB, compute=50 * MIB, window=4096, layers=3)
    assert need.slots(available, 16) == slots


def test_one_too_big_for_memory_is_refused_before_it_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_random_llama(tmp_path / "big.gguf", vocabulary=tiny_vocabulary())
    need = need_of(read_language_model(path), window=512, slots=4)
    enough = need.weights + need.compute + 2 * need.slot
    monkeypatch.setattr(llama_context, "available_memory", lambda: enough)
    context = LlamaContext(path, threads=1, window=512, slots=4)
    assert context.slots == 1
    context.close()
    monkeypatch.setattr(llama_context, "available_memory", lambda: enough - 2)
    with pytest.raises(Unavailable, match=r"big\.gguf.*llm_model.*512 tokens needs.*llm_context"):
        LlamaContext(path, threads=1, window=512, slots=4)
