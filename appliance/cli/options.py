"""What several verbs share: settings from flags, and errors as one line with an exit code."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from appliance import logs
from appliance.errors import ApplianceError
from appliance.settings import Settings, SettingsError

Command = TypeVar("Command", bound=Callable[..., Any])

EXIT_FAILED = 1
EXIT_USAGE = 2


def settings_options(command: Command) -> Command:
    """`--config` and `--data-dir`, as every verb that touches the data has them."""
    for option in (
        click.option(
            "--data-dir",
            type=click.Path(path_type=Path),
            help="Where the data are.",
        ),
        click.option(
            "--config",
            type=click.Path(path_type=Path, dir_okay=False),
            help="A TOML file of settings.",
        ),
    ):
        command = option(command)
    return command


def load_settings(config: Path | None, **flags: Any) -> Settings:
    """Settings with `flags` on top, and the process made ready: logging, private new files."""
    try:
        settings = Settings.load(config=config, flags=flags)
    except SettingsError as error:
        click.echo(f"error: {error}", err=True)
        raise SystemExit(EXIT_USAGE) from None
    logs.configure(settings.log_level)
    os.umask(0o077)
    return settings


@contextmanager
def failures_as_text() -> Iterator[None]:
    """Turn what the person at the console can mend (the file system included) into one line."""
    try:
        yield
    except ApplianceError as error:
        click.echo(f"error: {error.message}", err=True)
        raise SystemExit(EXIT_FAILED) from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        click.echo(f"error: {where}{error.strerror or error}", err=True)
        raise SystemExit(EXIT_FAILED) from None
