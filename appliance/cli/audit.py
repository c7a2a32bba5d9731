"""`voiceassist audit verify`, `voiceassist audit key`"""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from appliance.cli.options import (
    EXIT_FAILED,
    EXIT_USAGE,
    failures_as_text,
    load_settings,
    settings_options,
)

if TYPE_CHECKING:
    from appliance.services.audit_verification import Report


@click.group()
def audit() -> None:
    """Check the audit trail."""


@audit.command("verify")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--key",
    metavar="PUBLICKEY",
    help="The public key that must have signed, as `voiceassist audit key` prints it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def verify_file(file: Path, key: str | None, as_json: bool) -> None:
    """Check an exported audit trail (CSV or JSON), with nothing but the file.

    Exit code 0: intact. 1: not as the appliance wrote it; the first bad row is named. 2: the file
    is no export.
    """
    from appliance.services.audit_files import NotAnExport
    from appliance.services.audit_verification import verify

    pinned = None if key is None else key.strip().lower()
    if pinned is not None and not re.fullmatch("[0-9a-f]{64}", pinned):
        raise click.BadParameter(
            "a public key has 64 hexadecimal digits, as `voiceassist audit key` prints it",
            param_hint="--key",
        )
    try:
        report = verify(file, public_key=pinned)
    except (NotAnExport, OSError) as error:
        click.echo(f"error: {error}", err=True)
        raise SystemExit(EXIT_USAGE) from None
    if as_json:
        click.echo(json.dumps(asdict(report) | {"intact": report.finding is None}))
    else:
        _say(report, pinned=pinned is not None)
    if report.finding is not None:
        raise SystemExit(EXIT_FAILED)


@audit.command("key")
@settings_options
def key(data_dir: Path | None, config: Path | None) -> None:
    """Print the public key that this installation signs its audit trail with.

    Keep a copy away from this machine: it tells a genuine export from one signed by somebody else.
    """
    settings = load_settings(config, data_dir=data_dir)
    from appliance.container import Container

    with failures_as_text():
        click.echo(Container(settings).audit_key())


def _say(report: Report, *, pinned: bool) -> None:
    counted = f"{report.rows} rows, seq {report.first} to {report.last}"
    finding = report.finding
    if finding is not None:
        subject = "the file" if finding.row is None else f"row {finding.row}"
        click.echo(f"NOT INTACT, {finding.fault.value}: {subject} {finding.text}")
        click.echo(f"good before it: {counted if report.rows else 'nothing'}")
        return
    click.echo(f"{counted}, intact")
    if report.filtered:
        click.echo(
            "The file is a selection: its rows are as they were exported; that none was left out "
            "is not proven."
        )
    if pinned:
        click.echo("Signed by the given key.")
    else:
        click.echo(f"Signed by {report.public_key}")
        click.echo(
            "That key is the file's own word: compare it with `voiceassist audit key`, or give "
            "it as --key."
        )
