"""`voiceassist serve`"""

from __future__ import annotations

import asyncio
import gc
import resource
import signal
import socket
from pathlib import Path

import click

from appliance.allocator import return_freed_memory
from appliance.cli.options import EXIT_FAILED, failures_as_text, load_settings, settings_options
from appliance.cli.pieces import pieces

FIRST_ADMIN_EMAIL = "admin@voiceassist.local"
_STOPS = (signal.SIGINT, signal.SIGTERM)
_SETTLED_S = 0.05  # by then the start-up listeners are over and the loop runs
ANY_ADDRESS = {"0.0.0.0", "::"}


@click.command()
@settings_options
@click.option("--host", help="Address to listen on (default 127.0.0.1).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on (default 8000).")
@click.option(
    "--first-run", is_flag=True, help="If there is no admin yet, make one and print its password."
)
@click.option(
    "--sample",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="With --first-run: a document to put into an empty knowledge base.",
)
def serve(
    data_dir: Path | None,
    config: Path | None,
    host: str | None,
    port: int | None,
    first_run: bool,
    sample: Path | None,
) -> None:
    """Serve the web page, the REST API and the WebSocket until told to stop (SIGTERM, Ctrl-C)."""
    settings = load_settings(config, data_dir=data_dir, host=host, port=port)
    # Imported late: `--help` and wrong settings must answer at once.
    from sanic.server import runners

    from appliance.container import Container
    from appliance.server import create_app

    _raise_descriptor_limit()
    return_freed_memory()
    listener = _bind(settings.host, settings.port)
    container = Container(settings)
    app = create_app(container)
    url = _url(settings.host, listener.getsockname()[1])

    made: list[str] = []  # the first admin's password

    @app.before_server_start
    async def make_first_admin(_: object) -> None:
        accounts = container.services.accounts
        if await accounts.has_admin():
            return
        if not first_run:
            click.echo("There is no admin yet: run `voiceassist admin create`.")
            return
        password = accounts.generate_password()
        await accounts.create_admin(FIRST_ADMIN_EMAIL, "First Administrator", password)
        made.append(password)
        _say_credentials(password)
        if sample is not None:
            await container.services.knowledge.import_file(sample.name, pieces(sample))

    # A stop that falls into one of Sanic's start-up listeners ends its loop under it, and the
    # process hangs; and for a moment Sanic ignores signals. So they keep their default, which ends
    # the process at once and which all of the data survives, until the loop runs for good.
    setattr(runners, "signal_func", lambda *_: None)  # noqa: B010 - mypy knows of no such name

    @app.after_server_start
    async def begin(_: object) -> None:
        asyncio.get_running_loop().call_later(_SETTLED_S, begun)

    def begun() -> None:
        for number in _STOPS:
            asyncio.get_running_loop().add_signal_handler(number, app.stop, False)
        _say_url(url, with_sample=bool(made) and sample is not None)
        # What was loaded so far lives as long as the process: a full collection that walked it
        # would stop the event loop for 200 ms.
        gc.collect()
        gc.freeze()

    for number in _STOPS:
        signal.signal(number, signal.SIG_DFL)
    with failures_as_text():
        app.run(
            sock=listener,
            single_process=True,
            register_sys_signals=False,
            access_log=False,
            motd=False,
        )


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        click.echo(
            f"error: cannot listen on {host} port {port}: {error.strerror}. "
            "Choose another with --port or VOICEASSIST_PORT.",
            err=True,
        )
        raise SystemExit(EXIT_FAILED) from None
    return listener


def _raise_descriptor_limit() -> None:
    """As many open files as the system allows, connections included: often 1024 by default."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _url(host: str, port: int) -> str:
    shown = "localhost" if host in ANY_ADDRESS else host
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def _say_credentials(password: str) -> None:
    click.echo("\nThe first admin was created. This password is shown only now:\n")
    click.echo(f"email: {FIRST_ADMIN_EMAIL}")
    click.echo(f"password: {password}\n")


def _say_url(url: str, *, with_sample: bool) -> None:
    click.echo(f"VoiceAssist serves at {url}")
    if with_sample:
        click.echo(
            "What to try: open it in a browser, sign in, and ask the sample document\n"
            '  "How often is potassium checked during replacement?"\n'
            "then upload a PDF or text of your own under Documents and ask about that."
        )
    click.echo("Ctrl-C stops it.")
