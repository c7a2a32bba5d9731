"""Which token comes next, all of it in C: per answer a chain of samplers and a grammar."""

from __future__ import annotations

import ctypes
import math
from collections import deque
from dataclasses import dataclass
from typing import Any

import llama_cpp
import numpy as np

from appliance.engines.llama_runtime import LlamaModel
from appliance.errors import Unavailable

_CANDIDATE = np.dtype(
    [("id", np.int32), ("logit", np.float32), ("p", np.float32)], align=True
)  # llama_token_data


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to choose: at temperature 0 the likeliest token, else by chance among the likely ones.

    Of `repeat_penalty` 1 the last `repeat_tokens` tokens are not looked at. Without a `seed` every
    answer has one of its own.
    """

    temperature: float = 0.0
    top_k: int = 40
    top_p: float = 0.95
    min_p: float = 0.0
    repeat_penalty: float = 1.0
    repeat_tokens: int = 64
    seed: int | None = None


class TokenTable:
    """What the samplers of one model share: its vocabulary, and room for a choice among all of it.

    Belongs, like the samplers, to the thread of the context.
    """

    def __init__(self, model: LlamaModel) -> None:
        self.vocab = model.vocab
        count = int(llama_cpp.llama_vocab_n_tokens(model.vocab))
        self.ids = np.arange(count, dtype=np.int32)
        # A grammar reads control tokens by their names, as if "<s>" were three characters.
        self.unspoken = np.fromiter(
            (
                llama_cpp.llama_vocab_is_control(model.vocab, token)
                and not llama_cpp.llama_vocab_is_eog(model.vocab, token)
                for token in range(count)
            ),
            np.bool_,
            count,
        )
        self.all = np.zeros(count, _CANDIDATE)
        self.one = np.zeros(1, _CANDIDATE)

    def ends(self, token: int) -> bool:
        return bool(llama_cpp.llama_vocab_is_eog(self.vocab, token))


class LlamaSampler:
    """The choices of one answer."""

    def __init__(self, table: TokenTable, sampling: Sampling, grammar: str | None) -> None:
        """What is chosen keeps to `grammar` (GBNF) if given. Raises Unavailable for one that
        llama.cpp does not take.
        """
        self._table = table
        self._grammar: Any = None
        if grammar is not None:
            self._grammar = llama_cpp.llama_sampler_init_grammar(
                table.vocab, grammar.encode(), b"root"
            )
            if not self._grammar:
                raise Unavailable("The language model does not take the form of the answers.")
        self._recent: deque[int] = deque(maxlen=sampling.repeat_tokens)
        self._chain = llama_cpp.llama_sampler_chain_init(
            llama_cpp.llama_sampler_chain_default_params()
        )
        self._penalties: Any = None
        if sampling.repeat_penalty != 1.0:
            self._penalties = llama_cpp.llama_sampler_init_penalties(
                len(table.ids), sampling.repeat_tokens, sampling.repeat_penalty, 0.0, 0.0
            )
            llama_cpp.llama_sampler_chain_add(self._chain, self._penalties)
        for part in _choosers(sampling):
            llama_cpp.llama_sampler_chain_add(self._chain, part)

    def next(self, context: Any, row: int) -> int | None:
        """The next token after the `row`-th of the last batch; None when nothing may follow.

        The chain chooses as if there were no grammar, and only where that breaks it are all
        tokens tried, since trying takes longer than a step of a small model.
        """
        token = int(llama_cpp.llama_sampler_sample(self._chain, context, row))
        if self._grammar is not None and not self.allows(token):
            self._unsay()
            chosen = self._constrained(context, row)
            if chosen is None:
                return None
            token = chosen
            if self._penalties is not None:
                llama_cpp.llama_sampler_accept(self._penalties, token)
        self._recent.append(token)
        if self._table.ends(token):
            return None
        self.accept(token)
        return token

    def allows(self, token: int) -> bool:
        """Whether the grammar, which there must be, lets `token` follow."""
        table = self._table
        if table.unspoken[token]:
            return False
        table.one[0] = (token, 1.0, 0.0)
        llama_cpp.llama_sampler_apply(self._grammar, ctypes.byref(_array(table.one)))
        return math.isfinite(table.one[0]["logit"])

    def accept(self, token: int) -> None:
        """Go on in the grammar, which allows `token`."""
        if self._grammar is not None:
            llama_cpp.llama_sampler_accept(self._grammar, token)

    def close(self) -> None:
        if self._grammar is not None:
            llama_cpp.llama_sampler_free(self._grammar)
        llama_cpp.llama_sampler_free(self._chain)  # with all that was added to it

    def _unsay(self) -> None:
        """Let the penalties know only what was said: the chain counted what it chose."""
        if self._penalties is not None:
            llama_cpp.llama_sampler_reset(self._penalties)
            for token in self._recent:
                llama_cpp.llama_sampler_accept(self._penalties, token)

    def _constrained(self, context: Any, row: int) -> int | None:
        table = self._table
        logits = llama_cpp.llama_get_logits_ith(context, row)
        table.all["id"] = table.ids
        table.all["logit"] = np.ctypeslib.as_array(logits, (len(table.ids),))
        table.all["logit"][table.unspoken] = -np.inf
        table.all["p"] = 0.0
        candidates = _array(table.all)
        llama_cpp.llama_sampler_apply(self._grammar, ctypes.byref(candidates))
        if not np.isfinite(table.all["logit"]).any():
            return None
        llama_cpp.llama_sampler_apply(self._chain, ctypes.byref(candidates))
        chosen = candidates.data[candidates.selected]
        return int(chosen.id) if math.isfinite(chosen.logit) else None


def _array(rows: np.ndarray[Any, Any]) -> Any:
    """`rows` as llama.cpp takes them; it sorts and shortens them in place."""
    return llama_cpp.llama_token_data_array(
        data=rows.ctypes.data_as(ctypes.POINTER(llama_cpp.llama_token_data)),
        size=len(rows),
        selected=-1,
        sorted=False,
    )


def _choosers(sampling: Sampling) -> list[Any]:
    if sampling.temperature <= 0:
        return [llama_cpp.llama_sampler_init_greedy()]
    seed = llama_cpp.LLAMA_DEFAULT_SEED if sampling.seed is None else sampling.seed
    return [
        llama_cpp.llama_sampler_init_top_k(sampling.top_k),
        llama_cpp.llama_sampler_init_top_p(sampling.top_p, 1),
        llama_cpp.llama_sampler_init_min_p(sampling.min_p, 1),
        llama_cpp.llama_sampler_init_temp(sampling.temperature),
        llama_cpp.llama_sampler_init_dist(seed),
    ]
