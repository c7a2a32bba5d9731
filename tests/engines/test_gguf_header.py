from __future__ import annotations

import random
from pathlib import Path

import pytest

from appliance.engines.gguf_header import read_header
from appliance.engines.llama_runtime import LlamaModel
from appliance.errors import Unavailable
from tests.random_gguf import Vocabulary, tiny_vocabulary, write_random_llama


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gguf") / "whole.gguf"
    return write_random_llama(path, vocabulary=tiny_vocabulary(), chat_template="{{ 1 }}")


def test_it_reads_what_the_file_says(whole: Path) -> None:
    header = read_header(whole, setting="llm_model")
    assert header.architecture == "llama"
    assert header.name == "random-2x64"
    assert header.of_architecture("context_length") == 512
    assert header.metadata["tokenizer.chat_template"] == "{{ 1 }}"
    assert not header.is_encoder


def test_a_missing_file_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"does not exist.*llm_model"):
        read_header(tmp_path / "none.gguf", setting="llm_model")
    with pytest.raises(Unavailable, match="llm_model"):
        read_header(tmp_path, setting="llm_model")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GG",
        b"PK\x03\x04 not a model",
        b"GGUF" + (1).to_bytes(4, "little"),
        b"GGUF" + (3).to_bytes(4, "little") + b"\xff" * 16,
        b"GGUF" + (3).to_bytes(4, "little") + (1).to_bytes(8, "little") * 2 + b"\xff" * 40,
    ],
)
def test_what_is_no_gguf_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "bad.gguf"
    path.write_bytes(data)
    with pytest.raises(Unavailable, match=r"bad\.gguf is not a usable GGUF file.*llm_model"):
        read_header(path, setting="llm_model")


def test_a_truncated_file_never_reaches_native_code_unchecked(whole: Path, tmp_path: Path) -> None:
    """Cut anywhere, the file is refused with a message and the process lives on."""
    data = whole.read_bytes()
    chooser = random.Random(5)
    places = [4, 100, len(data) // 2, len(data) - 4096, len(data) - 1]
    places += [chooser.randrange(len(data)) for _ in range(15)]
    for place in places:
        path = tmp_path / f"cut-{place}.gguf"
        path.write_bytes(data[:place])
        with pytest.raises(Unavailable, match="llm_model"):
            LlamaModel(path, setting="llm_model")


def test_a_file_that_changed_is_read_anew(tmp_path: Path) -> None:
    path = write_random_llama(tmp_path / "m.gguf", layers=1, vocabulary=tiny_vocabulary())
    assert read_header(path, setting="x") is read_header(path, setting="x")
    write_random_llama(path, layers=2, vocabulary=tiny_vocabulary())
    assert read_header(path, setting="x").number("block_count") == 2
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(Unavailable, match="incomplete"):
        read_header(path, setting="x")


def test_a_vocabulary_of_several_megabytes_is_passed_over(tmp_path: Path) -> None:
    words = tiny_vocabulary()
    more = [b"w" * length for length in (1 << 20, 1, (1 << 20) - 8, (1 << 20) - 16, 3 << 20, 0, 7)]
    longer = Vocabulary(
        [*words.pieces, *more], words.scores + [0.0] * len(more), words.kinds + [1] * len(more)
    )
    path = write_random_llama(tmp_path / "m.gguf", vocabulary=longer, chat_template="after")
    header = read_header(path, setting="x")
    assert header.lengths["tokenizer.ggml.tokens"] == len(longer.pieces)
    assert header.metadata["tokenizer.chat_template"] == "after"


@pytest.mark.parametrize("length", [1 << 63, (1 << 64) - 1, 1 << 40])
def test_a_word_longer_than_the_file_is_damage(length: int, whole: Path, tmp_path: Path) -> None:
    data = whole.read_bytes()
    key = b"tokenizer.ggml.tokens"
    place = data.index(key) + len(key) + 4 + 4 + 8  # past the types and the count
    path = tmp_path / "long.gguf"
    path.write_bytes(data[:place] + length.to_bytes(8, "little") + data[place + 8 :])
    with pytest.raises(Unavailable, match="incomplete"):
        read_header(path, setting="x")


def test_flipped_bytes_in_the_metadata_never_end_the_process(whole: Path, tmp_path: Path) -> None:
    data = bytearray(whole.read_bytes())
    chooser = random.Random(6)
    for _ in range(200):
        damaged = bytearray(data[:6000])
        for _ in range(3):
            damaged[chooser.randrange(4, len(damaged))] = chooser.randrange(256)
        path = tmp_path / "damaged.gguf"
        path.write_bytes(damaged)
        with pytest.raises(Unavailable):
            read_header(path, setting="llm_model")
