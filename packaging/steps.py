"""Runs one long command of the set-up: its output to a log, a progress line to the person."""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TextIO

LAST_LINES = 30


def digest(*parts: str | bytes) -> str:
    """One name for all of `parts`, in order."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(b"%d:" % len(data) + data)
    return total.hexdigest()


class StepFailed(Exception):
    """A command of the set-up ended with an error; the message carries the end of its log."""


def time_left(done: int, total: int, elapsed: float) -> str:
    """`about 4 min left`; nothing while too little is done to say, and at the end."""
    if done <= 0 or done * 50 < total or done >= total:
        return ""
    seconds = elapsed / done * (total - done)
    if seconds < 60:
        return "less than a minute left"
    return f"about {math.ceil(seconds / 60)} min left"


class Progress:
    """One line that is redrawn on a terminal, and printed once every 10 % anywhere else."""

    def __init__(
        self,
        title: str,
        remark: str = "",
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._title = title
        self._remark = remark
        self._stream = sys.stdout if stream is None else stream
        self._terminal = self._stream.isatty()
        self._clock = clock
        self._started = clock()
        self._tenth = -1
        self._drawn = False
        self._show(f"{title}; {remark}" if remark else title)

    def update(self, done: int, total: int) -> None:
        """`done` of `total` units are finished; a total of 0 means that it is not known yet."""
        tenth = done * 10 // total if total else 0
        if not self._terminal and tenth <= self._tenth:
            return
        self._tenth = tenth
        left = time_left(done, total, self._clock() - self._started)
        count = f"{done}/{total}" if total else str(done)
        self._show(
            "; ".join(part for part in (f"{self._title}: {count}", self._remark) if part), left
        )

    def finish(self) -> None:
        took = round(self._clock() - self._started)
        self._show(f"{self._title}: done in {took // 60} min {took % 60:02d} s")
        self.leave()

    def leave(self) -> None:
        """Ends the redrawn line, so that what is printed next starts on its own."""
        if self._terminal and self._drawn:
            self._stream.write("\n")
            self._stream.flush()
            self._drawn = False

    def _show(self, text: str, left: str = "") -> None:
        if left:
            head, separator, tail = text.partition("; ")
            text = f"{head}, {left}{separator}{tail}"
        if self._terminal:
            width = max(20, shutil.get_terminal_size().columns - 1)
            self._stream.write("\r" + text[:width] + "\x1b[K")
        else:
            self._stream.write(text + "\n")
        self._drawn = True
        self._stream.flush()


def _end_group(process: subprocess.Popen[str]) -> None:
    """Ends a command and everything that it started (pip, cmake, ninja, compilers)."""
    for number, patience in ((signal.SIGTERM, 10.0), (signal.SIGKILL, 10.0)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=patience)
            return


def run_logged(
    command: Sequence[str],
    log: Path,
    *,
    cwd: Path,
    environment: Mapping[str, str],
    keep_open: Sequence[int] = (),
    on_line: Callable[[str], None] = lambda line: None,
) -> None:
    """Runs a command to its end with stdout and stderr in `log`, and each line given to `on_line`.

    `keep_open`: descriptors the command inherits; the lock is one, so that it is held until the
    command ends even if this process is killed. Raises StepFailed when the command fails; when this
    process is interrupted, the command and its children end before the interruption goes on.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8", errors="replace") as written:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
            pass_fds=tuple(keep_open),
        )
        assert process.stdout is not None
        try:
            for line in process.stdout:
                written.write(line)
                on_line(line)
            code = process.wait()
        finally:
            if process.poll() is None:
                _end_group(process)
            process.stdout.close()
    if code != 0:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]
        raise StepFailed(
            f"{Path(command[0]).name} ended with code {code}. The last lines of its output:\n\n"
            + "\n".join(f"    {line}" for line in lines)
            + f"\n\nThe whole output is in {log}"
        )
