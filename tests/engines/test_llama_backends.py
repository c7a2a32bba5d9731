"""What computes. Each case has a process of its own: a library that is loaded stays."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import llama_cpp
import pytest

from appliance.engines import llama_backends
from appliance.engines.llama_backends import Device
from appliance.engines.llama_context import LlamaContext, placed
from appliance.engines.model_need import ModelNeed
from tests.random_gguf import tiny_vocabulary, write_random_llama

ROOT = Path(__file__).parents[2]
LIBRARIES = Path(llama_cpp.__file__).parent / "lib"
MIB = 1 << 20
# Loads a folder twice and then a model, and tells what was logged and what serves.
CHILD = """
import json, logging, sys
from pathlib import Path
from appliance.engines import llama_backends
from appliance.engines.llama_context import LlamaContext
told = []
class Told(logging.Handler):
    def emit(self, record):
        told.append([record.levelname, getattr(record, "fields", {})])
logging.getLogger("appliance.engines.llama_backends").addHandler(Told())
logging.getLogger("appliance.engines.llama_backends").setLevel(logging.INFO)
folder, model = map(Path, sys.argv[1:])
llama_backends.load(folder)
llama_backends.load(folder)
context = LlamaContext(model, threads=1, window=256, slots=1)
cards = len(llama_backends.graphics_cards())
print(json.dumps({"told": told, "device": context.device, "cards": cards}))
context.close()
"""


def loaded(folder: Path, model: Path) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(folder), str(model)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("llm") / "m.gguf"
    return write_random_llama(path, vocabulary=tiny_vocabulary())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "backends"
    made.mkdir(mode=0o755)
    return made


def test_the_processor_names_its_variant() -> None:
    variants = {path.name for path in LIBRARIES.glob("libggml-cpu-*.so")}
    name = llama_backends.processor()
    assert f"libggml-cpu-{name.removeprefix('CPU (').removesuffix(')')}.so" in variants


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"no library", "libggml-cuda.so"),
        (b"", "libggml-cuda.so"),
        (b"\x7fELF\x02\x01\x01" + b"\x00" * 200, "libggml-cuda.so"),
    ],
)
def test_a_broken_library_is_told_of_and_the_processor_serves(
    content: bytes, reason: str, folder: Path, model: Path
) -> None:
    (folder / "libggml-cuda.so").write_bytes(content)
    told = loaded(folder, model)
    [(level, fields)] = told["told"]
    assert level == "WARNING" and fields["file"] == "libggml-cuda.so"
    assert reason in fields["reason"] and str(folder) not in fields["reason"]
    assert told["device"].startswith("CPU (") and told["cards"] == 0


def test_a_library_that_is_no_backend_is_refused(folder: Path, model: Path) -> None:
    shutil.copy(LIBRARIES / "libggml-base.so", folder / "libggml-vulkan.so")
    [(level, fields)] = loaded(folder, model)["told"]
    assert level == "WARNING" and "ggml_backend_init" in fields["reason"]


def test_a_library_that_works_is_loaded(folder: Path, model: Path) -> None:
    """Of a processor, under the name of a card's: there is none here to try."""
    shutil.copy(LIBRARIES / "libggml-cpu-x64.so", folder / "libggml-vulkan.so")
    told = loaded(folder, model)
    assert told["told"] == [["INFO", {"file": "libggml-vulkan.so", "cards": []}]]
    assert told["device"].startswith("CPU")


@pytest.mark.parametrize("writable", ["folder", "file"])
def test_what_others_may_change_is_not_run(writable: str, folder: Path, model: Path) -> None:
    library = folder / "libggml-cuda.so"
    shutil.copy(LIBRARIES / "libggml-cpu-x64.so", library)
    (folder if writable == "folder" else library).chmod(0o777)
    [(level, fields)] = loaded(folder, model)["told"]
    assert level == "WARNING" and "others" in fields["reason"]


def test_other_files_of_the_folder_are_left_alone(folder: Path, model: Path) -> None:
    for name in ("libggml-cpu-x64.so", "libggml-rpc.so", "evil.so", "libggml-cuda.so.txt"):
        (folder / name).write_bytes(b"no library")
    assert loaded(folder, model)["told"] == []


def test_a_folder_that_is_not_there_is_told_of(tmp_path: Path, model: Path) -> None:
    level, fields = loaded(tmp_path / "absent", model)["told"][0]
    assert level == "WARNING" and fields["file"] == "absent"


@pytest.mark.parametrize(
    ("cards", "memory", "expected"),
    [
        ([], 1000, (16, 0)),
        ([], 130, (1, 0)),
        ([], 10, (0, 0)),
        ([430], 10, (16, 10)),  # all of it on the card; the machine's memory does not matter
        ([75, 75], 10, (2, 10)),  # two cards together
        ([60], 1000, (16, 1)),  # 10 for a step, and 0.9 of the rest in layers of 26
        ([60], 10, (0, 0)),
        ([5], 1000, (16, 0)),
    ],
)
def test_layers_go_where_there_is_room(
    cards: list[int], memory: int, expected: tuple[int, int]
) -> None:
    need = ModelNeed(weights=100 * MIB, slot=10 * MIB, compute=10 * MIB, window=512, layers=10)
    devices = [Device("CUDA0", "card", size * MIB) for size in cards]
    assert placed(need, 16, memory * MIB, devices) == expected


def test_the_context_says_what_computes(model: Path) -> None:
    context = LlamaContext(model, threads=1, window=256, slots=1)
    assert context.device == llama_backends.processor()
    context.close()
