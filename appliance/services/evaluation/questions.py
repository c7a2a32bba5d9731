"""Reads a set of test questions from a file, JSON lines or CSV, and says what is wrong with it."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

MAX_BYTES = 20 << 20
MAX_PROBLEMS = 20  # told at once
MAX_QUESTION = 8000  # characters, as of a message
_LISTS = ("documents", "pages", "phrases", "numbers", "history")
_SEPARATOR = "|"
_YES, _NO = {"true", "yes", "1", "x"}, {"false", "no", "0", ""}


@dataclass(frozen=True, slots=True)
class SetQuestion:
    """One question and what is expected of its answer.

    `documents` are ids, titles or file names; `pages` those of the one document that each hold the
    answer. `phrases` must stand in the words cited, `numbers` ("500 mg") in the answer. `history`
    are questions asked before it. With `refuse` there must be no answer.
    """

    id: str
    text: str
    documents: tuple[str, ...] = ()
    pages: tuple[int, ...] = ()
    phrases: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    refuse: bool = False
    category: str | None = None
    history: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QuestionSet:
    name: str
    questions: tuple[SetQuestion, ...]


class BadSet(Exception):
    """A set that cannot be used. Each of `problems` names its line, and no question's words."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class _Row(BaseModel):
    """One line of the file."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, strict=True)

    id: str = Field(min_length=1, max_length=100)
    question: str = Field(min_length=1, max_length=MAX_QUESTION)
    documents: list[str] = []
    pages: list[int] = []
    phrases: list[str] = []
    numbers: list[str] = []
    refuse: bool = False
    category: str | None = None
    history: list[str] = []

    @field_validator("pages")
    @classmethod
    def _from_one(cls, pages: list[int]) -> list[int]:
        if any(page < 1 for page in pages):
            raise ValueError("pages count from 1")
        return pages

    @field_validator("documents", "phrases", "numbers", "history")
    @classmethod
    def _not_blank(cls, values: list[str]) -> list[str]:
        if not all(values):
            raise ValueError("an entry is empty")
        return values

    @model_validator(mode="after")
    def _fits(self) -> _Row:
        if self.refuse and (self.documents or self.pages or self.phrases or self.numbers):
            raise ValueError("a question to be refused expects no documents, phrases or numbers")
        if not self.refuse and not self.documents:
            raise ValueError("name the documents that answer it, or set refuse")
        if self.pages and len(self.documents) != 1:
            raise ValueError("pages need exactly one document")
        return self


def read_set(path: Path, *, name: str | None = None) -> QuestionSet:
    """The set in `path`; a name ending in .csv is read as CSV, any other as JSON lines.

    `name` is the file's own without its ending, unless given. Raises `BadSet`, and OSError.
    """
    if path.stat().st_size > MAX_BYTES:
        raise BadSet([f"the file is larger than {MAX_BYTES >> 20} MiB"])
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadSet([f"the file is not UTF-8 (byte {error.start})"]) from None
    lines = _csv_lines if path.suffix.lower() == ".csv" else _json_lines
    problems: list[str] = []
    found: list[tuple[int, SetQuestion]] = []
    for number, fields in lines(text):
        if isinstance(fields, str):
            problems.append(f"line {number}: {fields}")
            continue
        try:
            found.append((number, _question(_Row.model_validate(fields))))
        except ValidationError as error:
            problems += [f"line {number}: {_told(one)}" for one in error.errors()]
    problems += _doubled(found)
    if not problems and not found:
        problems = ["the file holds no question"]
    if problems:
        more = len(problems) - MAX_PROBLEMS
        shown = problems[:MAX_PROBLEMS]
        raise BadSet([*shown, f"and {more} more"] if more > 0 else shown)
    return QuestionSet(name or path.stem, tuple(question for _, question in found))


def _json_lines(text: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Line number from 1 and the fields, or what is wrong with the line."""
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            fields = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            yield number, f"not JSON: {error.msg} at column {error.colno}"
            continue
        yield number, fields if isinstance(fields, dict) else "not a JSON object"


def _csv_lines(text: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """As `_json_lines`; the number is that of the row's last line."""
    heading = text.split("\n", 1)[0]
    # Spreadsheets write semicolons where the comma is the decimal sign.
    delimiter = ";" if heading.count(";") > heading.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: list[str] | None = None
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if columns is None:
                columns = [cell.strip().lower() for cell in cells]
                if len(set(columns)) < len(columns):
                    yield reader.line_num, "a column is named twice"
                    return
            elif len(cells) > len(columns):
                yield reader.line_num, "more cells than columns"
            else:
                yield reader.line_num, _fields(dict(zip(columns, cells, strict=False)))
    except csv.Error as error:
        yield reader.line_num, f"not CSV: {error}"


def _fields(cells: dict[str, str]) -> dict[str, Any] | str:
    fields: dict[str, Any] = {}
    for column, cell in cells.items():
        value = cell.strip()
        if column in _LISTS:
            parts = [part.strip() for part in value.split(_SEPARATOR)] if value else []
            if column == "pages":
                if not all(part.isdecimal() for part in parts):
                    return f"pages: whole numbers with {_SEPARATOR} between them are wanted"
                fields[column] = [int(part) for part in parts]
            else:
                fields[column] = parts
        elif column == "refuse":
            if value.lower() not in _YES | _NO:
                return "refuse: yes or no is wanted"
            fields[column] = value.lower() in _YES
        elif column != "category" or value:
            fields[column] = value
    return fields


def _question(row: _Row) -> SetQuestion:
    return SetQuestion(
        id=row.id,
        text=row.question,
        documents=tuple(row.documents),
        pages=tuple(sorted(set(row.pages))),
        phrases=tuple(row.phrases),
        numbers=tuple(row.numbers),
        refuse=row.refuse,
        category=row.category,
        history=tuple(row.history),
    )


def _told(error: Any) -> str:
    """One failure of pydantic, without the value."""
    if error["type"] == "extra_forbidden":
        return f"there is no field {error['loc'][0]!r}"
    message = error["msg"].removeprefix("Value error, ")
    field = ".".join(map(str, error["loc"]))
    return f"{field}: {message}" if field else message


def _doubled(found: list[tuple[int, SetQuestion]]) -> list[str]:
    counts = Counter(question.id for _, question in found)
    first: set[str] = set()
    problems = []
    for number, question in found:
        if counts[question.id] > 1 and question.id in first:
            problems.append(f"line {number}: the id {question.id!r} was used before")
        first.add(question.id)
    return problems
