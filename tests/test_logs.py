from __future__ import annotations

import logging
import sys

import orjson

from appliance.logs import JsonFormatter


def test_a_line_is_json_with_its_fields() -> None:
    record = logging.LogRecord("appliance.x", logging.INFO, "f.py", 1, "request", None, None)
    record.fields = {"status": 200}
    line = orjson.loads(JsonFormatter().format(record))
    assert (line["message"], line["status"], line["level"]) == ("request", 200, "info")


def test_the_message_of_an_exception_is_not_written() -> None:
    try:
        raise ValueError("Mrs Smith takes warfarin")
    except ValueError:
        record = logging.LogRecord("a", logging.ERROR, "f.py", 1, "failed", None, sys.exc_info())
    text = JsonFormatter().format(record)
    assert "warfarin" not in text
    assert orjson.loads(text)["error"] == "ValueError"
    assert any("test_logs.py" in frame for frame in orjson.loads(text)["trace"])
