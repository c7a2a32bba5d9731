"""Schemathesis against the appliance as a process of its own, until enough cases were tried.

    python -m tests.contract.fuzz --cases 100000

Schemathesis reads /openapi.json, so that what is documented is what is tried, alone and in
sequences that pass ids on; as an administrator and as a user. Ends with 1 where an answer was a
5xx, was not as documented, or left a trace in the log.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

ROOT = Path(__file__).parents[2]
SAMPLE = "data/sample_ward_handbook.txt"
PASSWORD = "twelve warm blankets"
USER = "fuzz.user@hospital.example"
VOICE = r"^/api/voice/"  # 503 without a speech model

# These would end the session or the account that tries the rest: they have a run of their own,
# with an account that is for nothing else.
# These end sessions and accounts. They are tried at an appliance of their own, with one token.
ENDING = r"^/api/(auth/(logout|sessions|2fa)|users/|admin/panel/users/)"
# - positive_data_acceptance: dates, addresses, passwords and names that are taken are judged by
#   rules that a schema cannot state.
# - negative_data_rejection: query strings ignore what they do not know, headers are free text, and
#   fields may be spelt in camelCase too.
# - unsupported_method, allow_header_conformance: PUT and PATCH answer alike, and the document shows
#   one of them.
# - missing_required_header: no header is required.
# - ignored_auth: tokens are checked by the table of routes, with forged ones, for every route.
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "use_after_free",
)


@dataclass
class Server:
    """A running appliance that limits nothing."""

    url: str
    admin: str
    password: str
    log: Path
    process: subprocess.Popen[str]

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> int:
        data = None if body is None else json.dumps(body).encode()
        request = Request(
            self.url + path, data, {"Content-Type": "application/json"}, method=method
        )
        try:
            with urlopen(request, timeout=30) as response:
                return int(response.status)
        except HTTPError as error:
            return error.code

    def complaints(self) -> list[str]:
        """What the log holds that it should not, and whether the process still serves."""
        lines = self.log.read_text("utf-8", "replace").splitlines()
        found = [line for line in lines if '"level":"ERROR"' in line or "Traceback" in line]
        if self.process.poll() is not None:
            found.append(f"the process ended with {self.process.returncode}")
        elif self.call("GET", "/health") != 200:
            found.append("/health does not answer")
        return found


@dataclass
class Outcome:
    """`accepted` are the cases that were answered with success."""

    cases: int = 0
    accepted: int = 0
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)

    def line(self) -> str:
        rate = self.cases / max(self.seconds, 0.001)
        return (
            f"{self.cases} cases in {self.seconds:.0f} s ({rate:.0f}/s), "
            f"{self.accepted} of them answered with success"
        )

    def add(self, other: Outcome) -> None:
        self.cases += other.cases
        self.accepted += other.accepted
        self.failures += other.failures


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    environment = {
        **os.environ,
        "VOICEASSIST_DATA_DIR": str(folder / "data"),
        "VOICEASSIST_PORT": "0",
        "VOICEASSIST_RATE_LIMITS": "false",
        "VOICEASSIST_PASSWORD_ROUNDS": "10",
        "VOICEASSIST_ACCESS_TOKEN_SECONDS": "3600",
        "VOICEASSIST_LOG_LEVEL": "warning",
        "PYTHONUNBUFFERED": "1",
    }
    folder.mkdir(exist_ok=True)
    log = folder / "server.log"
    with (
        log.open("w", encoding="utf-8") as errors,
        subprocess.Popen(
            [sys.executable, "-m", "appliance", "serve", "--first-run", "--sample", SAMPLE],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            said: dict[str, str] = {}
            for line in process.stdout:
                name, _, value = line.strip().rpartition(" ")
                said[name] = value
                if name == "VoiceAssist serves at":
                    break
            yield Server(
                said["VoiceAssist serves at"], said["email:"], said["password:"], log, process
            )
        finally:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


def fuzz(
    server: Server, folder: Path, email: str, password: str, *, seed: int, examples: int, own: bool
) -> Outcome:
    """One run of Schemathesis as one account.

    `own`: the operations that end sessions, with a token that may be ended, instead of all others.
    """
    folder.mkdir(exist_ok=True)
    config = folder / "schemathesis.toml"
    config.write_text(_config(email, password), "utf-8")
    report = folder / "report.json"
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        f"--config-file={config}",
        "--no-color",
        "run",
        f"{server.url}/openapi.json",
        f"--max-examples={examples}",
        f"--seed={seed}",
        "--continue-on-failure",
        "--suppress-health-check=all",
        "--warnings=off",
        "--request-timeout=30",
        "--generation-database=none",
        "--report=json",
        f"--report-json-path={report}",
        f"--{'include' if own else 'exclude'}-path-regex={ENDING}",
    ]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "SCHEMATHESIS_HOOKS": "tests.contract.fuzz_hooks",
    }
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if not report.is_file():
        return Outcome(failures=[done.stdout + done.stderr])
    told = json.loads(report.read_text("utf-8"))
    report.unlink()
    accepted = sum(
        phase["accepted"] for phases in told["valid_rates"].values() for phase in phases.values()
    )
    failures = [done.stdout[-20_000:] + done.stderr[-5_000:]] if done.returncode else []
    return Outcome(told["test_cases"]["generated"], accepted, failures=failures)


def _config(email: str, password: str) -> str:
    checks = "\n".join(f"{name}.enabled = true" for name in CHECKS)
    return f"""\
