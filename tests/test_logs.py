from __future__ import annotations

import logging
import sys

import orjson
import pytest

from appliance.logs import JsonFormatter, configure


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


def test_sanics_own_loggers_stay_silent(capsys: pytest.CaptureFixture[str]) -> None:
    root, level = logging.getLogger(), logging.getLogger().level
    handlers = list(root.handlers)
    try:
        configure("info")
        import sanic  # noqa: F401  (sets its loggers' levels)

        logging.getLogger("sanic.websockets").warning("GET /ws?token=secret")
        logging.getLogger("appliance.test").info("ours")
    finally:
        root.handlers = handlers
        root.setLevel(level)
        logging.captureWarnings(False)
    written = capsys.readouterr().err
    assert "secret" not in written
    assert orjson.loads(written)["message"] == "ours"
