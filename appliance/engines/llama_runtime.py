"""llama.cpp in this process: its backends, its log, its model files and its batches.

Nothing here keeps a thread. A `TokenBatch` belongs to the one thread that owns the native context
it is made for; so does a `LlamaModel`, but for `tokenize`, which any thread may call.
"""

from __future__ import annotations

import ctypes
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from appliance.engines.gguf_header import GgufHeader, read_header
from appliance.errors import Unavailable

_log = logging.getLogger(__name__)
# The share that is loaded, 0 to 1, told on the thread that loads; False ends the loading.
OnProgress = Callable[[float], bool]
_GGML_ERROR = 4  # enum ggml_log_level
_start_lock = threading.Lock()
_started = False
_load_lock = threading.Lock()
_errors: deque[str] = deque(maxlen=16)


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
def _on_native_log(level: int, text: bytes, _user_data: object) -> None:
    """Keep the reason of a failed load; log which native function spoke, never what it said."""
    line = text.decode("utf-8", "replace").strip()
    if level == _GGML_ERROR and line:
        _errors.append(line)
    if _log.isEnabledFor(logging.DEBUG) and ":" in line:
        _log.debug("llama.cpp level %d from %s", level, line.split(":", 1)[0][:64])


def start() -> None:
    """Load the processor backends, once in a process. Blocks for some 50 ms the first time."""
    global _started
    with _start_lock:
        if _started:
            return
        llama_cpp.llama_log_set(_on_native_log, ctypes.c_void_p(0))
        load_all = llama_cpp.llama_cpp._lib.ggml_backend_load_all_from_path
        load_all.argtypes = [ctypes.c_char_p]
        load_all.restype = None
        # Beside the package in a source tree and in a frozen one alike; without the path ggml
        # would look beside the executable.
        load_all(str(Path(llama_cpp.__file__).parent / "lib").encode())
        llama_cpp.llama_backend_init()
        _started = True


@contextmanager
def native_errors() -> Iterator[deque[str]]:
    """The last things that llama.cpp says went wrong meanwhile. One at a time in the process."""
    with _load_lock:
        _errors.clear()
        yield _errors


class LlamaModel:
    """Weights and vocabulary of one GGUF file, read-only once loaded."""

    def __init__(
        self,
        path: Path,
        *,
        setting: str,
        gpu_layers: int = 0,
        on_progress: OnProgress | None = None,
    ) -> None:
        """Load `path`, blocking, with `gpu_layers` of it on graphics cards. Raises Unavailable,
        naming `setting`, when it is no usable GGUF file, and when `on_progress` said to stop.
        """
        start()
        self.header: GgufHeader = read_header(path, setting=setting)
        self.path = path
        params = llama_cpp.llama_model_default_params()
        params.n_gpu_layers = gpu_layers
        no_cards = (ctypes.c_void_p * 1)()  # a list that ends at once
        if not gpu_layers:
            params.devices = ctypes.cast(no_cards, ctypes.c_void_p)
        given_up = False

        @llama_cpp.llama_progress_callback  # type: ignore[untyped-decorator]
        def progressed(share: float, _user_data: object) -> bool:
            nonlocal given_up
            given_up = on_progress is not None and not on_progress(share)
            return not given_up

        params.progress_callback = progressed
        with native_errors() as errors:
            self._model = llama_cpp.llama_model_load_from_file(str(path).encode(), params)
            # The first is the cause, those after it only say that loading failed.
            reason = errors[0].replace(str(path), path.name) if errors else ""
        if not self._model and given_up:
            raise Unavailable(f"The loading of {path.name} was given up.")
        if not self._model:
            raise Unavailable(
                f"llama.cpp cannot load {path.name} (setting {setting}): "
                f"{reason or 'the file is damaged or incomplete'}"
            )
        self.vocab = llama_cpp.llama_model_get_vocab(self._model)
        self._piece = ctypes.create_string_buffer(256)

    @property
    def pointer(self) -> int:
        return int(self._model)

    @property
    def name(self) -> str:
        """The file's own name for its weights, else the file name."""
        return self.header.name or self.path.stem

    def tokenize(self, text: str, *, add_special: bool, parse_special: bool) -> list[int]:
        """`parse_special` only for text of ours: it turns "<|im_end|>" into the control token."""
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        tokens = (llama_cpp.llama_token * room)()
        count = llama_cpp.llama_tokenize(
            self.vocab, data, len(data), tokens, room, add_special, parse_special
        )
        if count < 0:
            room = -count
            tokens = (llama_cpp.llama_token * room)()
            count = llama_cpp.llama_tokenize(
                self.vocab, data, len(data), tokens, room, add_special, parse_special
            )
        return list(tokens[: max(count, 0)])

    def piece(self, token: int) -> bytes:
        """The bytes of a token, maybe part of a character; control tokens have none."""
        size = llama_cpp.llama_token_to_piece(
            self.vocab, token, self._piece, len(self._piece), 0, False
        )
        if size < 0:
            self._piece = ctypes.create_string_buffer(-size)
            size = llama_cpp.llama_token_to_piece(
                self.vocab, token, self._piece, len(self._piece), 0, False
            )
        return self._piece.raw[: max(size, 0)]

    @property
    def bos(self) -> int:
        """The token that begins a text, -1 when the model has none."""
        return int(llama_cpp.llama_vocab_bos(self.vocab))

    @property
    def begins_with_bos(self) -> bool:
        return bool(llama_cpp.llama_vocab_get_add_bos(self.vocab))

    @property
    def eos(self) -> int:
        return int(llama_cpp.llama_vocab_eos(self.vocab))

    def token_text(self, token: int) -> str:
        """How the vocabulary spells a token, control tokens too; "" for none."""
        if token < 0:
            return ""
        text = llama_cpp.llama_vocab_get_text(self.vocab, token)
        return text.decode("utf-8", "replace") if text else ""

    def whole_words(self) -> frozenset[str]:
        """Words of letters that are one token, in lower case. Some 0.1 s for 30,000 tokens."""
        count = llama_cpp.llama_vocab_n_tokens(self.vocab)
        texts = (self.token_text(token) for token in range(count))
        # What begins a word is marked by the vocabularies: SentencePiece's and WordPiece's here by
        # a lower block, byte pairs by the letter that stands for a blank.
        words = (text[1:].casefold() for text in texts if text[:1] in ("\u2581", "\u0120"))
        return frozenset(word for word in words if word.isalpha())

    def close(self) -> None:
        """Free the weights; the contexts made from them must be gone."""
        if self._model:
            llama_cpp.llama_model_free(self._model)
            self._model = None


