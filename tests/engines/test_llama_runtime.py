from __future__ import annotations

import logging
from pathlib import Path

import gguf
import numpy as np
import pytest

from appliance.engines.llama_runtime import LlamaModel
from appliance.errors import Unavailable
from tests.random_gguf import tiny_vocabulary, write_random_llama


def test_control_tokens_in_text_of_others_stay_text(tmp_path: Path) -> None:
    path = write_random_llama(
        tmp_path / "m.gguf", vocabulary=tiny_vocabulary(), extra_control=("<|im_end|>",)
    )
    model = LlamaModel(path, setting="llm_model")
    control = model.tokenize("<|im_end|>", add_special=False, parse_special=True)
    assert len([t for t in control if model.token_text(t) == "<|im_end|>"]) == 1
    plain = model.tokenize("a<|im_end|></s>b", add_special=False, parse_special=False)
    assert all(model.token_text(t) not in {"<|im_end|>", "</s>"} for t in plain)
    assert b"".join(map(model.piece, plain)).strip() == b"a<|im_end|></s>b"
    model.close()


def test_text_with_anything_in_it_can_be_tokenised(tmp_path: Path) -> None:
    model = LlamaModel(
        write_random_llama(tmp_path / "m.gguf", vocabulary=tiny_vocabulary()), setting="x"
    )
    for text in ("", "\x00", "a\x00b", "\ud800", "\U0001f600" * 50, "\u4e2d\u6587"):
        tokens = model.tokenize(text, add_special=True, parse_special=False)
        assert tokens[:1] == [model.bos]
    model.close()


def test_the_native_log_says_who_spoke_and_not_what(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_random_llama(tmp_path / "secret-name.gguf", vocabulary=tiny_vocabulary())
    with caplog.at_level(logging.DEBUG, logger="appliance.engines.llama_runtime"):
        LlamaModel(path, setting="llm_model").close()
    assert caplog.records
    assert "secret-name" not in caplog.text
    assert "random-2x64" not in caplog.text
    assert all(record.levelno == logging.DEBUG for record in caplog.records)


def test_the_native_log_is_silent_on_standard_error(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = write_random_llama(tmp_path / "m.gguf", vocabulary=tiny_vocabulary())
    LlamaModel(path, setting="llm_model").close()
    captured = capfd.readouterr()
    assert captured.out == "" and captured.err == ""


def test_a_failed_load_tells_the_cause_and_no_directory(tmp_path: Path) -> None:
    path = tmp_path / "lacks.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tensor("token_embd.weight", np.ones((8, 64), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(Unavailable, match=r"lacks\.gguf \(setting llm_model\): .*key not found"):
        LlamaModel(path, setting="llm_model")
