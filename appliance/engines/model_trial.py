"""A language model is tried out in a process of its own before it is loaded here."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from threading import Event
from time import monotonic

from appliance.engines.child_environment import environment
from appliance.engines.model_need import SETTING
from appliance.errors import Unavailable

TRIAL_S = 900.0  # the whole file is read once
_LOOK_S = 0.1


async def try_out(path: Path, *, trial_s: float = TRIAL_S) -> None:
    """Returns when the model has been loaded and used. Raises Unavailable when it cannot be."""
    given_up = Event()
    trying = asyncio.get_running_loop().run_in_executor(None, _try, path, trial_s, given_up)
    try:
        said = await asyncio.shield(trying)
    finally:
        given_up.set()
    try:
        result = json.loads(said)
    except ValueError:
        raise Unavailable(
            f"{path.name} (setting {SETTING}) makes llama.cpp fail: the file is damaged, or of a "
            "kind that this version does not know."
        ) from None
    if "failed" in result:
        raise Unavailable(str(result["failed"]))


def _try(path: Path, trial_s: float, given_up: Event) -> bytes:
    """What the child said, nothing when it did not come to its end."""
    deadline = monotonic() + trial_s
    with subprocess.Popen(
        [*command(), str(path.absolute())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(),
        cwd="/",
        start_new_session=True,  # Ctrl-C in a terminal is for the appliance to act upon
    ) as child:
        while True:
            try:
                return child.communicate(timeout=_LOOK_S)[0]
            except subprocess.TimeoutExpired:
                if given_up.is_set() or monotonic() > deadline:
                    child.kill()


def command() -> list[str]:
    if getattr(sys, "frozen", False):
        return [sys.executable, "try-model"]
    return [sys.executable, "-s", "-X", "utf8", "-m", "appliance.engines.model_trial_child"]
