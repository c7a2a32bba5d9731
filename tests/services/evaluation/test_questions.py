"""Reading a set: JSON lines and CSV, and what is said of a bad one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from appliance.services.evaluation.questions import (
    MAX_PROBLEMS,
    BadSet,
    QuestionSet,
    SetQuestion,
    read_set,
)

FULL = SetQuestion(
    id="q1",
    text="What is the dose of X?",
    documents=("Doses.pdf",),
    pages=(2, 5),
    phrases=("5 mg once daily",),
    numbers=("5 mg",),
    category="dose",
    history=("What is X?", "Who gets it?"),
)
REFUSAL = SetQuestion(id="q2", text="Who won the cup?", refuse=True)


def write(path: Path, text: str, *, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def problems(path: Path) -> list[str]:
    with pytest.raises(BadSet) as caught:
        read_set(path)
    return caught.value.problems


def line(**fields: object) -> str:
    return json.dumps({"id": "q1", "question": "secret words?", "documents": ["a"]} | fields)


def test_json_lines(tmp_path: Path) -> None:
    rows = [
        {
            "id": "q1",
            "question": " What is the dose of X? ",
            "documents": ["Doses.pdf"],
            "pages": [5, 2, 2],
            "phrases": ["5 mg once daily"],
            "numbers": ["5 mg"],
            "category": "dose",
            "history": ["What is X?", "Who gets it?"],
        },
        {"id": "q2", "question": "Who won the cup?", "refuse": True},
    ]
    text = "\n\n".join(map(json.dumps, rows)) + "\n"
    read = read_set(write(tmp_path / "ward 7.jsonl", text))
    assert read == QuestionSet("ward 7", (FULL, REFUSAL))
    assert read_set(tmp_path / "ward 7.jsonl", name="mine").name == "mine"


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_csv_as_spreadsheets_write_it(tmp_path: Path, delimiter: str, encoding: str) -> None:
    columns = "ID Question documents pages phrases numbers refuse category history".split()
    first = "q1|What is the dose of X?|Doses.pdf|2/5|5 mg once daily|5 mg|no|dose".split("|")
    table = [
        columns,
        [*(cell.replace("/", "|") for cell in first), "What is X? | Who gets it?"],
        [""] * len(columns),
        ["q2", '"Who won\nthe cup?"', "", "", "", "", "YES", "", ""],
    ]
    text = "\r\n".join(delimiter.join(row) for row in table)
    read = read_set(write(tmp_path / "set.csv", text, encoding=encoding))
    assert read.questions[0] == FULL
    assert read.questions[1].refuse
    assert read.questions[1].text.split() == "Who won the cup?".split()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the file holds no question"),
        ("\n \n", "the file holds no question"),
        ("{", "line 1: not JSON"),
        ("[1]", "line 1: not a JSON object"),
        (line(id=""), "line 1: id: "),
        (line(id=7), "line 1: id: "),
        (line(question=" "), "line 1: question: "),
        (line(question="x" * 8001), "line 1: question: "),
        (line(documents=[]), "line 1: name the documents that answer it, or set refuse"),
        (line(documents="a"), "line 1: documents: "),
        (line(documents=[""]), "line 1: documents: an entry is empty"),
        (line(phrases=["a", " "]), "line 1: phrases: an entry is empty"),
        (line(pages=[0]), "line 1: pages: pages count from 1"),
        (line(pages=["1"]), "line 1: pages.0: "),
        (line(pages=[1], documents=["a", "b"]), "line 1: pages need exactly one document"),
        (line(refuse=True), "line 1: a question to be refused expects no documents"),
        (line(refuse="yes"), "line 1: refuse: "),
        (line(answer="x"), "line 1: there is no field 'answer'"),
        (line() + "\n" + line(), "line 2: the id 'q1' was used before"),
        (line() + "\nnot json", "line 2: not JSON"),
    ],
)
def test_a_bad_line_is_named_without_its_words(tmp_path: Path, text: str, problem: str) -> None:
    found = problems(write(tmp_path / "set.jsonl", text))
    assert len(found) == 1
    assert found[0].startswith(problem)
    assert "secret words" not in found[0]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("id,question,refuse", "the file holds no question"),
        ("id,question,refuse\nq1,words,perhaps", "line 2: refuse: yes or no is wanted"),
        ("id,question,documents,pages\nq1,words,a,two", "line 2: pages: whole numbers"),
        ("id,question,documents,pages\nq1,words,a,-1", "line 2: pages: whole numbers"),
        ("id,question,refuse\nq1,words,yes,more", "line 2: more cells than columns"),
        ("id,id,question\nq1,q1,words", "line 1: a column is named twice"),
        ("id,question,answer\nq1,words,x", "line 2: there is no field 'answer'"),
        ("id,question\nq1", "line 2: question: Field required"),
        ('id,question,refuse\nq1,"words,yes', "line 2: not CSV"),
        ("id,question,documents\nq1,words,a|", "line 2: documents: an entry is empty"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, text: str, problem: str) -> None:
    found = problems(write(tmp_path / "set.csv", text))
    assert found[0].startswith(problem)


def test_other_encodings_are_told(tmp_path: Path) -> None:
    assert problems(write(tmp_path / "set.jsonl", "é", encoding="latin-1")) == [
        "the file is not UTF-8 (byte 0)"
    ]


def test_no_more_problems_are_told_than_can_be_read(tmp_path: Path) -> None:
    found = problems(write(tmp_path / "set.jsonl", "x\n" * 50))
    assert len(found) == MAX_PROBLEMS + 1
    assert found[-1] == "and 30 more"
