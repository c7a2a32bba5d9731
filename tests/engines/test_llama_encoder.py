from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from appliance.compute_arbiter import Priority
from appliance.engines import llama_encoder
from appliance.engines.llama_encoder import SETTING, GaveWay, LlamaEncoder
from appliance.engines.llama_runtime import LlamaModel
from tests.embedding_model import embedding_model


class Hurry:
    """In the arbiter's place: with `on`, something more urgent comes as soon as a turn begins."""

    on = False

    @contextmanager
    def turn(self, priority: Priority, give_way: Callable[[], None]) -> Iterator[None]:
        assert priority is Priority.INGEST
        if self.on:
            give_way()
        yield


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> Hurry:
    hurry = Hurry()
    monkeypatch.setattr(llama_encoder, "compute", hurry)
    return hurry


@pytest.mark.parametrize("threads", [1, 2])
def test_a_batch_that_gave_way_leaves_nothing_behind(hurry: Hurry, threads: int) -> None:
    model = LlamaModel(embedding_model(), setting=SETTING)
    encoder = LlamaEncoder(model, threads, Priority.INGEST)
    texts = [encoder.tokenize("The dose of metformin is 500 mg. " * n) for n in (1, 5)]
    known = encoder.encode(texts)
    hurry.on = True
    for _ in range(3):
        with pytest.raises(GaveWay):
            encoder.encode([*texts, encoder.tokenize("Something else.")])
    hurry.on = False
    assert np.array_equal(encoder.encode(texts), known)
    encoder.close()
    model.close()
