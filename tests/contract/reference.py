"""The endpoints of the API reference, read from its text.

    python -m tests.contract.reference TEXT

writes reference_table.json beside this file: one row per endpoint, in the order of the text.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

TEXT = Path(__file__).parents[3] / "shared" / "reference" / "voiceassist-rest-api-2.0.txt"
TABLE = Path(__file__).with_name("reference_table.json")

_ENDPOINT = re.compile(r"^(GET|POST|PUT|PATCH|DELETE|WS) (/[^\s?]*)(?:\?(\S+))?$")
# A list is printed without line ends, or spaces, between its entries: they are told by their names.
_PARAMETER = re.compile(
    r"(offset|limit|page|pageSize|archived|folderId|branch_id|action|user_id|status|title|category)"
    r"\((int|bool|string)\): "
)
_ANY_PARAMETER = re.compile(r"\(\w+\): ")
_TOKENS = {"<access_token>": "access", "<admin_token>": "admin"}


@dataclass(frozen=True)
class Row:
    """One endpoint. `token`: none, access or admin; `status` where the text names one."""

    title: str
    method: str
    path: str
    query: dict[str, str]
    parameters: dict[str, str]  # query parameter -> int, bool or string
    form: dict[str, str]
    token: str
    rate_limit: str | None
    request: dict[str, Any] | None
    status: int | None
    response: dict[str, Any] | None

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


def parse(text: str) -> list[Row]:
    lines = [line.strip() for line in text.splitlines()]
    starts = [number for number, line in enumerate(lines) if _ENDPOINT.match(line)]
    ends = [*starts[1:], lines.index("Error Codes")]
    return [
        _row(lines[start - 1], lines[start:end]) for start, end in zip(starts, ends, strict=True)
    ]


def read() -> list[Row]:
    """The committed table."""
    return [Row(**row) for row in json.loads(TABLE.read_text("utf-8"))]


def _row(title: str, lines: list[str]) -> Row:
    endpoint = _ENDPOINT.match(lines[0])
    assert endpoint is not None
    method, path, query = endpoint.groups()
    token, limit, request, status, response = "none", None, None, None, None
    parameters: dict[str, str] = {}
    form: dict[str, str] = {}
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith("Headers: Authorization: Bearer "):
            token = _TOKENS[line.rsplit(" ", 1)[1]]
        elif line.startswith("Rate Limit: "):
            limit = line.removeprefix("Rate Limit: ")
        elif line == "Request Body:":
            request = json.loads(after)
        elif found := re.fullmatch(r"Response \((\d+)\):", line):
            status, response = int(found[1]), json.loads(after)
        elif line.startswith("file: "):
            form = {"file": "file"} | _parameters(line)
        elif line == lines[0] and method == "WS":
            token = "access"
        elif _PARAMETER.match(line):
            parameters = _parameters(line)
    values = dict(part.split("=", 1) for part in query.split("&")) if query else {}
    return Row(
        title, method, path, values, parameters, form, token, limit, request, status, response
    )


def _parameters(line: str) -> dict[str, str]:
    found = dict(_PARAMETER.findall(line))
    assert len(found) == len(_ANY_PARAMETER.findall(line)), f"an unknown parameter: {line}"
    return found


def written(rows: list[Row]) -> str:
    return json.dumps([asdict(row) for row in rows], indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    TABLE.write_text(written(parse(Path(sys.argv[1]).read_text("utf-8"))), "utf-8")
