"""The child that tries a language model out: loads it, reads some words with it, and ends.

llama.cpp ends its process for some damaged files, and a file nobody knows yet may be damaged: what
goes wrong here ends this process and nothing else. It says {"failed": reason} or {"done": true}.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from pathlib import Path

_WINDOW = 256
_PR_SET_PDEATHSIG = 1


def main(path: str) -> int:
    for limit in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        resource.setrlimit(limit, (0, 0))
    os.nice(10)
    # When the appliance is killed there is nobody left to end this process.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.environ["GGML_NO_BACKTRACE"] = "1"  # it would start a debugger
    from appliance.engines.llama_context import LlamaContext
    from appliance.engines.llama_runtime import Part
    from appliance.errors import Unavailable

    try:
        context = LlamaContext(Path(path), threads=1, window=_WINDOW, slots=1)
    except Unavailable as error:
        return _say({"failed": error.message})
    words = "The usual dose is 5 mg."
    tokens = context.model.tokenize(words, add_special=True, parse_special=False)
    code, _ = context.decode([Part(0, 0, tokens, output=True)])
    if code:
        return _say({"failed": f"llama.cpp cannot read with it (code {code})."})
    return _say({"done": True})


def _say(line: dict[str, object]) -> int:
    print(json.dumps(line), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
