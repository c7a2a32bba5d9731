"""The set-up: what is done once, what is done again, and what a person sees of it."""

from __future__ import annotations

import fcntl
import io
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import bootstrap
import needs
import stamps
import steps
from llama_wheel import requirement

ROOT = Path(__file__).resolve().parents[2]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Recorded:
    """Steps a, b, c that write down when they are made."""

    def __init__(self, root: Path) -> None:
        self.made: list[str] = []
        self.keys = {"a": "1", "b": "1", "c": "1"}
        self.failing = ""
        self.bootstrap = bootstrap.Bootstrap("run", root)
        self.bootstrap.steps = tuple(
            stamps.Step(name, self._key(name), self._make(name)) for name in self.keys
        )

    def _key(self, name: str) -> Callable[[], str]:
        return lambda: self.keys[name]

    def _make(self, name: str) -> Callable[[], None]:
        def make() -> None:
            if name == self.failing:
                raise steps.StepFailed(name)
            self.made.append(name)

        return make

    def complete(self) -> list[str]:
        self.made.clear()
        self.bootstrap.complete()
        return list(self.made)


def test_every_step_is_done_once(tmp_path: Path) -> None:
    recorded = Recorded(tmp_path)
    assert recorded.complete() == ["a", "b", "c"]
    assert recorded.complete() == []


def test_a_changed_key_does_that_step_again_and_no_other(tmp_path: Path) -> None:
    recorded = Recorded(tmp_path)
    recorded.complete()
    recorded.keys["b"] = "2"
    assert recorded.complete() == ["b"]
    assert recorded.complete() == []


def test_a_failed_step_is_where_the_next_run_goes_on(tmp_path: Path) -> None:
    recorded = Recorded(tmp_path)
    recorded.failing = "b"
    with pytest.raises(steps.StepFailed):
        recorded.complete()
    assert recorded.made == ["a"]
    recorded.failing = ""
    assert recorded.complete() == ["b", "c"]


def test_a_step_that_fails_on_the_way_to_a_new_key_keeps_no_old_stamp(tmp_path: Path) -> None:
    recorded = Recorded(tmp_path)
    recorded.complete()
    recorded.keys["b"], recorded.failing = "2", "b"
    with pytest.raises(steps.StepFailed):
        recorded.complete()
    # Back to the old key: what stands there may be half of the new one, so it is made again.
    recorded.keys["b"], recorded.failing = "1", ""
    assert recorded.complete() == ["b"]


