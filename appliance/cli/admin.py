"""`voiceassist admin create`"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from appliance.cli.options import failures_as_text, load_settings, settings_options


@click.group()
def admin() -> None:
    """Manage administrators from the console."""


@admin.command("create")
@settings_options
@click.option("--email", required=True, prompt=True, help="E-mail address to sign in with.")
@click.option("--full-name", default="Administrator", show_default=True, help="Name shown.")
@click.option(
    "--password-stdin",
    is_flag=True,
    help="Read the password from standard input; without it, one is made and printed once.",
)
def create(
    data_dir: Path | None, config: Path | None, email: str, full_name: str, password_stdin: bool
) -> None:
    """Create an administrator. Works while the appliance is serving."""
    settings = load_settings(config, data_dir=data_dir)
    given = sys.stdin.readline().rstrip("\n") if password_stdin else None
    from appliance.container import Container

    async def run() -> tuple[str, str]:
        container = Container(settings)
        try:
            accounts = await container.open_accounts()
            password = accounts.generate_password() if given is None else given
            user = await accounts.create_admin(email, full_name, password)
            return user.email, password
        finally:
            await container.close()

    with failures_as_text():
        stored_email, password = asyncio.run(run())
    click.echo(f"email: {stored_email}")
    if given is None:
        click.echo(f"password: {password}")
