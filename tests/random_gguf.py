"""Llama models of random weights: real to load and run, of any size, and saying nothing.

python -m tests.random_gguf OUT.gguf [--layers 12 --width 768 --context 4096]
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
from numpy.typing import NDArray

from tests.shared_data import ROOT

STORIES = ROOT / "models" / "stories260K-f32.gguf"
_WORDS = (
    "the a of and to in is for patient dose mg daily with not take drug risk blood use may be "
    "should question answer passage hospital document user assistant page from on by or as at "
    "this that"
).split()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """SentencePiece pieces in the order of their ids; control tokens <s> is 1 and </s> is 2."""

    pieces: list[bytes]
    scores: list[float]
    kinds: list[int]


def tiny_vocabulary() -> Vocabulary:
    """Bytes, printable ASCII and a few words: enough for any text to have tokens."""
    pieces: list[bytes] = [b"<unk>", b"<s>", b"</s>"]
    kinds = [gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL, gguf.TokenType.CONTROL]
    for number in range(256):
        pieces.append(f"<0x{number:02X}>".encode())
        kinds.append(gguf.TokenType.BYTE)
    start = "\u2581"
    plain = [start] + [chr(code) for code in range(33, 127)]
    for word in _WORDS:  # every prefix, since SentencePiece merges pair by pair
        plain += [start + word[:end] for end in range(1, len(word) + 1)]
    for piece in dict.fromkeys(plain):
        pieces.append(piece.encode())
        kinds.append(gguf.TokenType.NORMAL)
    return Vocabulary(
        pieces, [-float(i) for i in range(len(pieces))], [int(kind) for kind in kinds]
    )


def stories_vocabulary() -> Vocabulary:
    """That of stories260K where it is at hand, else the tiny one."""
    if not STORIES.is_file():
        return tiny_vocabulary()
    reader = gguf.GGUFReader(STORIES)
    tokens = reader.get_field("tokenizer.ggml.tokens")
    return Vocabulary(
        [bytes(tokens.parts[place]) for place in tokens.data],
        [float(s) for s in reader.get_field("tokenizer.ggml.scores").contents()],
        [int(k) for k in reader.get_field("tokenizer.ggml.token_type").contents()],
    )


def write_aborting_llama(path: Path) -> Path:
    """One whose header is in order and for which llama.cpp ends its process: a word stands twice in
    its vocabulary.
    """
    words = tiny_vocabulary()
    twice = Vocabulary([*words.pieces[:-1], words.pieces[-2]], words.scores, words.kinds)
    return write_random_llama(path, vocabulary=twice)


def write_random_llama(
    path: Path,
    *,
    layers: int = 2,
    width: int = 64,
    heads: int = 4,
    kv_heads: int | None = None,
    feed_forward: int | None = None,
    context: int = 512,
    seed: int = 1,
    chat_template: str | None = None,
    extra_control: tuple[str, ...] = (),
    vocabulary: Vocabulary | None = None,
    half: bool = False,
    eight_bit: bool = False,
) -> Path:
    """Write a Llama of about `layers * 12 * width**2` weights.

    F32; the matrices are F16 when `half` and Q8_0 when `eight_bit`.

    Its end-of-text logit is held down, so that it writes on until it is stopped.
    """
    words = vocabulary or stories_vocabulary()
    pieces = [*words.pieces, *(token.encode() for token in extra_control)]
    scores = [*words.scores, *(0.0 for _ in extra_control)]
    kinds = [*words.kinds, *(int(gguf.TokenType.CONTROL) for _ in extra_control)]
    inner = feed_forward or width * 8 // 3 // 32 * 32
    chance = np.random.default_rng(seed)

    def matrix(rows: int, columns: int) -> NDArray[np.float32]:
        return np.asarray(chance.standard_normal((rows, columns)) / np.sqrt(columns), np.float32)

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(f"random-{layers}x{width}")
    writer.add_context_length(context)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads or heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(width // heads)
    writer.add_vocab_size(len(pieces))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(pieces)
    writer.add_token_scores(scores)
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    if chat_template is not None:
        writer.add_chat_template(chat_template)
    embedding = matrix(len(pieces), width)
    output = matrix(len(pieces), width)
    output[:3] = 0.0
    if extra_control:
        output[-len(extra_control) :] = 0.0
    tensors = {"token_embd.weight": embedding, "output.weight": output}
    for layer in range(layers):
        block = f"blk.{layer}"
        narrow = width * (kv_heads or heads) // heads
        for name, rows in (("q", width), ("k", narrow), ("v", narrow), ("output", width)):
            tensors[f"{block}.attn_{name}.weight"] = matrix(rows, width)
        tensors[f"{block}.ffn_gate.weight"] = matrix(inner, width)
        tensors[f"{block}.ffn_up.weight"] = matrix(inner, width)
        tensors[f"{block}.ffn_down.weight"] = matrix(width, inner)
    for name, tensor in tensors.items():
        if eight_bit:
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(name, gguf.quants.quantize(tensor, kind), raw_dtype=kind)
        else:
            writer.add_tensor(name, tensor.astype(np.float16) if half else tensor)
    ones = np.ones(width, np.float32)
    writer.add_tensor("output_norm.weight", ones)
    for layer in range(layers):
        writer.add_tensor(f"blk.{layer}.attn_norm.weight", ones)
        writer.add_tensor(f"blk.{layer}.ffn_norm.weight", ones)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--heads", type=int, default=12)
    parser.add_argument("--context", type=int, default=4096)
    given = parser.parse_args()
    write_random_llama(
        given.out,
        layers=given.layers,
        width=given.width,
        heads=given.heads,
        context=given.context,
        half=True,
    )
