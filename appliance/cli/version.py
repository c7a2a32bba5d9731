"""`voiceassist version`"""

from __future__ import annotations

import json
import platform

import click

from appliance import API_VERSION, __version__


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def version(as_json: bool) -> None:
    """Print the versions of the appliance and of its parts."""
    from sqlcipher3 import dbapi2

    versions = {
        "appliance": __version__,
        "api": API_VERSION,
        "sqlite": dbapi2.sqlite_version,
        "python": platform.python_version(),
    }
    if as_json:
        click.echo(json.dumps(versions))
    else:
        click.echo("\n".join(f"{name} {value}" for name, value in versions.items()))