[auth.dynamic.openapi.bearer]
path = "/api/auth/login"
payload = {{ email = {json.dumps(email)}, password = {json.dumps(password)} }}
extract_selector = "/data/access_token"
retry_on = []

[checks]
enabled = false
{checks}

[[operations]]
include-path-regex = '{VOICE}'
checks.not_a_server_error.enabled = false
"""


def until(cases: int, folder: Path, *, seed: int, examples: int) -> Outcome:
    """Round after round with new seeds, until `cases` were tried or something failed.

    `examples` for each operation in a round, beyond those that cover the bounds of its schema.
    """
    started = time.monotonic()
    total = Outcome()
    with serving(folder / "main") as server:
        account = {"email": USER, "password": PASSWORD, "full_name": "Fuzz"}
        assert server.call("POST", "/api/auth/register", account) == 201
        while total.cases < cases and not total.failures:
            run = partial(fuzz, seed=seed, examples=examples)
            with serving(folder / f"ending-{seed}") as spare, ThreadPoolExecutor(3) as pool:
                runs = [
                    pool.submit(run, server, folder / "user", USER, PASSWORD, own=False),
                    pool.submit(
                        run, server, folder / "admin", server.admin, server.password, own=False
                    ),
                    pool.submit(
                        run, spare, folder / "spare", spare.admin, spare.password, own=True
                    ),
                ]
                for ended in runs:
                    total.add(ended.result())
                total.failures += spare.complaints()
            for email, password in ((USER, PASSWORD), (server.admin, server.password)):
                login = {"email": email, "password": password}
                status = server.call("POST", "/api/auth/login", login)
                # 429: wrong passwords were tried for an address that an answer had shown.
                if status not in (200, 429):
                    total.failures.append(f"{email} cannot sign in any more: {status}")
            total.failures += server.complaints()
            total.seconds = time.monotonic() - started
            seed += 1
    return total


def main() -> int:
    parser = argparse.ArgumentParser(description="Fuzz the whole API.")
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="voiceassist-fuzz-") as name:
        outcome = until(arguments.cases, Path(name), seed=arguments.seed, examples=200)
    print("\n".join(outcome.failures))
    print(outcome.line())
    return 1 if outcome.failures else 0


if __name__ == "__main__":
    sys.exit(main())
