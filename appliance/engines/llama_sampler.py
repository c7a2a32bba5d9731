"""Which token comes next, all of it in C: a chain of samplers and, per answer, a grammar."""

from __future__ import annotations

import ctypes
import math
from typing import Any

import llama_cpp
import numpy as np

from appliance.engines.llama_runtime import LlamaModel
from appliance.errors import Unavailable

_CANDIDATE = np.dtype(
    [("id", np.int32), ("logit", np.float32), ("p", np.float32)], align=True
)  # llama_token_data


class LlamaSampler:
    """Belongs to the thread of its context."""

    def __init__(self, model: LlamaModel, *, temperature: float, seed: int | None) -> None:
        self._vocab = model.vocab
        self._chain = _chain(temperature, seed)
        self._grammar: Any = None
        count = int(llama_cpp.llama_vocab_n_tokens(model.vocab))
        self._ids = np.arange(count, dtype=np.int32)
        # A grammar reads control tokens by their names, as if "<s>" were three characters.
        self._unspoken = np.fromiter(
            (
                llama_cpp.llama_vocab_is_control(model.vocab, token)
                and not llama_cpp.llama_vocab_is_eog(model.vocab, token)
                for token in range(count)
            ),
            np.bool_,
            count,
        )
        self._all = np.zeros(count, _CANDIDATE)
        self._one = np.zeros(1, _CANDIDATE)

    def begin(self, grammar: str | None) -> None:
        """A new answer, held to `grammar` (GBNF) if given. Raises Unavailable for one that
        llama.cpp does not take.
        """
        self._forget_grammar()
        llama_cpp.llama_sampler_reset(self._chain)
        if grammar is not None:
            self._grammar = llama_cpp.llama_sampler_init_grammar(
                self._vocab, grammar.encode(), b"root"
            )
            if not self._grammar:
                raise Unavailable("The language model does not take the form of the answers.")

    def next(self, context: Any) -> int | None:
        """The next token behind what `context` read last; None when nothing may follow.

        The chain chooses as if there were no grammar, and only where that breaks it are all
        tokens tried, since trying takes longer than a step of a small model.
        """
        token = int(llama_cpp.llama_sampler_sample(self._chain, context, -1))
        if self._grammar is None:
            return None if self._ends(token) else token
        if not self._allows(token):
            chosen = self._constrained(context)
            if chosen is None:
                return None
            token = chosen
        if self._ends(token):
            return None
        llama_cpp.llama_sampler_accept(self._grammar, token)
        return token

    def close(self) -> None:
        self._forget_grammar()
        llama_cpp.llama_sampler_free(self._chain)

    def _ends(self, token: int) -> bool:
        return bool(llama_cpp.llama_vocab_is_eog(self._vocab, token))

    def _allows(self, token: int) -> bool:
        if self._unspoken[token]:
            return False
        self._one[0] = (token, 1.0, 0.0)
        llama_cpp.llama_sampler_apply(self._grammar, ctypes.byref(_array(self._one)))
        return math.isfinite(self._one[0]["logit"])

    def _constrained(self, context: Any) -> int | None:
        row = llama_cpp.llama_get_logits_ith(context, -1)
        self._all["id"] = self._ids
        self._all["logit"] = np.ctypeslib.as_array(row, (len(self._ids),))
        self._all["logit"][self._unspoken] = -np.inf
        self._all["p"] = 0.0
        candidates = _array(self._all)
        llama_cpp.llama_sampler_apply(self._grammar, ctypes.byref(candidates))
        if not np.isfinite(self._all["logit"]).any():
            return None
        llama_cpp.llama_sampler_apply(self._chain, ctypes.byref(candidates))
        chosen = candidates.data[candidates.selected]
        return int(chosen.id) if math.isfinite(chosen.logit) else None

    def _forget_grammar(self) -> None:
        if self._grammar is not None:
            llama_cpp.llama_sampler_free(self._grammar)
            self._grammar = None


def _array(rows: np.ndarray[Any, Any]) -> Any:
    """`rows` as llama.cpp takes them; it sorts and shortens them in place."""
    return llama_cpp.llama_token_data_array(
        data=rows.ctypes.data_as(ctypes.POINTER(llama_cpp.llama_token_data)),
        size=len(rows),
        selected=-1,
        sorted=False,
    )


def _chain(temperature: float, seed: int | None) -> Any:
    """The likeliest token at temperature 0, else nucleus sampling."""
    chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
    if temperature <= 0:
        parts = [llama_cpp.llama_sampler_init_greedy()]
    else:
        parts = [
            llama_cpp.llama_sampler_init_top_k(40),
            llama_cpp.llama_sampler_init_top_p(0.95, 1),
            llama_cpp.llama_sampler_init_temp(temperature),
            llama_cpp.llama_sampler_init_dist(
                llama_cpp.LLAMA_DEFAULT_SEED if seed is None else seed
            ),
        ]
    for part in parts:
        llama_cpp.llama_sampler_chain_add(chain, part)
    return chain
