"""Embedding models of random weights: real to load and run, of any size, and saying little."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parents[1]
VOCABULARY = [
    "[PAD]", "[unused0]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "dose", "of", "war", "##far",
    "##in", "5", ".", "mg", "##s", "a", "##e", "caf", "(", ")", "\u00b0", "##c", "-",
]  # fmt: skip


def load_script() -> ModuleType:
    """The converter by its path: models/ is no package."""
    spec = importlib.util.spec_from_file_location(
        "build_embedding", ROOT / "models" / "build_embedding.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def config(width: int = 64) -> dict[str, Any]:
    """Of two layers, `width` wide."""
    return {
        "architectures": ["BertModel"],
        "hidden_act": "gelu",
        "hidden_size": width,
        "intermediate_size": 2 * width,
        "layer_norm_eps": 1e-12,
        "max_position_embeddings": 64,
        "num_attention_heads": 4,
        "num_hidden_layers": 2,
        "type_vocab_size": 2,
    }


def weights(width: int = 64, *, seed: int = 3) -> dict[str, NDArray[np.float32]]:
    """All tensors of `config(width)`, under their names in a checkpoint."""
    chance = np.random.default_rng(seed)
    inner = 2 * width

    def random(*shape: int) -> NDArray[np.float32]:
        return chance.normal(0, 0.15, shape).astype(np.float32)

    tensors = {
        "embeddings.word_embeddings.weight": random(len(VOCABULARY), width),
        "embeddings.position_embeddings.weight": random(64, width),
        "embeddings.token_type_embeddings.weight": random(2, width),
        "pooler.dense.weight": random(width, width),
        "pooler.dense.bias": random(width),
    }
    shapes = {
        "attention.self.query": (width, width),
        "attention.self.key": (width, width),
        "attention.self.value": (width, width),
        "attention.output.dense": (width, width),
        "intermediate.dense": (inner, width),
        "output.dense": (width, inner),
    }
    norms = ["embeddings.LayerNorm"]
    for layer in range(2):
        for name, shape in shapes.items():
            tensors[f"encoder.layer.{layer}.{name}.weight"] = random(*shape)
            tensors[f"encoder.layer.{layer}.{name}.bias"] = random(shape[0])
        norms += [
            f"encoder.layer.{layer}.attention.output.LayerNorm",
            f"encoder.layer.{layer}.output.LayerNorm",
        ]
    for name in norms:
        tensors[f"{name}.weight"] = 1 + random(width)
        tensors[f"{name}.bias"] = random(width)
    return tensors


def write_random_bert(path: Path, *, width: int = 64, seed: int = 3) -> Path:
    """A GGUF file. Models of other widths have other names, since their files have other sizes."""
    load_script()._write(config(width), "\n".join(VOCABULARY), weights(width, seed=seed), path)
    return path