@dataclass(frozen=True, slots=True)
class Part:
    """`tokens` of a sequence from position `start`; the last one gives logits if `output`."""

    sequence: int
    start: int
    tokens: Sequence[int]
    output: bool


class TokenBatch:
    """A llama_batch over numpy buffers: filled by slice, not token by token."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._token = np.zeros(capacity, np.int32)
        self._position = np.zeros(capacity, np.int32)
        self._sequence = np.zeros(capacity, np.int32)
        self._sequence_count = np.ones(capacity, np.int32)
        self._output = np.zeros(capacity, np.int8)
        first = self._sequence.ctypes.data
        self._sequence_pointers = np.arange(
            first, first + 4 * capacity, 4, dtype=np.uintp
        )  # the i-th points at the i-th sequence number
        self.native = llama_cpp.llama_batch(
            n_tokens=0,
            token=self._token.ctypes.data_as(ctypes.POINTER(llama_cpp.llama_token)),
            embd=None,
            pos=self._position.ctypes.data_as(ctypes.POINTER(llama_cpp.llama_pos)),
            n_seq_id=self._sequence_count.ctypes.data_as(ctypes.POINTER(ctypes.c_int32)),
            seq_id=self._sequence_pointers.ctypes.data_as(
                ctypes.POINTER(ctypes.POINTER(llama_cpp.llama_seq_id))
            ),
            logits=self._output.ctypes.data_as(ctypes.POINTER(ctypes.c_int8)),
        )

    def mixed(self, parts: Sequence[Part]) -> list[int]:
        """The parts of several sequences; returns the place in the batch of each part's last token.

        llama.cpp cuts a batch where sequence numbers stop being consecutive: give them in order.
        """
        last, count = [], 0
        for part in parts:
            end = count + len(part.tokens)
            self._token[count:end] = part.tokens
            self._position[count:end] = np.arange(
                part.start, part.start + len(part.tokens), dtype=np.int32
            )
            self._sequence[count:end] = part.sequence
            self._output[count:end] = 0
            self._output[end - 1] = part.output
            last.append(end - 1)
            count = end
        self.native.n_tokens = count
        return last

    def many_sequences(self, texts: Sequence[NDArray[np.int32]]) -> None:
        """Text i becomes sequence i from position 0, every token an output."""
        lengths = [len(tokens) for tokens in texts]
        count = sum(lengths)
        self._token[:count] = np.concatenate(texts)
        self._position[:count] = np.concatenate([np.arange(n, dtype=np.int32) for n in lengths])
        self._sequence[:count] = np.repeat(np.arange(len(texts), dtype=np.int32), lengths)
        self._output[:count] = 1
        self.native.n_tokens = count