def test_a_second_run_waits_for_the_first(tmp_path: Path) -> None:
    held = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    code = (
        "import sys; from pathlib import Path; import bootstrap, stamps\n"
        "b = bootstrap.Bootstrap('run', Path(sys.argv[1]))\n"
        "b.steps = (stamps.Step('a', lambda: '1', lambda: print('made', flush=True)),)\n"
        "b.complete()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "packaging")},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    try:
        assert "waiting" in other.stdout.readline()
        assert not (tmp_path / ".venv" / ".bootstrap" / "a").exists()
        fcntl.flock(held, fcntl.LOCK_UN)
        assert other.stdout.readline() == "made\n"
        assert other.wait(timeout=20) == 0
    finally:
        other.kill()
        other.wait()
        other.stdout.close()
        os.close(held)


def test_an_installed_development_lock_serves_run_but_not_the_other_way() -> None:
    for installed, profile, done in (("dev", "run", True), ("run", "dev", False)):
        stamp = step_of(installed, "packages").key()
        step = step_of(profile, "packages")
        assert (stamp in (step.key(), step.also())) is done


def step_of(profile: str, name: str) -> stamps.Step:
    return next(step for step in bootstrap.Bootstrap(profile).steps if step.name == name)


def test_the_compiled_package_is_taken_from_the_lock_with_its_hashes() -> None:
    lock = "a==1 \\\n    --hash=sha256:aa \\\n    --hash=sha256:ab\nb==2 \\\n    --hash=sha256:bb\n"
    assert requirement(lock, "a").count("--hash") == 2
    assert "b==2" not in requirement(lock, "a")
    assert requirement(lock, "b") == "b==2 \\\n    --hash=sha256:bb\n"
    with pytest.raises(LookupError):
        requirement(lock, "c")
    real = (ROOT / "packaging" / "requirements.lock").read_text("utf-8")
    assert requirement(real, "llama-cpp-python").count("--hash=sha256:") == 1


def test_an_unchanged_set_up_takes_well_under_a_second() -> None:
    command = [sys.executable, str(ROOT / "packaging" / "bootstrap.py"), "run"]
    if not (ROOT / ".venv" / ".bootstrap" / "model").is_file():
        pytest.skip("this checkout is not set up: python3 packaging/bootstrap.py dev")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    # Its own time, whatever else the machine does: 0.1 s.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1


@pytest.mark.parametrize(
    ("done", "total", "elapsed", "text"),
    [
        (0, 387, 3.0, ""),
        (2, 387, 3.0, ""),
        (59, 387, 43.0, "about 4 min left"),
        (380, 387, 300.0, "less than a minute left"),
        (387, 387, 305.0, ""),
    ],
)
def test_the_time_left_is_an_extrapolation(
    done: int, total: int, elapsed: float, text: str
) -> None:
    assert steps.time_left(done, total, elapsed) == text


def test_a_terminal_sees_one_line_drawn_again() -> None:
    stream = Terminal()
    now = [0.0]
    progress = steps.Progress("Compiling llama.cpp", "this happens once", stream, lambda: now[0])
    now[0] = 43.0
    progress.update(59, 387)
    progress.finish()
    drawn = stream.getvalue().split("\r")
    assert "Compiling llama.cpp: 59/387, about 4 min left; this happens once\x1b[K" in drawn
    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().endswith("\n")


def test_a_log_gets_one_line_every_tenth() -> None:
    stream = io.StringIO()
    progress = steps.Progress("Compiling", "", stream, lambda: 0.0)
    for done in range(1, 388):
        progress.update(done, 387)
    assert 10 <= stream.getvalue().count("\n") <= 12
    assert "\r" not in stream.getvalue()


def test_a_failure_shows_the_end_of_its_log_and_where_it_is(tmp_path: Path) -> None:
    log = tmp_path / "log" / "x.log"
    script = "print('\\n'.join(f'line {n}' for n in range(100))); raise SystemExit(3)"
    with pytest.raises(steps.StepFailed) as failed:
        run(script, log)
    assert "line 99" in str(failed.value)
    assert "line 70" in str(failed.value)
    assert "line 69\n" not in str(failed.value)
    assert str(log) in str(failed.value)
    assert "line 0\n" in log.read_text("utf-8")


def test_an_interruption_ends_what_the_command_started(tmp_path: Path) -> None:
    script = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True); child.wait()"
    )
    pids: list[int] = []

    def interrupt(line: str) -> None:
        pids.append(int(line))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(script, tmp_path / "x.log", interrupt)
    deadline = time.monotonic() + 10
    while is_running(pids[0]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(pids[0])


def run(script: str, log: Path, on_line: Callable[[str], None] = lambda line: None) -> None:
    command = [sys.executable, "-c", script]
    steps.run_logged(
        command, log, cwd=log.parents[0].parent, environment=os.environ, on_line=on_line
    )


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_missing_packages_are_named_for_debian(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("shutil.which", lambda name: None)
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    both = needs.missing_packages(venv=True, compiler=True)
    assert both == [f"python{version}-venv", "build-essential"]
    assert needs.missing_packages(venv=False, compiler=False) == []
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(needs.NeedsMissing) as missing:
        needs.ensure(venv=True, compiler=True)
    command = f"sudo apt-get install -y python{version}-venv build-essential"
    assert command in str(missing.value)


def test_gcc_without_gxx_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("CC", "CXX"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("shutil.which", lambda name: name if name in ("cc", "gcc") else None)
    assert needs.missing_packages(venv=False, compiler=True) == ["build-essential"]
    monkeypatch.setenv("CXX", "gcc -x c++")
    assert needs.missing_packages(venv=False, compiler=True) == []
