"""What a language model's file is and what it takes to run, told by its header before it is loaded.

Sizes are bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from appliance.engines.gguf_header import GgufHeader, read_header
from appliance.errors import Unavailable

SETTING = "llm_model"
_MEMORY_SHARE = 0.5  # of what is free besides the weights, for keys and values
_CARD_SHARE = 0.9  # of a graphics card's free memory
_HALF_FLOAT = 2
_FLOAT = 4
# Models whose files do not always say that they make vectors of texts.
_ENCODERS = frozenset({"bert", "modern-bert", "nomic-bert", "nomic-bert-moe", "t5encoder"})
_OTHER_TYPES = {
    "adapter": "an adapter of another model",
    "imatrix": "statistics for making a model smaller",
    "mmproj": "the part of a model that sees",
    "vocab": "a vocabulary only",
}


@dataclass(frozen=True, slots=True)
class ModelNeed:
    """`slot` is for the keys and values of one text of `window` tokens, `compute` for the buffers
    of one step.
    """

    weights: int
    slot: int
    compute: int
    window: int
    layers: int  # the last one makes the logits

    @classmethod
    def of(cls, header: GgufHeader, *, window: int, batch: int) -> ModelNeed:
        """With a context of `window` tokens, or the model's own where that is shorter, and steps of
        `batch` tokens.

        For a model that keeps less than all keys and values (a sliding window, a recurrent state)
        this is too much.
        """
        trained = header.number("context_length")
        window = min(window, trained) if trained else window
        embedding = header.number("embedding_length")
        heads = _per_layer(header, "attention.head_count")
        shared = _per_layer(header, "attention.head_count_kv") or heads
        width = embedding // max((*heads, 1))
        key = header.number("attention.key_length") or width
        value = header.number("attention.value_length") or width
        per_token = max(sum(shared), header.number("block_count")) * (key + value) * _HALF_FLOAT
        inner = max((*_per_layer(header, "feed_forward_length"), embedding))
        # llama.cpp's plan of a step: logits, a layer's inner values, and who sees whom.
        per_row = header.lengths.get("tokenizer.ggml.tokens", 0) + 3 * inner + 8 * embedding
        compute = batch * (per_row + window) * _FLOAT
        layers = header.number("block_count") + 1
        return cls(header.weights, window * per_token, compute, window, layers)

    def slots(self, available: int, most: int) -> int:
        """How many texts at once `available` holds beside weights and buffers, up to `most`."""
        free = available - self.weights - self.compute
        return min(most, int(max(free, 0) * _MEMORY_SHARE) // self.slot)

    def layers_held(self, memory: int, slots: int) -> int:
        """How many layers, each with its part of the keys and values, `memory` holds."""
        each = (self.weights + slots * self.slot) / self.layers
        return min(self.layers, int(max(memory - self.compute, 0) * _CARD_SHARE / each))

    def refuse(self, name: str, available: int) -> Unavailable:
        """That `available` does not hold one text."""
        slot = int(self.slot / _MEMORY_SHARE)
        return Unavailable(
            f"{name} (setting {SETTING}) with a context of {self.window} tokens needs "
            f"{_mib(self.weights + self.compute + slot)} MiB of memory, {_mib(self.weights)} of "
            f"them for its weights, and this machine has {_mib(available)} MiB to spare; choose a "
            "smaller model or a smaller llm_context."
        )


def read_language_model(path: Path) -> GgufHeader:
    """The header of a whole file with a model that writes text.

    Raises Unavailable with the reason for any other file.
    """
    header = read_header(path, setting=SETTING)
    if (other := _other_kind(header)) is not None:
        raise Unavailable(
            f"{path.name} is not a language model that writes text (setting {SETTING}): {other}."
        )
    return header


def _other_kind(header: GgufHeader) -> str | None:
    kind = header.metadata.get("general.type")
    if isinstance(kind, str) and kind in _OTHER_TYPES:
        return f"it holds {_OTHER_TYPES[kind]}"
    if header.is_encoder or header.number("pooling_type") or header.architecture in _ENCODERS:
        return "it makes vectors of texts (an embedding model)"
    if header.architecture == "t5":
        return "it translates one text into another (an encoder and a decoder)"
    if not header.lengths.get("tokenizer.ggml.tokens"):
        return "it has no vocabulary"
    if not header.number("block_count") or not header.number("embedding_length"):
        return "its header does not say how large it is"
    parts = header.metadata.get("split.count", 0)
    if isinstance(parts, int) and parts > 1:
        return f"it is one of {parts} parts; join them with llama-gguf-split --merge"
    return None


def _per_layer(header: GgufHeader, key: str) -> tuple[int, ...]:
    """One value per layer, whether the file gives one for all or a list; empty for none."""
    listed = header.lists.get(f"{header.architecture}.{key}")
    if listed:
        return tuple(int(value) for value in listed)
    value = header.number(key)
    return (value,) * header.number("block_count") if value else ()


def _mib(size: int) -> int:
    return -(-size >> 20)
